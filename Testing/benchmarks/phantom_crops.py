"""How fast crops of phantoms are made: the overview of each case, its lesions, acquisition, normalisation and all."""

from __future__ import annotations

import multiprocessing
import os
import time
from typing import Any

import torch
from reporting import row
from timing import seconds

from MissingModalitySegTraining.phantom.stream import PhantomStream, StreamSettings

PROCESSES = 2
SETTINGS = StreamSettings(window=64)
"""Every crop is new. After a window of crops each case has given all of its own, as in a long training."""


def measure() -> list[dict[str, Any]]:
    """Rows for `reporting.report`."""
    return [*side_by_side(), *([on_gpu()] if torch.cuda.is_available() else [])]


def side_by_side() -> list[dict[str, Any]]:
    """Crops made side by side in processes of one thread each, as a training's workers do."""
    spawn = multiprocessing.get_context("spawn")
    barrier, results = spawn.Barrier(PROCESSES + 1), spawn.Queue()
    workers = [spawn.Process(target=_make, args=(number, barrier, results)) for number in range(PROCESSES)]
    for worker in workers:
        worker.start()
    barrier.wait()
    start = time.perf_counter()
    cpu_seconds = sum(results.get() for _ in workers)
    elapsed = time.perf_counter() - start
    for worker in workers:
        worker.join()
    crops = SETTINGS.window
    what = f"{crops} crops of 64³ with five sequences, {SETTINGS.crops_per_case} per case, all included"
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return [
        row(
            "crops_per_second",
            crops / elapsed,
            bar=8,
            better="higher",
            how=f"{what}; {PROCESSES} processes of one thread, wall clock, load {load:.1f} on {os.cpu_count()} cores",
        ),
        row(
            "cpu_ms_per_crop",
            1000 * cpu_seconds / crops,
            bar=1000 * PROCESSES / 8,
            better="lower",
            how=f"{what}; processor time, which other work on the machine disturbs less",
        ),
    ]


def _make(number: int, barrier: Any, results: Any) -> None:
    torch.set_num_threads(1)
    stream = PhantomStream(SETTINGS)
    batches = SETTINGS.window // SETTINGS.batch_size
    stream[batches + number]  # the atlas is read, and everything else that happens once
    barrier.wait()
    before = time.process_time()
    for index in range(number, batches, PROCESSES):
        stream[index]
    results.put(time.process_time() - before)


def on_gpu() -> dict[str, Any]:
    stream = PhantomStream(SETTINGS, "cuda")
    batches = SETTINGS.window // SETTINGS.batch_size
    stream[batches]
    elapsed = seconds(lambda: [stream[index] for index in range(batches)])
    return row(
        "crops_per_second_gpu",
        SETTINGS.window / elapsed,
        bar=None,
        better="higher",
        how=f"{SETTINGS.window} crops of 64³, one process, {torch.cuda.get_device_name()}",
    )
