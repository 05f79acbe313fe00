"""The tab for many studies: from folders, BIDS data sets and the scene; interrupted, taken up again, with bad cases."""

from __future__ import annotations

import csv
import threading
from pathlib import Path

import pytest
import qt
import slicer
from PySide6 import QtCore, QtTest, QtWidgets

from MissingModalitySegLib import case_results
from MissingModalitySegLib.ui import background, batch, batch_panel, packages
from MissingModalitySegLib.ui.batch_panel import FOLDER, LIST, SCENE
from MissingModalitySegLib.ui.desk import desk
from Testing.engine.small_runs import write_inputs
from Testing.module.hands import click, names_in_scene
from Testing.module.tiny_models import add_volume
from Testing.slicer_harness.module_window import until
from Testing.slicer_harness.slicer_application import FileDialog


@pytest.fixture
def tab(window):
    """The panel, in front."""
    window.window.ui.tabs.setCurrentWidget(window.window.ui.batchPage)
    return window.window.batch


def find(tab, source: Path | str) -> None:
    tab.ui.sourcePath.currentPath = str(source)
    click(tab.ui.findButton)
    until(lambda: "Looking" not in message(tab))


def run(tab, output: Path | None = None) -> None:
    if output is not None:
        tab.ui.outputPath.currentPath = str(output)
    click(tab.ui.startButton)
    until(lambda: tab.ui.startButton.text == "Segment &all")


def message(tab) -> str:
    label = tab.ui.batchMessage
    return "" if label.isHidden() else label.text


def column(tab, index: int) -> list[str]:
    table = tab.ui.caseTable
    return [table.item(row, index).text() for row in range(table.rowCount)]


def states(tab) -> list[str]:
    return column(tab, 2)


