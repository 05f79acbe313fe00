"""Where a network came from: the program, the machine, the time it took, what it was told."""

from __future__ import annotations

import csv
import json
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from MissingModalitySegLib import __version__

from .loop import HISTORY

SESSIONS = "sessions.jsonl"
"""One line for every time that a stage was begun or gone on with."""


ANCESTORS, BEGAN_FROM, AVERAGED_WITH = "ancestors", "began_from", "averaged_with"
"""Keys of a provenance, the last one of what stands under the second: `origins` says what they hold."""


def lineage(provenance: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """A provenance, named by the empty text, and those of all its ancestors by their names, the oldest first."""
    return {"": provenance, **provenance.get(ANCESTORS, {})}


def predecessors(provenance: Mapping[str, Any]) -> dict[str, str]:
    """The names of what a training began from: of the whole network by the empty text, of experts by their modality."""
    began = provenance.get(BEGAN_FROM, {})
    return ({"": began["start"]} if "start" in began else {}) | began.get("experts", {})


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def facts(device: str, command: Sequence[str] | None = None) -> dict[str, Any]:
    """What does not change while a program runs."""
    return {
        "version": __version__,
        "commit": commit(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "device": device_name(device),
        "processes": int(os.environ.get("WORLD_SIZE", "1")),
        "command": shlex.join(sys.argv if command is None else command),
    }


def commit() -> str | None:
    """The commit of the source tree this program runs from, with a plus where files were changed; None elsewhere."""
    folder = Path(__file__).resolve().parent
    if not (folder.parents[1] / ".git").exists():
        return None
    try:
        name = _git(folder, "rev-parse", "HEAD")
        return name + ("+" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=20, check=True)
    return done.stdout.strip()


def device_name(device: str) -> str:
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if device == "cuda" and torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{device}, {torch.get_num_threads()} threads" if device == "cpu" else device


@contextmanager
def session(folder: Path, about: dict[str, Any], write: bool = True) -> Iterator[None]:
    """Note in `folder` that a stage was worked on, however the block ends."""
    started, clock, processor = now(), time.monotonic(), _processor_seconds()
    try:
        yield
    finally:
        if write:
            line = {
                "started": started,
                "ended": now(),
                "seconds": round(time.monotonic() - clock, 2),
                "cpu_seconds": round(_processor_seconds() - processor, 2),
                **about,
            }
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / SESSIONS
            is_cut = path.exists() and not path.read_bytes().endswith(b"\n")
            with path.open("a", encoding="utf-8") as file:
                file.write("\n" * is_cut + json.dumps(line) + "\n")


def sessions(folder: Path) -> list[dict[str, Any]]:
    """All that was noted of a stage."""
    path = folder / SESSIONS
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(ValueError, RecursionError):  # whoever wrote it was killed over it
            entry = json.loads(line)
            if isinstance(entry, dict):
                found.append(entry)
    return found


def summary(folder: Path) -> dict[str, Any]:
    """Steps, samples and time of a finished stage, from its history and its sessions."""
    steps = samples = 0
    elapsed = 0.0
    if (folder / HISTORY).exists():
        with (folder / HISTORY).open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                steps, elapsed = int(row["step"]), float(row["elapsed"])
                samples += int(row["samples"])
    noted = sessions(folder)
    return {
        "steps": steps,
        "samples": samples,
        "seconds": elapsed,
        "cpu_seconds": round(sum(one["cpu_seconds"] for one in noted), 2),
        "started": noted[0]["started"] if noted else None,
        "ended": noted[-1]["ended"] if noted else None,
    }


def _processor_seconds() -> float:
    """Of this process and the workers it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
