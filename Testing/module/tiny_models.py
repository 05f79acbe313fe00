"""Models and volumes so small that a run takes a second, as a user of the window would have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813
import slicer

from MissingModalitySegLib import bundles
from Testing.engine.small_runs import volume, write_segmenter, write_synthesiser


def figure(code: str, mean: float, region: str = "lesion") -> dict[str, Any]:
    """A measured figure for a manifest."""
    return {"code": code, "region": region, "metric": "dice", "mean": mean, "standard_error": 0.02, "n": 40,
            "dataset": "phantoms", "data": "simulated"}  # fmt: skip


FIGURES = [
    figure("T1", 0.5),
    figure("FLAIR", 0.6),
    figure("T1+FLAIR", 0.65),
    figure("T1+T2", 0.55),
    figure("T1+T2+FLAIR", 0.75),
    figure("T1+FLAIR", 0.6, "core"),
    figure("T1+FLAIR", 0.55, "enhancing"),
]


def write_models(folder: Path) -> Path:
    """`one` with figures, `two` without, and `synthesis`; all take T1, T2 and FLAIR."""
    write_segmenter(
        folder / "one",
        title="Mixture of experts",
        synthesiser={"bundle": "synthesis"},
        performance=FIGURES,
        provenance={"data": "2,000 simulated studies"},
    )
    write_segmenter(
        folder / "two", name="two", title="Mixture of modality experts", synthesiser={"bundle": "synthesis"}
    )
    write_synthesiser(folder / "synthesis")
    return folder


def write_ensemble(folder: Path, *members: str) -> Path:
    """A model that asks `members`, the first of which is there; named as its folder."""
    shares = dict.fromkeys(("lesion", "core", "enhancing"), 1.0)
    asked = [{"bundle": name, "shares": shares} for name in members]
    first = bundles.find(members[0]).manifest.to_dict()
    description = first | {"name": folder.name, "family": "ensemble", "members": asked}
    for key in ("network", "weights", "performance", "files"):
        description.pop(key, None)
    return bundles.save(folder, description, {}).folder


def add_volume(name: str, number: int = 0) -> slicer.vtkMRMLScalarVolumeNode:
    """A volume of the small ball in the scene, as if it had been loaded."""
    image = volume(number)
    matrix = np.eye(4)
    lps = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    matrix[:3, :3] = np.diag([-1, -1, 1]) @ lps
    matrix[:3, 3] = np.diag([-1, -1, 1]) @ image.GetOrigin()
    node = slicer.util.addVolumeFromArray(sitk.GetArrayFromImage(image), matrix, name)
    node.CreateDefaultDisplayNodes()
    return node


def add_mask(volume: Any, kind: str = "vtkMRMLLabelMapVolumeNode") -> Any:
    """A label map, or a segmentation with one segment, of what a volume shows: its brain."""
    inside = (slicer.util.arrayFromVolume(volume) > 0).astype("uint8")
    mask = slicer.util.addVolumeFromArray(inside, None, "mask", "vtkMRMLLabelMapVolumeNode")
    mask.CopyOrientation(volume)
    if kind == mask.GetClassName():
        return mask
    segmentation = slicer.mrmlScene.AddNewNodeByClass(kind, "brain")
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    assert slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(mask, segmentation)
    slicer.mrmlScene.RemoveNode(mask)
    return segmentation
