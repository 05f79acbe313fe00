"""Segment, cancel, queue, and everything that can go wrong between a click and a result."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import slicer
from PySide6 import QtCore, QtTest, QtWidgets

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.jobs.leftovers import PREFIX
from MissingModalitySegLib.options import Options
from MissingModalitySegLib.owners import owner
from MissingModalitySegLib.scene import runs_in
from MissingModalitySegLib.ui.desk import State, Work, desk
from MissingModalitySegLib.ui.study import hand_in_study
from Testing.engine.small_runs import write_segmenter
from Testing.module.hands import click, load_and_guess, names_in_scene, problem, segment
from Testing.module.tiny_models import add_volume
from Testing.slicer_harness.module_window import until


@pytest.fixture
def no_double_clicks(window):
    """However soon a press follows another, it counts: while a test waits, a run may end."""
    application = QtWidgets.QApplication.instance()
    usual = slicer.app.doubleClickInterval
    application.setDoubleClickInterval(0)
    yield
    application.setDoubleClickInterval(usual)


def test_cancel_leaves_nothing_behind(window, slicer_app, no_double_clicks) -> None:
    load_and_guess(window, "T1", "FLAIR")
    before = names_in_scene()
    button = window.window.run.ui.segmentButton
    click(button)
    until(lambda: desk().works and desk().works[0].number is not None)
    click(button)
    until(lambda: button.text == "&Segment")
    assert button.enabled
    assert names_in_scene() == before
    assert not problem(window)
    assert os.listdir(slicer_app.temporaryPath) == []


def test_a_double_click_begins_and_does_not_cancel(window) -> None:
    load_and_guess(window, "T1")
    button = window.window.run.ui.segmentButton
    click(button)
    click(button)
    assert desk().works
    assert button.enabled
    until(lambda: button.text == "&Segment")
    assert window.window.results.run is not None


def test_a_double_click_cancels_and_does_not_begin_anew(window) -> None:
    load_and_guess(window, "T1")
    button = window.window.run.ui.segmentButton
    click(button)
    time.sleep(slicer.app.doubleClickInterval / 1000)
    assert desk().works[0].number is None
    click(button)  # of work that has no number yet: it ends at once
    assert not desk().works
    assert button.enabled
    click(button)
    assert not desk().works
    time.sleep(slicer.app.doubleClickInterval / 1000)
    click(button)
    assert desk().works


@pytest.mark.parametrize("sent", [False, True])
def test_the_keyboard_stays_where_work_was_cancelled(window, no_double_clicks, sent: bool) -> None:
    """Whether the worker has to answer or not."""
    load_and_guess(window, "T1", "FLAIR")
    window.parent.activateWindow()
    until(lambda: QtWidgets.QApplication.activeWindow() is not None)
    button = window.window.run.ui.segmentButton
    button.setFocus()
    QtTest.QTest.keyClick(button, QtCore.Qt.Key_Space)
    if sent:
        until(lambda: desk().works[0].number is not None)
    QtTest.QTest.keyClick(button, QtCore.Qt.Key_Space)
    assert button.enabled != sent
    until(lambda: button.text == "&Segment")
    assert button.enabled
    assert QtWidgets.QApplication.focusWidget() is button


def test_the_keyboard_is_not_taken_from_where_the_user_went(window, no_double_clicks) -> None:
    load_and_guess(window, "T1", "FLAIR")
    window.parent.activateWindow()
    until(lambda: QtWidgets.QApplication.activeWindow() is not None)
    button, elsewhere = window.window.run.ui.segmentButton, window.window.inputs.ui.guessButton
    button.setFocus()
    QtTest.QTest.keyClick(button, QtCore.Qt.Key_Space)
    until(lambda: desk().works[0].number is not None)
    QtTest.QTest.keyClick(button, QtCore.Qt.Key_Space)
    elsewhere.setFocus()
    until(lambda: button.text == "&Segment")
    assert QtWidgets.QApplication.focusWidget() is elsewhere


def test_a_second_study_queues(window) -> None:
    load_and_guess(window, "T1")
    ui = window.window.run.ui
    click(ui.segmentButton)
    window.window.parameters.earlier = "keep"
    click(ui.queueButton)
    assert "1 more waiting" in ui.stageLabel.text or len(desk().works) == 2
    until(lambda: ui.segmentButton.text == "&Segment")
    assert names_in_scene().count("Lesions (one)") == 1
    assert "Lesions (one) 2" in names_in_scene()


def test_other_models_run_and_are_compared(window) -> None:
    load_and_guess(window, "T1", "FLAIR")
    window.window.options.ui.compareBox.click()
    segment(window)
    table = window.window.results.ui.compareTable
    assert not table.isHidden()
    assert [table.item(row, 0).text() for row in range(table.rowCount)] == ["one · T1+FLAIR", "two · T1+FLAIR"]
    table.cellClicked.emit(0, 0)
    assert window.window.results.run.model == "one"
    shown = {one.model: one.segmentation.GetDisplayNode().GetVisibility() for one in runs_in(slicer.mrmlScene)}
    assert shown == {"one": 1, "two": 0}
    assert table.verticalScrollBar().maximum == 0


def test_the_models_that_are_left_run_when_the_first_is_cancelled(window) -> None:
    """Each piece of work keeps its own job."""
    (t1,) = load_and_guess(window, "T1")
    works = hand_in_study(desk(), {"T1": t1}, ["one", "two"], Options(device="cpu", precision="float32"))
    desk().cancel(works[0])
    until(lambda: all(work.is_over for work in works))
    assert [work.state for work in works] == [State.CANCELLED, State.DONE]
    assert works[1].outcome.model == "two"


def test_what_the_worker_waits_for_is_told(window) -> None:
    load_and_guess(window, "T1")
    ui, told = window.window.run.ui, []
    click(ui.segmentButton)
    desk().works[0].listeners.append(lambda work: told.append((work.state, ui.stageLabel.text)))
    until(lambda: not desk().works)
    assert told[0] == (State.WAITING, "Starting…")


def test_errors_of_the_engine_are_shown_with_a_way_out(window) -> None:
    node = slicer.util.addVolumeFromArray(np.full((20, 20, 20), 7, "int16"), None, "T1")
    window.window.inputs.ui.t1Selector.setCurrentNode(node)
    segment(window)
    assert "T1" in problem(window)
    ui = window.window.run.ui
    click(ui.detailsButton)
    copied = slicer.app.clipboard().text()
    assert problem(window).splitlines()[0] in copied
    assert "torch" in copied
    click(ui.dismissButton)
    assert not problem(window)


def test_a_node_deleted_during_the_run(window) -> None:
    t1, _flair = load_and_guess(window, "T1", "FLAIR")
    click(window.window.run.ui.segmentButton)
    until(lambda: desk().works[0].number is not None)
    slicer.mrmlScene.RemoveNode(t1)
    until(lambda: not desk().works)
    assert not problem(window)
    assert list(window.window.results.run.inputs) == ["FLAIR"]


def test_a_node_deleted_before_its_voxels_are_sent(window) -> None:
    _t1, flair = load_and_guess(window, "T1", "FLAIR")
    click(window.window.run.ui.segmentButton)
    slicer.mrmlScene.RemoveNode(flair)
    until(lambda: not desk().works)
    assert "not in the scene any more" in problem(window)


def test_closing_the_scene_cancels(window, slicer_app) -> None:
    load_and_guess(window, "T1", "FLAIR")
    click(window.window.run.ui.segmentButton)
    until(lambda: desk().works[0].number is not None)
    slicer.mrmlScene.Clear(0)
    until(lambda: not desk().works)
    assert names_in_scene() == []
    assert os.listdir(slicer_app.temporaryPath) == []
    load_and_guess(window, "T1")
    segment(window)
    assert window.window.results.run is not None


def test_what_a_slicer_left_that_was_killed_goes(window, slicer_app) -> None:
    """Volumes and reports show a patient."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    place = Path(slicer_app.temporaryPath)
    (place / f"{PREFIX}{owner(ended.pid)}-left").mkdir(parents=True)
    theirs = place / f"{PREFIX}{owner(os.getppid())}-theirs"
    theirs.mkdir()
    load_and_guess(window, "T1")
    segment(window)
    others = [name for name in os.listdir(place) if not name.startswith(f"{PREFIX}{owner()}-")]
    assert others == [theirs.name]


