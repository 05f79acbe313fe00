"""SIGTERM and Ctrl-C ask for a checkpoint and a clean end instead of killing a step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Asked:
    """Which signal asked for the end, 0 for none."""

    number = 0

    def __call__(self, number: int, frame: object) -> None:
        if self.number == number == signal.SIGINT:  # a second Ctrl-C means now
            raise KeyboardInterrupt
        self.number = number


@contextmanager
def end_asked() -> Iterator[Asked]:
    """Listens until the block ends; only Python's main thread can."""
    asked = Asked()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    previous = {number: signal.signal(number, asked) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
