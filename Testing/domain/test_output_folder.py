"""An output folder holds the old set or the new one, whatever happens in between."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from MissingModalitySegLib import output_folder
from MissingModalitySegLib.errors import InputError, ResourceError
from MissingModalitySegLib.output_folder import NAMES, recover, staged
from MissingModalitySegLib.owners import owner
from Testing.bundles.samples import tree

OLD = {"segmentation.nii.gz": b"old", "synthetic_T2.nii.gz": b"old", "report.json": b"old"}
NEW = {"segmentation.nii.gz": b"new", "uncertainty.nii.gz": b"new", "report.json": b"new"}
FOREIGN = {"notes.txt": b"mine", ".hidden": b"mine", "synthetic_T2 (copy).nii.gz": b"mine"}


def fill(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def write(folder: Path, then: Callable[[Path], None] = lambda fresh: None) -> None:
    with staged(folder) as fresh:
        fill(fresh, NEW)
        then(fresh)


def test_names() -> None:
    assert {"report.json", "segmentation.nrrd", "synthetic_T1ce.nii.gz", "reconstructed_DWI.nrrd"} <= NAMES
    assert {"report.html", "segmentation.dcm", "report.dcm"} <= NAMES
    assert len(NAMES) == 4 + 2 * (2 + 2 * 5)


def test_a_folder_that_was_not_there(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b")
    assert tree(tmp_path / "a" / "b") == NEW


def test_the_whole_set_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    fill(tmp_path, OLD | FOREIGN)
    with staged(tmp_path) as fresh:
        assert fresh.parent == tmp_path
        fill(fresh, NEW)
        assert {name: (tmp_path / name).read_bytes() for name in OLD} == OLD
    assert tree(tmp_path) == NEW | FOREIGN


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("there", [False, True])
def test_failure_leaves_what_was(tmp_path: Path, error: type[BaseException], there: bool) -> None:
    folder = tmp_path / "a" / "b"
    if there:
        fill(folder, OLD | FOREIGN)

    def interrupt(fresh: Path) -> NoReturn:
        raise error

    with pytest.raises(error):
        write(folder, interrupt)
    assert tree(tmp_path) == ({"a": None, "a/b": None} | under("a/b", OLD | FOREIGN) if there else {})


def under(folder: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}": content for name, content in files.items()}


def test_a_folder_that_others_use_by_now_stays(tmp_path: Path) -> None:

    def fill_and_fail(fresh: Path) -> NoReturn:
        fill(fresh.parent, {"notes.txt": b"mine"})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(tmp_path / "a", fill_and_fail)
    assert tree(tmp_path) == {"a": None, "a/notes.txt": b"mine"}


def steps(monkeypatch, act) -> None:
    """Let `act` happen before each rename of `_exchange`."""
    for name in ("replace", "rename"):
        real = getattr(os, name)

        def stepping(source, target, real=real):
            act()
            real(source, target)

        monkeypatch.setattr(output_folder.os, name, stepping)


def killed_at(step: int, folder: Path, monkeypatch) -> bool:
    """Write in a process of its own that ends at this rename as if killed; whether it got so far."""
    child = os.fork()
    if child == 0:
        left = [step]

        def act() -> None:
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)

        steps(monkeypatch, act)
        try:
            write(folder)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process to kill")
def test_killed_between_any_two_steps(tmp_path: Path, monkeypatch) -> None:
    seen = set()
    for step in range(100):
        folder = tmp_path / str(step)
        fill(folder, OLD | FOREIGN)
        killed = killed_at(step, folder, monkeypatch)
        recover(folder)
        found = tree(folder)
        assert found in (OLD | FOREIGN, NEW | FOREIGN), step
        seen.add(found == NEW | FOREIGN)
        write(folder)  # and the next run is not in the way of what was left
        assert tree(folder) == NEW | FOREIGN
        if not killed:
            break
    assert 6 <= step < 100
    assert seen == {False, True}


def test_a_rename_that_fails_is_taken_back(tmp_path: Path, monkeypatch) -> None:
    renames = len(OLD) + len(NEW) + 2
    for step in range(renames + 1):
        folder = tmp_path / str(step)
        fill(folder, OLD)
        left = [step]

        def act(left=left) -> None:
            left[0] -= 1
            if left[0] == -1:
                raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patched:
            steps(patched, act)
            if step < renames:
                with pytest.raises(ResourceError, match="full"):
                    write(folder)
            else:
                write(folder)
        assert tree(folder) == (OLD if step < renames else NEW)


def test_what_dead_processes_left_is_removed_and_what_living_ones_write_is_not(tmp_path: Path, monkeypatch) -> None:
    nobody = 2**22 + 1  # Linux numbers no process so high
    with monkeypatch.context() as patched:
        patched.setattr(socket, "gethostname", lambda: "elsewhere")
        theirs = [f".incoming-{owner(process)}-{'0' * 16}" for process in (nobody, os.getpid())]
    for name in theirs:  # whether another computer still writes them cannot be told
        (tmp_path / name).mkdir()
    fill(tmp_path, OLD)
    with staged(tmp_path) as fresh:
        fill(fresh, NEW)
        recover(tmp_path)
        assert fresh.is_dir()
        recover(tmp_path, dead=os.getpid())
        assert not fresh.exists()
        fill(fresh, NEW)
    (tmp_path / f".incoming-{owner(nobody)}-{'0' * 16}").mkdir()
    recover(tmp_path)
    assert tree(tmp_path) == NEW | dict.fromkeys(theirs)


def test_a_folder_that_is_missing_needs_no_recovery(tmp_path: Path) -> None:
    recover(tmp_path / "none")
    (tmp_path / "file").write_text("")
    recover(tmp_path / "file")
    assert tree(tmp_path) == {"file": b""}


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError) as caught, staged(folder):
            raise AssertionError("The work must not begin.")
        assert caught.value.code == "output-not-writable"
        assert str(folder) in caught.value.message
    assert tree(tmp_path) == {"file": b"mine"}


def test_a_folder_that_goes_away_during_the_work(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        write(tmp_path / "a", lambda fresh: shutil.rmtree(fresh.parent))
    assert caught.value.code == "output-not-writable"
    assert tree(tmp_path) == {}


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="an account that may be refused something")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InputError) as caught, staged(tmp_path):
            raise AssertionError("The work must not begin.")
        assert caught.value.code == "output-not-writable"
    finally:
        tmp_path.chmod(0o700)
