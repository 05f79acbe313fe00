"""Work without Qt and without MRML in a thread, its result taken up on the main thread by a timer.

In the application, other threads get on only while the main thread runs Python and waits there: Qt's loop, in which it
is for most of the time, holds the interpreter. So each look at a thread also gives it some time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import qt

from ..errors import MissingModalitySegError
from .timers import let_go

_LOOK_MS = 30
_GIVEN_S = 0.02
_running: set[Background] = set()


class Background:
    """Calls `done(result, error)` on the main thread when `function` has returned or raised, `going_on()` until then.

    `error` is one of the family; whatever else was raised arrives as one with the code `bug`.
    """

    def __init__(
        self,
        function: Callable[[], Any],
        done: Callable[[Any, MissingModalitySegError | None], None],
        going_on: Callable[[], None] = lambda: None,
    ) -> None:
        self._function, self._done, self._going_on = function, done, going_on
        self._result: Any = None
        self._error: MissingModalitySegError | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._timer = qt.QTimer()
        self._timer.interval = _LOOK_MS
        self._timer.connect("timeout()", self._look)
        _running.add(self)  # a timer that nobody holds stops
        self._thread.start()
        self._timer.start()

    def forget(self) -> None:
        """The window that waits for it goes: the work comes to its end, and nobody is told."""
        self._done, self._going_on = lambda result, error: None, lambda: None

    def _work(self) -> None:
        try:
            self._result = self._function()
        except MissingModalitySegError as error:
            self._error = error
        except Exception as error:
            self._error = MissingModalitySegError("bug", f"{type(error).__name__}: {error}")

    def _look(self) -> None:
        self._thread.join(_GIVEN_S)
        if self._thread.is_alive():
            self._going_on()
            return
        let_go(self._timer, self._look)
        _running.discard(self)
        self._done(self._result, self._error)
