"""From a row of the lesion table to the slice views."""

from __future__ import annotations

from typing import Any

import slicer

from ..errors import InputError
from .geometry import transform_to_world
from .tables import PLACE, column

EVERY_GROUP = -1


def lesion_place(table: Any, row: int, segmentation: Any = None) -> tuple[float, float, float]:
    """RAS in mm of the lesion in a row (from 0), where its segmentation has been moved to since if it is given.

    Raises `InputError` for a table without places or a row that it does not have.
    """
    try:
        place = [float(column(table, name)[row]) for name in PLACE]
        if row < 0:
            raise IndexError(row)
    except (AttributeError, IndexError, TypeError) as error:
        raise InputError("no-such-lesion", f"The lesion table has no row {row + 1}.") from error
    transform = None if segmentation is None else transform_to_world(segmentation)
    return tuple(place if transform is None else transform.TransformPoint(place))


def jump(scene: Any, place: tuple[float, float, float], group: int = EVERY_GROUP, centred: bool = True) -> None:
    """Bring the slice views (of one view group, or all) to a place in RAS mm, and put the crosshair there.

    `centred` moves it into the middle of the views; else they only go to its slice.
    """
    how = slicer.vtkMRMLSliceNode.CenteredJumpSlice if centred else slicer.vtkMRMLSliceNode.OffsetJumpSlice
    slicer.vtkMRMLSliceNode.JumpAllSlices(scene, *place, how, group)
    crosshair = scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    if crosshair is not None:
        crosshair.SetCrosshairRAS(*place)


def jump_to_lesion(
    table: Any, row: int, segmentation: Any = None, group: int = EVERY_GROUP, centred: bool = True
) -> None:
    """Bring the slice views to the lesion in a row (from 0) of a lesion table."""
    jump(table.GetScene(), lesion_place(table, row, segmentation), group, centred)
