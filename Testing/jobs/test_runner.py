"""The runner with a real worker process that has no engine: order, cancelling, callbacks, noise, leaving."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from MissingModalitySegLib.errors import CancelledError, InputError, MissingModalitySegError, ResourceError
from MissingModalitySegLib.jobs import Error, Hello, Progress, Result, Runner, Stage, Warning

from .runners import STAND_IN, alive, finish, job, open_files, stand_in, until


@pytest.fixture(scope="module")
def runner():
    """A worker that stays warm from test to test, as in use."""
    with stand_in() as runner:
        yield runner


@pytest.fixture(autouse=True)
def state(tmp_path_factory, monkeypatch):
    """Logs go where pytest removes them."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


def test_a_job_from_start_to_end(runner: Runner, tmp_path: Path) -> None:
    events = finish(runner, runner.submit(job("stages:3 progress:5 warn write", tmp_path / "out")))
    assert [(e.name, e.index, e.count) for e in events if isinstance(e, Stage)] == [
        (f"stage {i}", i, 3) for i in range(3)
    ]
    fractions = [event.fraction for event in events if isinstance(event, Progress)]
    assert fractions == sorted(fractions)
    assert [event.code for event in events if isinstance(event, Warning)] == ["odd"]
    assert Path(events[-1].files["segmentation"]).is_file()
    assert runner.hello.protocol == 1
    assert runner.hello.message == "Ä stand-in."


def test_jobs_run_in_the_order_they_came_and_in_one_process(runner: Runner) -> None:
    pid = runner.start() or runner.hello.pid
    numbers = [runner.submit(job(f"progress:{i + 1}")) for i in range(4)]
    assert runner.busy
    ends = []
    while len(ends) < 4:
        ends += [event for event in runner.poll() if isinstance(event, Result)]
        time.sleep(0.005)
    assert [end.job for end in ends] == numbers
    assert [end.report["model"] for end in ends] == [f"progress:{i + 1}" for i in range(4)]
    assert runner.hello.pid == pid
    assert not runner.busy


@pytest.mark.parametrize(
    "words", ["sleep:600", "stages:1 sleep:600", "progress:3 sleep:600", "stages:4 progress:2 sleep:600"]
)
def test_cancel_in_each_stage_is_answered_by_the_worker(runner: Runner, words: str) -> None:
    runner.start()
    until(lambda: runner.hello is not None)
    pid = runner.hello.pid
    number = runner.submit(job(words))
    next_number = runner.submit(job("stages:1"))
    until(lambda: runner._worker.running is not None)
    runner.cancel(number)
    events = finish(runner, number)
    assert events[-1].cancelled
    assert isinstance(finish(runner, next_number)[-1], Result)
    assert runner.hello.pid == pid


def test_a_waiting_job_is_cancelled_without_running(runner: Runner) -> None:
    first, second, third = (
        runner.submit(job("sleep:600")),
        runner.submit(job("stages:1")),
        runner.submit(job("stages:1")),
    )
    runner.cancel(second)
    assert finish(runner, second)[-1].cancelled
    runner.cancel(first)
    assert finish(runner, first)[-1].cancelled
    assert isinstance(finish(runner, third)[-1], Result)


def test_cancel_of_what_is_over_or_unknown_does_nothing(runner: Runner) -> None:
    number = runner.submit(job("stages:1"))
    finish(runner, number)
    runner.cancel(number)
    runner.cancel(10**6)
    runner.cancel()
    assert isinstance(finish(runner, runner.submit(job("stages:1")))[-1], Result)


def test_run_returns_the_result_or_raises_its_error(runner: Runner, tmp_path: Path) -> None:
    seen = []
    result = runner.run(job("warn:3", tmp_path), seen.append)
    assert isinstance(result, Result)
    assert seen[-1] == result
    with pytest.raises(InputError, match="The thing is bad") as caught:
        runner.run(job("refuse"))
    assert caught.value.hint == "Use another."


