"""SIGTERM, as batch systems and process groups send it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from MissingModalitySegTraining.loop import fit
from Testing.training.slopes import ROOT, Samples, Slope, counters, rows, settings


def _start(folder: Path, workers: int) -> subprocess.Popen:
    """A slow training in a process group of its own, of which some steps are done."""
    script = textwrap.dedent(
        f"""
        import sys, time
        from pathlib import Path
        sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "training")!r}]
        from Testing.training.slopes import Samples, Slope, settings
        from MissingModalitySegTraining.loop import fit
        class Slow(Slope):
            def losses(self, *arguments):
                time.sleep(0.05)
                print("step", flush=True)
                return super().losses(*arguments)
        class SlowSamples(Samples):
            def __getitem__(self, index):
                time.sleep(0.02)
                return super().__getitem__(index)
        fit(Slow(), SlowSamples(), settings(steps=100000, workers={workers}), Path({str(folder)!r}))
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for _ in range(3):
        assert process.stdout.readline().strip() == "step"
    return process


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are Unix")
def test_a_sigterm_to_the_group_saves_and_ends_all(tmp_path: Path) -> None:
    """The workers hear it too; they must neither break the step that is being taken nor stay behind."""
    process = _start(tmp_path, workers=2)
    os.killpg(process.pid, signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 143
    assert errors == ""
    assert counters(tmp_path)["step"] == len(rows(tmp_path)) >= 3
    with pytest.raises(ProcessLookupError):  # nobody of the group is left
        os.killpg(process.pid, 0)


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals go to the main thread")
@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_lets_the_step_end_first(tmp_path: Path, number: int, exit_code: int) -> None:
    class Signalled(Slope):
        def losses(self, *arguments):
            if self.calls == 4:
                os.kill(os.getpid(), number)
            return super().losses(*arguments)

    handler = signal.getsignal(number)
    with pytest.raises(SystemExit) as caught:
        fit(Signalled(), Samples(), settings(), tmp_path)
    assert caught.value.code == exit_code
    assert signal.getsignal(number) is handler
    assert counters(tmp_path)["step"] == len(rows(tmp_path)) == 5


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals go to the main thread")
def test_a_second_interrupt_ends_at_once(tmp_path: Path) -> None:
    class Impatient(Slope):
        def losses(self, *arguments):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            return super().losses(*arguments)

    with pytest.raises(KeyboardInterrupt):
        fit(Impatient(), Samples(), settings(), tmp_path)
    assert not (tmp_path / "checkpoint.pt").exists()
