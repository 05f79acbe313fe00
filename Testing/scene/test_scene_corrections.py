"""Corrections by hand are found, whatever else is done to a result, and told to DICOM SEG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import slicer

from MissingModalitySegLib.scene import (
    bring_back,
    corrected_segments,
    runs_in,
    seg_problems,
    segment_ids,
    show_in_3d,
    show_segment,
    tag_corrections,
    throw_away,
    write_labels,
)
from MissingModalitySegLib.scene.dicom_seg import tag_of
from Testing.scene.finished_job import VOXEL, finished
from Testing.scene.scene_application import Application


@pytest.fixture
def segmentation(app: Application, tmp_path: Path):
    return finished(app, tmp_path, {"FLAIR": app.volume("FLAIR")}).place(app).segmentation


def draw(segmentation, segment: str, *voxels: tuple[int, int, int], value: int = 1) -> None:
    """Set voxels (X Y Z) of a segment, by the call of Slicer that effects of the Segment Editor end in."""
    reference = segmentation.GetNodeReference(segmentation.GetReferenceImageGeometryReferenceRole())
    array = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, reference)
    for voxel in voxels:
        array[voxel[::-1]] = value
    slicer.util.updateSegmentBinaryLabelmapFromArray(array, segmentation, segment, reference)


def test_what_the_model_drew_is_not_corrected(app: Application, segmentation, tmp_path: Path) -> None:
    """Nor is it by looks, surfaces, transforms, export and other segments without voxels."""
    assert corrected_segments(segmentation) == ()
    display = segmentation.GetDisplayNode()
    show_segment(segmentation, "label-2", False)
    display.SetOpacity2DFill(0.9)
    display.SetVisibility(False)
    segmentation.GetSegmentation().GetSegment("label-1").SetColor(0, 0, 1)
    segmentation.GetSegmentation().GetSegment("label-1").SetName("Nekrose")
    segmentation.GetSegmentation().AddEmptySegment("drawn")
    show_in_3d(segmentation, True)
    transform = app.transform(np.diag([1.0, -1, -1, 1]), segmentation)
    segmentation.HardenTransform()
    app.scene.RemoveNode(transform)
    segmentation.GetSegmentation().SeparateSegmentLabelmap("label-3")  # as the editor does where segments may overlap
    write_labels(segmentation, tmp_path / "labels.nrrd")
    assert corrected_segments(segmentation) == ()


def test_corrections_are_found_and_undone(segmentation) -> None:
    at = (VOXEL[0] + 2, VOXEL[1], VOXEL[2])
    draw(segmentation, "label-3", at)
    assert corrected_segments(segmentation) == ("label-3",)
    draw(segmentation, "label-3", at, value=0)
    assert corrected_segments(segmentation) == ()
    draw(segmentation, "label-1", (VOXEL[0] + 1, VOXEL[1], VOXEL[2]), value=0)
    draw(segmentation, "label-2", (0, 0, 0))
    assert corrected_segments(segmentation) == ("label-1", "label-2")


def test_segments_that_come_and_go_are_corrections(segmentation) -> None:
    new = segmentation.GetSegmentation().AddEmptySegment()
    assert corrected_segments(segmentation) == ()
    segment = segmentation.GetSegmentation().GetSegment("label-1")
    segmentation.GetSegmentation().RemoveSegment(new)
    segmentation.GetSegmentation().AddSegment(segment, "copy")
    assert corrected_segments(segmentation) == ("copy",)
    segmentation.GetSegmentation().RemoveSegment("label-1")
    assert corrected_segments(segmentation) == ("label-1", "copy")


@pytest.mark.parametrize("edited", [False, True])
def test_scenes_and_undo_keep_what_was_drawn(app: Application, segmentation, tmp_path: Path, edited: bool) -> None:
    """The file holds layers in a smaller extent."""
    if edited:
        draw(segmentation, "label-3", (1, 1, 1))
    expected = ("label-3",) if edited else ()
    throw_away(app.scene, runs_in(app.scene)[0].run)
    bring_back(app.scene)
    assert corrected_segments(runs_in(app.scene)[0].segmentation) == expected
    path = app.save(tmp_path / "scene.mrb")
    app.load(path)
    (back,) = runs_in(app.scene)
    assert corrected_segments(back.segmentation) == expected
    assert back.segmentation.GetSegmentation().GetSegment("label-3") is not None


def test_results_of_earlier_versions_say_nothing(segmentation) -> None:
    segmentation.RemoveAttribute("MissingModalitySeg.Drawn")
    draw(segmentation, "label-3", (1, 1, 1))
    assert corrected_segments(segmentation) == ()
    tag_corrections(segmentation)
    segmentation.SetAttribute("MissingModalitySeg.Drawn", "nonsense")
    assert corrected_segments(segmentation) == ()


def test_dicom_seg_is_told_of_corrections(segmentation) -> None:
    def kinds() -> list[str]:
        inside = segmentation.GetSegmentation()
        return [tag_of(inside.GetSegment(one), "DICOM.SegmentAlgorithmType") for one in segment_ids(segmentation)]

    tag_corrections(segmentation)
    assert kinds() == ["AUTOMATIC"] * 3
    draw(segmentation, "label-2", (1, 1, 1))
    own = segmentation.GetSegmentation().AddEmptySegment()
    draw(segmentation, "label-1", (0, 1, 1))
    segmentation.GetSegmentation().GetSegment("label-1").SetTag("DICOM.SegmentAlgorithmType", "MANUAL")
    tag_corrections(segmentation)
    assert kinds() == ["MANUAL", "SEMIAUTOMATIC", "AUTOMATIC", ""]
    assert not any("algorithm" in one for one in seg_problems(segmentation))
    draw(segmentation, "label-2", (1, 1, 1), value=0)
    segmentation.GetSegmentation().RemoveSegment(own)
    tag_corrections(segmentation)
    assert kinds() == ["MANUAL", "AUTOMATIC", "AUTOMATIC"]