@pytest.mark.parametrize(
    ("words", "family", "code"),
    [
        ("memory", ResourceError, "out-of-memory"),
        ("full", ResourceError, "disk-full"),
        ("deny", InputError, "not-permitted"),
        ("raise", MissingModalitySegError, "bug"),
    ],
)
def test_what_goes_wrong_in_the_work_has_a_name(runner: Runner, words: str, family: type, code: str) -> None:
    number = runner.submit(job(words))
    error = finish(runner, number)[-1]
    assert type(error.exception()) is family
    assert error.code == code
    assert ("ValueError: an unforeseen thing" in error.log) == (code == "bug")
    assert isinstance(finish(runner, runner.submit(job("stages:1")))[-1], Result)


def test_ctrl_c_cancels_the_job(runner: Runner) -> None:
    def interrupt(event) -> None:
        if isinstance(event, Stage):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.run(job("stages:1 sleep:600"), interrupt)
    assert not runner.busy


def test_callbacks_come_in_the_thread_that_polls(runner: Runner) -> None:
    threads = set()
    runner.submit(job("warn:5"), lambda event: threads.add(threading.current_thread()))
    taken = []
    until(lambda: any(isinstance(event, Result) for event in taken) or taken.extend(runner.poll()) is True)
    assert threads == {threading.current_thread()}


def test_many_threads_hand_in_jobs(runner: Runner) -> None:
    results = []

    def work(i: int) -> None:
        results.append((i, runner.run(job(f"progress:{i}")).report["model"]))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(i, f"progress:{i}") for i in range(1, 9)]


def test_noise_on_stdout_goes_to_the_log(runner: Runner) -> None:
    events = finish(runner, runner.submit(job("stages:1 print shout sleep:0.3 crash")))
    assert isinstance(events[-1], Error)  # so that the log is shown
    for words in ("not JSON", "raw bytes", "shouted from C", "shouted by a child", "last words"):
        assert words in events[-1].log
    assert "shouted from C" in runner.log.path.read_text(errors="replace")


def test_a_slow_consumer_gets_all_that_matters_and_little_else(runner: Runner) -> None:
    number = runner.submit(job("stages:3 progress:200000 warn:300 sleep:0.5 report:20000"))
    until(lambda: not runner.busy)  # nobody has looked at anything so far
    assert sum(isinstance(event, Progress) for event in runner._events) <= 10
    events = finish(runner, number)
    assert sum(isinstance(event, Stage) for event in events) == 3
    assert [event.message for event in events if isinstance(event, Warning)] == [
        f"Something is odd, {i}." for i in range(300)
    ]
    assert events[-1].report["much"] == ["ü" * 100] * 20000


def test_temporary_files_go_with_the_job(tmp_path: Path) -> None:
    note = tmp_path / "note"
    with stand_in(environment={"STAND_IN_NOTES": str(note)}) as runner:
        for words in ("temp", "temp refuse", "temp raise"):
            finish(runner, runner.submit(job(words)))
            assert not Path(note.read_text()).exists()
            assert Path(note.read_text()).parents[1].is_dir()  # that of the worker stays as long as it does
        note.unlink()
        number = runner.submit(job("temp sleep:600"))
        until(lambda: note.exists() and note.read_text())
        runner.cancel(number)
        assert finish(runner, number)[-1].cancelled
        assert not Path(note.read_text()).exists()
    assert not Path(note.read_text()).parents[1].exists()


