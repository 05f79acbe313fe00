"""What each worker of the cluster keeps ready: a warm process of the engine, a card, its share of the processors.

This file is imported on the workers too.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress

from distributed import Worker, WorkerPlugin

from .. import __version__
from ..jobs import Runner
from ..options import Options
from .gpus import VARIABLE, Card

CREW = "missing-modality-seg"
"""The name of the plugin."""

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")


class Crew(WorkerPlugin):
    """Keeps the engine's process on each worker, on a card of its own, warm from the start.

    `sharing` is how many workers share a machine's processors, by host; `is_local` workers leave Ctrl-C to the parent.
    """

    name = CREW

    def __init__(self, options: Options, sharing: Mapping[str, int], is_local: bool) -> None:
        self._options, self._sharing, self._is_local = options, dict(sharing), is_local

    def setup(self, worker: Worker) -> None:
        if self._is_local:
            with suppress(ValueError):  # not the main thread
                signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._card = Card() if self._options.device in ("auto", "cuda") else None
        sharing = max(self._sharing.get(_host(worker.address), 1), 1)
        self.threads = self._options.threads or max(_processors() // sharing, 1)
        environment = dict.fromkeys(_THREADS, str(self.threads))
        if self._card is not None and self._card.name is not None:
            environment[VARIABLE] = self._card.name
        self.turn = threading.Lock()
        self.runner = Runner(environment=environment)
        self.runner.start()

    def teardown(self, worker: Worker) -> None:
        self.runner.quit()
        if self._card is not None:
            self._card.release()


def what_is_here(folder: str) -> tuple[str, bool]:
    """The version of the program on a worker, and whether it sees `folder`."""
    return __version__, os.path.isdir(folder)


def _host(address: str) -> str:
    return address.rsplit("://", 1)[-1].rsplit(":", 1)[0]


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
