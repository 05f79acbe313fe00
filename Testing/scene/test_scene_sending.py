"""Volumes out of the scene: voxels and places as SimpleITK reads them, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import slicer
import vtk

from MissingModalitySegLib.errors import InputError, ResourceError
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.scene import check_volume, hardened, send
from MissingModalitySegLib.scene.marks import SYNTHETIC
from Testing.scene.scene_application import OBLIQUE, Application, matrix_of, noise

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def matrix_in(path: Path) -> np.ndarray:
    """Voxel to RAS of a file, read by SimpleITK."""
    image = sitk.ReadImage(str(path))
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) @ np.diag(image.GetSpacing())
    matrix[:3, 3] = image.GetOrigin()
    return LPS @ matrix


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_voxels_and_a_sheared_matrix_arrive(app: Application, tmp_path: Path, dtype: str) -> None:
    array = noise(dtype="float64").astype(dtype)
    sent = send({"T1": app.volume("T1", array)}, tmp_path / "job")
    path = sent.paths[Modality.T1]
    image = sitk.ReadImage(str(path))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), array)
    assert sitk.GetArrayFromImage(image).dtype == array.dtype
    np.testing.assert_allclose(matrix_in(path), OBLIQUE, rtol=0, atol=1e-12)


def test_transforms_are_hardened_on_a_copy(app: Application, tmp_path: Path) -> None:
    node = app.volume("T1")
    node.GetDisplayNode().AutoWindowLevelOff()
    node.GetDisplayNode().SetWindowLevel(321, 123)
    turn = np.array([[0, -1.0, 0, 5], [1.0, 0, 0, -7], [0, 0, 1.0, 2], [0, 0, 0, 1]])
    shear = np.array([[1, 0.2, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 9], [0, 0, 0, 1]])
    inner = app.transform(turn, node)
    app.transform(shear, inner)
    before = app.scene.GetNumberOfNodes(), node.GetImageData().GetMTime(), node.GetDisplayNode().GetMTime()

    sent = send({"T1": node}, tmp_path)

    np.testing.assert_allclose(matrix_in(sent.paths[Modality.T1]), shear @ turn @ OBLIQUE, atol=1e-9)
    np.testing.assert_allclose(matrix_of(node), OBLIQUE)
    assert node.GetParentTransformNode() is inner
    assert before == (app.scene.GetNumberOfNodes(), node.GetImageData().GetMTime(), node.GetDisplayNode().GetMTime())
    assert (node.GetDisplayNode().GetWindow(), node.GetDisplayNode().GetLevel()) == (321, 123)


def test_a_warp_resamples(app: Application, tmp_path: Path) -> None:
    """The volume holds its own R coordinate, so a voxel of the warped one must hold the R that was moved there."""
    matrix = np.array([[1.5, 0, 0, -18], [0, 1.5, 0, -18], [0, 0, 1.5, -18], [0, 0, 0, 1.0]])
    node = app.volume("T1", np.tile(np.arange(25, dtype="float32") * 1.5 - 18 + 100, (25, 25, 1)), matrix)
    warp = app.warp(6.0, node)

    sent = send({"T1": node}, tmp_path)

    image = sitk.ReadImage(str(sent.paths[Modality.T1]))
    back = vtk.vtkGeneralTransform()
    warp.GetTransformFromWorld(back)
    for place in [(0, 0, 0), (6, 0, 0), (4, -5, 3), (-7, 8, -6)]:
        index = image.TransformPhysicalPointToIndex((-place[0], -place[1], place[2]))
        lps = image.TransformIndexToPhysicalPoint(index)
        expected = back.TransformPoint(-lps[0], -lps[1], lps[2])[0] + 100
        assert image[index] == pytest.approx(expected, abs=0.05)
    assert abs(back.TransformPoint(6, 0, 0)[0]) < 0.1, "the warp moves nothing; the test says nothing"
    assert node.GetImageData().GetDimensions() == (25, 25, 25)


def test_names_of_nodes_stay_out_of_paths(app: Application, tmp_path: Path) -> None:
    nodes = {"T1": app.volume('T1 "süß" ../../\n漢字'), "FLAIR": app.volume("")}
    sent = send(nodes, tmp_path / "job – ünïcode's")
    assert sorted(path.name for path in sent.paths.values()) == ["FLAIR.nrrd", "T1.nrrd"]
    assert list(sent.paths) == [Modality.T1, Modality.FLAIR]
    assert all(path.is_file() and path.parent == tmp_path / "job – ünïcode's" for path in sent.paths.values())


def test_what_left_the_scene_is_not_present(app: Application, tmp_path: Path) -> None:
    nodes = {"T1": app.volume("T1"), "T2": app.volume("T2")}
    sent = send(nodes, tmp_path)
    app.scene.RemoveNode(nodes["T1"])
    assert list(sent.present) == [Modality.T2]
    app.scene.Clear(1)
    app.volume("somebody else's T2")
    assert not sent.present


def no_voxels(app: Application):
    return app.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "lost")


def label_map(app: Application):
    return app.volume("mask", noise(dtype="uint8"), kind="vtkMRMLLabelMapVolumeNode")


def colour(app: Application):
    return app.volume("colour", np.zeros((2, 3, 4, 3), "uint8"), kind="vtkMRMLVectorVolumeNode")


def diffusion(app: Application):
    node = app.scene.AddNewNodeByClass("vtkMRMLDiffusionWeightedVolumeNode", "dwi")
    image = vtk.vtkImageData()
    image.SetDimensions(3, 4, 5)
    image.AllocateScalars(vtk.VTK_SHORT, 7)
    node.SetAndObserveImageData(image)
    return node


def frame_of_a_sequence(app: Application):
    sequence = app.scene.AddNewNodeByClass("vtkMRMLSequenceNode", "perfusion")
    sequence.SetDataNodeAtValue(app.volume("frame"), "0")
    browser = app.scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.AddSynchronizedSequenceNode(sequence)
    app.logics["sequences"].UpdateAllProxyNodes()
    return browser.GetProxyNode(sequence)


def sequence(app: Application):
    return app.scene.AddNewNodeByClass("vtkMRMLSequenceNode", "perfusion")


def segmentation(app: Application):
    return app.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "brain")


def model(app: Application):
    return app.scene.AddNewNodeByClass("vtkMRMLModelNode", "surface")


def deleted(app: Application):
    node = app.volume("gone")
    app.scene.RemoveNode(node)
    return node


def generated(app: Application):
    node = app.volume("T2")
    node.SetAttribute(SYNTHETIC, "true")
    return node


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda app: None, "no-volume"),
        (no_voxels, "no-voxels"),
        (label_map, "label-map"),
        (colour, "several-components"),
        (diffusion, "several-components"),
        (frame_of_a_sequence, "sequence-node"),
        (sequence, "sequence-node"),
        (segmentation, "label-map"),
        (model, "not-a-volume"),
        (deleted, "volume-gone"),
        (generated, "synthetic-input"),
    ],
)
def test_what_is_no_input_is_refused_in_words(app: Application, tmp_path: Path, make, code: str) -> None:
    node = make(app)
    with pytest.raises(InputError) as caught:
        send({"FLAIR": node}, tmp_path / "job")
    assert caught.value.code == code
    assert "FLAIR" in caught.value.message
    assert caught.value.hint
    assert not (tmp_path / "job").exists()


def test_a_plain_volume_is_fine(app: Application) -> None:
    check_volume(app.volume("T1"))


def test_one_volume_in_two_slots_is_refused(app: Application, tmp_path: Path) -> None:
    node = app.volume("scan")
    with pytest.raises(InputError, match="chosen as T1 and as T2"):
        send({"T1": node, "T2": node}, tmp_path)
    with pytest.raises(InputError):
        send({}, tmp_path)


def test_a_transform_that_flattens_is_refused(app: Application) -> None:
    node = app.volume("T1")
    app.transform(np.diag([1.0, 1.0, 0.0, 1.0]), node)
    with pytest.raises(InputError) as caught:
        hardened(node)
    assert caught.value.code == "bad-transform"


def test_a_folder_that_cannot_be_written(app: Application, tmp_path: Path) -> None:
    (tmp_path / "job").write_text("a file, not a folder")
    with pytest.raises(ResourceError) as caught:
        send({"T1": app.volume("T1")}, tmp_path / "job")
    assert caught.value.code == "cannot-write"
    (tmp_path / "other" / "T1.nrrd").mkdir(parents=True)
    with pytest.raises(ResourceError):
        send({"T1": app.volume("T1")}, tmp_path / "other")


def test_hardened_keeps_the_voxels_of_the_scene(app: Application) -> None:
    node = app.volume("T1")
    assert hardened(node).GetImageData() is node.GetImageData()
    assert isinstance(hardened(node), slicer.vtkMRMLScalarVolumeNode)
