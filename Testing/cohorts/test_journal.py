"""The journal survives whatever interrupts it, and one run has a folder to itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from MissingModalitySegLib.cohorts.journal import Journal, alone_in
from MissingModalitySegLib.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "new")
    assert journal.read() == []
    journal.write("begun", case="Zoë “b”", attempt=1)
    journal.write("done", case="Zoë “b”", where=Path("x"))
    events = Journal(tmp_path / "new").read()
    assert [(event["event"], event["case"]) for event in events] == [("begun", "Zoë “b”"), ("done", "Zoë “b”")]
    assert events[0]["time"] <= events[1]["time"]


@pytest.mark.parametrize("rest", [b'{"event": "done", "ca', b"\xff\xfe", b"[1]\n", b'{"event": 3}\n', b"null"])
def test_a_line_that_was_cut_off_costs_no_other(tmp_path: Path, rest: bytes) -> None:
    journal = Journal(tmp_path)
    journal.write("run")
    with open(tmp_path / "journal.jsonl", "ab") as stream:
        stream.write(rest)
    journal.write("begun", case="a")
    assert [event["event"] for event in journal.read()] == ["run", "begun"]


HOLD = """
import sys
from pathlib import Path
from MissingModalitySegLib.cohorts.journal import alone_in
with alone_in(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_is_kept_out_until_it_has_gone(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "records")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(InputError) as caught, alone_in(tmp_path / "records"):
            pass
        assert caught.value.code == "batch-running"
    finally:
        holder.kill()
        holder.communicate()
    with alone_in(tmp_path / "records"):
        pass


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        Journal(tmp_path / "file").write("run")
    assert caught.value.code == "output-not-writable"
