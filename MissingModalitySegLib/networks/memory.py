"""How much memory there is."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

import torch

RESERVE = 0.1
"""Share of the free memory that is left to others."""


def usable_memory(device: torch.device) -> int:
    """Bytes that a pass on `device` may take."""
    return int((1 - RESERVE) * available_memory(device))


def available_memory(device: torch.device) -> int:
    """Bytes that are free on `device` now; on a CPU what the system, a container and the shell's limits leave."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    if device.type == "mps":
        return max(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory(), 0)
    return min(limit for limit in (_system(), _container(), _shell()) if limit is not None)


def _system() -> int | None:
    """What the operating system would give; without a way to know, nothing is held against a pass."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        status = (ctypes.c_ulonglong * 8)()  # MEMORYSTATUSEX: length and load, then total and available bytes, …
        status[0] = ctypes.sizeof(status)
        if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return int(status[2])
    with suppress(OSError, ValueError, AttributeError):  # macOS frees what it has cached: half of all is a safe guess
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return sys.maxsize


def _container() -> int | None:
    """What the control groups of this process leave, version 2 or 1."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers == "":
                roots, names = [Path("/sys/fs/cgroup")], ("memory.max", "memory.current")
            elif "memory" in controllers.split(","):
                roots, names = [Path("/sys/fs/cgroup/memory")], ("memory.limit_in_bytes", "memory.usage_in_bytes")
            else:
                continue
            for folder in (roots[0] / path.lstrip("/"), roots[0]):
                with suppress(OSError, ValueError):
                    limit, used = ((folder / name).read_text().strip() for name in names)
                    if limit != "max":
                        return max(int(limit) - int(used), 0)
    return None


def _shell() -> int | None:
    """What `ulimit -v` leaves of the address space."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            return max(limit - used, 0)
    return None
