"""What a run tells the world: no connection leaves the machine, and nothing of the patient is written anywhere.

A study of a patient with a name is made, and commands work on it in processes that may not connect to anything but
this machine (guard/sitecustomize.py). Then every byte of every file that they left, their logs and all that they
printed are searched for what could lead to the patient.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import SimpleITK as sitk  # noqa: N813

from Testing.cohorts.cohort_runs import QUICK, write_models
from Testing.dicom.made_series import T1, Scan, datasets, write
from Testing.engine.small_runs import volume

ROOT = Path(__file__).resolve().parents[2]
GUARD = Path(__file__).parent / "guard"
SECRETS = ("Quisling", "Hjördis", "PAT-4711", "19610203", "ACC-90125", "20240501", "Gregory", "Kaiserallee", "Nachbar")
TOKEN = "hf_" + "a1B2" * 10
"""As tools for weights from a hub keep it in the environment."""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes of POSIX")


@dataclass(frozen=True)
class Ran:
    """What commands left: the folder of everything, and all that they printed."""

    place: Path
    printed: str
    codes: tuple[int, ...]


def study(folder: Path) -> Path:
    """Two studies of a patient whose name also stands in descriptions: of two series, and of one that is cut off."""
    about = {"StudyDescription": "Schädel Quisling", "PatientAddress": "Kaiserallee 3"}
    scan, later = (Scan("Quisling^Hjördis", "PAT-4711", extra=about) for _ in range(2))
    for number, (name, attributes) in enumerate((("a", {**T1, "InversionTime": None}), ("b", {})), 1):
        image = sitk.Cast(volume(number), sitk.sitkUInt16)
        described = f"{'T1 SE' if name == 'a' else 'T2 FLAIR'} Hjördis"
        write(datasets(image, scan, number, **{**attributes, "SeriesDescription": described}), folder / "first" / name)
    cut = datasets(sitk.Cast(volume(3), sitk.sitkUInt16), later, SeriesDescription="T2 FLAIR Quisling")
    write(cut, folder / "later")
    for path in (folder / "later").iterdir():
        path.write_bytes(path.read_bytes()[:-500])
    (folder / "Nachbar.txt").write_text("Quisling")
    return folder


def do(place: Path, *arguments: object) -> tuple[int, str]:
    """A command in a guarded process: its exit code and what it printed."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, (GUARD, ROOT, ROOT / "training"))),
        "GUARD_LOG": str(place / "guard.log"),
        "MISSING_MODALITY_SEG_MODELS": str(place / "models"),
        "XDG_STATE_HOME": str(place / "left" / "state"),
        "XDG_DATA_HOME": str(place / "left" / "data"),
        "TMPDIR": str(place / "left" / "temporary"),
        "OMP_NUM_THREADS": "1",
        "HF_TOKEN": TOKEN,
    }
    (place / "left" / "temporary").mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "MissingModalitySegLib", *map(str, arguments)],
        env=environment, cwd=place, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def ran(place: Path, *commands: tuple[object, ...]) -> Ran:
    results = [do(place, *command) for command in commands]
    return Ran(place, "\n".join(told for _, told in results), tuple(code for code, _ in results))


@pytest.fixture(scope="module")
def batch(tmp_path_factory) -> Ran:
    """A batch over DICOM: a Dask cluster of this machine, the worker, pages, tables; then its pages once more."""
    place = tmp_path_factory.mktemp("closed")
    write_models(place / "models")
    source = study(place / "in" / "Quisling Hjördis")
    quick = [one for one in QUICK if one != "--no-report"]
    command = ("batch", "--model", "one", "--dicom", source, "--output", place / "left" / "out", "--jobs", "1", *quick)
    return ran(place, (*command, "--synthesize"), ("report", place / "left" / "out"))


def connections(place: Path) -> tuple[list[str], set[str]]:
    """What was forbidden, and the processes that were guarded."""
    lines = (place / "guard.log").read_text(encoding="ascii").splitlines()
    return [line for line in lines if "FORBIDDEN" in line], {line.split()[0] for line in lines if "guarded" in line}


