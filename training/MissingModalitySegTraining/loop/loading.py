"""The batches of one process, prepared ahead by others."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from MissingModalitySegLib.errors import MissingModalitySegError, ResourceError

from ..data.batch import Batch
from .settings import LoopSettings


class Batches:
    """Batches `first + rank`, `first + rank + processes`, … of `samples`, in this order, without end.

    Where `samples` has an attribute `device` that is a GPU, its batches are made there already, by this process: worker
    processes could not share the GPU's memory, and nothing has to be copied. Batches made on the CPU for a GPU are put
    into pinned memory, from which they are copied while the GPU computes.
    """

    def __init__(
        self,
        samples: Dataset[Batch],
        settings: LoopSettings,
        device: torch.device,
        first: int = 0,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        on_gpu = torch.device(getattr(samples, "device", None) or "cpu").type == "cuda"
        workers = 0 if on_gpu else settings.workers
        self._samples = samples
        self._closing = multiprocessing.RawValue(ctypes.c_bool, False)
        self._loader = DataLoader(
            _Strided(samples, first + rank, processes),
            batch_size=None,
            sampler=_Counting(),
            num_workers=workers,
            prefetch_factor=4 if workers else None,
            worker_init_fn=_Worker(self._closing),
            pin_memory=device.type == "cuda" and not on_gpu,
        )
        self._batches: Iterator[Batch | MissingModalitySegError] | None = None

    def next(self) -> tuple[Batch, float]:
        """The next batch and the seconds waited for it.

        Raises what the samples raise, and `ResourceError` when a worker process died.
        """
        asked = time.monotonic()
        if self._batches is None:
            self._batches = iter(self._loader)
        try:
            batch = next(self._batches)
        except RuntimeError as error:
            if "DataLoader worker (pid" not in str(error):
                raise
            raise ResourceError(
                "worker-died",
                f"A process that prepares batches ended: {error}.",
                "It may have run out of memory or of shared memory (/dev/shm): use fewer workers, or smaller crops.",
            ) from error
        if isinstance(batch, MissingModalitySegError):
            raise batch
        return batch, time.monotonic() - asked

    def again(self, number: int) -> Batch:
        """Batch `number` of the training, made by this process."""
        return self._samples[number]

    def close(self) -> None:
        """End the workers, which do not end on SIGTERM before."""
        self._closing.value = True
        self._batches = None  # the last reference: torch ends its workers with their iterator


class _Strided(Dataset):
    """The batches of one process, from a given one on."""

    def __init__(self, samples: Dataset[Batch], first: int, stride: int) -> None:
        self.samples, self.first, self.stride = samples, first, stride

    def __getitem__(self, index: int) -> Batch | MissingModalitySegError:
        try:
            return self.samples[self.first + index * self.stride]
        except MissingModalitySegError as error:
            return error  # torch would hand on the text of a worker's error, not the error


class _Counting(Sampler[int]):
    def __iter__(self) -> Iterator[int]:
        index = 0
        while True:
            yield index
            index += 1


class _Worker:
    """How a worker process begins: one thread, and deaf to SIGTERM and Ctrl-C until its parent closes it.

    Both often go to a whole group of processes. A worker that ended then would break the parent's last step; the parent
    ends its workers when it has saved.
    """

    def __init__(self, closing: Any) -> None:
        self._closing = closing

    def __call__(self, number: int) -> None:
        torch.set_num_threads(1)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._terminate)

    def _terminate(self, number: int, frame: object) -> None:
        if self._closing.value:
            os._exit(0)
