"""Label maps as files: which number stands for which segment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import slicer

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.scene import own_segments, write_labels
from Testing.scene.finished_job import VOXEL, finished, labels
from Testing.scene.scene_application import SHAPE, Application

FREE = (1, 1, 1)
"""A voxel outside the lesion, X Y Z."""


@pytest.fixture
def segmentation(app: Application, tmp_path: Path):
    (tmp_path / "OUT").mkdir()
    flair = app.volume("FLAIR", matrix=np.diag([1.5, 1.25, 2, 1]))
    return finished(app, tmp_path, {"FLAIR": flair}).place(app).segmentation


def written(segmentation, folder: Path) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(write_labels(segmentation, folder / "labels.nrrd"))))


def add_segment(segmentation, name: str, voxel: tuple[int, int, int]) -> None:
    """As the Segment Editor does for “Add” and a stroke."""
    identity = segmentation.GetSegmentation().AddEmptySegment("", name)
    reference = segmentation.GetNodeReference(segmentation.GetReferenceImageGeometryReferenceRole())
    array = np.zeros(SHAPE, np.uint8)
    array[voxel[::-1]] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(array, segmentation, identity, reference)


def test_numbers_are_those_of_the_scheme(segmentation, tmp_path: Path) -> None:
    np.testing.assert_array_equal(written(segmentation, tmp_path), labels(SHAPE))


@pytest.mark.parametrize("removed", [1, 2, 3])
def test_a_segment_that_was_removed_takes_no_other_along(segmentation, tmp_path: Path, removed: int) -> None:
    segmentation.GetSegmentation().RemoveSegment(f"label-{removed}")
    expected = labels(SHAPE)
    expected[expected == removed] = 0
    np.testing.assert_array_equal(written(segmentation, tmp_path), expected)


def test_the_order_of_segments_changes_no_number(segmentation, tmp_path: Path) -> None:
    segmentation.GetSegmentation().SetSegmentIndex("label-3", 0)
    np.testing.assert_array_equal(written(segmentation, tmp_path), labels(SHAPE))


@pytest.mark.parametrize("removed", [None, "label-3"])
def test_segments_of_the_user_get_the_next_numbers(segmentation, tmp_path: Path, removed: str | None) -> None:
    """Not that of one that was removed, which says something else to every reader."""
    add_segment(segmentation, "Cyst", FREE)
    add_segment(segmentation, "Cyst", (2, 1, 1))
    segmentation.GetSegmentation().SetSegmentIndex(segmentation.GetSegmentation().GetNthSegmentID(3), 0)
    if removed:
        segmentation.GetSegmentation().RemoveSegment(removed)
    found = written(segmentation, tmp_path)
    assert [found[1, 1, 1], found[1, 1, 2]] == [4, 5]
    assert found[VOXEL[::-1]] == (0 if removed else 3)
    assert own_segments(segmentation) == ((4, "Cyst"), (5, "Cyst"))


def test_a_result_of_an_earlier_version_keeps_its_numbers_too(segmentation, tmp_path: Path) -> None:
    """It does not say what was drawn."""
    segmentation.RemoveAttribute("MissingModalitySeg.Drawn")
    segmentation.GetSegmentation().RemoveSegment("label-1")
    expected = labels(SHAPE)
    expected[expected == 1] = 0
    np.testing.assert_array_equal(written(segmentation, tmp_path), expected)


def test_nothing_comes_into_the_scene(app: Application, segmentation, tmp_path: Path) -> None:
    before = app.scene.GetNumberOfNodes()
    written(segmentation, tmp_path)
    assert app.scene.GetNumberOfNodes() == before


def test_a_segmentation_under_a_transform_lies_in_the_world(app: Application, segmentation, tmp_path: Path) -> None:
    turn = np.array([[0, -1, 0, 5.0], [1, 0, 0, -3.0], [0, 0, 1, 2.0], [0, 0, 0, 1.0]])
    plain = sitk.ReadImage(str(write_labels(segmentation, tmp_path / "plain.nrrd")))
    app.transform(turn, segmentation)
    moved = sitk.ReadImage(str(write_labels(segmentation, tmp_path / "moved.nrrd")))
    flip = np.diag([-1.0, -1, 1])
    for voxel in ((0, 0, 0), VOXEL):
        place = flip @ plain.TransformIndexToPhysicalPoint(voxel)
        expected = turn[:3, :3] @ place + turn[:3, 3]
        np.testing.assert_allclose(flip @ moved.TransformIndexToPhysicalPoint(voxel), expected, atol=1e-4)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(moved), sitk.GetArrayFromImage(plain))


@pytest.mark.parametrize("ending", ["NII.GZ", "Nii.gz", "NII", "NRRD", "MHA"])
def test_endings_in_capitals_are_written_small(segmentation, tmp_path: Path, ending: str) -> None:
    """ITK knows no others."""
    path = write_labels(segmentation, tmp_path / "OUT" / f"Seg.A.{ending}")
    assert path == tmp_path / "OUT" / f"Seg.A.{ending.lower()}"
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(path))), labels(SHAPE))


@pytest.mark.parametrize("ending", ["nii", "NII.GZ"])
def test_nifti_is_refused_what_it_cannot_hold(app: Application, tmp_path: Path, ending: str) -> None:
    sheared = finished(app, tmp_path, {"FLAIR": app.volume("FLAIR")}).place(app).segmentation
    with pytest.raises(InputError, match="right angles"):
        write_labels(sheared, tmp_path / f"labels.{ending}")


def test_without_a_segment_there_is_nothing_to_write(segmentation, tmp_path: Path) -> None:
    segmentation.GetSegmentation().RemoveAllSegments()
    with pytest.raises(InputError, match="no segment"):
        write_labels(segmentation, tmp_path / "labels.nrrd")
    assert not list(tmp_path.glob("labels*"))
