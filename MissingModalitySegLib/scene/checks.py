"""Which volume nodes can be handed to a job, and what is in the way with the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import InputError
from ..modalities import Modality
from .marks import is_synthetic


def check_volume(node: Any, slot: str = "The volume") -> None:
    """Raise `InputError` for a node that is no plain 3D scalar volume with voxels, or not in a scene any more."""
    if node is None:
        raise InputError("no-volume", f"{slot}: no volume is chosen.", "Choose one, or leave the sequence out.")
    if not hasattr(node, "IsA"):  # a script may hand over anything
        raise InputError("not-a-volume", f"{slot}: {ascii(node)[:60]} is no node.", "Choose a scalar volume.")
    problem = unfit(node)
    if problem is not None:
        code, message, hint = problem
        raise InputError(code, f"{slot}: “{node.GetName()}” {message}", hint)


def check_volumes(nodes: Mapping[Modality, Any]) -> None:
    """Raise `InputError` for a choice of volumes that no job can work on."""
    if not nodes:
        raise InputError("no-volume", "No volume is chosen.", "Choose at least one sequence.")
    for modality, node in nodes.items():
        check_volume(node, str(modality))
    slots: dict[str, Modality] = {}
    for modality, node in nodes.items():
        first = slots.setdefault(node.GetID(), modality)
        if first is not modality:
            raise InputError(
                "same-volume-twice",
                f"“{node.GetName()}” is chosen as {first} and as {modality}.",
                "Choose each volume once and leave out the sequences that are missing.",
            )


def unfit(node: Any) -> tuple[str, str, str] | None:
    """Code, the rest of a sentence about the node, and hint when a node cannot be an input; None when it can."""
    if node.GetScene() is None or not node.GetScene().IsNodePresent(node):
        return "volume-gone", "is not in the scene any more.", "Choose another volume."
    if node.IsA("vtkMRMLSequenceNode"):
        return "sequence-node", "is a sequence of volumes, not one volume.", _CHOOSE_TIME_POINT
    if node.IsA("vtkMRMLSegmentationNode"):
        return "label-map", "is a segmentation, not an image.", _CHOOSE_IMAGE
    if not node.IsA("vtkMRMLScalarVolumeNode"):
        return "not-a-volume", "is no volume.", "Choose a scalar volume."
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        return "label-map", "is a label map, not an image.", _CHOOSE_IMAGE
    if node.IsA("vtkMRMLTensorVolumeNode"):  # vector, tensor, diffusion series and MultiVolume are below this class
        return "several-components", "holds several values per voxel.", "Choose, or make, a volume with one value."
    image = node.GetImageData()
    if image is None or image.GetPointData().GetScalars() is None or min(image.GetDimensions()) < 1:
        return "no-voxels", "has no voxels.", "Was its file found when the scene was loaded? Load the volume again."
    if image.GetNumberOfScalarComponents() != 1:
        return "several-components", "holds several values per voxel.", "Choose, or make, a volume with one value."
    if is_proxy(node):
        return (
            "sequence-node",
            "is the frame that a 4D sequence shows now; it changes as the sequence plays.",
            (_CHOOSE_TIME_POINT),
        )
    if is_synthetic(node):
        return "synthetic-input", "was generated, not acquired.", "Leave the sequence out: it is missing."
    return None


_CHOOSE_IMAGE = "Choose the image that it was drawn on."
_CHOOSE_TIME_POINT = "Clone the time point that is meant (Data module, right click, Clone) and choose the clone."


def is_proxy(node: Any) -> bool:
    """Whether a node shows the current frame of a sequence."""
    scene = node.GetScene()
    for i in range(scene.GetNumberOfNodesByClass("vtkMRMLSequenceBrowserNode")):
        if scene.GetNthNodeByClass(i, "vtkMRMLSequenceBrowserNode").IsProxyNodeID(node.GetID()):
            return True
    return False
