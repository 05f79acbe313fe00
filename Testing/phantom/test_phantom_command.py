"""`missing-modality-seg phantom` as people and programs call it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.datalists import read_datalist
from MissingModalitySegLib.modalities import MODALITIES

ROOT = Path(__file__).resolve().parents[2]
QUICK = ["phantom", "--spacing", "8", "--seed", "3", "--device", "cpu"]


def test_cases_series_and_replay(tmp_path, capsys):
    made = tmp_path / "made"
    arguments = [*QUICK, "--cases", "2", "--kind", "none, wmh", "--dicom", "--format", "nrrd", "--output", str(made)]
    assert run(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1/2 0000-none: ")
    assert lines[-1] == f"Made 2 cases: {made / 'datalist.json'}"
    assert [case.id for case in read_datalist(made / "datalist.json").cases] == ["0000-none", "0001-wmh"]
    assert {path.name for path in (made / "0001-wmh" / "dicom").iterdir()} == {str(m) for m in MODALITIES}
    assert (made / "0001-wmh" / "label_lesion.nrrd").is_file()

    assert run(arguments) == 0
    assert capsys.readouterr().out == f"Made 0 cases, 2 there before: {made / 'datalist.json'}\n"

    again = tmp_path / "again"
    record = made / "0001-wmh" / "parameters.json"
    assert run(["phantom", "--replay", str(record), "--output", str(again)]) == 0
    assert (again / "0001-wmh" / "FLAIR.nrrd").read_bytes() == (made / "0001-wmh" / "FLAIR.nrrd").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cases", "0"], "0 cases"),
        (["--cases", "1", "--kind", "mumps"], "mumps"),
        (["--cases", "1", "--mode", "home"], "home"),
        (["--cases", "1", "--device", "abacus"], "abacus"),
        (["--cases", "1", "--jobs", "0"], "0 processes"),
        (["--cases", "1", "--replay", "x.json"], "--replay"),
        (["--replay", "x.json"], "x.json"),
        ([], "how many"),
        (["--cases", "1", "--lesion-masks", "/no/such/folder"], "/no/such/folder"),
    ],
)
def test_bad_usage_is_told_in_words(arguments, words, tmp_path, capsys):
    assert run(["phantom", *arguments, "--output", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert "Traceback" not in told


@pytest.mark.skipif(os.name != "posix", reason="sends the signal of Ctrl-C")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_leaves_complete_cases_only(jobs, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "MissingModalitySegLib", *QUICK, "--cases", "500", "--kind", "none"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "training")])}
    process = subprocess.Popen(
        [*command, "--jobs", jobs, "--output", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        assert process.stdout.readline().startswith("1/500 ")
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the whole group
        _, told = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 3, told
    assert "Traceback" not in told
    deadline = time.monotonic() + 10
    while list(out.glob(".*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not list(out.glob(".*"))
    listed = {case.id for case in read_datalist(out / "datalist.json").cases}
    assert listed
    assert listed <= {path.name for path in out.iterdir() if path.is_dir()}
    for path in out.iterdir():
        assert path.name == "datalist.json" or (path / "parameters.json").is_file()
