"""Cohorts of small studies, and runs over them in processes of their own that can be stopped and killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from Testing.engine.small_runs import write_inputs, write_segmenter, write_synthesiser

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 1800.0
"""No bound on anything but a test that hangs."""

QUICK = ("--brain", "extracted", "--register", "off", "--no-report", "--device", "cpu")


def write_models(folder: Path) -> Path:
    """`one`, which takes T1, T2 and FLAIR, and its synthesiser."""
    write_segmenter(folder / "one", synthesiser={"bundle": "synthesis"})
    write_synthesiser(folder / "synthesis")
    return folder


def write_studies(folder: Path, names: str) -> Path:
    """A folder with two volumes for each letter of `names`."""
    for name in names:
        write_inputs(folder / name, "T1", "FLAIR")
    return folder


class Batch:
    """A run of the command `batch` as a process; a run that a test gives up on is ended by `kill_all`."""

    started: ClassVar[list[Batch]] = []

    def __init__(self, place: Path, *arguments: str, output: Path) -> None:
        self.output = output
        environment = os.environ | {
            "MISSING_MODALITY_SEG_MODELS": str(place / "models"),
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "XDG_STATE_HOME": str(place / "state"),
        }
        command = [sys.executable, "-m", "MissingModalitySegLib", "batch", "--model", "one", "--output", str(output)]
        self.process = subprocess.Popen(
            [*command, *QUICK, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=place,
        )

        self.started.append(self)

    @classmethod
    def kill_all(cls) -> None:
        """End what still runs."""
        for batch in cls.started:
            if batch.process.poll() is None:
                batch.process.kill()
                batch.process.communicate()
        cls.started.clear()

    def end(self) -> tuple[int, str, str]:
        """Wait for the end: exit code, what it printed, what it told."""
        shown, told = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, shown, told

    def wait_for(self, condition: Callable[[list[dict[str, Any]]], bool]) -> None:
        """Return when the journal fulfils `condition`."""
        limit = time.monotonic() + PATIENCE_S
        while not condition(journal(self.output)):
            assert self.process.poll() is None, self.end()
            assert time.monotonic() < limit, journal(self.output)
            time.sleep(0.01)

    def workers(self) -> list[int]:
        """The processes of Dask's workers: those that have an engine."""
        return [child for child in children(self.process.pid) if engines(child)]


def children(process: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if parent == process:
            found.append(int(path.parent.name))
    return found


def engines(worker: int) -> list[int]:
    """The engine's processes below a worker."""
    return [child for child in children(worker) if "jobs/worker.py" in command_line(child)]


def command_line(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def journal(output: Path) -> list[dict[str, Any]]:
    """The events of all runs."""
    try:
        lines = (output / ".batch" / "journal.jsonl").read_text().splitlines()
    except OSError:
        return []
    events = []
    for line in lines:
        try:
            events.append(json.loads(line))
        except ValueError:  # it is being written
            continue
    return events


def count(events: list[dict[str, Any]], name: str) -> Counter[str]:
    """How often `name` happened to each case."""
    return Counter(event["case"] for event in events if event["event"] == name)


def left_behind(output: Path) -> list[str]:
    """What a run that was killed might leave and should not."""
    names = (name for _, folders, files in os.walk(output) for name in [*folders, *files])  # `rglob` fails at what goes
    return sorted(name for name in names if name.startswith(".") and name not in (".batch", ".bidsignore"))


def written_at(output: Path, names: str) -> dict[str, int]:
    """When the labels of each case were written."""
    return {name: (output / name / "segmentation.nii.gz").stat().st_mtime_ns for name in names}