def leaks(left: Path, printed: str, words: tuple[str, ...]) -> list[str]:
    """Where a word stands: in names and contents of files (unpacked, in UTF-8, UTF-16 and JSON's escapes), in print."""
    found = [f"printed: {word}" for word in words if word in printed]
    spelt = {word: {word.encode(), word.encode("utf-16-le"), json.dumps(word)[1:-1].encode()} for word in words}
    spelt = {word: forms | {word.encode("ascii", "xmlcharrefreplace")} for word, forms in spelt.items()}
    for path in sorted(left.rglob("*")):
        shown = path.relative_to(left).as_posix()
        found += [f"{shown}: its name" for word in words if word in shown]
        if path.is_file():
            content = path.read_bytes()
            content = gzip.decompress(content) if path.suffix == ".gz" else content
            found += [f"{shown}: {word}" for word, forms in spelt.items() if any(form in content for form in forms)]
    return found


def test_the_guard_forbids(tmp_path: Path) -> None:
    """So that silence means something."""
    asks = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
    environment = os.environ | {"PYTHONPATH": str(GUARD), "GUARD_LOG": str(tmp_path / "guard.log")}
    done = subprocess.run([sys.executable, "-c", asks], env=environment, capture_output=True, text=True, check=False)
    assert "There is no network here" in done.stderr
    forbidden, guarded = connections(tmp_path)
    assert len(forbidden) == 1
    assert len(guarded) == 1


def test_the_batch_works_without_a_network(batch: Ran) -> None:
    assert batch.codes == (0, 0), batch.printed
    assert {"1 done", "1 failed"} == set(batch.printed.splitlines()[0].split(", ")), batch.printed
    forbidden, guarded = connections(batch.place)
    assert forbidden == []
    assert len(guarded) >= 4  # the command, a worker of Dask, the engine's worker, the second command


def test_nothing_tells_who_the_patient_is(batch: Ran) -> None:
    left = batch.place / "left"
    assert list(left.rglob("*.csv"))
    assert leaks(left, batch.printed, SECRETS) == []


def test_no_secret_of_the_environment_is_written(batch: Ran) -> None:
    assert leaks(batch.place / "left", batch.printed, (TOKEN,)) == []


def test_leaks_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"name": "Hj\\u00f6rdis"}')
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(b"xxPAT-4711xx"))
    (tmp_path / "Gregory").mkdir()
    (tmp_path / "c.log").write_text("Quisling", encoding="utf-16-le")
    assert len(leaks(tmp_path, "", SECRETS)) == 4


@pytest.mark.long
def test_every_other_command_keeps_its_doors_closed(tmp_path: Path) -> None:
    """Those that work on studies, with and without objects; those of models; a training of two steps."""
    write_models(tmp_path / "models")
    source, left = study(tmp_path / "in" / "Quisling"), tmp_path / "left"
    quick = [one for one in QUICK if one != "--no-report"]
    result = ran(
        tmp_path,
        ("segment", "--dicom", source / "first", "--model", "one", "--output", left / "one", "--synthesize", *quick),
        ("segment", "--dicom", source / "later", "--model", "one", "--output", left / "cut", *quick),
        (
            "synthesize",
            "--dicom",
            source / "first",
            "--model",
            "synthesis",
            "--output",
            left / "two",
            "--brain",
            "extracted",
        ),
        ("longitudinal", left / "one", left / "one", "--output", left / "visits", "--register", "off"),
        ("models", "list"),
        ("models", "export", "one", left / "one.zip"),
        ("models", "import", left / "one.zip", "--to", left / "models"),
        ("doctor",),
        ("train", "moe", "--preset", "tiny", "--set", "loop.steps=2", "--output", left / "run"),
    )
    assert result.codes == (0, 2, 0, 0, 0, 0, 0, result.codes[7], 0), result.printed
    forbidden, _ = connections(tmp_path)
    assert forbidden == []
    assert leaks(left, result.printed.replace(str(source), ""), (*SECRETS, TOKEN)) == []
