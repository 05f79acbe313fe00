"""Work in threads while the application's loop holds the interpreter, as it does in Slicer and not in PySide6."""

from __future__ import annotations

import ctypes
import gc
import sys
import time
import weakref

import pytest

from MissingModalitySegLib.ui import background
from Testing.slicer_harness.module_window import until

STEPS = 100


def _hold() -> None:
    """Wait 50 ms without letting go of the interpreter."""
    if sys.platform == "win32":
        ctypes.PyDLL("kernel32").Sleep(50)
    else:
        ctypes.PyDLL(None).usleep(50_000)


@pytest.fixture
def looks(monkeypatch) -> list[float]:
    """When the timer looked. Before each look, nobody else runs Python for a while."""
    seen: list[float] = []
    look = background.Background._look

    def held(self: background.Background) -> None:
        _hold()
        seen.append(time.monotonic())
        look(self)

    monkeypatch.setattr(background.Background, "_look", held)
    return seen


def steps() -> int:
    """Each waits for something, as reading a file does, and then wants the interpreter again."""
    for _ in range(STEPS):
        time.sleep(0.0005)
    return STEPS


def test_work_gets_on_while_the_loop_holds_the_interpreter(window, looks) -> None:
    results = []
    background.Background(steps, lambda result, error: results.append((result, error)))
    until(lambda: bool(results))
    assert results == [(STEPS, None)]
    assert len(looks) < STEPS / 2  # not one step at each look


def test_nothing_holds_it_when_it_is_over(window) -> None:
    results = []
    work = background.Background(lambda: 1, lambda result, error: results.append(result))
    kept = weakref.ref(work)
    until(lambda: bool(results))
    del work
    gc.collect()
    assert kept() is None


def test_forgotten_work_comes_to_its_end_untold(window) -> None:
    told, ended = [], []
    work = background.Background(lambda: ended.append(steps()), lambda *_: told.append(1), lambda: told.append(2))
    work.forget()
    until(lambda: not background._running)
    assert (told, ended) == ([], [STEPS])
