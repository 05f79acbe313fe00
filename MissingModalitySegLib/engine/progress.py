"""Progress and cancelling from within a network's pass, so that one pass over a whole brain has both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import nn

from ..watch import Watch
from .dry_run import beats


@contextmanager
def observed(network: nn.Module, watch: Watch, shares: Sequence[float], passes: int = 1) -> Iterator[None]:
    """While it lasts, `network` tells `watch` how far it is in `passes` calls, and asks it at every beat.

    `shares` are those of a `dry_run`. What `watch.check` raises leaves the pass at once. On a GPU layers are answered
    for when they are launched, which is ahead of their being computed.
    """
    done = 0

    def beat() -> None:
        nonlocal done
        full, part = divmod(done, len(shares))
        done += 1
        watch.check()
        watch.progress(min((full + shares[part]) / passes, 1.0))

    with beats(network, beat):
        yield
