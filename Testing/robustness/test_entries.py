"""Every command of the command line with every argument made bad: a sentence and an exit code, never a traceback.

The argument is replaced by each of a list of values that are no file, no number, no name, or of another kind than they
seem. The rest of the command is sound, or fails soon by itself where success would take minutes.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from MissingModalitySegLib.cli import running
from MissingModalitySegLib.cli.application import application
from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.dicom.sources import sources_of
from MissingModalitySegLib.engine import segment, synthesize
from MissingModalitySegLib.jobs import Job, events
from MissingModalitySegLib.jobs.failures import error_event
from Testing.engine.small_runs import write_inputs, write_segmenter

pytestmark = pytest.mark.skipif(os.name != "posix", reason="names that only POSIX takes")

BAD = (
    "", " ", "-1", "0", "nan", "1e999", "9" * 30, "T7", "../..", "a\nb", "\N{BRAIN}", "\u202egnp.zip", "x=y=z", "{",
    "[[[[", "!!python/object/apply:os.system [ls]", "/dev/null", "=1+1", "%s%n", "P/none", "P/garbage",
    "P/garbage.json", "P/garbage.nii.gz", "P/garbage.yaml", "P/empty.nii.gz", "P/nested.json", "P/folder",
    "P/garbage/below", "P/loop", "P/" + "a" * 300, "P/no-utf-8-\udcff.nii.gz", "P/run",
    "P/\udcff",
)  # fmt: skip
"""`P` is the test's folder."""

SEGMENT = ["--output", "P/out", "--model", "P/models/one", "--t1", "P/in/T1.nii.gz"]
COMMANDS: dict[str, list[str]] = {
    "segment": [*SEGMENT, "--brain", "extracted", "--device", "cpu"],
    "synthesize": [*SEGMENT, "--brain", "extracted", "--device", "cpu"],
    "batch": ["--output", "P/out", "--model", "P/models/one", "--folder", "P/folder"],
    "compare": ["P/in/T1.nii.gz", "P/in/FLAIR.nii.gz", "--output", "P/out"],
    "report": ["P/run"],
    "longitudinal": ["P/run", "P/run", "--output", "P/out"],
    "phantom": ["--output", "P/garbage/below", "--cases", "1"],
    "train": ["moe", "--preset", "tiny", "--dry-run"],
    "export": ["P/run", "P/out"],
    "evaluate": ["--datalist", "P/none.json", "--model", "P/models/one"],
    "reproduce": ["moe", "table1", "--data", "P/none.json", "--output", "P/out"],
    "models show": ["P/models/one"],
    "models import": ["P/garbage", "--to", "P/imported"],
    "models export": ["P/models/one", "P/out/one.zip"],
    "models verify": ["P/models/one"],
    "models measured": ["P/models/one", "P/garbage.json"],
    "models picture": ["P/models/one"],
    "models join": ["P/out/joined", "moe", "mome:lesion@FLAIR"],
    "datalist import": ["bids", "P/folder", "--output", "P/out/list.json"],
    "datalist check": ["P/list.json"],
    "datalist split": ["P/list.json", "--folds", "2", "--output", "P/out/split.json"],
    "datalist simulate-missing": ["P/list.json", "--full-ratio", "0.5", "--output", "P/out/less.json"],
    "datalist cache": ["P/garbage.json", "--output", "P/out"],
}
WITHOUT_VALUES = {"doctor", "models list"}
TOO_LONG = {"demo"}
"""Commands that do minutes of work where nothing is wrong with what they are given."""

NOT_REPLACED = {
    *(("compare", "model"), ("longitudinal", "model"), ("batch", "scheduler")),
    *(("train", "output"), ("phantom", "output")),
}
"""A worker of its own, a cluster or a training would be started for each value; they have tests of their own."""


def parameters() -> dict[str, list[tuple[str, str]]]:
    """Of each command the arguments that take a value: their names, and the option that names them or nothing."""
    found: dict[str, list[tuple[str, str]]] = {}

    def walk(command, name: str) -> None:
        if hasattr(command, "commands"):
            for key, below in command.commands.items():
                walk(below, f"{name} {key}".strip())
            return
        found[name] = [
            (one.name, one.opts[-1] if one.opts[-1].startswith("-") else "")
            for one in command.params
            if not getattr(one, "is_flag", False)
        ]

    walk(typer.main.get_command(application), "")
    return found