def test_a_warp_is_hardened_on_a_copy(window, slicer_app) -> None:
    (t1,) = load_and_guess(window, "T1")
    warp = slicer_app.scenes.warp(3.0, t1)
    segment(window)
    assert not problem(window)
    assert t1.GetParentTransformNode() is warp


def test_the_folder_for_temporary_files_is_no_folder(window, slicer_app, tmp_path) -> None:
    load_and_guess(window, "T1")
    (tmp_path / "file").write_text("not a folder")
    slicer_app.temporaryPath = str(tmp_path / "file")
    segment(window)
    assert "temporary files" in problem(window)
    assert "settings" in problem(window)


def test_the_folder_for_temporary_files_is_read_only(window, slicer_app) -> None:
    load_and_guess(window, "T1")
    slicer_app.temporaryPath = "/proc"
    segment(window)
    assert "“/proc”, cannot be written" in problem(window)
    assert not window.window.run.ui.problem.isHidden()


def test_names_with_anything_in_them(window) -> None:
    names = ["T1 'quoted' \"twice\" <i>slanted</i> %s {0}", "FLAIR 脳 é/..\\x\n&amp;"]
    nodes = load_and_guess(window, *names)
    window.window.parameters.synthesize = True
    segment(window)
    assert not problem(window)
    run = window.window.results.run
    assert list(run.inputs.values()) == nodes
    assert [node.GetName() for node in nodes] == names
    assert run.report["code"] == "T1+FLAIR"


