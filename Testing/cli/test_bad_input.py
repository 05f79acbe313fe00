"""Everything that can be wrong with what is handed to `segment`: an exit code, a sentence, and nothing left behind.

All commands of this file share one worker, as those of a session in Slicer do; a bad input must not spoil it.
"""

from __future__ import annotations

import contextlib
import gzip
import shutil
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.cli import running
from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.jobs import Runner
from Testing.bundles.samples import tree
from Testing.engine.small_runs import image, volume, write_inputs, write_segmenter, write_synthesiser
from Testing.evaluation.boxes import brain, tissue


@pytest.fixture(scope="module")
def worker() -> Iterator[Runner]:
    with Runner(sys.executable, environment={"OMP_NUM_THREADS": "1"}, cancel_s=60) as runner:
        yield runner


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_segmenter(folder / "one")
    write_synthesiser(folder / "synthesis")
    return folder


@pytest.fixture
def place(tmp_path: Path, worker: Runner, monkeypatch) -> Path:
    """Two sound volumes; commands use the shared worker."""
    monkeypatch.setattr(running, "Runner", lambda: contextlib.nullcontext(worker))
    write_inputs(tmp_path / "in", "T1", "FLAIR")
    return tmp_path


def write(place: Path, made: sitk.Image | np.ndarray, name: str = "bad.nii.gz") -> Path:
    path = place / "in" / name
    sitk.WriteImage(made if isinstance(made, sitk.Image) else image(made), str(path))
    return path


def sound(place: Path) -> Path:
    return place / "in" / "T1.nii.gz"


def refused(place: Path, models: Path, capsys, *arguments: object, model: object = None, code: int = 2) -> str:
    """Segment, which must fail with this exit code and leave everything as it was; what was said."""
    output = place / "out"
    before = tree(place)
    words = [str(word) for word in arguments]
    command = ["segment", *words, "--model", str(model or models / "one")]
    command += [] if "--output" in words else ["--output", str(output)]
    assert run(command) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    assert shown.err.startswith(("Error: ", "Warning: "))
    assert tree(place) == before
    return " ".join(shown.err.split())


def test_no_volume(place: Path, models: Path, capsys) -> None:
    said = refused(place, models, capsys)
    assert "No volume was given" in said
    assert "--flair" in said


def four_dimensional() -> sitk.Image:
    return sitk.JoinSeries([volume(), volume(1)])


def colour() -> sitk.Image:
    return sitk.Compose([sitk.Cast(volume(), sitk.sitkUInt8)] * 3)


def with_value(value: float) -> np.ndarray:
    array = tissue()
    array[14, 14, 14] = value
    return array


def computed_tomography() -> np.ndarray:
    """Hounsfield units: air, tissue, a skull."""
    radius = np.sqrt(sum((axis - 13.5) ** 2 for axis in np.indices((28,) * 3)))
    noise = np.random.default_rng(0).normal(0, 15, (28,) * 3)
    return (np.select([radius < 10, radius < 12], [35, 900], -1000) + noise).astype(np.float32)


VOLUMES: dict[str, tuple[Callable[[], sitk.Image | np.ndarray], tuple[str, ...]]] = {
    "four dimensions": (four_dimensional, ("4 dimensions", "frame")),
    "colour": (colour, ("colour",)),
    "all zero": (lambda: np.zeros((28,) * 3, np.float32), ("empty", "0")),
    "constant": (lambda: np.full((28,) * 3, 7, np.float32), ("constant", "7")),
    "not a number": (lambda: with_value(np.nan), ("NaN",)),
    "infinite": (lambda: with_value(np.inf), ("infinite",)),
    "integer overflow": (lambda: with_value(1e30), ("values", "scanner")),
    "one slice": (lambda: tissue()[:, :, 14:15], ("single slice",)),
    "three voxels": (lambda: tissue()[13:16, 14:15, 14:15], ("3", "voxels")),
    "three voxels each way": (lambda: tissue()[13:16, 13:16, 13:16], ("3 x 3 x 3",)),
    "computed tomography": (computed_tomography, ("CT",)),
    "impossible voxels": (lambda: image(tissue(), 200.0), ("mm", "header")),
}


@pytest.mark.parametrize("name", VOLUMES)
def test_volumes_that_cannot_be_worked_on(name: str, place: Path, models: Path, capsys) -> None:
    make, words = VOLUMES[name]
    said = refused(place, models, capsys, "--t1", sound(place), "--flair", write(place, make()))
    assert "FLAIR" in said
    for word in words:
        assert word in said


def test_a_thousand_cubed(place: Path, models: Path, capsys) -> None:
    """Told from the header: there is not a voxel to read."""
    path = place / "in" / "huge.nii"
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, 1000, 1000, 1000, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 1, 1, 1, 1)
    struct.pack_into("<f", header, 108, 352)
    header[344:348] = b"n+1\0"
    path.write_bytes(header)
    said = refused(place, models, capsys, "--flair", path)
    assert "1000 x 1000 x 1000" in said


