"""Coded terms as Slicer reads them, and what stands in the way of DICOM SEG."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import slicer

from MissingModalitySegLib.scene import load_terms, seg_problems, segment_ids, term_file
from MissingModalitySegLib.scene.terminologies import term_text
from MissingModalitySegLib.terminology import OWN_LIST, TERMS
from Testing.scene.finished_job import finished
from Testing.scene.scene_application import Application


def test_the_shipped_file_holds_every_term_of_our_own() -> None:
    assert term_file().read_text(encoding="utf-8") == term_text()
    (category,) = json.loads(term_text())["SegmentationCodes"]["Category"]
    assert {one["CodeValue"] for one in category["Type"]} == {t.type.value for t in TERMS if t.context == OWN_LIST}


def test_slicer_finds_the_terms(app: Application) -> None:
    load_terms()
    logic = app.logics["terminologies"]
    category, kind = slicer.vtkSlicerTerminologyCategory(), slicer.vtkSlicerTerminologyType()
    assert logic.GetNumberOfCategoriesInTerminology(OWN_LIST) == 1
    assert logic.GetNthCategoryInTerminology(OWN_LIST, 0, category)
    assert category.GetCodeMeaning() == "Morphologically Altered Structure"
    found = {}
    for i in range(logic.GetNumberOfTypesInTerminologyCategory(OWN_LIST, category)):
        assert logic.GetNthTypeInTerminologyCategory(OWN_LIST, category, i, kind)
        found[kind.GetCodeValue()] = (kind.GetCodeMeaning(), kind.GetRecommendedDisplayRGBValue())
    own = {term.type.value: term.type.meaning for term in TERMS if term.context == OWN_LIST}
    assert {value: meaning for value, (meaning, _) in found.items()} == own
    assert len({colour for _, colour in found.values()}) == len(own)


class Database:
    """What the check asks Slicer's DICOM database for."""

    def __init__(self, files: dict[str, str]) -> None:
        self.fileForInstance = lambda uid: files.get(uid, "")


@pytest.fixture
def segmentation(app: Application, tmp_path: Path):
    node = app.volume("FLAIR")
    node.SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
    return finished(app, tmp_path, {"FLAIR": node}).place(app).segmentation


def test_a_result_on_dicom_can_be_exported(app: Application, segmentation) -> None:
    assert seg_problems(segmentation) == ()
    assert seg_problems(segmentation, Database({"1.2.3": "/a", "1.2.4": "/b"})) == ()
    assert "1 of the 2 files" in seg_problems(segmentation, Database({"1.2.3": "/a"}))[0]


def test_what_keeps_a_result_from_dicom(app: Application, segmentation) -> None:
    volume = segmentation.GetNodeReference("referenceImageGeometryRef")
    segment = segmentation.GetSegmentation().GetSegment("label-3")
    segment.RemoveTag("DICOM.SegmentAlgorithmName")
    assert seg_problems(segmentation) == ("The segment “Enhancing” does not say which algorithm made it.",)
    segment.SetTag("DICOM.SegmentAlgorithmName", "x")
    app.transform(np.eye(4), segmentation)
    assert "Harden" in seg_problems(segmentation)[0]
    segmentation.SetAndObserveTransformNodeID(None)
    volume.RemoveAttribute("DICOM.instanceUIDs")
    assert "not loaded from DICOM" in seg_problems(segmentation)[0]
    for one in segment_ids(segmentation):
        segmentation.GetSegmentation().RemoveSegment(one)
    assert "empty" in seg_problems(segmentation)[1]
    app.scene.RemoveNode(volume)
    assert "not in the scene" in seg_problems(segmentation)[0]
