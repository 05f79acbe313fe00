"""The picture of a case: planes where the lesion is, brightness where the volume says."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch
from scipy.spatial.transform import Rotation

from MissingModalitySegLib.labels import GLIOMA
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegTraining.phantom import engine
from MissingModalitySegTraining.phantom.atlas import load_atlas
from MissingModalitySegTraining.phantom.output import simulate
from MissingModalitySegTraining.phantom.output.contact_sheet import contact_sheet, sample, settings_of
from MissingModalitySegTraining.phantom.output.volumes import Volume, write_volume


def sheet_of(kind: str, mode: str) -> np.ndarray:
    atlas = load_atlas(torch.device("cpu"))
    case = engine.sample_case(8, kind, atlas, mode)
    picture = contact_sheet(case, simulate(case, atlas, spacing_mm=6.0), "title", ["one", "two"])
    return np.asarray(picture.convert("RGB")).astype(int)


def share_of_truth(sheet: np.ndarray) -> list[float]:
    """Per column of the sheet: how much of it has about the colour of a label's border."""
    columns = np.array_split(sheet[95:], 6, axis=1)
    near = [
        np.any([np.abs(column - label.colour).max(axis=2) < 12 for label in GLIOMA.labels], axis=0)
        for column in columns
    ]
    return [float(mask.mean()) for mask in near]


@pytest.mark.parametrize("mode", ["research", "clinic"])
def test_the_truth_is_drawn_in_the_last_column_and_nowhere_else(mode):
    shares = share_of_truth(sheet_of("glioma", mode))
    assert shares[-1] > 1e-3
    assert max(shares[:-1]) < 1e-4


def test_a_case_without_lesion_shows_none():
    sheet = sheet_of("none", "research")
    assert max(share_of_truth(sheet)) < 1e-4
    columns = np.array_split(sheet[95:], 6, axis=1)
    assert all((column.max(axis=2) > 100).mean() > 0.05 for column in columns)  # there is a brain in each


def test_planes_are_read_as_a_resampler_reads_them(tmp_path):
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_rotvec([0.2, 0.4, -0.3]).as_matrix() * [1.0, 1.5, 3.0]
    affine[:3, 3] = [-10.0, 5.0, -8.0]
    volume = Volume(np.random.default_rng(1).integers(0, 900, (12, 10, 8)).astype(np.int16), affine)
    write_volume(volume, tmp_path / "volume.nrrd")
    image = sitk.ReadImage(str(tmp_path / "volume.nrrd"), sitk.sitkFloat32)
    inner = np.random.default_rng(2).uniform(1, 6, (20, 3))
    points = inner @ affine[:3, :3].T + affine[:3, 3]
    expected = [image.EvaluateAtPhysicalPoint([-x, -y, z]) for x, y, z in points.tolist()]
    assert np.allclose(sample(volume, points), expected, atol=0.05)
    assert not sample(volume, points + 1000).any()


def test_captions_tell_the_sequence():
    case = engine.sample_case(3, "none", load_atlas(torch.device("cpu")))
    if case.contrast.way != "random":
        assert f"TI {case.contrast.flair.inversion_ms:.0f}" in settings_of(case, Modality.FLAIR)
    plane = case.acquisition.sequences[4].plane
    assert plane[:3] in settings_of(case, Modality.DWI)