PARAMETERS = parameters()


def pairs() -> list[tuple[str, str, str, str]]:
    """Command, argument, its option, and the value that replaces it."""
    return [
        (command, name, option, value)
        for command in COMMANDS
        for name, option in PARAMETERS[command]
        if (command, name) not in NOT_REPLACED
        for value in BAD
    ]


def words(command: str, name: str, option: str, value: str) -> list[str]:
    """The command with this argument replaced or added."""
    given = list(COMMANDS[command])
    if option:
        if option in given:
            given[given.index(option) + 1] = value
        else:
            given += [option, value]
    else:
        free = [one for one, its_option in PARAMETERS[command] if not its_option]
        at = free.index(name)
        if at < len(given) and not given[at].startswith("--"):
            given[at] = value
        else:
            given.insert(at, value)
    return [*command.split(), *given]


class Here:
    """Stands for a runner: does a job in this process, and tells its errors as a worker does."""

    log = SimpleNamespace(path=None)

    def run(self, job: Job, on_event: object = None) -> events.Result:
        job = Job.from_json(job.to_json())
        do = synthesize if job.task == "synthesize" else segment
        try:
            inputs = sources_of(job.inputs, job.options)
            outcome = do(inputs, job.model, job.options, job.output)
        except Exception as error:
            raise error_event(error, 1, job.output).exception() from error
        return events.Result({name: str(path) for name, path in outcome.files.items()}, outcome.report)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model, volumes, and everything that is not what it seems; nothing leaves this process."""
    monkeypatch.setattr(running, "Runner", lambda: contextlib.nullcontext(Here()))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b" / "c")
    write_segmenter(tmp_path / "models" / "one")
    write_inputs(tmp_path / "in", "T1", "FLAIR")
    for name in ("garbage", "garbage.json", "garbage.nii.gz", "garbage.yaml"):
        (tmp_path / name).write_bytes(bytes(range(256)) * 4)
    (tmp_path / "empty.nii.gz").write_bytes(b"")
    (tmp_path / "nested.json").write_text("[" * 100_000)
    (tmp_path / "list.json").write_text('{"name": "x", "cases": [{"id": "a", "modalities": {"T1": "in/T1.nii.gz"}}]}')
    (tmp_path / "folder").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "report.json").write_text('{"inputs": {"T1": {}}, "files": {"segmentation": "none"}}')
    (tmp_path / "run" / "config.yaml").write_text("method: moe")
    (tmp_path / "loop").symlink_to("loop")
    return tmp_path


def refused_or_done(place: Path, arguments: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    """What is wrong with how a command took its arguments, as a sentence; empty where nothing is."""
    given = [one.replace("P/", f"{place}/") if one.startswith("P/") else one for one in arguments]
    code = run(given)
    said = capfd.readouterr().err
    shown = " ".join(ascii(one) for one in arguments)
    if code not in (0, 2):
        return f"{shown}: exit code {code}: {said[-300:]}"
    if "Traceback" in said or "is a bug" in said:
        return f"{shown}: a traceback"
    if code == 2 and not said.strip():
        return f"{shown}: nothing is said"
    return ""


def test_every_command_is_looked_at() -> None:
    assert set(COMMANDS) | WITHOUT_VALUES | TOO_LONG == set(PARAMETERS)
    assert all(name in dict(PARAMETERS[command]) for command, name in NOT_REPLACED)


def test_bad_arguments(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A sample: every other argument of each command with one value, each time another."""
    chosen = pairs()[:: 2 * len(BAD) + 3]
    assert [found for one in chosen if (found := refused_or_done(place, words(*one), capfd))] == []


@pytest.mark.long
@pytest.mark.parametrize("command", COMMANDS)
def test_all_bad_arguments(command: str, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    chosen = [one for one in pairs() if one[0] == command]
    problems = [found for one in chosen if (found := refused_or_done(place, words(*one), capfd))]
    assert problems == [], f"{len(problems)} of {len(chosen)}"
