"""Ends that nobody asked for: of the worker, of its parent, of a launcher. Real processes, real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from MissingModalitySegLib.jobs import Error, Result, Runner, Stage, processes
from MissingModalitySegLib.jobs import runner as runner_module
from MissingModalitySegLib.jobs.connection import Connection

from .runners import STAND_IN, alive, finish, job, open_files, stand_in, until

resource = pytest.importorskip("resource", reason="limits of POSIX")
ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and process groups of POSIX")


@pytest.fixture(autouse=True)
def state(tmp_path_factory, monkeypatch):
    """Logs go where pytest removes them."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


def running(runner: Runner) -> None:
    """Wait until the job has begun in the worker."""
    until(lambda: any(isinstance(event, Stage) for event in runner._events))


@pytest.mark.parametrize(
    ("words", "code", "family", "says"),
    [
        ("stages:1 crash", "worker-killed", "resource", "last words"),
        ("stages:1 segfault", "worker-crashed", "bug", "Segmentation fault"),
        ("stages:1 exit:0", "worker-crashed", "bug", "leaving like this"),
        ("stages:1 exit:7", "worker-crashed", "bug", "leaving like this"),
    ],
)
def test_a_crash_becomes_an_error_with_the_last_words(words: str, code: str, family: str, says: str) -> None:
    with stand_in() as runner:
        first, second = runner.submit(job(words)), runner.submit(job("stages:1"))
        error = finish(runner, first)[-1]
        assert (error.code, error.kind) == (code, family)
        assert says in error.log
        assert isinstance(finish(runner, second)[-1], Result)  # by a new worker


def test_a_killed_worker_leaves_nothing(tmp_path: Path) -> None:
    note = tmp_path / "note"
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "segmentation.nrrd").write_text("older")
    with stand_in(environment={"STAND_IN_NOTES": str(note)}) as runner:
        for output in (tmp_path / "old", tmp_path / "new" / "deep"):
            number = runner.submit(job("stages:1 temp stage-files", output))
            running(runner)
            until(lambda output=output: any(output.glob(".incoming-*/segmentation.nrrd")))
            os.kill(runner.hello.pid, signal.SIGKILL)
            assert finish(runner, number)[-1].code == "worker-killed"
            assert not Path(note.read_text()).exists()
    assert os.listdir(tmp_path / "old") == ["segmentation.nrrd"]
    assert (tmp_path / "old" / "segmentation.nrrd").read_text() == "older"
    assert not (tmp_path / "new").exists()


def test_the_end_by_lack_of_memory_is_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's count of such ends is larger afterwards; here it is counted by hand."""
    kills = iter(range(100))
    monkeypatch.setattr(runner_module.processes, "out_of_memory_kills", lambda: next(kills))
    with stand_in() as runner:
        error = finish(runner, runner.submit(job("stages:1 crash")))[-1]
    assert (error.code, error.kind) == ("out-of-memory", "resource")
    assert error.exception().exit_code == 4


@pytest.mark.parametrize(
    "words",
    [
        "terminate called after throwing an instance of 'std::bad_alloc'",
        "OpenBLAS error: Memory allocation still failed after 10 retries, giving up.",
        "RuntimeError: can't start new thread",
    ],
)
def test_last_words_may_tell_of_lack_of_memory(words: str) -> None:
    """What ends a process that has too little of it to say so itself."""
    with stand_in(environment={"STAND_IN_LAST_WORDS": words}) as runner:
        error = finish(runner, runner.submit(job("stages:1 last-words")))[-1]
    assert (error.code, error.kind) == ("out-of-memory", "resource")
    assert "SIGABRT" in error.message


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="holds a process to its address space")
def test_the_worker_ends_with_its_parent_where_no_memory_is_left(tmp_path: Path) -> None:
    """Not even for a thread that would end it."""
    parent = parent_of("stages:1 no-more hang", tmp_path / "out")
    worker, scratch = told(parent)
    limits = Path(f"/proc/{worker}/limits")
    until(lambda: "Max address space         unlimited" not in limits.read_text())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not alive(worker))
    assert not scratch.exists()


def test_a_library_that_is_loaded_for_ever_ends_the_worker() -> None:
    """It holds the interpreter's lock: the worker could not even notice that its parent has gone."""
    with stand_in(environment={"STAND_IN_SEIZED": "1", "STAND_IN_LOADING_S": "0.5"}) as runner:
        error = finish(runner, runner.submit(job("stages:1")))[-1]
    assert error.code == "worker-crashed"
    assert "Timeout" in error.log
    assert "in hello" in error.log


def test_a_worker_that_lets_no_thread_run_is_replaced(tmp_path: Path) -> None:
    note = tmp_path / "note"
    with stand_in(cancel_s=0.2, environment={"STAND_IN_NOTES": str(note)}) as runner:
        number = runner.submit(job("stages:1 temp seize"))
        until(lambda: note.exists() and note.read_text())
        worker = runner.hello.pid
        runner.cancel(number)
        assert finish(runner, number)[-1].cancelled
        assert not alive(worker)


