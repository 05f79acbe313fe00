"""Volumes and lesions as table nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import vtk

from ..labels import LabelScheme
from ..modalities import MODALITIES
from .geometry import ijk_to_ras, voxels

LESION = "Lesion"
PLACE = ("R [mm]", "A [mm]", "S [mm]")
"""Where to look: the lesion's voxel nearest to its centre, in the world."""


def fill_lesion_table(table: Any, lesions: Sequence[Mapping[str, Any]], scheme: LabelScheme, labels: Any) -> None:
    """One row per lesion of a report; `labels` is the label map's volume node."""
    parts = [region for region in scheme.regions[1:] if any(region.name in one.get("parts_ml", {}) for one in lesions)]
    shown = [str(name) for name in MODALITIES if any(str(name) in (one.get("mean_intensity") or {}) for one in lesions)]
    places = [place_of(one, labels) for one in lesions]
    _column(table, LESION, [int(one["id"]) for one in lesions], vtk.vtkIntArray)
    _numbers(table, "Volume [ml]", [one.get("volume_ml") for one in lesions])
    for region in parts:
        _numbers(table, f"{region.title} [ml]", [one.get("parts_ml", {}).get(region.name) for one in lesions])
    _numbers(table, "Diameter [mm]", [one.get("diameter_mm") for one in lesions])
    _numbers(table, "Axial [mm]", [one.get("axial_diameter_mm") for one in lesions])
    _numbers(table, "Across [mm]", [one.get("axial_across_mm") for one in lesions])
    _column(table, "Side", [one.get("side") or "" for one in lesions], vtk.vtkStringArray)
    for axis, title in enumerate(PLACE):
        _numbers(table, title, [round(place[axis], 2) for place in places])
    for name in shown:
        _numbers(table, f"Mean {name}", [(one.get("mean_intensity") or {}).get(name) for one in lesions])
    table.SetUseColumnTitleAsColumnHeader(True)
    table.SetLocked(True)


def fill_volume_table(table: Any, volumes_ml: Mapping[str, float], scheme: LabelScheme) -> None:
    """One row per region, outermost first."""
    titles = {region.name: region.title for region in scheme.regions}
    _column(table, "Region", [titles.get(name, name) for name in volumes_ml], vtk.vtkStringArray)
    _numbers(table, "Volume [ml]", list(volumes_ml.values()))
    table.SetLocked(True)


def place_of(lesion: Mapping[str, Any], labels: Any) -> tuple[float, float, float]:
    """RAS in mm of where to look for a lesion of a report: its voxel nearest to the centre, else the centre."""
    voxel, found = lesion.get("voxel"), voxels(labels.GetImageData())
    inside = voxel is not None and all(0 <= at < size for at, size in zip(voxel[::-1], found.shape, strict=True))
    if inside and found[tuple(voxel[::-1])]:
        return tuple(float(value) for value in (ijk_to_ras(labels) @ [*voxel, 1.0])[:3])
    return tuple(float(value) for value in lesion["centroid_ras_mm"])


def column(table: Any, name: str) -> list[Any]:
    """The values of a column."""
    array = table.GetTable().GetColumnByName(name)
    return [array.GetValue(i) for i in range(array.GetNumberOfValues())]


def _numbers(table: Any, name: str, values: Sequence[float | None]) -> None:
    _column(table, name, [np.nan if value is None else float(value) for value in values], vtk.vtkDoubleArray)


def _column(table: Any, name: str, values: Sequence[Any], kind: Any) -> None:
    array = kind()
    array.SetName(name)
    array.SetNumberOfValues(len(values))
    for i, value in enumerate(values):
        array.SetValue(i, value)
    table.AddColumn(array)
