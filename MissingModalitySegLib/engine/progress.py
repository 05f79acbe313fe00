"""Progress and cancelling from within a network's pass, so that one pass over a whole brain has both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import nn

from ..watch import Watch
from .dry_run import layers


@contextmanager
def observed(network: nn.Module, watch: Watch, shares: Sequence[float], passes: int = 1) -> Iterator[None]:
    """While it lasts, `network` tells `watch` how far it is in `passes` calls, and asks it after every layer.

    `shares` are those of a `dry_run`. What `watch.check` raises leaves the pass at once. On a GPU layers are answered
    for when they are launched, which is ahead of their being computed.
    """
    done = 0

    def answered(*_: Any) -> None:
        nonlocal done
        full, layer = divmod(done, len(shares))
        done += 1
        watch.check()
        watch.progress(min((full + shares[layer]) / passes, 1.0))

    hooks = [layer.register_forward_hook(answered) for layer in layers(network)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
