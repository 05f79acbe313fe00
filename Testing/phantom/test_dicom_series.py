"""Phantoms as DICOM: the same voxels in the same places, and headers by which the program knows the sequences."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813
import torch

from MissingModalitySegLib.dicom import find_dicom_studies, read_stack
from MissingModalitySegLib.dicom.maker import Maker
from MissingModalitySegLib.dicom.segmentation_object import write_segmentation_object
from MissingModalitySegLib.labels import LESION
from MissingModalitySegLib.modalities import MODALITIES, Modality
from MissingModalitySegLib.recognition import recognise
from MissingModalitySegTraining.phantom import engine
from MissingModalitySegTraining.phantom.atlas import load_atlas
from MissingModalitySegTraining.phantom.output import simulate
from MissingModalitySegTraining.phantom.output.dicom_series import series_attributes, write_series
from MissingModalitySegTraining.phantom.output.series_names import HOSPITALS, hospital_of
from MissingModalitySegTraining.phantom.output.volumes import write_volume
from Testing.dicom.seg_reader import read_segments

SPACING = {"research": 7.0, "clinic": 5.0}


@pytest.fixture(scope="module", params=["research", "clinic"])
def written(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dicom")
    atlas = load_atlas(torch.device("cpu"))
    case = engine.sample_case(33, "glioma", atlas, request.param)
    rendered = simulate(case, atlas, spacing_mm=SPACING[request.param])
    write_series(case, rendered, folder, "33", "a study")
    for modality, sequence in rendered.sequences.items():
        write_volume(sequence.image, folder / f"{modality}.nii.gz")
    return case, folder


def headers(folder: Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"))]


def test_a_series_holds_the_voxels_of_the_volume_in_their_places(written):
    _, folder = written
    for modality in MODALITIES:
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder / modality.value)))
        series = reader.Execute()
        volume = sitk.ReadImage(str(folder / f"{modality}.nii.gz"))
        assert sorted(series.GetSize()) == sorted(volume.GetSize())
        resampled = sitk.Resample(volume, series, sitk.Transform(), sitk.sitkNearestNeighbor, -1)
        assert np.array_equal(sitk.GetArrayFromImage(resampled), sitk.GetArrayFromImage(series))
        middle = [n // 2 for n in series.GetSize()]
        place = volume.TransformPhysicalPointToContinuousIndex(series.TransformIndexToPhysicalPoint(middle))
        assert np.allclose(place, np.round(place), atol=1e-3)


def test_the_library_finds_the_study_and_reads_it_back(written):
    """By places alone, with all its values; a segmentation drawn on it comes back where it was."""
    _, folder = written
    (study,) = find_dicom_studies(folder)
    assert study.notes() == ()
    assert [stack.recognition.modality for stack in study.usable] == list(MODALITIES)
    for modality, stack in zip(MODALITIES, study.usable, strict=True):
        loaded = read_stack(stack)
        volume = sitk.ReadImage(str(folder / f"{modality}.nii.gz"))
        back = sitk.Resample(loaded.image, volume, sitk.Transform(), sitk.sitkNearestNeighbor, -1, volume.GetPixelID())
        assert np.array_equal(sitk.GetArrayFromImage(back), sitk.GetArrayFromImage(volume))
        labels = loaded.image > float(np.median(sitk.GetArrayViewFromImage(loaded.image)))
        path = folder / f"{modality}.seg"
        write_segmentation_object(labels, LESION, loaded, Maker("moe", "1.0.0"), path)
        (segment,) = read_segments(pydicom.dcmread(path)).values()
        again = sitk.Resample(segment.image, labels, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
        assert np.array_equal(sitk.GetArrayFromImage(again), sitk.GetArrayFromImage(labels))
        path.unlink()


def test_every_series_is_recognised_by_its_header(written):
    _, folder = written
    for modality in MODALITIES:
        header = headers(folder / modality.value)[0]
        attributes = {element.keyword: element.value for element in header if element.keyword != "PixelData"}
        found = recognise(attributes=attributes)
        assert found.modality is modality
        assert found.certain


def test_every_hospital_is_understood():
    atlas = load_atlas(torch.device("cpu"))
    seen = set()
    for seed in range(60):
        case = engine.sample_case(seed, "none", atlas, "clinic")
        for modality, acquisition in zip(MODALITIES, case.acquisition.sequences, strict=True):
            found = recognise(attributes=series_attributes(case, modality, acquisition.plane))
            assert found.modality is modality, series_attributes(case, modality, acquisition.plane)
            assert found.certain
        seen.add(hospital_of(seed))
    assert seen == set(HOSPITALS)


def test_headers_hold_together(written):
    case, folder = written
    everything = [header for modality in MODALITIES for header in headers(folder / modality.value)]
    assert len({h.SOPInstanceUID for h in everything}) == len(everything)
    assert len({h.SeriesInstanceUID for h in everything}) == len(MODALITIES)
    assert len({h.StudyInstanceUID for h in everything}) == 1
    assert len({h.FrameOfReferenceUID for h in everything}) == 1
    for header in everything:
        assert header.SOPClassUID == pydicom.uid.MRImageStorage
        assert pydicom.uid.UID(header.SOPInstanceUID).is_valid
        assert header.pixel_array.shape == (header.Rows, header.Columns)
        assert header.ImageType[0] == "DERIVED"
        assert header.QualityControlSubject == "YES"
        assert "SYNTHETIC" in header.ImageComments
        assert str(header.PatientName).startswith("PHANTOM^")
        row, column = np.split(np.array(header.ImageOrientationPatient, dtype=float), 2)
        assert abs(row @ column) < 1e-6
        assert np.allclose([row @ row, column @ column], 1, atol=1e-6)
    flair = headers(folder / "FLAIR")[0]
    assert float(flair.InversionTime) == pytest.approx(case.contrast.flair.inversion_ms, rel=1e-6)
    assert float(flair.EchoTime) == pytest.approx(case.contrast.flair.echo_ms, rel=1e-6)
    assert headers(folder / "DWI")[0].DiffusionBValue == pytest.approx(case.contrast.dwi.b_value, abs=0.06)
    assert "ContrastBolusAgent" in headers(folder / "T1ce")[0]
    assert "ContrastBolusAgent" not in headers(folder / "T1")[0]


def test_slices_lie_as_far_apart_as_the_header_says(written):
    _, folder = written
    for modality in MODALITIES:
        series = headers(folder / modality.value)
        normal = np.cross(*np.split(np.array(series[0].ImageOrientationPatient, dtype=float), 2))
        places = sorted(float(np.array(h.ImagePositionPatient, dtype=float) @ normal) for h in series)
        assert np.allclose(np.diff(places), float(series[0].SpacingBetweenSlices), atol=1e-4)
        assert float(series[0].SliceThickness) <= float(series[0].SpacingBetweenSlices) + 1e-6


def test_the_same_study_has_the_same_uids(written, tmp_path):
    case, folder = written
    atlas = load_atlas(torch.device("cpu"))
    rendered = simulate(case, atlas, spacing_mm=SPACING[case.acquisition.mode])
    for study in ("a study", "another"):
        write_series(case, rendered, tmp_path / study, "33", study)
    first = (folder / "T1" / "IM0001.dcm").read_bytes()
    assert (tmp_path / "a study" / "T1" / "IM0001.dcm").read_bytes() == first
    other = pydicom.dcmread(tmp_path / "another" / Modality.T1.value / "IM0001.dcm")
    assert other.SOPInstanceUID != headers(folder / "T1")[0].SOPInstanceUID