def test_slicers_python_is_missing(slicer_app, monkeypatch) -> None:
    from MissingModalitySegLib.ui import desk as room
    from Testing.slicer_harness.module_window import close_module, open_module

    room._close()
    monkeypatch.setenv("PATH", os.defpath)
    widget = open_module()
    load_and_guess(widget, "T1")
    segment(widget)
    assert "PythonSlicer" in problem(widget)
    close_module(widget)
    assert room.desk()._runner is None


def test_the_model_is_removed_between_listing_and_running(window, monkeypatch, tmp_path, models) -> None:
    folder = write_segmenter(models / "three", name="three", title="Third")
    try:
        window.window.model.look()
        load_and_guess(window, "T1")
        window.window.parameters.model = "three"
        shutil.rmtree(folder)
        segment(window)
        assert "three" in problem(window)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_model_that_takes_none_of_the_sequences(window) -> None:
    node = add_volume("whatever")
    window.window.inputs.ui.dwiSelector.setCurrentNode(node)
    assert not window.window.run.ui.segmentButton.enabled
    assert "takes none" in window.window.run.ui.whyNot.text


def test_the_log_can_be_copied(window) -> None:
    load_and_guess(window, "T1")
    segment(window)
    ui = window.window.run.ui
    ui.logSection.collapsed = False
    click(ui.copyLogButton)
    assert "one on T1: predict" in slicer.app.clipboard().text()
    assert slicer.app.clipboard().text() == ui.log.plainText


def test_the_time_left_goes_down_between_two_words_of_the_worker(window) -> None:
    panel, work = window.window.run, Work("T1", lambda result: result)
    work.state, work.eta_s, work.told_at = State.RUNNING, 30.0, time.monotonic() - 10.0
    assert 19.0 < work.seconds_left() <= 20.0
    ui = panel.ui
    desk().hand_in((work,), (None for _ in range(10_000)))
    until(lambda: ui.timeLabel.text.startswith("about "))
    assert int(ui.timeLabel.text.split()[1]) <= 20
    work.told_at -= 40.0
    until(lambda: ui.timeLabel.text == "longer than expected")
    desk().cancel(work)
    assert work.seconds_left() is None
    assert panel.ui.progressArea.isHidden()


def test_progress_and_problems_are_scrolled_into_view(window) -> None:
    area = QtWidgets.QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(window.parent)
    area.resize(520, 300)
    area.show()
    window.window.ui.optionsSection.collapsed = False
    load_and_guess(window, "T1")
    ui = window.window.run.ui
    work = Work("T1", lambda result: result)
    desk().hand_in((work,), (None for _ in range(10_000)))
    until(lambda: not ui.progressBar.visibleRegion().isEmpty())
    area.verticalScrollBar().setValue(0)
    window.window.run.tell(InputError("planted", "Something is wrong.", ""))
    until(lambda: not ui.problemLabel.visibleRegion().isEmpty())
    desk().cancel(work)
    window.area = area  # lives as long as the window
