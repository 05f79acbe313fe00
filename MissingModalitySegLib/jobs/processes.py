"""Processes with all their descendants: started so that they can be ended together, on every system."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

WINDOWS = sys.platform == "win32"


def start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start `command` with pipes, apart from this process' terminal: Ctrl-C here is not Ctrl-C there.

    On POSIX it leads a group of its own, to which its descendants belong. Raises `OSError`.
    """
    own: dict = {"start_new_session": True}
    if WINDOWS:
        own = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    pipe = subprocess.PIPE
    return subprocess.Popen(list(command), stdin=pipe, stdout=pipe, stderr=pipe, env=dict(environment), **own)


def kill_tree(process: subprocess.Popen[bytes], also: int | None = None) -> None:
    """End `process` and its descendants at once; `also` is the number of one that may have left its tree."""
    if WINDOWS:
        for number in dict.fromkeys([process.pid, also or process.pid]):
            with suppress(OSError, subprocess.SubprocessError):
                quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
                flags = subprocess.CREATE_NO_WINDOW
                command = ["taskkill", "/F", "/T", "/PID", str(number)]
                subprocess.run(command, timeout=10, creationflags=flags, **quiet)
    else:
        # The group outlives its leader, so this also reaches a worker whose launcher has gone.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        if also is not None and also != process.pid:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(also, signal.SIGKILL)
    with suppress(OSError):
        process.kill()


def ending(code: int | None) -> str:
    """How a process ended, in words."""
    if code is None:
        return "it could not be asked how"
    number = _signal(code)
    if number is not None:
        with suppress(ValueError):
            return f"signal {number}, {signal.Signals(number).name}"
        return f"signal {number}"
    return f"exit code {code:#x}" if WINDOWS and not 0 <= code < 256 else f"exit code {code}"


def was_killed(code: int | None) -> bool:
    """Whether the process was ended from outside in a way that leaves it no choice."""
    return code is not None and not WINDOWS and _signal(code) == signal.SIGKILL


def no_memory(code: int | None) -> bool:
    """Whether Windows ended the process because it could get no memory."""
    return WINDOWS and code is not None and code & 0xFFFFFFFF in (0xC0000017, 0xC000012D, 0xC00000FD)


def out_of_memory_kills() -> int:
    """How often Linux has ended a process here because the memory was exhausted; 0 where it does not tell."""
    most = 0
    for path, name in (("/proc/vmstat", "oom_kill"), ("/sys/fs/cgroup/memory.events", "oom_kill")):
        with suppress(OSError, ValueError), open(path, encoding="ascii") as file:
            for line in file:
                key, _, value = line.partition(" ")
                most += int(value) if key == name else 0
    return most


def _signal(code: int) -> int | None:
    """The signal behind an exit code: negative as Python reports it, 128 more as shells and launchers do."""
    if WINDOWS:
        return None
    return -code if code < 0 else code - 128 if 128 < code < 160 else None
