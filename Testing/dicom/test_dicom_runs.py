"""Runs from series to an archive: what `segment` and `synthesize` make of folders, and what goes wrong in words."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.cli import dicom_study
from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.dicom.sources import Others, SeriesSource, object_maker, sources_of, stack_checksum
from MissingModalitySegLib.engine.segment import segment, synthesize
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.options import Options
from MissingModalitySegLib.watch import Watch
from Testing.bundles.samples import tree
from Testing.dicom.made_series import FLAIR, T1, Scan, datasets, enhanced, write
from Testing.dicom.seg_reader import read_segments
from Testing.engine.small_runs import volume, write_inputs, write_segmenter, write_synthesiser

SECRETS = ("Müller", "Jürgen", "PAT-4711", "19610203", "ACC-90125", "20240501", "House", "Gregory")


def series(number: int) -> sitk.Image:
    """One of the small volumes with the stored values of a scanner, in slices of 2 mm."""
    return sitk.Cast(volume(number) * 100, sitk.sitkUInt16)


@pytest.fixture
def place(tmp_path: Path, monkeypatch) -> Path:
    """A study of a T1 and a FLAIR, a localiser and a report, in one folder each."""
    scan = Scan(name="Müller^Jürgen")
    write(datasets(series(0), scan, 2, **{**dict.fromkeys(FLAIR), **T1}), tmp_path / "in" / "MUELLER" / "2")
    write(datasets(series(2), scan, 4, SeriesDescription="FLAIR Müller"), tmp_path / "in" / "MUELLER" / "4")
    write(datasets(series(1), scan, 1, SeriesDescription="localizer")[:3], tmp_path / "in" / "MUELLER" / "1")
    write_segmenter(tmp_path / "models" / "one", synthesiser={"bundle": "synthesis"})
    write_synthesiser(tmp_path / "models" / "synthesis")
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_study_through_the_command_line(place: Path, capfd) -> None:
    command = ["segment", "--dicom", "in", "--model", "one", "--output", "out", "--dicom-sr"]
    assert run(command) == 0
    shown = capfd.readouterr()
    assert "FLAIR: series 4 “FLAIR …”." in shown.err
    assert "Not used: series 1 “localizer”. It is left out: it is a localiser." in shown.err
    assert str(place / "out" / "segmentation.dcm") in shown.out
    names = ["report.dcm", "report.html", "report.json", "segmentation.dcm", "segmentation.nii.gz"]
    assert sorted(tree(place / "out")) == names
    report = json.loads((place / "out" / "report.json").read_text())
    assert report["patient"] is None
    assert report["inputs"]["FLAIR"]["file"] == "series 4 “FLAIR …”"
    told = {"number": 4, "description": "FLAIR …", "part": "", "images": 28, "notes": []}
    assert report["inputs"]["FLAIR"]["series"] == told
    assert report["files"]["dicom_seg"] == "segmentation.dcm"
    page = (place / "out" / "report.html").read_text(encoding="utf-8")
    for secret in (*SECRETS, "MUELLER"):
        assert secret not in shown.out + shown.err + json.dumps(report, ensure_ascii=False) + page

    labels = sitk.ReadImage(str(place / "out" / "segmentation.nii.gz"))
    dataset = pydicom.dcmread(place / "out" / "segmentation.dcm")
    assert str(dataset.PatientName) == "Müller^Jürgen"
    total = 0
    values = np.unique(sitk.GetArrayFromImage(labels))[1:]
    for one, value in zip(read_segments(dataset).values(), values, strict=True):
        back = sitk.Resample(one.image, labels, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
        assert np.array_equal(sitk.GetArrayFromImage(back) > 0, sitk.GetArrayFromImage(labels) == value)
        total += sitk.GetArrayFromImage(one.image).sum()
    assert total == np.count_nonzero(sitk.GetArrayFromImage(labels)) > 0


def test_the_patient_is_told_where_that_is_asked_for(place: Path) -> None:
    """And objects of older labels do not stay beside new ones."""
    (place / "out").mkdir()
    (place / "out" / "segmentation.dcm").write_bytes(b"old")
    options = Options(report=False, include_phi=True)
    inputs = sources_of({Modality.FLAIR: place / "in" / "MUELLER" / "4"}, options)
    report = segment(inputs, "one", options, place / "out").report
    who = {"name": "Müller^Jürgen", "id": "PAT-4711", "birth_date": "19610203", "study_date": "20240501"}
    assert report["patient"] == who
    assert sorted(tree(place / "out")) == ["report.json", "segmentation.nii.gz"]


def test_labels_are_those_of_the_same_volumes_in_files(place: Path) -> None:
    """Only the way in differs."""
    for number, name in ((0, "T1"), (2, "FLAIR")):
        sitk.WriteImage(series(number), str(place / f"{name}.nii.gz"))
    options = Options(report=False)
    plain = segment({"T1": place / "T1.nii.gz", "FLAIR": place / "FLAIR.nii.gz"}, "one", options)
    folder = place / "in" / "MUELLER"
    inputs = sources_of({Modality.T1: folder / "2", Modality.FLAIR: folder / "4" / "I0003"}, options)
    found = segment(inputs, "one", options)
    back = sitk.Resample(found.labels, plain.labels, sitk.Transform(), sitk.sitkNearestNeighbor, 99)
    assert np.array_equal(sitk.GetArrayFromImage(back), sitk.GetArrayFromImage(plain.labels))
    assert found.report["volumes_ml"] == plain.report["volumes_ml"]


def test_synthesis_from_series(place: Path) -> None:
    options = Options(report=False, synthesize=True)
    outcome = synthesize(sources_of({Modality.T1: place / "in" / "MUELLER" / "2"}, options), "synthesis", options)
    assert set(outcome.synthetic) == {Modality.T2, Modality.FLAIR}


def test_an_enhanced_series(place: Path) -> None:
    write(enhanced(series(2), Scan(), 4), place / "enhanced")
    options = Options(report=False, dicom_seg=True)
    inputs = sources_of({Modality.FLAIR: place / "enhanced"}, options)
    outcome = segment(inputs, "one", options, place / "out", objects=object_maker(inputs, options))
    assert outcome.files["dicom_seg"] == place / "out" / "segmentation.dcm"
    assert not (place / "out" / "report.dcm").exists()


@pytest.mark.parametrize(
    ("modality", "path", "words"),
    [
        (Modality.T2, "in", "The folder holds several series, and none is surely T2: series 2"),
        (Modality.T1, "in/MUELLER/1", "No series in this folder can be used as T1. Series 1 “localizer”"),
        (Modality.T1, "in/MUELLER/1/I0000", "cannot be used: it is a localiser."),
        (Modality.T1, "models", "There is no DICOM file below"),
    ],
)
def test_what_is_meant_by_a_folder(place: Path, modality, path, words) -> None:
    source = sources_of({modality: Path(path)}, Options())[modality]
    with pytest.raises(InputError) as caught:
        source.read(Watch())
    assert words in str(caught.value)
    assert not any(secret in str(caught.value) for secret in SECRETS)


def test_of_several_series_the_one_that_is_asked_for(place: Path) -> None:
    source = sources_of({Modality.FLAIR: Path("in")}, Options())[Modality.FLAIR]
    source.read(Watch())
    assert source.volume.stack.series_number == 4


def test_a_series_in_several_folders_is_gathered(place: Path, monkeypatch, capfd) -> None:
    """Every second slice lies elsewhere; what was gathered goes with the command."""
    command = ["segment", "--dicom", "in", "--model", "one", "--no-report", "--output"]
    assert run([*command, "whole"]) == 0
    folder = place / "in" / "MUELLER"
    (folder / "more").mkdir()
    for file in sorted((folder / "4").iterdir())[::2]:
        file.rename(folder / "more" / file.name)
    (place / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place / "temporary"))
    assert run([*command, "scattered"]) == 0
    for name in ("segmentation.nii.gz",):
        assert (place / "scattered" / name).read_bytes() == (place / "whole" / name).read_bytes()
    whole, scattered = (json.loads((place / one / "report.json").read_text()) for one in ("whole", "scattered"))
    assert scattered["inputs"] == whole["inputs"]
    while dicom_study._gathered:  # as at the end of the process
        dicom_study._gathered.pop().cleanup()
    assert not list((place / "temporary").glob("*series*"))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for name in ("link", "copyfile"):
        monkeypatch.setattr(os if name == "link" else shutil, name, full)
    assert run([*command, "nothing"]) != 0
    assert "could not be gathered" in capfd.readouterr().err
    while dicom_study._gathered:
        dicom_study._gathered.pop().cleanup()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dicom", "in", "--t1", "in"], "--dicom chooses the volumes, and --t1 was given."),
        (["--dicom", "models"], "There is no DICOM file below"),
        (["--dicom", "in/MUELLER/1"], "No series of this study is surely one of the sequences."),
    ],
)
def test_folders_that_are_no_study(place: Path, capfd, arguments, words) -> None:
    assert run(["segment", *arguments, "--model", "one", "--output", "out", "--no-report"]) == 2
    shown = capfd.readouterr().err
    assert words in shown
    assert "Traceback" not in shown
    assert not any(secret in shown for secret in SECRETS)


def test_without_the_packages(place: Path, monkeypatch) -> None:
    """Files do without them; a series says what to install, before anything is computed."""
    for name, options in (("pydicom", Options()), ("highdicom", Options(dicom_seg=True))):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, name, None)
            sources_of({Modality.T1: place / "T1.nii.gz"}, Options())
            with pytest.raises(InputError) as caught:
                sources_of({Modality.FLAIR: place / "in" / "MUELLER" / "4"}, options)
            assert caught.value.code == "dicom-missing"
            assert 'pip install ".[dicom]"' in caught.value.hint


def test_objects_need_series(place: Path) -> None:
    with pytest.raises(InputError) as caught:
        sources_of(write_inputs(place / "plain", "FLAIR"), Options(dicom_seg=True))
    assert caught.value.code == "no-dicom-input"


def test_several_studies_in_a_folder(place: Path, capfd) -> None:
    write(datasets(series(1), Scan(name="Other^One", id="77777")), place / "in" / "other")
    assert run(["segment", "--dicom", "in", "--model", "one", "--output", "out"]) == 2
    shown = capfd.readouterr().err
    assert "The folder holds 2 studies: study-" in shown
    assert not any(secret in shown for secret in (*SECRETS, "Other", "77777"))


def test_two_patients_are_no_case(place: Path) -> None:
    write(datasets(series(1), Scan(name="Other^One", id="77777")), place / "other")
    options = Options(report=False)
    inputs = sources_of({Modality.T1: place / "in" / "MUELLER" / "2", Modality.FLAIR: place / "other"}, options)
    with pytest.raises(InputError) as caught:
        segment(inputs, "one", options, place / "out")
    assert caught.value.code == "mixed-patients"
    assert not (place / "out").exists()


def test_warnings_of_series(place: Path) -> None:
    """Another examination, slices that are missing, a header that contradicts the slot."""
    made = datasets(series(2), Scan(name="Müller^Jürgen"), 9)
    del made[14]
    write(made, place / "later")
    options = Options(report=False)
    inputs = sources_of({Modality.T1: place / "in" / "MUELLER" / "2", Modality.T2: place / "later"}, options)
    warnings = {one["code"]: one["message"] for one in segment(inputs, "one", options).report["warnings"]}
    assert warnings["different-studies"] == "The series are of different examinations of the same patient."
    assert "1 slice is missing" in warnings["series-mended"]
    assert "looks like FLAIR" in warnings["series-looks-different"]


def test_a_reference_from_a_file_has_no_object(place: Path) -> None:
    """The labels stay; why there is no object is a warning."""
    sitk.WriteImage(series(0), str(place / "T1.nii.gz"))
    options = Options(report=False, dicom_seg=True, reference=Modality.T1)
    inputs = sources_of({Modality.T1: place / "T1.nii.gz", Modality.FLAIR: place / "in" / "MUELLER" / "4"}, options)
    outcome = segment(inputs, "one", options, place / "out", objects=object_maker(inputs, options))
    assert sorted(tree(place / "out")) == ["report.json", "segmentation.nii.gz"]
    assert outcome.report["warnings"][-1]["code"] == "no-dicom-reference"
    assert set(outcome.report["files"]) == {"segmentation"}


def test_headers_that_allow_no_object(place: Path) -> None:
    """Whatever an odd header does to the writer, the labels stay and no name is told."""
    write(datasets(series(2), Scan(name="Müller^Jürgen"), FrameOfReferenceUID=None), place / "odd")
    options = Options(report=False, dicom_sr=True)
    inputs = sources_of({Modality.FLAIR: place / "odd"}, options)
    outcome = segment(inputs, "one", options, place / "out", objects=object_maker(inputs, options))
    assert sorted(tree(place / "out")) == ["report.json", "segmentation.nii.gz"]
    warning = outcome.report["warnings"][-1]
    assert warning["code"] == "no-frame-of-reference"
    assert not any(secret in warning["message"] for secret in SECRETS)


def test_checksums_are_of_content(place: Path) -> None:
    folder = place / "in" / "MUELLER" / "4"

    def checksum(folder: Path) -> str:
        source = SeriesSource(folder, Modality.FLAIR, Others())
        source.read(Watch())
        return stack_checksum(source.volume.stack)

    first = checksum(folder)
    shutil.copytree(folder, place / "copy")
    (place / "copy" / "I0000").rename(place / "copy" / "renamed.dcm")
    assert checksum(place / "copy") == first
    one = pydicom.dcmread(place / "copy" / "renamed.dcm")
    one.PixelData = one.PixelData[:-2] + b"\x01\x01"
    one.save_as(place / "copy" / "renamed.dcm")
    assert checksum(place / "copy") != first
