"""The edge: every way a command can end, in a process of its own where it matters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from MissingModalitySegLib import __version__
from MissingModalitySegLib.cli import edge
from MissingModalitySegLib.errors import BundleError, CancelledError, InputError, ResourceError

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments: str, code: str = "from MissingModalitySegLib.cli import main; main()", **environment: str):
    """Run the command line in a fresh process."""
    variables = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=variables,
        cwd="/",
    )


def test_version_and_help_do_not_load_torch() -> None:
    check = (
        "import sys\nfrom MissingModalitySegLib.cli.edge import run\n"
        "codes = [run([option]) for option in ('--version', '--help')] + [run(['models', 'list'])]\n"
        "heavy = {'torch', 'numpy', 'scipy', 'monai', 'SimpleITK', 'safetensors'} & set(sys.modules)\n"
        "sys.exit(f'{codes} {heavy}' if heavy or any(codes) else 0)"
    )
    done = start(code=check)
    assert done.returncode == 0, done.stderr
    assert __version__ in done.stdout
    assert "models" in done.stdout


@pytest.mark.parametrize(
    ("package", "arguments"),
    [
        ("yaml", ["train", "moe", "--dry-run"]),
        ("yaml", ["export", "run", "model"]),
        ("PIL", ["phantom", "--cases", "1", "--output", "phantoms"]),
        ("PIL", ["reproduce", "moe", "table1"]),
        ("PIL", ["demo", "--output", "nowhere"]),
        ("matplotlib", ["evaluate", "--datalist", "cases.json", "--model", "moe"]),
    ],
)
def test_a_package_of_the_training_that_is_missing_is_told(package: str, arguments: list[str]) -> None:
    block = f"import sys; sys.modules[{package!r}] = None\nfrom MissingModalitySegLib.cli import main; main()"
    done = start(*arguments, code=block, PYTHONPATH=os.pathsep.join([str(ROOT), str(ROOT / "training")]))
    assert done.returncode == 2, done.stderr
    assert f"needs the package {package}" in done.stderr
    assert "Code: training-missing" in done.stderr


@pytest.mark.parametrize("group", [[], ["models"], ["datalist"]])
def test_what_a_command_does_is_told_to_its_end(group: list[str], monkeypatch, capsys) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert edge.run([*group, "--help"]) == 0
    lines = capsys.readouterr().out.split("Commands:")[1].splitlines()
    assert len([line for line in lines if line.strip()]) >= 5
    assert not [line for line in lines if "..." in line]


@pytest.mark.parametrize(
    "arguments",
    ["frobnicate", "models frobnicate", "--frobnicate", "models show", "models import", "doctor x", "models list --x"],
)
def test_bad_usage(arguments: str, capsys) -> None:
    assert edge.run(arguments.split()) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    assert "Usage" in shown.err


def test_python_dash_m() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "MissingModalitySegLib", "models", "show", "no-such-model"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Error: There is no model “no-such-model”.\nHint: ")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("a", "The message.", "The hint."), 2),
        (BundleError("a", "The message.", "The hint."), 2),
        (CancelledError("a", "The message.", "The hint."), 3),
        (ResourceError("a", "The message.", "The hint."), 4),
        (MemoryError(), 4),
        (KeyboardInterrupt(), 3),
        (SystemExit(0), 0),
        (SystemExit(None), 0),
        (SystemExit(2), 2),
        (SystemExit(130), 3),  # what typer makes of Ctrl-C
    ],
)
def test_exit_codes(error: BaseException, code: int, monkeypatch, capsys) -> None:
    def failing(arguments):
        raise error

    monkeypatch.setattr(edge, "_call", failing)
    assert edge.run([]) == code
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    if isinstance(error, InputError | ResourceError | CancelledError):
        assert shown.err == "Error: The message.\nHint: The hint.\nCode: a\n"


INSIDE = """
import sys
from MissingModalitySegLib.cli import application, main
@application.application.command("fail")
def fail():
    {statement}
main(["fail"])
"""


@pytest.mark.parametrize(("statement", "code"), [("raise KeyboardInterrupt", 3), ("raise EOFError", 3), ("1 / 0", 1)])
def test_raised_inside_a_command(statement: str, code: int, tmp_path: Path) -> None:
    done = start(code=INSIDE.format(statement=statement), XDG_STATE_HOME=str(tmp_path))
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_a_bug_leaves_a_log(tmp_path: Path, monkeypatch, capsys) -> None:
    def failing(arguments):
        raise ZeroDivisionError("division of the brain")

    monkeypatch.setattr(edge, "_call", failing)
    monkeypatch.setattr(edge, "user_state", lambda: tmp_path / "state")
    assert edge.run(["segment", "--t1", "x"]) == 1
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    (log,) = (tmp_path / "state" / "logs").iterdir()
    assert str(log) in shown.err
    text = log.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "division of the brain" in text
    assert "'segment', '--t1', 'x'" in text


def test_a_bug_where_the_users_folder_cannot_be_written(tmp_path: Path, monkeypatch, capsys) -> None:
    def failing(arguments):
        raise ZeroDivisionError

    (tmp_path / "file").write_text("")
    monkeypatch.setattr(edge, "_call", failing)
    monkeypatch.setattr(edge, "user_state", lambda: tmp_path / "file")
    monkeypatch.setattr(edge.tempfile, "gettempdir", lambda: str(tmp_path / "other"))
    assert edge.run([]) == 1
    assert str(tmp_path / "other") in capsys.readouterr().err
    monkeypatch.setattr(edge.tempfile, "gettempdir", lambda: str(tmp_path / "file"))
    assert edge.run([]) == 1
    assert "Traceback" in capsys.readouterr().err  # nowhere else to put it


def test_without_typer() -> None:
    """As inside Slicer: a sentence, not a traceback."""
    block = "import sys; sys.modules['typer'] = None\nfrom MissingModalitySegLib.cli import main; main(['--help'])"
    done = start(code=block)
    assert done.returncode == 2
    assert "typer" in done.stderr
    assert "pip install" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_without_unicode() -> None:
    done = start("models", "show", "no-such-model", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 2
    assert "no-such-model" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a shell with pipes")
def test_a_reader_that_goes_away() -> None:
    command = f'"{sys.executable}" -m MissingModalitySegLib --help | true'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=ROOT)
    assert done.stderr == ""


def test_a_name_that_no_system_takes(capsys) -> None:
    long = "a" * 5000
    for arguments in (["models", "show", long], ["report", long], ["export", long, long]):
        assert edge.run(arguments) == 2
        told = capsys.readouterr().err
        assert "Code: name-too-long" in told
        assert len(told) < 300
