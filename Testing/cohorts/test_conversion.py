"""Volumes of DICOM series are made once, and again when series or volume are others."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.cohorts.conversion import convert, is_converted
from MissingModalitySegLib.dicom import find_dicom_studies
from MissingModalitySegLib.watch import Watch
from Testing.dicom.made_series import Scan, datasets, made_image, write


def stacks(folder: Path):
    (study,) = find_dicom_studies(folder)
    return {"FLAIR": study.usable[0]}


def test_made_once_and_again_when_anything_changed(tmp_path: Path) -> None:
    image = made_image((24, 24, 16), (4.0, 4.0, 4.0))
    write(datasets(image, Scan()), tmp_path / "in")
    volumes = {"FLAIR": tmp_path / "out" / "inputs" / "FLAIR.nii.gz"}
    assert not is_converted(volumes, stacks(tmp_path))
    convert(volumes, stacks(tmp_path), Watch())
    made = sitk.ReadImage(str(volumes["FLAIR"]))
    assert sorted(sitk.GetArrayFromImage(made).ravel()) == sorted(sitk.GetArrayFromImage(image).ravel())
    assert np.prod(made.GetSpacing()) == np.float32(64)
    assert sorted(os.listdir(volumes["FLAIR"].parent)) == ["FLAIR.nii.gz", "sources.json"]
    assert "Doe" not in (volumes["FLAIR"].parent / "sources.json").read_text()

    when = volumes["FLAIR"].stat().st_mtime_ns
    files = sorted((tmp_path / "in").iterdir())
    for path in files:
        os.utime(path)
    convert(volumes, stacks(tmp_path), Watch())
    assert volumes["FLAIR"].stat().st_mtime_ns == when

    dataset = pydicom.dcmread(files[0])
    dataset.PixelData = bytes(len(dataset.PixelData))
    dataset.save_as(files[0])
    assert not is_converted(volumes, stacks(tmp_path))
    convert(volumes, stacks(tmp_path), Watch())
    assert is_converted(volumes, stacks(tmp_path))
    assert (sitk.GetArrayFromImage(sitk.ReadImage(str(volumes["FLAIR"]))) == 0).sum() >= 24 * 24

    volumes["FLAIR"].write_bytes(b"something else")
    assert not is_converted(volumes, stacks(tmp_path))
    (volumes["FLAIR"].parent / "sources.json").write_text("cut")
    convert(volumes, stacks(tmp_path), Watch())
    assert is_converted(volumes, stacks(tmp_path))