def summary(output: Path) -> list[dict[str, str]]:
    with open(output / "summary.csv", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_folder_of_studies(tab, tmp_path: Path) -> None:
    root, output = tmp_path / "Studien “ä”", tmp_path / "results"
    write_inputs(root / "anna's", "T1", "FLAIR")
    write_inputs(root / "b", "T1", "T1ce", "T2")  # the models do not take T1ce
    write_inputs(root / "c", "DWI")
    (root / "d").mkdir()
    (root / "d" / "T1.nii.gz").write_bytes(b"cut")
    find(tab, root)
    assert column(tab, 0) == ["anna's", "b", "c", "d"]
    assert column(tab, 1) == ["T1 FLAIR", "T1 T1ce T2", "DWI", "T1"]
    assert set(states(tab)) == {"not begun"}
    table = tab.ui.caseTable
    words = table.fontMetrics().horizontalAdvance("not begun")
    assert table.columnWidth(2) > words
    assert sum(table.columnWidth(at) for at in range(5)) >= table.viewport().width - 2

    run(tab, output)
    assert states(tab) == ["done", "done", "not usable", "failed"]
    assert "takes none of DWI" in tab.ui.caseTable.item(2, 2).toolTip()
    assert "T1" in tab.ui.caseTable.item(3, 2).toolTip()
    assert "2 of 4 done" in tab.ui.batchSummary.text
    assert "2 without a result" in tab.ui.batchSummary.text
    rows = summary(output)
    assert [row["case"] for row in rows] == ["anna's", "b", "c", "d"]
    assert [row["state"] for row in rows] == ["done", "done", "not usable", "failed"]
    assert [row["sequences"] for row in rows] == ["T1+FLAIR", "T1+T2", "", ""]
    assert [f"{float(row['lesion_ml']):.2f}" for row in rows[:2]] == column(tab, 3)[:2]
    first = output / "anna's" / "segmentation.nii.gz"
    assert first.is_file()
    assert not (output / "d").exists()
    assert names_in_scene() == []
    page = (output / "report.html").read_text(encoding="utf-8")
    assert "4 cases: 2 done, 1 not usable, 1 failed" in page
    assert 'href="./anna%27s/report.html"' in page
    assert "takes none of DWI" in page

    when = first.stat().st_mtime_ns
    write_inputs(root / "d", "T1")
    run(tab)
    assert states(tab) == ["done earlier", "done earlier", "not usable", "done"]
    assert first.stat().st_mtime_ns == when
    assert column(tab, 3)[0] == f"{float(rows[0]['lesion_ml']):.2f}"


def test_the_page_of_all_studies(tab, tmp_path: Path, monkeypatch) -> None:
    import qt

    opened = []
    monkeypatch.setattr(qt.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    write_inputs(tmp_path / "in" / "a", "T1")
    find(tab, tmp_path / "in")
    run(tab, tmp_path / "out")
    click(tab.ui.openPageButton)
    assert opened == [str(tmp_path / "out" / "report.html")]

    (tmp_path / "out" / "report.html").unlink()
    (tmp_path / "out" / "report.html").mkdir()  # cannot be replaced
    run(tab)
    assert states(tab) == ["done earlier"]
    assert not tab.ui.openPageButton.visible
    assert any("report.html” could not be written" in line for line in desk().lines)


def test_other_options_are_another_answer(window, tab, tmp_path: Path) -> None:
    write_inputs(tmp_path / "in" / "a", "T1")
    find(tab, tmp_path / "in")
    run(tab, tmp_path / "out")
    run(tab)
    assert states(tab) == ["done earlier"]
    window.window.parameters.minimumLesionMl = 0.5
    run(tab)
    assert states(tab) == ["done"]
    window.window.parameters.reference = "FLAIR"  # which this study has not
    run(tab)
    assert states(tab) == ["done earlier"]


def test_cancel_and_go_on(tab, tmp_path: Path) -> None:
    for name in "abcde":
        write_inputs(tmp_path / "in" / name, "T1")
    find(tab, tmp_path / "in")
    tab.ui.outputPath.currentPath = str(tmp_path / "out")
    click(tab.ui.startButton)
    assert not tab.ui.findButton.enabled
    assert tab.ui.startButton.text == "Ca&ncel"
    until(lambda: "done" in states(tab))
    assert len(desk().works) <= 2
    click(tab.ui.startButton)
    until(lambda: tab.ui.startButton.text == "Segment &all")
    before = states(tab)
    assert before[0] == "done"
    assert before[-1] == "cancelled"
    assert set(before) == {"done", "cancelled"}
    assert [row["state"] for row in summary(tmp_path / "out")] == before
    run(tab)
    assert states(tab) == ["done earlier" if state == "done" else "done" for state in before]


def test_the_window_lives_while_volumes_are_compared(tab, tmp_path: Path, monkeypatch) -> None:
    for name in "ab":
        write_inputs(tmp_path / "in" / name, "T1")
    find(tab, tmp_path / "in")
    run(tab, tmp_path / "out")
    asked, go_on = [], threading.Event()

    def finished_report(*arguments):
        asked.append(threading.current_thread())
        assert go_on.wait(60)
        return case_results.finished_report(*arguments)

    monkeypatch.setattr(batch, "finished_report", finished_report)
    click(tab.ui.startButton)
    until(lambda: asked)
    assert threading.main_thread() not in asked
    click(tab.ui.startButton)  # cancel
    until(lambda: tab.ui.startButton.text == "Segment &all")
    assert states(tab) == ["cancelled", "cancelled"]
    go_on.set()
    asked[0].join()
    run(tab)
    assert states(tab) == ["done earlier", "done earlier"]
    assert threading.main_thread() not in asked


def test_cancel_on_the_first_tab_stops_the_batch(window, tab, tmp_path: Path) -> None:
    for name in "abc":
        write_inputs(tmp_path / "in" / name, "T1")
    find(tab, tmp_path / "in")
    tab.ui.outputPath.currentPath = str(tmp_path / "out")
    click(tab.ui.startButton)
    until(lambda: desk().works)
    window.window.ui.tabs.setCurrentWidget(window.window.ui.studyPage)
    click(window.window.run.ui.segmentButton)
    until(lambda: tab.ui.startButton.text == "Segment &all")
    assert set(states(tab)) == {"cancelled"}
    assert not desk().works


def test_a_bids_data_set(tab, tmp_path: Path) -> None:
    for subject, modality in (("sub-01", "T1w"), ("sub-02", "FLAIR")):
        (path,) = write_inputs(tmp_path / "in" / subject / "anat", modality).values()
        path.rename(path.with_name(f"{subject}_{modality}.nii.gz"))
    (tmp_path / "in" / "dataset_description.json").write_text("{}")
    find(tab, tmp_path / "in")
    run(tab, tmp_path / "out")
    assert column(tab, 0) == ["sub-01", "sub-02"]
    assert states(tab) == ["done", "done"]
    assert (tmp_path / "out" / "sub-02" / "report.json").is_file()


@pytest.mark.parametrize("other", ["a path", "the scene", "another search"])
def test_a_search_that_is_overtaken_finds_nothing(tab, window, tmp_path: Path, monkeypatch, other: str) -> None:
    write_inputs(tmp_path / "in" / "anna", "T1")
    write_inputs(tmp_path / "else" / "björn", "T1")
    looked, go_on = [], threading.Event()

    def cases_of_folder(source: str) -> list[batch.Case]:
        looked.append(threading.current_thread())
        assert "else" in source or go_on.wait(60)
        return batch.cases_of_folder(source)

    monkeypatch.setattr(batch_panel, "cases_of_folder", cases_of_folder)
    tab.ui.sourcePath.currentPath = str(tmp_path / "in")
    click(tab.ui.findButton)
    if other == "the scene":
        tab.ui.sourceBox.setCurrentIndex(SCENE)
    else:
        tab.ui.sourcePath.currentPath = str(tmp_path / "else")
    if other == "another search":
        click(tab.ui.findButton)
        until(lambda: column(tab, 0))
    go_on.set()
    until(lambda: not background._running)
    assert not any(thread.is_alive() for thread in looked)
    assert column(tab, 0) == (["björn"] if other == "another search" else [])
    assert tab.ui.startButton.enabled == (other == "another search")
    assert tab.ui.findButton.enabled
    window.window.refresh()


def test_what_was_found_under_another_path_goes_when_a_path_is_typed(tab, tmp_path: Path) -> None:
    write_inputs(tmp_path / "in" / "anna", "T1")
    tab.ui.sourcePath.currentPath = str(tmp_path / "in")
    click(tab.ui.findButton)
    until(lambda: column(tab, 0) == ["anna"])
    tab.ui.sourcePath.findChildren(qt.QLineEdit)[0].setText(str(tmp_path / "els"))
    assert column(tab, 0) == []
    assert not tab.ui.startButton.enabled


def test_enter_in_the_path_finds_its_studies(tab, tmp_path: Path) -> None:
    write_inputs(tmp_path / "in" / "anna", "T1")
    line = tab.ui.sourcePath.findChildren(qt.QLineEdit)[0]
    QtTest.QTest.keyClicks(line, str(tmp_path / "in"))
    QtTest.QTest.keyClick(line, QtCore.Qt.Key_Return)
    until(lambda: column(tab, 0) == ["anna"])
    assert tab.ui.startButton.enabled


def test_the_keyboard_is_at_the_button_when_studies_are_found(tab, window, tmp_path: Path) -> None:
    write_inputs(tmp_path / "in" / "anna", "T1")
    window.parent.activateWindow()
    until(lambda: QtWidgets.QApplication.activeWindow() is not None)
    tab.ui.sourcePath.currentPath = str(tmp_path / "in")
    tab.ui.findButton.setFocus()
    QtTest.QTest.keyClick(tab.ui.findButton, QtCore.Qt.Key_Space)
    until(lambda: column(tab, 0) == ["anna"])
    assert QtWidgets.QApplication.focusWidget() is tab.ui.findButton


def test_the_button_beside_the_path_offers_what_is_meant(tab, tmp_path: Path) -> None:
    FileDialog.answers, FileDialog.asked = [str(tmp_path), str(tmp_path / "list.json")], []
    for source, what, found in ((FOLDER, "folder", tmp_path), (LIST, "file", tmp_path / "list.json")):
        tab.ui.sourceBox.setCurrentIndex(source)
        tab.ui.sourcePath.browse()
        assert FileDialog.asked[-1] == what
        assert tab.ui.sourcePath.currentPath == str(found)
    tab.ui.sourceBox.setCurrentIndex(SCENE)
    assert tab.ui.sourcePath.isHidden()


def test_nothing_begins_that_cannot_compute(window, tab, tmp_path: Path, monkeypatch) -> None:
    write_inputs(tmp_path / "studies" / "anna", "T1")
    find(tab, tmp_path / "studies")
    assert tab.ui.startButton.enabled
    monkeypatch.setattr(packages, "missing", lambda: ["torch>=2.4"])
    window.window.set_up.look()
    window.window.refresh()
    assert not tab.ui.startButton.enabled
    assert "First install what computes" in tab.ui.batchModel.text
    monkeypatch.undo()
    window.window.set_up.look()
    window.window.parameters.model = ""
    assert not tab.ui.startButton.enabled
    assert tab.ui.startButton.toolTip == tab.ui.batchModel.text == "Choose a model."


def in_two_studies(slicer_app) -> list[str]:
    for patient in ("Anna", "Björn “B.”"):
        item = slicer_app.scenes.study(patient, "MR")
        for number, name in enumerate(("T1", "FLAIR")):
            slicer_app.scenes.tree.CreateItem(item, add_volume(name, number))
    return ["Anna / MR", "Björn “B.” / MR"]


def test_the_studies_of_the_scene(tab, slicer_app) -> None:
    titles = in_two_studies(slicer_app)
    tab.ui.sourceBox.setCurrentIndex(SCENE)
    assert tab.ui.outputPath.isHidden()
    click(tab.ui.findButton)
    assert column(tab, 0) == titles
    run(tab)
    assert states(tab) == ["done", "done"]
    assert names_in_scene().count("Lesions (one)") == 2
    tree = slicer_app.scenes.tree
    for case in tab._cases:
        volume = next(iter(case.volumes.values()))
        above = [tree.GetItemParent(tree.GetItemByDataNode(node)) for node in (volume, case.run.segmentation)]
        assert tree.GetItemParent(above[1]) == above[0]  # a folder of its own in the same study


def test_earlier_results_of_the_scene_are_kept_where_the_user_wants_them(window, tab, slicer_app) -> None:
    in_two_studies(slicer_app)
    tab.ui.sourceBox.setCurrentIndex(SCENE)
    click(tab.ui.findButton)
    for earlier, count in (("replace", 2), ("replace", 2), ("keep", 4)):
        window.window.parameters.earlier = earlier
        run(tab)
        assert states(tab) == ["done", "done"]  # never "done earlier": they begin anew
        assert sum(name.startswith("Lesions (one") for name in names_in_scene()) == count


def test_closing_the_scene_ends_its_batch(tab, slicer_app) -> None:
    in_two_studies(slicer_app)
    tab.ui.sourceBox.setCurrentIndex(SCENE)
    click(tab.ui.findButton)
    click(tab.ui.startButton)
    until(lambda: desk().works and desk().works[0].number is not None)
    slicer.mrmlScene.Clear(0)
    until(lambda: tab.ui.startButton.text == "Segment &all")
    assert states(tab) == []
    assert not tab.ui.startButton.enabled
    assert names_in_scene() == []


def test_studies_go_with_their_scene(tab, slicer_app) -> None:
    in_two_studies(slicer_app)
    tab.ui.sourceBox.setCurrentIndex(SCENE)
    click(tab.ui.findButton)
    run(tab)
    slicer.mrmlScene.Clear(0)
    assert (tab._cases, states(tab)) == ([], [])


def test_a_volume_that_was_deleted_since_it_was_listed(tab, slicer_app) -> None:
    in_two_studies(slicer_app)
    tab.ui.sourceBox.setCurrentIndex(SCENE)
    click(tab.ui.findButton)
    slicer.mrmlScene.RemoveNode(tab._cases[0].volumes["T1"])
    run(tab)
    assert states(tab) == ["not usable", "done"]
    assert "not in the scene any more" in tab.ui.caseTable.item(0, 2).toolTip()


def test_what_keeps_a_batch_from_beginning(tab, tmp_path: Path) -> None:
    click(tab.ui.findButton)
    assert "Choose the folder" in message(tab)
    find(tab, tmp_path / "missing")
    assert "There is no folder" in message(tab)
    (tmp_path / "empty").mkdir()
    find(tab, tmp_path / "empty")
    assert "no volume" in message(tab)
    assert not tab.ui.startButton.enabled
    write_inputs(tmp_path / "in" / "a", "T1")
    find(tab, tmp_path / "in")
    click(tab.ui.startButton)
    assert "Choose a folder for the results" in message(tab)
    (tmp_path / "file").write_text("")
    run(tab, tmp_path / "file")
    assert "cannot be written" in message(tab)
    assert states(tab) == ["not begun"]


def test_what_is_left_out_is_told(tab, tmp_path: Path) -> None:
    for name in ("T2", "t2 axial", "T1"):
        write_inputs(tmp_path / "a", name)
    find(tab, tmp_path)
    assert column(tab, 1) == ["T1 T2"]
    assert "left out" in message(tab)
    assert "t2 axial.nii.gz: Like “T2.nii.gz”" in tab.ui.caseTable.item(0, 2).toolTip()
    run(tab, tmp_path / "out")
    (row,) = summary(tmp_path / "out")
    assert row["found"] == "T1.nii.gz | T2.nii.gz | t2 axial.nii.gz"
    assert row["skipped"].startswith("t2 axial.nii.gz: Like")
