"""Noticing that the parent process has ended, by what each system offers.

The end of the input tells the same, unless another process holds the parent's end of that pipe open: a copy of the
parent made by fork, for example. So both are watched.
"""

from __future__ import annotations

import os
import select
import sys
import time

_POLL_S = 1.0


def wait_for_end(pid: int) -> bool:
    """Return when process `pid` has ended: True. False at once where there is no such process, or no telling.

    The number of the parent means nothing inside a container with numbers of its own; then the input alone is watched.
    """
    if sys.platform == "win32":
        return _wait_windows(pid)
    if hasattr(os, "pidfd_open"):
        try:
            return _wait_linux(pid)
        except ProcessLookupError:
            return False
        except OSError:  # a kernel before 5.3, or a container that forbids it
            return _wait_polling(pid)
    if hasattr(select, "kqueue"):
        return _wait_kqueue(pid)
    return _wait_polling(pid)


def _wait_linux(pid: int) -> bool:
    """A descriptor of a process becomes readable when that ends, also while nobody has asked for its exit code."""
    descriptor = os.pidfd_open(pid)
    try:
        watch = select.poll()
        watch.register(descriptor, select.POLLIN)
        watch.poll()
    finally:
        os.close(descriptor)
    return True


def _wait_kqueue(pid: int) -> bool:
    """macOS, BSD."""
    queue = select.kqueue()
    event = select.kevent(pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD | select.KQ_EV_ONESHOT, select.KQ_NOTE_EXIT)
    try:
        queue.control([event], 1, None)
    except ProcessLookupError:
        return False
    except OSError:
        return _wait_polling(pid)
    finally:
        queue.close()
    return True


def _wait_windows(pid: int) -> bool:
    import ctypes

    synchronize, infinite = 0x00100000, 0xFFFFFFFF
    kernel = ctypes.windll.kernel32
    kernel.OpenProcess.restype = ctypes.c_void_p
    kernel.OpenProcess.argtypes = [ctypes.c_ulong, ctypes.c_int, ctypes.c_ulong]
    kernel.WaitForSingleObject.argtypes = [ctypes.c_void_p, ctypes.c_ulong]
    kernel.CloseHandle.argtypes = [ctypes.c_void_p]
    handle = kernel.OpenProcess(synchronize, False, pid)
    if not handle:
        return False
    try:
        return kernel.WaitForSingleObject(handle, infinite) == 0
    finally:
        kernel.CloseHandle(handle)


def _wait_polling(pid: int) -> bool:
    """Ask again and again; a process that has ended counts as there until its own parent has asked for its code."""
    first = True
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return not first
        except PermissionError:
            return False
        first = False
        time.sleep(_POLL_S)
