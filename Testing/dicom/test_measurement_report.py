"""TID 1500: the numbers of the run's report, findable by their codes, tied to segments and images."""

from __future__ import annotations

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813
from pydicom.sr.codedict import codes

from MissingModalitySegLib.dicom import measurement_report
from MissingModalitySegLib.dicom.maker import Maker
from MissingModalitySegLib.dicom.measurement_report import write_measurement_report
from MissingModalitySegLib.dicom.segmentation_object import write_segmentation_object
from MissingModalitySegLib.engine.summarise import summarise
from MissingModalitySegLib.labels import GLIOMA
from Testing.dicom.made_series import Scan, datasets, enhanced, made_image, oblique, write
from Testing.dicom.test_segmentation_object import load

MAKER = Maker("moe", "1.2.0", "moe")


def two_lesions(image: sitk.Image) -> sitk.Image:
    array = np.zeros(image.GetSize()[::-1], np.uint8)
    array[2:6, 1:5, 1:6] = 2
    array[3:5, 2:4, 2:4] = 1
    array[4, 2, 2] = 3
    array[8:10, 4:6, 6:8] = 2
    labels = sitk.GetImageFromArray(array)
    labels.CopyInformation(image)
    return labels


@pytest.fixture(params=[datasets, enhanced], ids=["classic", "enhanced"])
def written(request, tmp_path):
    image = made_image(direction=oblique())
    loaded = load(write(request.param(image, Scan(name="Müller^Jürgen")), tmp_path / "in"))
    labels = two_lesions(loaded.image)
    report = summarise(labels, GLIOMA).to_dict()
    report["lesions"][0]["side"] = "left"
    segments = write_segmentation_object(labels, GLIOMA, loaded, MAKER, tmp_path / "segmentation.dcm")
    write_measurement_report(report, GLIOMA, segments, loaded, MAKER, tmp_path / "report.dcm")
    return report, segments, loaded, pydicom.dcmread(tmp_path / "report.dcm")


def groups_of(dataset):
    content = highdicom.sr.ComprehensiveSR.from_dataset(dataset).content
    volumetric = content.get_volumetric_roi_measurement_groups()
    plain = content.get_image_measurement_groups()
    return {group.tracking_identifier: group for group in (*volumetric, *plain)}


def value_of(group, name, unit="ml"):
    (measurement,) = group.get_measurements(name)
    assert measurement.unit.value == unit
    return float(measurement.value)


def test_volumes_of_regions(written):
    report, _, _, dataset = written
    groups = groups_of(dataset)
    for region in GLIOMA.regions:
        group = groups[region.title]
        assert value_of(group, codes.SCT.Volume) == pytest.approx(report["volumes_ml"][region.name])
        assert group.finding_type.value == region.terminology.type.value
        assert group.finding_sites[0].value.meaning == "Brain"


def test_a_region_that_is_a_segment_refers_to_it(written):
    _, segments, _, dataset = written
    content = highdicom.sr.ComprehensiveSR.from_dataset(dataset).content
    (group,) = content.get_volumetric_roi_measurement_groups()
    assert group.tracking_identifier == "Enhancing"
    assert group.tracking_uid == segments.tracking[3][1]
    (reference,) = [item for item in group[0].ContentSequence if item.name == codes.DCM.ReferencedSegment]
    (image,) = reference.ReferencedSOPSequence
    assert image.ReferencedSOPInstanceUID == segments.dataset.SOPInstanceUID
    assert image.ReferencedSegmentNumber == segments.numbers[3]


def test_lesions(written):
    report, _, loaded, dataset = written
    groups = groups_of(dataset)
    assert len(report["lesions"]) == 2
    for lesion in report["lesions"]:
        group = groups[f"Lesion {lesion['id']}"]
        assert value_of(group, codes.SCT.Volume) == pytest.approx(lesion["volume_ml"])
        assert value_of(group, codes.SCT.Diameter, "mm") == pytest.approx(lesion["diameter_mm"])
        assert value_of(group, codes.SCT.LongAxis, "mm") == pytest.approx(lesion["axial_diameter_mm"])
        assert value_of(group, codes.SCT.ShortAxis, "mm") == pytest.approx(lesion["axial_across_mm"])
        (image,) = group.source_images
        shown = loaded.sources[lesion["voxel"][2]]
        assert image.referenced_sop_instance_uid == shown.instance
        assert image.referenced_frame_numbers == (None if shown.frame is None else [shown.frame + 1])
    sides = [groups[f"Lesion {i}"].finding_sites[0].laterality for i in (1, 2)]
    assert sides[0].meaning == "Left"
    assert sides[1] is None


def test_the_document_hangs_together(written):
    _, segments, loaded, dataset = written
    assert dataset.Modality == "SR"
    assert str(dataset.PatientName) == "Müller^Jürgen"
    assert dataset.StudyInstanceUID == loaded.stack.study_uid
    assert dataset.CompletionFlag == "COMPLETE"
    assert dataset.VerificationFlag == "UNVERIFIED"
    assert dataset.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    evidence = {
        instance.ReferencedSOPInstanceUID
        for study in dataset.CurrentRequestedProcedureEvidenceSequence
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    }
    assert evidence == {segments.dataset.SOPInstanceUID, *(one.instance for one in loaded.sources)}
    uids = [str(one.SeriesInstanceUID) for one in (dataset, segments.dataset)]
    assert len({*uids, loaded.stack.series_uid}) == 3


def test_no_more_lesions_than_a_reader_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(measurement_report, "MOST_LESIONS", 5)
    loaded = load(write(datasets(made_image(size=(16, 16, 12))), tmp_path / "in"))
    array = np.zeros((12, 16, 16), np.uint8)
    array[::4, ::4, ::4] = 2
    labels = sitk.GetImageFromArray(array)
    labels.CopyInformation(loaded.image)
    report = summarise(labels, GLIOMA).to_dict()
    assert report["lesion_count"] == 48
    segments = write_segmentation_object(labels, GLIOMA, loaded, MAKER, tmp_path / "segmentation.dcm")
    write_measurement_report(report, GLIOMA, segments, loaded, MAKER, tmp_path / "report.dcm")
    groups = groups_of(pydicom.dcmread(tmp_path / "report.dcm"))
    assert sum(name.startswith("Lesion ") for name in groups) == 5


def test_nothing_found(tmp_path):
    loaded = load(write(datasets(made_image()), tmp_path / "in"))
    labels = sitk.Cast(loaded.image * 0, sitk.sitkUInt8)
    segments = write_segmentation_object(labels, GLIOMA, loaded, MAKER, tmp_path / "segmentation.dcm")
    report = summarise(labels, GLIOMA).to_dict()
    write_measurement_report(report, GLIOMA, segments, loaded, MAKER, tmp_path / "report.dcm")
    groups = groups_of(pydicom.dcmread(tmp_path / "report.dcm"))
    assert {name: value_of(group, codes.SCT.Volume) for name, group in groups.items()} == {
        "Lesion": 0,
        "Core": 0,
        "Enhancing": 0,
    }
