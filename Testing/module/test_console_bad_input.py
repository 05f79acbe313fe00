"""Calls of the Python console with what is no study, no model, no option, no folder: an error of the family, always."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import slicer

from MissingModalitySegLib.errors import MissingModalitySegError
from Testing.module.tiny_models import add_volume
from Testing.slicer_harness.module_window import module


@pytest.fixture
def logic(slicer_app):
    return module().MissingModalitySegLogic()


def nodes_of(name: str) -> Any:
    """What somebody might hand over instead of volumes by sequence."""
    scene = slicer.mrmlScene
    match name:
        case "nothing":
            return None
        case "no volumes":
            return {}
        case "a list":
            return [add_volume("T1")]
        case "a node":
            return add_volume("T1")
        case "no node":
            return {"T1": None}
        case "a name":
            return {"T1": "T1"}
        case "a path":
            return {"T1": Path("/none.nii.gz")}
        case "an array":
            return {"T1": slicer.util.arrayFromVolume(add_volume("T1"))}
        case "an unknown sequence":
            return {"PD": add_volume("PD")}
        case "a number":
            return {1: add_volume("T1")}
        case "twice":
            return {"T1": add_volume("T1"), "t1": add_volume("again")}
        case "the same node":
            node = add_volume("T1")
            return {"T1": node, "FLAIR": node}
        case "a transform":
            return {"T1": scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")}
        case "a segmentation":
            return {"T1": scene.AddNewNodeByClass("vtkMRMLSegmentationNode")}
        case "an empty volume":
            return {"T1": scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")}
        case "a volume that is gone":
            node = add_volume("T1")
            scene.RemoveNode(node)
            return {"T1": node}
    raise AssertionError(name)


NODES = [
    "nothing", "no volumes", "a list", "a node", "no node", "a name", "a path", "an array", "an unknown sequence",
    "a number", "twice", "the same node", "a transform", "a segmentation", "an empty volume", "a volume that is gone",
]  # fmt: skip
MODELS = [None, "", "none", "o\0ne", 3, Path("/none"), "../one", ["one"], {}, "/dev/null", "\ud800"]
OPTIONS: list[dict[str, Any]] = [
    {"nothing": 1}, {"register": 3}, {"register": "sideways"}, {"threads": "two"}, {"threads": 0}, {"reference": "PD"},
    {"reference": "DWI"}, {"brain": 3}, {"brain": "/none.nii.gz"}, {"brain": "a\0b"},
    {"minimum_lesion_ml": float("nan")},    {"minimum_lesion_ml": "small"}, {"device": "toaster"}, {"inference": None},
    {"synthesize": "yes"}, {"format": "jpg"},
]  # fmt: skip


@pytest.mark.parametrize("name", NODES)
@pytest.mark.parametrize("call", ["segment", "synthesize"])
def test_what_is_no_study(logic, call: str, name: str) -> None:
    model = "one" if call == "segment" else "synthesis"
    with pytest.raises(MissingModalitySegError) as caught:
        getattr(logic, call)(nodes_of(name), model)
    assert caught.value.message


@pytest.mark.parametrize("model", MODELS, ids=ascii)
def test_what_is_no_model(logic, model: Any) -> None:
    nodes = {"T1": add_volume("T1")}
    with pytest.raises(MissingModalitySegError):
        logic.segment(nodes, model)
    with pytest.raises(MissingModalitySegError):
        logic.compare(nodes, [model])


@pytest.mark.parametrize("options", OPTIONS, ids=ascii)
def test_what_is_no_option(logic, options: dict[str, Any]) -> None:
    with pytest.raises(MissingModalitySegError):
        logic.segment({"T1": add_volume("T1")}, "one", **options)


@pytest.mark.parametrize("folder", ["", "/none", "/dev/null", "a\0b", "\ud800", None, 3], ids=ascii)
def test_what_is_no_folder(logic, folder: Any, tmp_path: Path) -> None:
    with pytest.raises(MissingModalitySegError):
        logic.segmentFolder(folder, str(tmp_path / "out"), "one")


@pytest.mark.parametrize("output", ["/dev/null/out", "/proc/out", "a\0b", None, 3], ids=ascii)
def test_what_is_no_place_for_results(logic, output: Any, tmp_path: Path) -> None:
    from Testing.engine.small_runs import write_inputs

    write_inputs(tmp_path / "study", "T1")
    with pytest.raises(MissingModalitySegError):
        logic.segmentFolder(str(tmp_path), output, "one")
