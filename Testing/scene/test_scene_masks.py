"""Brain masks out of the scene: a segmentation makes the very file that the same label map does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import slicer
import vtk

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.scene import segment_ids, send_mask
from Testing.scene.scene_application import OBLIQUE, SHAPE, Application, noise

STRAIGHT = np.array([[1.5, 0, 0, -9], [0, 2.0, 0, -11], [0, 0, 1.25, -6], [0, 0, 0, 1]])
CUBE = np.array([[1.5, 0, 0, -18], [0, 1.5, 0, -18], [0, 0, 1.5, -18], [0, 0, 0, 1.0]])


def drawn(seed: int = 3, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """A ragged mask that leaves the rim of its grid."""
    mask = np.zeros(shape, "uint8")
    mask[2:-2, 3:-1, 1:-3] = noise(seed, shape=shape)[2:-2, 3:-1, 1:-3] > 400
    return mask


def label_map(app: Application, mask: np.ndarray, matrix: np.ndarray = STRAIGHT):
    return app.volume("mask", mask, matrix, kind="vtkMRMLLabelMapVolumeNode")


def segmentation(app: Application, *masks: np.ndarray, matrix: np.ndarray = STRAIGHT, refer: bool = True):
    """A segmentation as other modules make it: label maps imported one after the other, overlapping ones as layers."""
    node = app.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "brain")
    node.CreateDefaultDisplayNodes()
    if refer:
        node.SetReferenceImageGeometryParameterFromVolumeNode(app.volume("T1", noise(shape=masks[0].shape), matrix))
    for mask in masks:
        labels = label_map(app, mask, matrix)
        assert app.logics["segmentations"].ImportLabelmapToSegmentationNode(labels, node)
        app.scene.RemoveNode(labels)
    return node


def read(path: Path) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


@pytest.mark.parametrize("matrix", [STRAIGHT, OBLIQUE], ids=["straight", "sheared"])
def test_a_segmentation_makes_the_file_of_the_same_label_map(app: Application, tmp_path: Path, matrix) -> None:
    expected = send_mask(label_map(app, drawn(), matrix), tmp_path / "labels.nrrd")
    found = send_mask(segmentation(app, drawn(), matrix=matrix), tmp_path / "segments.nrrd")
    assert found.read_bytes() == expected.read_bytes()
    np.testing.assert_array_equal(read(found), drawn())


def test_all_segments_count_together_hidden_ones_too_and_nothing_changes(app: Application, tmp_path: Path) -> None:
    first, second, third = drawn(3), drawn(4), drawn(5)
    node = segmentation(app, first, second, third)
    assert node.GetSegmentation().GetNumberOfLayers() == 3  # they overlap
    node.GetDisplayNode().SetSegmentVisibility(segment_ids(node)[1], False)
    node.GetDisplayNode().SetVisibility(False)
    node.GetSegmentation().AddEmptySegment("nothing")
    before = app.names(), app.scene.GetNumberOfNodes(), node.GetMTime(), node.GetSegmentation().GetMTime()
    np.testing.assert_array_equal(read(send_mask(node, tmp_path / "mask.nrrd")), first | second | third)
    assert before == (app.names(), app.scene.GetNumberOfNodes(), node.GetMTime(), node.GetSegmentation().GetMTime())


def test_transforms_count_as_those_of_a_label_map(app: Application, tmp_path: Path) -> None:
    labels, segments = label_map(app, drawn()), segmentation(app, drawn())
    turn = np.array([[0, -1.0, 0, 5], [1.0, 0, 0, -7], [0, 0, 1.0, 2], [0, 0, 0, 1]])
    shear = np.array([[1, 0.2, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 9], [0, 0, 0, 1]])
    app.transform(shear, app.transform(turn, labels, segments))
    expected = send_mask(labels, tmp_path / "labels.nrrd").read_bytes()
    assert send_mask(segments, tmp_path / "segments.nrrd").read_bytes() == expected
    assert segments.GetParentTransformNode() is labels.GetParentTransformNode() is not None


def test_a_warp_counts_as_that_of_a_label_map(app: Application, tmp_path: Path) -> None:
    mask = drawn(shape=(25, 25, 25))
    labels, segments = label_map(app, mask, CUBE), segmentation(app, mask, matrix=CUBE)
    unmoved = send_mask(labels, tmp_path / "unmoved.nrrd").read_bytes()
    app.warp(6.0, labels, segments)
    expected = send_mask(labels, tmp_path / "labels.nrrd").read_bytes()
    assert send_mask(segments, tmp_path / "segments.nrrd").read_bytes() == expected != unmoved


def test_a_segmentation_that_knows_no_grid_has_the_same_voxels_in_the_world(app: Application, tmp_path: Path) -> None:
    """Its layers are cut to what is drawn, and start anywhere."""
    image = sitk.ReadImage(str(send_mask(segmentation(app, drawn(), refer=False), tmp_path / "cut.nrrd")))
    whole = sitk.ReadImage(str(send_mask(label_map(app, drawn()), tmp_path / "whole.nrrd")))
    assert image.GetSize() != whole.GetSize()
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.Resample(image, whole, sitk.Transform(), 1)), drawn())


def test_what_lies_outside_the_grid_of_the_segmentation_is_kept(app: Application, tmp_path: Path) -> None:
    node = segmentation(app, drawn(), refer=False)
    small = app.volume("part", noise(shape=(4, 5, 6)), STRAIGHT)
    node.SetReferenceImageGeometryParameterFromVolumeNode(small)
    assert read(send_mask(node, tmp_path / "mask.nrrd")).sum() == drawn().sum()


def test_surfaces_become_voxels_on_a_copy(app: Application, tmp_path: Path) -> None:
    """A ball of 12 mm, as a model that was imported; its volume is that of the closed form."""
    node = app.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "ball")
    node.SetReferenceImageGeometryParameterFromVolumeNode(app.volume("T1", noise(shape=(25, 25, 25)), CUBE))
    ball = vtk.vtkSphereSource()
    ball.SetRadius(12)
    ball.SetThetaResolution(60)
    ball.SetPhiResolution(60)
    ball.Update()
    surface = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    voxels = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    node.GetSegmentation().SetSourceRepresentationName(surface)
    segment = slicer.vtkSegment()
    segment.AddRepresentation(surface, ball.GetOutput())
    node.GetSegmentation().AddSegment(segment, "ball")
    found = read(send_mask(node, tmp_path / "mask.nrrd"))
    assert found.shape == (25, 25, 25)
    assert found.sum() * 1.5**3 == pytest.approx(4 / 3 * np.pi * 12**3, rel=0.03)
    assert not node.GetSegmentation().ContainsRepresentation(voxels)


def nothing_at_all(app: Application):
    return app.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "brain")


def a_segment_without_voxels(app: Application):
    node = segmentation(app, drawn())
    node.GetSegmentation().RemoveSegment(segment_ids(node)[0])
    node.GetSegmentation().AddEmptySegment("brain")
    return node


def an_erased_segment(app: Application):
    node = segmentation(app, drawn())
    node.GetSegmentation().GetNthSegment(0).SetLabelValue(7)  # no voxel has it
    return node


def a_label_map_without_voxels(app: Application):
    return app.scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "brain")


@pytest.mark.parametrize(
    "make", [nothing_at_all, a_segment_without_voxels, an_erased_segment, a_label_map_without_voxels]
)
def test_a_mask_without_voxels_is_refused_in_words(app: Application, tmp_path: Path, make) -> None:
    with pytest.raises(InputError) as caught:
        send_mask(make(app), tmp_path / "mask.nrrd")
    assert caught.value.code == "empty-brain-mask"
    assert "“brain”" in caught.value.message
    assert caught.value.hint
    assert not (tmp_path / "mask.nrrd").exists()


def test_a_segmentation_that_is_gone_or_flattened_is_refused(app: Application, tmp_path: Path) -> None:
    node = segmentation(app, drawn())
    app.transform(np.diag([1.0, 1.0, 0.0, 1.0]), node)
    with pytest.raises(InputError) as caught:
        send_mask(node, tmp_path / "mask.nrrd")
    assert caught.value.code == "bad-transform"
    app.scene.RemoveNode(node)
    with pytest.raises(InputError) as caught:
        send_mask(node, tmp_path / "mask.nrrd")
    assert caught.value.code == "volume-gone"
