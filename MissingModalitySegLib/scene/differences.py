"""|real − rebuilt|: where the reconstruction of a sequence that was acquired goes wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk

from ..modalities import Modality
from .geometry import ijk_to_ras, image_of, is_linear, to_matrix, transform_to_world, voxels
from .hierarchy import put_into
from .marks import Role, mark, run_mark_of
from .runs import PlacedRun, run_of
from .windows import Window, show_window, window_of

DIFFERENCE_NAME = "{modality}, acquired to reconstructed"
"""Without bars and dollars: VTK would set the name as mathematics wherever a view shows it."""

_RANGE = 0.5
"""Share of the sequence's own window that a difference is shown with: errors are smaller than structures."""


def add_differences(scene: Any, run: PlacedRun) -> PlacedRun:
    """Make the difference volumes of a run that are not there yet, and give the run as it is then.

    One for each reconstructed sequence whose acquired volume is still in the scene, on the grid of the reconstruction.
    """
    run, added = run_of(scene, run.run), []
    for modality, rebuilt in run.reconstructed.items():
        real = run.inputs.get(modality)
        if modality in run.differences or real is None or real.GetImageData() is None:
            continue
        added.append(_add(scene, modality, real, rebuilt))
    put_into(scene, run.folder, added)
    return run_of(scene, run.run)


def difference(real: Any, rebuilt: Any) -> np.ndarray:
    """|real − rebuilt| as (Z, Y, X) float32 on the grid of `rebuilt`; 0 where either says nothing.

    The acquired volume is brought there in physical space, through the parent transforms of both. A reconstruction says
    nothing where it has the value of its corner: outside the brain.
    """
    ours = voxels(rebuilt.GetImageData()).astype(np.float32)
    theirs, seen = resampled(real, rebuilt)
    inside = seen & (ours != ours.flat[0]) & np.isfinite(ours) & np.isfinite(theirs)
    return np.where(inside, np.abs(theirs - ours), np.float32(0))


def resampled(volume: Any, onto: Any) -> tuple[np.ndarray, np.ndarray]:
    """A volume's intensities (float32, linear) on the grid of another, (Z, Y, X), and where it has any."""
    way = vtk.vtkGeneralTransform()
    way.PostMultiply()
    way.Concatenate(to_matrix(ijk_to_ras(onto)))
    if (down := transform_to_world(onto)) is not None:
        way.Concatenate(down)
    if (down := transform_to_world(volume)) is not None:
        way.Concatenate(down.GetInverse())
    way.Concatenate(to_matrix(np.linalg.inv(ijk_to_ras(volume))))
    source = vtk.vtkImageData()
    source.ShallowCopy(volume.GetImageData())
    source.SetOrigin(0, 0, 0)
    source.SetSpacing(1, 1, 1)
    reslice = vtk.vtkImageReslice()
    reslice.SetInputData(source)
    reslice.SetResliceTransform(_linear(way) if is_linear(volume) and is_linear(onto) else way)
    reslice.SetInterpolationModeToLinear()
    reslice.SetOutputScalarType(vtk.VTK_FLOAT)
    reslice.SetOutputOrigin(0, 0, 0)
    reslice.SetOutputSpacing(1, 1, 1)
    reslice.SetOutputExtent(*(end for size in onto.GetImageData().GetDimensions() for end in (0, size - 1)))
    reslice.TransformInputSamplingOff()
    reslice.SetBackgroundLevel(np.nan)
    reslice.Update()
    values = voxels(reslice.GetOutput()).copy()
    return values, np.isfinite(values)


def _add(scene: Any, modality: Modality, real: Any, rebuilt: Any) -> Any:
    node = scene.CreateNodeByClass("vtkMRMLScalarVolumeNode")
    node.UnRegister(None)
    node.SetName(DIFFERENCE_NAME.format(modality=modality))
    node.SetAndObserveImageData(image_of(difference(real, rebuilt)))
    node.SetIJKToRASMatrix(to_matrix(ijk_to_ras(rebuilt)))
    mark(node, Role.DIFFERENCE, run_mark_of(rebuilt), modality)
    node.SetUndoEnabled(rebuilt.GetUndoEnabled())
    scene.AddNode(node)
    parent = rebuilt.GetParentTransformNode()
    node.SetAndObserveTransformNodeID(None if parent is None else parent.GetID())
    width = _RANGE * (window_of(rebuilt) or Window(1.0, 0.5)).width
    show_window(node, Window(width, width / 2))
    node.GetDisplayNode().SetUndoEnabled(node.GetUndoEnabled())
    return node


def _linear(transform: Any) -> Any:
    """The same as one matrix, which reslicing applies much faster."""
    origin = np.array(transform.TransformPoint(0, 0, 0))
    matrix = np.eye(4)
    matrix[:3, 3] = origin
    for axis, point in enumerate(np.eye(3)):
        matrix[:3, axis] = np.array(transform.TransformPoint(*point)) - origin
    linear = vtk.vtkTransform()
    linear.SetMatrix(to_matrix(matrix))
    return linear