def test_letters_of_every_kind_in_paths(runner: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "Über größe 脳 mit Leerzeichen"
    result = runner.run(job("write", folder))
    assert Path(result.files["segmentation"]) == folder / "segmentation.nrrd"
    assert Path(result.files["segmentation"]).is_file()
    name = os.fsdecode(b"no-utf-8-\xff")
    assert (
        Path(runner.run(job("write", tmp_path / name)).files["segmentation"]) == tmp_path / name / "segmentation.nrrd"
    )


def test_the_worker_leaves_when_it_has_nothing_to_do() -> None:
    with stand_in(idle_s=0.3) as runner:
        finish(runner, runner.submit(job("stages:1")))
        pid = runner.hello.pid
        until(lambda: not alive(pid))
        assert runner.hello is None
        number = runner.submit(job("stages:1"))
        assert isinstance(finish(runner, number)[-1], Result)


def test_hello_comes_once_per_worker_and_before_the_first_job() -> None:
    with stand_in() as runner:
        numbers = [runner.submit(job("stages:1")) for _ in range(2)]
        first = list(runner.events(numbers[0]))
        assert isinstance(first[0], Hello)
        assert not any(isinstance(event, Hello) for event in [*first[1:], *runner.events(numbers[1])])


def test_quit_ends_everything_and_can_be_called_twice() -> None:
    before = open_files(), threading.active_count()
    runner = stand_in()
    first, second = runner.submit(job("stages:1 sleep:600")), runner.submit(job("stages:1"))
    until(lambda: any(isinstance(event, Stage) for event in runner._events))
    pid = runner.hello.pid
    runner.quit()
    runner.quit()
    assert not alive(pid)
    assert finish(runner, first)[-1].cancelled
    assert finish(runner, second)[-1].cancelled
    with pytest.raises(RuntimeError):
        runner.submit(job("stages:1"))
    until(lambda: (open_files(), threading.active_count()) == before)


def test_quit_while_the_worker_starts() -> None:
    runner = stand_in(environment={"STAND_IN_START_S": "600"})
    runner.start()
    pid = runner._worker.connection.pid
    number = runner.submit(job("stages:1"))
    runner.quit()
    assert not alive(pid)
    assert finish(runner, number)[-1].cancelled


def test_a_read_only_temporary_folder_and_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder for temporary files and none for logs: jobs run, and the end of the log is in memory."""
    import tempfile

    nowhere = tmp_path / "a-file"
    nowhere.write_text("")
    monkeypatch.setattr(tempfile, "tempdir", str(nowhere))
    monkeypatch.setenv("XDG_STATE_HOME", str(nowhere))
    with stand_in(environment={"TMPDIR": str(nowhere)}) as runner:
        assert isinstance(finish(runner, runner.submit(job("stages:1 write", tmp_path / "out")))[-1], Result)
        error = finish(runner, runner.submit(job("exit:3")))[-1]
        assert "leaving like this" in error.log
        assert runner.log.path is None


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"script": STAND_IN.with_name("no_such_worker.py")}, "worker-crashed"),
        ({"environment": {"STAND_IN_CANNOT": "1"}}, "package-missing"),
        ({"environment": {"STAND_IN_PROTOCOL": "99"}}, "worker-protocol"),
        ({"environment": {"STAND_IN_START_S": "600"}, "start_s": 1.0}, "worker-not-ready"),
    ],
)
def test_a_worker_that_never_gets_ready(options: dict, code: str) -> None:
    with stand_in(**options) as runner:
        for number in [runner.submit(job("stages:1")) for _ in range(2)]:  # each job learns of it
            assert finish(runner, number)[-1].code == code
        assert not runner.busy
        runner.start()
        told = []
        until(lambda: told.extend(runner.poll()) or any(isinstance(event, Error) for event in told))
        assert [(event.code, event.job) for event in told if isinstance(event, Error)] == [(code, None)]


def test_a_python_that_is_not_there() -> None:
    with (
        Runner("/no/such/PythonSlicer") as runner,
        pytest.raises(MissingModalitySegError, match="PythonSlicer") as caught,
    ):
        runner.run(job("stages:1"))
    assert caught.value.code == "worker-not-started"


def test_a_cancelled_error_has_its_exit_code(runner: Runner) -> None:
    number = runner.submit(job("stages:1 sleep:600"))
    runner.cancel()
    assert isinstance(finish(runner, number)[-1].exception(), CancelledError)
