"""Timers of Qt, and how they end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def let_go(timer: Any, slot: Callable[[], None]) -> None:
    """Stop a timer for good: connected, it would hold the object that `slot` is of, which holds the timer."""
    timer.stop()
    timer.disconnect("timeout()", slot)
