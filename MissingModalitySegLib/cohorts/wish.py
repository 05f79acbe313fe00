"""Whether a task that runs on a worker is still wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from distributed import Worker

from ..errors import CancelledError
from ..watch import Watch

POLL_S = 0.2


class Wish(Watch):
    """Looks whether a task is still wanted: its client may have cancelled it, or have gone, or the worker is to close.

    `when_over` is called once when it is not; `check` raises `CancelledError` then.
    """

    def __init__(self, worker: Worker, key: Any) -> None:
        self._worker, self._key = worker, key
        self._over, self._done = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._when_over: Callable[[], None] | None = None

    def __enter__(self) -> Wish:
        threading.Thread(target=self._look, name="wish", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()

    def when_over(self, action: Callable[[], None] | None) -> None:
        with self._lock:
            self._when_over = action
        if self._over.is_set() and action is not None:
            action()

    def check(self) -> None:
        if self._over.is_set():
            raise CancelledError("cancelled", "Cancelled.")

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def _look(self) -> None:
        while not self._done.wait(POLL_S):
            if not self._is_wanted():
                self._over.set()
                with self._lock:
                    action = self._when_over
                if action is not None:
                    action()
                return

    def _is_wanted(self) -> bool:
        """Dask cannot stop a task that runs; it marks it."""
        state = self._worker.state.tasks.get(self._key)
        return state is not None and state.state in ("executing", "long-running")
