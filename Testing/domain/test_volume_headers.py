"""Headers of volumes read without ITK are what ITK reads."""

from __future__ import annotations

import os
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.volume_headers import read_volume_header

SIZE, SPACING = (5, 7, 9), (0.75, 1.5, 3.0)


def volume() -> sitk.Image:
    image = sitk.Image(SIZE, sitk.sitkInt16)
    image.SetSpacing(SPACING)
    image.SetDirection([0, 0, 1, -1, 0, 0, 0, -1, 0])
    return image


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "A.NRRD", "a.nhdr", "a.mha", "a.mhd"])
def test_every_format(tmp_path: Path, name: str) -> None:
    sitk.WriteImage(volume(), str(tmp_path / name))
    header = read_volume_header(tmp_path / name)
    assert header.size == SIZE
    assert header.spacing[:3] == pytest.approx(SPACING)
    assert (header.frames, header.coarsest, header.thinnest) == (1, pytest.approx(3.0), pytest.approx(3.75))
    assert header.voxel_ml == pytest.approx(0.003375)


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("order", ["<", ">"])
def test_frames_versions_and_byte_orders(tmp_path: Path, kind, order: str) -> None:
    image = kind(np.zeros((4, 5, 6, 7), np.int16), np.diag([1, 2, 3, 1]), kind.header_class(endianness=order))
    nibabel.save(image, tmp_path / "a.nii.gz")
    header = read_volume_header(tmp_path / "a.nii.gz")
    assert (header.size, header.frames) == ((4, 5, 6, 7), 7)
    assert header.spacing[:3] == pytest.approx((1, 2, 3))


def test_frames_of_nrrd(tmp_path: Path) -> None:
    text = "NRRD0004\ntype: short\ndimension: 4\nspace: left-posterior-superior\nsizes: 65 4 5 6\n"
    text += "space directions: none (1,0,0) (0,2,0) (0,0,3)\nencoding: raw\n\n"
    (tmp_path / "a.nrrd").write_bytes(text.encode() + bytes(8 * 65))
    header = read_volume_header(tmp_path / "a.nrrd")
    assert (header.size, header.spacing, header.frames) == ((4, 5, 6, 65), (1, 2, 3), 65)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.txt"])
@pytest.mark.parametrize(
    "content", [b"", b"cut", b"\x1f\x8b\x08cut", b"\x5c\x01\x00\x00" + bytes(344), b"NRRD0004\n\n"]
)
def test_what_is_none(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert read_volume_header(tmp_path / name) is None
    assert read_volume_header(tmp_path / f"missing-{name}") is None


@pytest.mark.parametrize("word", ["inf", "1e999", "nan"])
def test_sizes_that_are_no_numbers(tmp_path: Path, word: str) -> None:
    (tmp_path / "a.nrrd").write_text(f"NRRD0004\ndimension: 3\nsizes: {word} 5 6\nspacings: 1 1 1\n\n")
    (tmp_path / "a.mha").write_text(f"NDims = 3\nDimSize = {word} 5 6\nElementSpacing = 1 1 1\n")
    assert read_volume_header(tmp_path / "a.nrrd") is None
    assert read_volume_header(tmp_path / "a.mha") is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are Unix")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.nii.gz")
    assert read_volume_header(tmp_path / "a.nii.gz") is None