@pytest.mark.parametrize("kind", ["cut", "flipped", "text", "empty", "folder", "missing"])
def test_files_that_cannot_be_read(kind: str, place: Path, models: Path, capsys) -> None:
    path = place / "in" / "bad.nii.gz"
    content = sound(place).read_bytes()
    if kind == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "flipped":
        path.write_bytes(content[:-2000] + bytes([content[-2000] ^ 255]) + content[-1999:])
    elif kind == "text":
        path.write_text("This is a letter.")
    elif kind == "empty":
        path.write_bytes(gzip.compress(b""))
    elif kind == "folder":
        path.mkdir()
    said = refused(place, models, capsys, "--flair", path)
    assert "bad.nii.gz" in said
    assert "FLAIR" in said


def test_the_same_volume_in_two_slots(place: Path, models: Path, capsys) -> None:
    said = refused(place, models, capsys, "--t1", sound(place), "--flair", sound(place))
    assert "same volume" in said


def test_patients_who_lie_elsewhere(place: Path, models: Path, capsys) -> None:
    other = volume(2)
    other.SetOrigin((400.0, 0.0, 0.0))
    said = refused(place, models, capsys, "--t1", sound(place), "--flair", write(place, other))
    assert "overlap" in said
    assert "patient" in said or "examination" in said


def test_what_does_not_look_like_a_brain_is_told(place: Path, models: Path, capsys) -> None:
    """A knee, say: no program can be sure, so it says what it sees and goes on."""
    arguments = ["--flair", str(sound(place)), "--model", str(models / "one"), "--output", str(place / "out")]
    assert run(["segment", *arguments, "--device", "cpu"]) == 0
    assert "Warning: The brain" in capsys.readouterr().err


def test_a_mask_of_nothing(place: Path, models: Path, capsys) -> None:
    mask = write(place, np.zeros((28,) * 3, np.uint8), "mask.nii.gz")
    assert "mask" in refused(place, models, capsys, "--flair", sound(place), "--brain", mask)
    assert "There is no file" in refused(place, models, capsys, "--flair", sound(place), "--brain", place / "none.nii")


def test_output_folders_that_cannot_be_written(place: Path, models: Path, capsys) -> None:
    (place / "file").write_text("mine")
    for folder in (place / "file", place / "file" / "below"):
        said = refused(place, models, capsys, "--flair", sound(place), "--output", folder)
        assert "folder" in said
        assert str(folder) in said
    if Path("/proc/self").is_dir():
        said = refused(place, models, capsys, "--flair", sound(place), "--output", "/proc/results")
        assert "/proc/results cannot be written" in said


def test_models_that_do_not_fit(place: Path, models: Path, capsys) -> None:
    said = refused(place, models, capsys, "--dwi", sound(place))
    assert "takes T1, T2 and FLAIR, not DWI" in said
    said = refused(place, models, capsys, "--flair", sound(place), "--synthesize")
    assert "cannot generate" in said
    said = refused(place, models, capsys, "--flair", sound(place), model=models / "synthesis")
    assert "finds no lesions" in said
    assert "synthesize" in said
    assert "There is no model" in refused(place, models, capsys, "--flair", sound(place), model="atlantis")
    assert "manifest.json" in refused(place, models, capsys, "--flair", sound(place), model=place / "in")


@pytest.mark.parametrize("harm", ["changed", "cut", "gone", "manifest"])
def test_a_model_damaged_after_it_was_installed(harm: str, place: Path, models: Path, capsys) -> None:
    model = shutil.copytree(models / "one", place / "model")
    weights = model / "weights.safetensors"
    content = weights.read_bytes()
    if harm == "changed":
        weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif harm == "cut":
        weights.write_bytes(content[:-100])
    elif harm == "gone":
        weights.unlink()
    else:
        (model / "manifest.json").write_text("{")
    said = refused(place, models, capsys, "--flair", sound(place), model=model)
    assert ("manifest.json" if harm == "manifest" else "weights.safetensors") in said
    assert "Hint:" in said


def test_options_that_mean_nothing(place: Path, models: Path, capsys) -> None:
    flair = ("--flair", sound(place))
    assert "device" in refused(place, models, capsys, *flair, "--device", "toaster")
    assert "PD" in refused(place, models, capsys, *flair, "--reference", "PD")
    assert "T2" in refused(place, models, capsys, *flair, "--reference", "T2")
    assert "--synthesize" in refused(place, models, capsys, *flair, "--reconstructions")
    assert "minimum_lesion_ml" in refused(place, models, capsys, *flair, "--minimum-lesion-ml", "-1")
    for option in ("--register", "--inference", "--format"):
        assert run(["segment", *map(str, flair), "--model", "x", "--output", "y", option, "sideways"]) == 2
    assert run(["segment", *map(str, flair)]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_no_gpu_though_asked_for(place: Path, models: Path, capsys) -> None:
    said = refused(place, models, capsys, "--flair", sound(place), "--device", "cuda:57")
    assert "cuda:57" in said
    assert "Use auto or cpu" in said


def test_the_worker_is_as_good_as_new_afterwards(place: Path, models: Path, capsys, worker: Runner) -> None:
    before = worker.hello
    out = place / "out"
    assert run(["segment", "--flair", str(sound(place)), "--model", str(models / "one"), "--output", str(out)]) == 0
    assert worker.hello is before
    assert brain().shape == sitk.GetArrayFromImage(sitk.ReadImage(str(out / "segmentation.nii.gz"))).shape
    capsys.readouterr()