def test_the_kernels_count_can_be_read() -> None:
    assert processes.out_of_memory_kills() >= 0


def test_a_worker_that_does_not_answer_is_replaced(tmp_path: Path) -> None:
    """It hangs, with a child of its own and files half written: all of that is gone when the cancel is confirmed."""
    note = tmp_path / "note"
    with stand_in(cancel_s=0.2, environment={"STAND_IN_NOTES": str(note)}) as runner:
        number = runner.submit(job("stages:1 child stage-files", tmp_path / "out"))
        until(lambda: note.exists() and note.read_text() and any(tmp_path.glob("out/.incoming-*/*")))
        worker, child = runner.hello.pid, int(note.read_text())
        assert alive(child)
        runner.cancel(number)
        assert finish(runner, number)[-1].cancelled
        assert not alive(worker)
        assert not (tmp_path / "out").exists()
        until(lambda: not alive(child))
        until(lambda: runner.hello is not None)  # a fresh one is there before anyone asks
        assert runner.hello.pid != worker
        assert isinstance(finish(runner, runner.submit(job("stages:1")))[-1], Result)


def test_an_answer_that_comes_just_too_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the decision to kill and the kill: the next job is not for the worker that is killed."""
    kill, killed, note = Connection.kill, [], tmp_path / "note"

    def kill_once_it_has_answered(connection: Connection) -> None:
        until(lambda: any(isinstance(event, Error) and event.job == number for event in runner._events))
        killed.append(connection.pid)
        kill(connection)

    with stand_in(cancel_s=0.05, environment={"STAND_IN_NOTES": str(note)}) as runner:
        number = runner.submit(job("stages:1 temp seize:2 sleep:600"))
        until(lambda: note.exists() and note.read_text())
        worker = runner.hello.pid
        monkeypatch.setattr(Connection, "kill", kill_once_it_has_answered)
        runner.cancel(number)
        after = runner.submit(job("stages:1"))
        assert isinstance(finish(runner, after)[-1], Result)
        assert killed == [worker]
        assert finish(runner, number)[-1].cancelled
        assert runner.hello.pid != worker


def test_quit_kills_a_worker_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "QUIT_S", 0.2)
    runner = stand_in()
    number = runner.submit(job("stages:1 hang"))
    running(runner)
    pid = runner.hello.pid
    runner.quit()
    assert not alive(pid)
    assert finish(runner, number)[-1].cancelled


PARENT = """
import os, sys, time
from pathlib import Path
sys.path[:0] = {paths!r}
from MissingModalitySegLib.jobs import Job, Runner
runner = Runner(sys.executable, script=Path({script!r}))
number = runner.submit(Job({{"T1": "a"}}, {words!r}, {output!r}))
{more}
while runner.hello is None or not runner._events or runner._worker.running is None:
    time.sleep(0.01)
print(runner.hello.pid, runner._worker.connection._scratch, flush=True)
{last}
"""


def parent_of(words: str, output: Path, last: str = "time.sleep(600)", more: str = "") -> subprocess.Popen[str]:
    script = PARENT.format(
        paths=[str(ROOT)], script=str(STAND_IN), words=words, output=str(output), more=more, last=last
    )
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


def told(parent: subprocess.Popen[str]) -> tuple[int, Path]:
    """The worker's process and its folder for temporary files, as the parent says."""
    pid, folder = parent.stdout.readline().split(maxsplit=1)
    return int(pid), Path(folder.strip())


@pytest.mark.parametrize("words", ["stages:1 temp sleep:600", "stages:1 child stage-files", "stages:1 hang"])
def test_the_worker_ends_with_its_parent(words: str, tmp_path: Path) -> None:
    """Killed without a chance to tidy up; the work stops by itself or by force, with its files and children."""
    note = tmp_path / "note"
    os.environ["STAND_IN_NOTES"] = str(note)
    try:
        parent = parent_of(words, tmp_path / "out")
    finally:
        del os.environ["STAND_IN_NOTES"]
    worker, scratch = told(parent)
    assert alive(worker)
    if "child" in words:
        until(lambda: any(tmp_path.glob("out/.incoming-*/*")))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not alive(worker))
    assert not scratch.exists()
    assert not (tmp_path / "out").exists()
    if "child" in words:
        until(lambda: not alive(int(note.read_text())))


def test_the_worker_ends_with_its_parent_though_a_copy_of_that_lives(tmp_path: Path) -> None:
    """A child made by fork holds the worker's input open: its end does not come."""
    copy = "import signal\nif os.fork() == 0:\n    os.close(1)\n    time.sleep(600)\n    os._exit(0)"
    parent = parent_of("stages:1 sleep:600", tmp_path, last=f"{copy}\ntime.sleep(600)")
    worker, _ = told(parent)
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    until(lambda: len(children.read_text().split()) == 2)
    copies = [int(pid) for pid in children.read_text().split() if int(pid) != worker]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not alive(worker))
    for pid in copies:
        assert alive(pid)
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("last", ["", "raise SystemExit(3)", "os._exit(0)", "sys.exit()", "1 / 0"])
def test_a_program_that_ends_without_quit_leaves_no_worker(last: str, tmp_path: Path) -> None:
    parent = parent_of("stages:1 sleep:600", tmp_path, last=last)
    worker, scratch = told(parent)
    parent.wait()
    parent.stdout.close()
    until(lambda: not alive(worker))
    assert not scratch.exists()


