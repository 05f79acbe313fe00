"""Every command and every piece of code in README and docs: known to the command line, and run.

A block is run by `make test`, unless a comment above it says `long` (run by `make test-long`) or `parsed: WHY` (looked
at only). Code for Slicer's console is run in Testing/module/test_documented_console.py.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
import yaml

from MissingModalitySegLib.cli.edge import run
from Testing.docs import command_line
from Testing.docs.pages import BLOCKS, PAGES, ROOT, Block, blocks
from Testing.docs.sandbox import furnish

PROGRAM = "missing-modality-seg"
LANGUAGES = {"sh", "python", "json", "yaml", "text"}
CONSOLE = [block for block in BLOCKS if block.language == "python" and "MissingModalitySeg\n" in block.text]
TUTORIAL = "train-your-own-model.md"
"""Its commands are one long story, which Testing/training/test_tutorial.py runs from its beginning."""


def is_of_console(block: Block) -> bool:
    """Whether code needs Slicer: everything of the cookbook but its last example, and what imports the module."""
    return block.language == "python" and ("logic." in block.text or block in CONSOLE)


SHELL = [block for block in BLOCKS if block.language == "sh"]
PYTHON = [block for block in BLOCKS if block.language == "python" and not is_of_console(block)]


# --- looked at -------------------------------------------------------------------------------------------------------


def test_every_fence_says_what_it_holds() -> None:
    assert [str(block) for block in BLOCKS if block.language not in LANGUAGES] == []
    assert [str(block) for block in BLOCKS if block.language == "text" and PROGRAM in block.text] == []
    for page in PAGES:
        fences = re.findall(r"^\s*```", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(fences) == 2 * len(list(blocks(page))), page


def test_marks_are_known() -> None:
    for block in BLOCKS:
        assert block.mark in ("", "long") or (block.is_parsed_only and len(block.mark) > 12), block


def check(command: str) -> None:
    """Raise for a command that its program would not understand."""
    words = shlex.split(command)
    if ">" in words:
        words = words[: words.index(">")]
    program, arguments = words[0], words[1:]
    if program == PROGRAM:
        parse(arguments)
    elif program == "make":
        assert re.search(rf"^{arguments[0]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    elif program == "python" and arguments[0] == "-m":
        known = importlib.util.find_spec(arguments[1])
        source = known.loader.get_source(arguments[1]) if known.submodule_search_locations is None else ""
        source = source or (Path(known.origin).with_name("__main__.py").read_text(encoding="utf-8"))
        assert {word for word in arguments if word.startswith("--")} <= set(re.findall(r'"(--[a-z-]+)"', source))
    elif program == "torchrun":
        assert arguments[arguments.index("-m") + 1] == "MissingModalitySegLib"
        parse(arguments[arguments.index("-m") + 2 :])
    elif program == "dask":
        _parse_dask(arguments)
    elif program == "pip":
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
            "optional-dependencies"
        ]
        asked = re.findall(r"\[([a-z,]+)\]", command)
        assert {extra for one in asked for extra in one.split(",")} <= set(extras)
    else:
        raise AssertionError(f"Nobody knows {program}.")


def parse(arguments: list[str]) -> None:
    """Let the real command line read its arguments; raises `click.UsageError` where it would refuse them."""
    from typer.main import get_command

    from MissingModalitySegLib.cli.application import application

    command, rest = get_command(application), list(arguments)
    while hasattr(command, "commands"):
        command = command.commands[rest.pop(0)]
    command.make_context(command.name, rest)


def _parse_dask(arguments: list[str]) -> None:
    module = importlib.import_module(f"distributed.cli.dask_{arguments[0]}")
    known = {option for parameter in module.main.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in arguments if word.startswith("--")} <= known


@pytest.mark.parametrize("block", [one for one in SHELL if one.page.name != TUTORIAL], ids=str)
def test_commands_are_understood(block: Block) -> None:
    for command in block.commands:
        try:
            check(command)
        except (click.ClickException, KeyError, StopIteration) as error:
            raise AssertionError(f"{command}: {error}") from error


def test_the_page_on_the_command_line_is_that_of_the_program() -> None:
    """`python Testing/docs/command_line.py` writes it again."""
    assert command_line.PAGE.read_text(encoding="utf-8") == command_line.page()


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language == "python"], ids=str)
def test_code_is_python_and_imports_what_there_is(block: Block) -> None:
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.language in ("json", "yaml")], ids=str)
def test_data_is_what_it_says(block: Block) -> None:
    """JSON and YAML are read, and data lists, jobs and configurations as the program reads them."""
    from MissingModalitySegLib.datalist_structure import check_structure
    from MissingModalitySegLib.jobs import Job

    if block.language == "yaml":
        assert "extends" in yaml.safe_load(block.text)
        return
    content = json.loads(block.text)
    if "cases" in content:
        assert check_structure(content) == []
    elif "inputs" in content and "output" in content:
        assert Job.from_dict(content).to_dict()["task"] == content["task"]
    else:
        assert content["schema"] == 1


# --- run -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory):
    """The sandbox, with one worker that stays warm; nothing of the user's own folders is seen."""
    from MissingModalitySegLib import jobs
    from MissingModalitySegLib.cli import running

    folder = tmp_path_factory.mktemp("examples")
    environment = {
        "MISSING_MODALITY_SEG_MODELS": str(folder / "models"),
        "XDG_DATA_HOME": str(folder / "user" / "data"),
        "XDG_STATE_HOME": str(folder / "user" / "state"),
        "OMP_NUM_THREADS": "1",
    }
    with pytest.MonkeyPatch.context() as patch, Kept() as runner:
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.chdir(folder)
        patch.setattr(running, "Runner", lambda: runner)
        patch.setattr(jobs, "Runner", lambda: runner)
        furnish(folder)
        yield folder
        runner.quit()


