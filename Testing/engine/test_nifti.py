"""Files written by nibabel, then cut, broken or filled with NaN."""

import gzip
import os
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.engine import read_image
from MissingModalitySegLib.engine.images import no_value_share
from MissingModalitySegLib.engine.writing import write_volume
from MissingModalitySegLib.errors import InputError

VALUES = np.random.default_rng(0).normal(100, 20, (17, 13, 11))


def write(path: Path, values: np.ndarray, order: str = "<") -> Path:
    image = nibabel.Nifti1Image(values, np.eye(4), nibabel.Nifti1Header(endianness=order))
    image.set_data_dtype(values.dtype)
    nibabel.save(image, path)
    return path


def refusal(path: Path) -> InputError:
    with pytest.raises(InputError) as refused:
        read_image(path)
    assert path.name in refused.value.message
    return refused.value


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.uint8])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_sound_files_are_read(tmp_path, order, dtype, suffix):
    values = VALUES.astype(dtype)
    image = read_image(write(tmp_path / f"volume{suffix}", values, order))
    assert np.allclose(sitk.GetArrayFromImage(image).transpose(2, 1, 0), values)


@pytest.mark.parametrize("dtype", [np.float32, np.int16])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_cut_files_are_refused(tmp_path, dtype, suffix, kept):
    path = write(tmp_path / f"volume{suffix}", VALUES.astype(dtype))
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    assert refusal(path).code in ("damaged-file", "unreadable-image")


def test_a_file_cut_before_it_was_compressed_is_refused(tmp_path):
    content = write(tmp_path / "volume.nii", VALUES.astype(np.float32)).read_bytes()
    path = tmp_path / "cut.nii.gz"
    path.write_bytes(gzip.compress(content[:-100]))
    error = refusal(path)
    assert error.code == "damaged-file"
    assert f"{4 * VALUES.size - 100} of {4 * VALUES.size} bytes" in error.message


def test_a_bit_that_fell_over_is_noticed(tmp_path):
    path = write(tmp_path / "volume.nii.gz", VALUES.astype(np.float32))
    content = bytearray(path.read_bytes())
    content[-6] ^= 1  # of the checksum's four bytes and the length's four, at the end
    path.write_bytes(bytes(content))
    assert refusal(path).code in ("damaged-file", "unreadable-image")


def write_any(path, values):
    if path.name.startswith("volume.nii"):
        write(path, values)
    else:
        sitk.WriteImage(sitk.GetImageFromArray(values.transpose(2, 1, 0)), str(path))


SUFFIXES = [".nii", ".nii.gz", ".nrrd", ".mha"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_not_finite_amid_a_volume_is_refused(tmp_path, value, dtype, suffix):
    values = VALUES.astype(dtype)
    values[2, 2, 2:4] = value
    values[0] = value  # what lies at the border does not excuse it
    write_any(tmp_path / f"volume{suffix}", values)
    error = refusal(tmp_path / f"volume{suffix}")
    assert error.code == "not-finite"
    assert "2 voxels" in error.message


@pytest.mark.parametrize("lowest", [-40.0, 3.0])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_has_no_value_beyond_a_field_of_view_becomes_background(tmp_path, lowest, suffix):
    """As SPM writes it when it resamples."""
    values = (VALUES - VALUES.min() + lowest).astype(np.float32)
    values[:2] = np.nan
    values[2, :3] = np.nan
    write_any(tmp_path / f"volume{suffix}", values)
    image = read_image(tmp_path / f"volume{suffix}")
    nowhere = np.isnan(values)
    read = sitk.GetArrayFromImage(image).transpose(2, 1, 0)
    assert np.array_equal(read[~nowhere], values[~nowhere])
    assert np.all(read[nowhere] == min(0, np.nanmin(values)))
    assert no_value_share(image) == pytest.approx(nowhere.mean(), abs=1e-3)
    assert image.GetSpacing() == sitk.ReadImage(str(tmp_path / f"volume{suffix}")).GetSpacing()


def test_a_volume_without_any_value_is_refused(tmp_path):
    write(tmp_path / "volume.nii.gz", np.full(VALUES.shape, np.nan, np.float32))
    assert refusal(tmp_path / "volume.nii.gz").code == "not-finite"


def test_another_format_under_this_name_is_refused_by_itk(tmp_path):
    nrrd = tmp_path / "volume.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(VALUES.astype(np.float32)), str(nrrd))
    path = tmp_path / "volume.nii"
    path.write_bytes(nrrd.read_bytes())
    with pytest.raises(InputError) as refused:
        read_image(path)
    assert refused.value.code == "unreadable-image"


@pytest.mark.parametrize("other", [np.float32, np.int16])
def test_the_voxels_are_those_of_the_file_that_was_asked_for(tmp_path, other):
    """ITK takes those of the file without .gz, which an older step may have left; even where it is of another type."""
    packed = write(tmp_path / "volume.nii.gz", VALUES.astype(np.float32))
    plain = write(tmp_path / "volume.nii", (VALUES + 50).astype(other))
    assert np.allclose(sitk.GetArrayFromImage(read_image(packed)).transpose(2, 1, 0), VALUES.astype(np.float32))
    assert np.allclose(sitk.GetArrayFromImage(read_image(plain)).transpose(2, 1, 0), (VALUES + 50).astype(other))


def test_a_broken_link_beside_it_does_not_matter(tmp_path):
    packed = write(tmp_path / "volume.nii.gz", VALUES.astype(np.float32))
    (tmp_path / "volume.nii").symlink_to(tmp_path / "gone.nii")
    assert read_image(packed).GetSize() == VALUES.shape


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="their names of files are always letters")
@pytest.mark.parametrize("suffix", ["nii.gz", "nii", "nrrd", "mha"])
def test_names_that_are_no_utf_8(tmp_path, suffix):
    """As on disks that an older system wrote. SimpleITK ends the process when it is given one."""
    folder = tmp_path / "M\udcfcller"
    folder.mkdir()
    image = sitk.GetImageFromArray(VALUES.astype(np.float32))
    path = folder / f"h\udcf6her.{suffix}"
    write_volume(image, path)
    assert [one.name for one in folder.iterdir()] == [path.name]
    assert np.array_equal(sitk.GetArrayFromImage(read_image(path)), VALUES.astype(np.float32))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are Unix")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "volume.nii.gz")
    assert "pipe" in refusal(tmp_path / "volume.nii.gz").message