LAUNCHER = """#!{python}
import subprocess, sys
print("starting Python …", flush=True)
sys.exit(subprocess.call([{python!r}, *sys.argv[1:]]))
"""


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    """What `PythonSlicer` is: a program that starts the real Python and waits for it."""
    path = tmp_path / "Python Slicer"
    path.write_text(LAUNCHER.format(python=sys.executable))
    path.chmod(0o755)
    return path


def test_through_a_launcher(launcher: Path) -> None:
    with Runner(launcher, script=STAND_IN, cancel_s=0.2) as runner:
        assert isinstance(finish(runner, runner.submit(job("stages:1")))[-1], Result)
        launched, worker = runner._worker.connection._process.pid, runner.hello.pid
        assert worker != launched
        number = runner.submit(job("stages:1 hang"))
        running(runner)
        runner.cancel(number)
        assert finish(runner, number)[-1].cancelled
        until(lambda: not alive(worker))  # its pipes close a moment before it is gone
        until(lambda: not alive(launched))
        until(lambda: runner.hello is not None)
        launched, worker = runner._worker.connection._process.pid, runner.hello.pid
    assert not alive(worker)
    assert not alive(launched)


def test_a_worker_whose_launcher_was_killed_still_serves_and_still_ends(launcher: Path) -> None:
    with Runner(launcher, script=STAND_IN) as runner:
        finish(runner, runner.submit(job("stages:1")))
        launched, worker = runner._worker.connection._process.pid, runner.hello.pid
        os.kill(launched, signal.SIGKILL)
        assert isinstance(finish(runner, runner.submit(job("stages:1")))[-1], Result)
        number = runner.submit(job("stages:1 hang"))
        running(runner)
    assert not alive(worker)
    assert finish(runner, number)[-1].cancelled


def test_a_full_disk(tmp_path: Path) -> None:
    """A small file system in memory where that may be mounted, else a limit on the size of files."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0:
        try:
            with stand_in() as runner:
                check_full_disk(runner, disk / "out")
            assert os.listdir(disk) == []
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)
    else:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, before[1]))
        try:
            with stand_in() as runner:
                runner.start()
                until(lambda: runner.hello is not None)
                resource.setrlimit(resource.RLIMIT_FSIZE, before)
                check_full_disk(runner, disk / "out")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


def check_full_disk(runner: Runner, output: Path) -> None:
    error = finish(runner, runner.submit(job("stages:1 stage-files:1000000", output)))[-1]
    assert isinstance(error, Error)
    assert (error.code, error.kind) == ("disk-full", "resource")
    assert not output.exists()


def jobs_in_a_row(count: int) -> None:
    """Neither process holds more memory, files, threads or temporary folders after `count` jobs than after a few."""
    with stand_in() as runner:
        first = None
        for i in range(count):
            words = ("stages:3 progress:50 temp allocate:20 report:100", "stages:2 refuse", "warn:5 temp raise")[i % 3]
            finish(runner, runner.submit(job(words)))
            if i == 5:
                first = holdings(runner)
        last = holdings(runner)
    assert last[0] == first[0]
    assert last[1] < first[1] + 5_000_000
    assert last[2] < first[2] + 10_000_000


def holdings(runner: Runner) -> tuple[tuple, int, int]:
    """Open files, threads and temporary files of both; bytes resident of this process and of the worker."""
    pid = runner.hello.pid
    files = open_files(), len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(runner._worker.connection._scratch))
    threads = len(os.listdir("/proc/self/task")), len(os.listdir(f"/proc/{pid}/task"))
    return (
        (*files, *threads, len(runner._events), runner._callbacks, len(runner._open)),
        resident("self"),
        resident(pid),
    )


def resident(pid: int | str) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="counts what Linux tells in /proc")
def test_a_few_jobs_in_a_row_hold_on_to_nothing() -> None:
    jobs_in_a_row(18)


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="counts what Linux tells in /proc")
def test_two_hundred_jobs_in_a_row_hold_on_to_nothing() -> None:
    jobs_in_a_row(200)


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="counts what Linux tells in /proc")
def test_many_workers_in_a_row_leave_nothing() -> None:
    def held() -> tuple[int, int]:
        return open_files(), len(os.listdir("/proc/self/task"))

    with stand_in() as runner:
        for i in range(30):
            finish(runner, runner.submit(job("stages:1 crash")))
            if i == 3:
                until(lambda: runner._worker is None)
                files, threads = held()  # some may be those of earlier tests, and go
        until(lambda: held()[0] <= files and held()[1] <= threads)