def _kept():
    from MissingModalitySegLib.jobs import Runner

    class Kept(Runner):
        """A runner that outlives the commands that use it."""

        def __exit__(self, *_: object) -> None:
            pass

    return Kept


Kept = _kept()


def call(command: str) -> None:
    """Run a command of ours in this process; what it prints goes where `>` says."""
    words = shlex.split(command)
    target = None
    if ">" in words:
        target, words = words[words.index(">") + 1], words[: words.index(">")]
    assert words[0] == PROGRAM, command
    out, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(told):
        code = run(words[1:])
    assert code == 0, f"{command}\n{out.getvalue()}{told.getvalue()}"
    if target:
        Path(target).write_text(out.getvalue(), encoding="utf-8")


def is_ours(block: Block) -> bool:
    """`make` is run by whoever runs this."""
    return all(command.startswith(PROGRAM) for command in block.commands)


def test_documented_commands_and_code_run(place: Path) -> None:
    """In the order of the pages, since an example may go on from the one above it."""
    for block in BLOCKS:
        if block.mark or block.page.name == TUTORIAL:
            continue
        if block in SHELL and is_ours(block):
            for command in block.commands:
                call(command)
        elif block in PYTHON:
            execute(block)


@pytest.mark.long
def test_long_commands_and_code_run(place: Path) -> None:
    """In processes of their own: some of them start others, or want Ctrl-C for themselves."""
    program = place / "bin" / PROGRAM
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m MissingModalitySegLib "$@"\n')
    program.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "training")]),
    }
    for block in BLOCKS:
        if not block.is_long or block.page.name == TUTORIAL:
            continue
        script = place / "example.py"
        script.write_text(block.text, encoding="utf-8")
        command = ["bash", "-ec", block.text] if block.language == "sh" else [sys.executable, str(script)]
        done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, encoding="utf-8")
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"


def execute(block: Block) -> None:
    """Run code as a file of its own would be."""
    code = compile(block.text, str(block), "exec")
    with contextlib.redirect_stdout(io.StringIO()):
        exec(code, {"__name__": "__main__"})
