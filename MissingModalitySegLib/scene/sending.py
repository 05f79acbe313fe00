"""Volumes out of the scene: files for a job, exactly where the user sees the volumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer
import vtk

from ..errors import InputError, ResourceError
from ..modalities import MODALITIES, Modality
from .checks import check_volumes, unfit
from .geometry import Grid, grid_of, is_linear, transform_to_world
from .segmentation import union_of


@dataclass(frozen=True)
class Sent:
    """What went out: the nodes themselves (not their IDs, which a new scene gives away again), their files and grids.

    Grids are those of the files: users move and delete volumes while a job runs.
    """

    nodes: Mapping[Modality, Any]
    paths: Mapping[Modality, Path]
    grids: Mapping[Modality, Grid]

    @property
    def present(self) -> dict[Modality, Any]:
        """The nodes that are still in their scene."""
        return {
            modality: node
            for modality, node in self.nodes.items()
            if node.GetScene() is not None and node.GetScene().IsNodePresent(node)
        }


def send(nodes: Mapping[Modality | str, Any], folder: Path | str) -> Sent:
    """Write volumes as `T1.nrrd`, … into a folder, and give their paths for a job.

    Parent transforms are hardened on a copy, also warps: the files lie in the world. Nothing in the scene changes, and
    no name of a node gets into a path. NRRD keeps every geometry, sheared ones too. Raises `InputError` for a choice
    that cannot be worked on, `ResourceError` when a file cannot be written.
    """
    given: dict[Modality, Any] = {}
    for name, node in nodes.items():
        given[Modality.parse(name)] = node
    check_volumes(given)
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder) from error
    chosen = {modality: given[modality] for modality in MODALITIES if modality in given}
    copies = {modality: hardened(node) for modality, node in chosen.items()}
    paths = {modality: _write(copy, folder / f"{modality}.nrrd") for modality, copy in copies.items()}
    return Sent(chosen, paths, {modality: grid_of(copy) for modality, copy in copies.items()})


def send_mask(node: Any, path: Path | str) -> Path:
    """Write a brain mask where the user sees it: a scalar volume, a label map, or all segments of a segmentation.

    Raises like `send`.
    """
    if not hasattr(node, "IsA"):  # a script may hand over anything
        raise InputError("not-a-volume", f"The brain mask {ascii(node)[:60]} is no node.", "Give a node, or a word.")
    problem = unfit(node)
    if problem is not None and problem[0] != "label-map":
        code, message, hint = problem
        raise InputError(code, f"The brain mask “{node.GetName()}” {message}", hint)
    mask = union_of(node) if node.IsA("vtkMRMLSegmentationNode") else node
    if mask is None or mask.GetImageData() is None:
        raise InputError(
            "empty-brain-mask",
            f"The brain mask “{node.GetName()}” has no voxels: nothing is drawn in it.",
            "Draw the brain in it, or choose another mask.",
        )
    return _write(_in_world(mask, node), Path(path))


def hardened(node: Any) -> Any:
    """A volume node outside every scene with the voxels of `node` where its parent transforms put them.

    Linear transforms change the matrix only and share the voxels; a warp resamples them, linearly, as Slicer's
    “Harden transform” does. Raises `InputError` where that leaves nothing.
    """
    return _in_world(node, node)


def _in_world(volume: Any, node: Any) -> Any:
    """The voxels of `volume`, outside every scene, where the parent transforms of `node` put them."""
    copy = slicer.vtkMRMLScalarVolumeNode()
    copy.SetName(node.GetName() or "volume")
    copy.SetAndObserveImageData(volume.GetImageData())
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    copy.SetIJKToRASMatrix(matrix)
    transform = transform_to_world(node)
    if transform is None:
        return copy
    if is_linear(node):
        node.GetParentTransformNode().GetMatrixTransformToWorld(matrix)
        copy.ApplyTransformMatrix(matrix)
        copy.GetIJKToRASMatrix(matrix)
        fine = abs(matrix.Determinant()) > 1e-9
    else:
        copy.ApplyTransform(transform)
        fine = copy.GetImageData() is not volume.GetImageData() and min(copy.GetImageData().GetDimensions()) > 0
    if not fine:
        raise InputError(
            "bad-transform",
            f"The transform of “{node.GetName()}” cannot be applied to it.",
            "Take it out of the transform, or mend the transform.",
        )
    return copy


def _write(copy: Any, path: Path) -> Path:
    storage = slicer.vtkMRMLNRRDStorageNode()
    storage.SetFileName(str(path))
    storage.SetUseCompression(0)  # read once by a process on this machine
    if not storage.WriteData(copy) or not path.is_file():
        raise _unwritable(path)
    return path


def _unwritable(path: Path) -> ResourceError:
    return ResourceError(
        "cannot-write",
        f"“{path}” cannot be written.",
        "Is the disk full, or the folder for temporary files read-only? Slicer's settings name that folder.",
    )
