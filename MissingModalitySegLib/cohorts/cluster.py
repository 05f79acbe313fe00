"""The workers: those of a Dask cluster that is there, or processes of this machine that come and go with the run."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..errors import InputError, ResourceError
from ..options import Options
from .gpus import visible_cards
from .packages import package

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 20
_WORKER_BYTES = 4 * 2**30
"""Memory that a worker's engine may need for a whole brain, by which the number of workers is limited unless told."""


def usual_jobs(options: Options) -> int:
    """How many workers this machine gets: one for each graphics card, else one for two processors if memory allows."""
    cards = len(visible_cards()) if options.device in ("auto", "cuda") else 0
    if cards:
        return cards
    by_processors = max((os.cpu_count() or 1) // 2, 1)
    with suppress(OSError, ValueError, AttributeError):
        by_memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _WORKER_BYTES
        return max(min(by_processors, by_memory), 1)
    return 1


@contextmanager
def crew_of(scheduler: str | None, jobs: int | None, options: Options, output: Path) -> Iterator[Client]:
    """A client whose workers have a crew. Raises `InputError` where there is no scheduler, or where workers have
    another version of the program or do not see `output`; `ResourceError` where local ones cannot be started."""
    distributed = package("distributed")
    with ExitStack() as stack:
        address: Any = scheduler
        if scheduler is None:
            address = stack.enter_context(_local(distributed, jobs or usual_jobs(options)))
        try:
            client = stack.enter_context(distributed.Client(address, timeout=CONNECT_S, name="missing-modality-seg"))
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(
                "no-scheduler",
                f"No scheduler of Dask answers at {scheduler}: {error}",
                "Start one with `dask scheduler`, and give the address that it prints.",
            ) from None
        _refuse_others(client, output)
        from .crew import CREW, Crew

        client.register_plugin(Crew(options, _sharing(client), scheduler is None))
        stack.callback(_dismiss, client, CREW)
        yield client


def worker_count(client: Client) -> int:
    """How many workers there are now."""
    return len(client.scheduler_info(n_workers=-1)["workers"])


@contextmanager
def _local(distributed: Any, jobs: int) -> Iterator[Any]:
    """Processes of one thread each; Dask does not watch their memory, as the engine is another process."""
    try:
        cluster = distributed.LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            processes=True,
            memory_limit=None,
            dashboard_address="127.0.0.1:0",
            host="127.0.0.1",
            silence_logs=logging.CRITICAL,
        )
    except (OSError, RuntimeError, TimeoutError) as error:
        raise ResourceError(
            "no-workers", f"The workers could not be started: {error}", "Give a smaller number to --jobs."
        ) from error
    with cluster:
        yield cluster


def _refuse_others(client: Client, output: Path) -> None:
    from .crew import what_is_here

    try:
        told = client.run(what_is_here, str(output))
    except ModuleNotFoundError:
        raise InputError(
            "workers-differ", "The workers do not have this program.", "Install the same version on all machines."
        ) from None
    for address, (version, sees) in told.items():
        if version != __version__:
            raise InputError(
                "workers-differ",
                f"The worker {address} has version {version} of this program, not {__version__}.",
                "Install the same version on all machines.",
            )
        if not sees:
            raise InputError(
                "output-not-shared",
                f"The worker {address} does not see the folder {output}.",
                "Volumes and results must lie on a disk that all machines share, under the same path.",
            )


def _sharing(client: Client) -> dict[str, int]:
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    return dict(Counter(worker["host"] for worker in workers))


def _dismiss(client: Client, name: str) -> None:
    """The engines end, also on a cluster that stays."""
    with suppress(Exception):  # workers that have gone need no farewell
        client.unregister_worker_plugin(name)
