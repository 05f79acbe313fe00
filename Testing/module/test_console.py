"""What the Python console calls: waiting calls that keep the application alive, and those that call back."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest
import slicer
from PySide6 import QtCore

from MissingModalitySegLib.errors import CancelledError, InputError
from MissingModalitySegLib.scene.segmentation import mask_of, segment_ids
from MissingModalitySegLib.ui.desk import State, desk
from Testing.engine.small_runs import write_inputs
from Testing.module.hands import names_in_scene
from Testing.module.tiny_models import add_mask, add_volume
from Testing.slicer_harness.module_window import module, until

FAST = {"device": "cpu", "precision": "float32"}


@pytest.fixture
def logic(slicer_app):
    """Without a window: a script may call it before the module was ever opened."""
    return module().MissingModalitySegLogic()


@pytest.fixture
def nodes(logic):
    return {"T1": add_volume("T1"), "FLAIR": add_volume("FLAIR", 1)}


@pytest.fixture
def ticks():
    """How often a timer of the application has ticked."""
    count = [0]
    timer = QtCore.QTimer()
    timer.timeout.connect(lambda: count.__setitem__(0, count[0] + 1))
    timer.start(5)
    yield count
    timer.stop()


def test_a_study(logic, nodes, ticks) -> None:
    run = logic.segment(nodes, model="one", synthesize=True, **FAST)
    assert run.segmentation.GetScene() is slicer.mrmlScene
    assert run.synthetic["T2"].GetName() == "T2 (synthetic, not acquired)"
    assert run.table.GetNumberOfRows() == len(run.report["lesions"]) > 0
    assert run.report["code"] == "T1+FLAIR"
    assert ticks[0] > 5  # the application lived meanwhile


def test_names_of_modalities_as_people_write_them(logic) -> None:
    assert logic.segment({"flair": add_volume("x")}, "one", **FAST).report["code"] == "FLAIR"
    with pytest.raises(InputError):
        logic.segment({"PET": add_volume("y")}, "one")


def test_missing_sequences_alone(logic, nodes) -> None:
    run = logic.synthesize(nodes, model="synthesis", **FAST)
    assert list(run.synthetic) == ["T2"]
    assert run.segmentation is None


def test_all_models(logic, nodes) -> None:
    runs = logic.compare(nodes, **FAST)
    assert list(runs) == logic.models() == ["one", "two"]
    assert {run.model for run in runs.values()} == {"one", "two"}


def test_sequences_that_no_model_takes(logic, tmp_path: Path) -> None:
    """Nothing was begun that the end of the scene could stop, least of all the work of others."""
    write_inputs(tmp_path / "in" / "a", "T1")
    others = logic.segmentFolderAsync(tmp_path / "in", tmp_path / "out", "one", **FAST)
    until(lambda: desk().works)
    with pytest.raises(InputError) as caught:
        logic.compare({"DWI": add_volume("DWI")})
    assert caught.value.code == "no-model"
    assert "DWI" in caught.value.message
    slicer.mrmlScene.Clear(0)
    others.wait()
    assert [case.state for case in others.cases] == ["done"]


def test_earlier_results_are_replaced_or_kept(logic, nodes) -> None:
    logic.segment(nodes, "one", **FAST)
    before = sorted(names_in_scene())
    logic.segment(nodes, "one", **FAST)
    assert sorted(names_in_scene()) == before
    assert logic.segment(nodes, "one", keepEarlier=True, **FAST).number == 2


def test_a_mask_of_the_scene(logic, nodes) -> None:
    mask = add_mask(nodes["T1"])
    assert logic.segment(nodes, "one", brain=mask, **FAST).report["options"]["brain"] == "brain.nrrd"


def test_a_mask_as_segmentation_gives_the_same_answer(logic, nodes) -> None:
    """As does the same mask as label map, to the byte of the file that the worker reads."""
    masks = add_mask(nodes["T1"]), add_mask(nodes["T1"], "vtkMRMLSegmentationNode")
    runs = [logic.segment(nodes, "one", brain=mask, keepEarlier=True, **FAST) for mask in masks]
    first, second = (run.report for run in runs)
    assert first["brain"] == second["brain"]
    assert first["brain"]["source"] == "given"
    assert (first["volumes_ml"], first["lesions"]) == (second["volumes_ml"], second["lesions"])
    drawn = [{name: mask_of(run.segmentation, name) for name in segment_ids(run.segmentation)} for run in runs]
    assert drawn[0].keys() == drawn[1].keys()
    assert all(np.array_equal(drawn[0][name], drawn[1][name]) for name in drawn[0])
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "brain")
    with pytest.raises(InputError) as caught:
        logic.segment(nodes, "one", brain=empty, **FAST)
    assert caught.value.code == "empty-brain-mask"


@pytest.mark.parametrize(
    ("model", "options", "code"),
    [
        ("gone", {}, "bundle-not-found"),
        ("one", {"minimum_lesion_ml": -1}, "bad-option"),
        ("one", {"sharpen": True}, "unknown-option"),
        ("one", {"reference": "T2"}, "no-such-reference"),
    ],
)
def test_what_goes_wrong_is_raised(logic, nodes, model, options, code) -> None:
    with pytest.raises(InputError) as caught:
        logic.segment(nodes, model, **options)
    assert caught.value.code == code
    assert caught.value.hint


def test_callbacks(logic, nodes) -> None:
    done, errors, steps = [], [], []
    work = logic.segmentAsync(
        nodes, "one", done.append, errors.append, lambda fraction, stage, left: steps.append((fraction, stage)), **FAST
    )
    assert not done
    until(lambda: done or errors)
    assert done == [work.outcome]
    assert errors == []
    assert [fraction for fraction, _ in steps] == sorted(fraction for fraction, _ in steps)
    assert {stage for _, stage in steps} > {"predict"}
    logic.segmentAsync(nodes, "gone", done.append, errors.append)
    until(lambda: errors)
    assert errors[0].code == "bundle-not-found"


def test_a_callback_may_call_and_wait_itself(logic, nodes) -> None:
    seen = []

    def again(run) -> None:
        seen.append(run.model)
        if len(seen) < 2:
            seen.append(logic.segment(nodes, "two", **FAST).model)

    logic.segmentAsync(nodes, "one", again, **FAST)
    until(lambda: len(seen) == 2)
    assert seen == ["one", "two"]


def test_cancel(logic, nodes) -> None:
    errors = []
    first = logic.segmentAsync(nodes, "one", onError=errors.append, **FAST)
    second = logic.segmentAsync(nodes, "two", onError=errors.append, **FAST)
    logic.cancel(second)
    assert second.state is State.CANCELLED
    until(lambda: first.number is not None)
    logic.cancel()
    until(lambda: len(errors) == 2)
    assert {error.code for error in errors} == {"cancelled"}
    assert len(names_in_scene()) == 2


def test_a_waiting_call_is_cancelled_from_the_window(logic, nodes) -> None:
    QtCore.QTimer.singleShot(100, desk().cancel)
    with pytest.raises(CancelledError):
        logic.segment(nodes, "one", **FAST)


def test_the_application_ends_while_a_call_waits(logic, nodes, slicer_app) -> None:
    """Quitting ends every event loop; the call must neither hang nor go on, and no worker stays behind."""
    raised = []

    def call() -> None:
        try:
            logic.segment(nodes, "one", **FAST)
        except CancelledError as error:
            raised.append(error)

    used = desk()
    QtCore.QTimer.singleShot(0, call)
    QtCore.QTimer.singleShot(200, lambda: QtCore.QCoreApplication.exit(0))
    slicer_app.exec()
    assert len(raised) == 1
    assert not used.works
    assert used._runner is None
    assert desk() is not used


def test_a_scene_that_is_closed_while_a_call_waits(logic, nodes) -> None:
    QtCore.QTimer.singleShot(300, lambda: slicer.mrmlScene.Clear(0))
    with pytest.raises(CancelledError):
        logic.segment(nodes, "one", **FAST)
    assert names_in_scene() == []


def test_a_folder_of_studies(logic, tmp_path: Path, ticks) -> None:
    write_inputs(tmp_path / "in" / "a", "T1", "FLAIR")
    write_inputs(tmp_path / "in" / "b", "DWI")
    states = []
    options = FAST | {"minimum_lesion_ml": 0.01}
    cases = logic.segmentFolder(
        tmp_path / "in", tmp_path / "out", "one", lambda case: states.append((case.id, str(case.state))), **options
    )
    assert [(case.id, case.state) for case in cases] == [("a", "done"), ("b", "not usable")]
    assert cases[0].report["volumes_ml"]["lesion"] >= 0
    assert "DWI" in cases[1].problem
    assert (tmp_path / "out" / "a" / "segmentation.nii.gz").is_file()
    assert (tmp_path / "out" / "summary.csv").is_file()
    assert ticks[0] > 5
    until(lambda: ("a", "done") in states)
    again = logic.segmentFolder(str(tmp_path / "in"), outputDir=str(tmp_path / "out"), model="one", **options)
    assert [case.state for case in again] == ["done earlier", "not usable"]
    assert again[0].report == cases[0].report


def test_a_folder_in_the_background(logic, tmp_path: Path) -> None:
    for name in "abc":
        write_inputs(tmp_path / "in" / name, "T1")
    batch = logic.segmentFolderAsync(tmp_path / "in", tmp_path / "out", "one", **FAST)
    assert not batch.is_over
    until(lambda: batch.cases[0].state == "done")
    batch.cancel()
    until(lambda: batch.is_over)
    assert batch.rows()[0]["state"] == "done"
    assert batch.rows()[-1]["state"] == "cancelled"


def test_what_keeps_a_folder_from_beginning(logic, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        logic.segmentFolder(tmp_path / "missing", tmp_path / "out", "one")
    write_inputs(tmp_path / "in", "T1")
    with pytest.raises(InputError):
        logic.segmentFolder(tmp_path / "in", tmp_path / "out", "gone")
    with pytest.raises(InputError):
        logic.segmentFolder(tmp_path / "in", tmp_path / "out", "one", sharpen=3)


def test_every_call_has_words_and_an_example(logic) -> None:
    from MissingModalitySegLib.ui import console

    calls = [name for name, one in vars(logic).items() if inspect.getmodule(one) is console]
    assert sorted(calls) == sorted([
        "segment", "segmentAsync", "synthesize", "compare", "segmentFolder", "segmentFolderAsync", "cancel", "models",
    ])  # fmt: skip
    for name in calls:
        assert ">>> " in inspect.getdoc(getattr(logic, name)), name
