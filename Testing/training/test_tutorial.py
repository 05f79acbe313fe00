"""The tutorial does what it says: its commands run, and its output is that of the commands, figures aside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorials" / "train-your-own-model.md"


def blocks(kind: str) -> list[str]:
    """The fenced blocks of a kind, in order."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [text for name, text in found if name == kind]


def without_figures(text: str) -> str:
    return re.sub(r"\d+(\.\d+)?", "#", " ".join(text.split()))


@pytest.mark.long
def test_every_command_runs_and_prints_what_is_shown(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "missing-modality-seg"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m MissingModalitySegLib "$@"\n')
    program.chmod(0o755)
    folder = tmp_path / "tutorial"
    folder.mkdir()
    environment = os.environ | {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "training")]),
        "OMP_NUM_THREADS": "1",
    }
    script = "set -e\n" + "\n".join(blocks("sh"))
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    printed = without_figures(done.stdout)
    shown = [line for block in blocks("text") for line in block.splitlines()]
    assert len(shown) >= 8
    for line in shown:
        assert without_figures(line) in printed, line
    assert (folder / "run" / "network" / "samples").is_dir()
    assert (folder / "results" / "results.md").is_file()


def test_commands_and_options_exist() -> None:
    """What `make test` keeps of it: every command of the pages on training is known, and so is every option."""
    from typer.main import get_command

    from MissingModalitySegLib.cli.application import application

    pages = [TUTORIAL, ROOT / "docs" / "how-to" / "train.md"]
    text = "\n".join(re.sub(r"\\\n", " ", page.read_text(encoding="utf-8")) for page in pages)
    calls = re.findall(r"^\s*(?:missing-modality-seg|torchrun .* -m MissingModalitySegLib) (.+)$", text, re.MULTILINE)
    assert len(calls) >= 12
    for call in calls:
        words, command = call.split(), get_command(application)
        while hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, call
