"""Why a loss is not finite: the step is taken again, and watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor, nn

from ..data.batch import Batch
from .regime import Regime, reached


@torch.no_grad()
def diagnose(
    regime: Regime, batches: Mapping[int, Batch], losses: Callable[[Batch, int], Mapping[str, Tensor]]
) -> list[str]:
    """Sentences on what is not finite in `batches` (by number) of a step; none when all is.

    `losses` computes those of a batch as the step did.
    """
    sentences = []
    modules = {"network": regime.network, **reached(regime)}
    weights = [f"{name}.{key}" for name, module in modules.items() for key, value in _state(module) if _bad(value)]
    if weights:
        sentences.append(f"Not finite among the weights: {_some(weights)}.")
    for index, batch in batches.items():
        inputs = [field.name for field in fields(batch) if _bad(getattr(batch, field.name))]
        with _watched(modules) as outputs:
            parts = losses(batch, index)
        bad = [name for name, value in parts.items() if _bad(value)]
        if not (inputs or outputs or bad):
            continue
        sentences.append(
            f"Batch {index}: "
            + (f"its {_some(inputs)} not finite" if inputs else "its samples finite")
            + (f", the output of {outputs[0]} the first that is not" if outputs else ", the network's outputs finite")
            + (f", not finite among the losses: {_some(bad)}." if bad else ", the losses finite.")
        )
    return sentences


def _state(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from module.named_parameters()
    yield from module.named_buffers()


def _bad(value: Any) -> bool:
    """Whether a tensor, or one somewhere in a structure of them, holds infinity or NaN."""
    if isinstance(value, Tensor):
        return value.is_floating_point() and not bool(value.isfinite().all())
    if isinstance(value, Mapping):
        return any(map(_bad, value.values()))
    return isinstance(value, tuple | list) and any(map(_bad, value))


def _some(names: list[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


@contextmanager
def _watched(modules: Mapping[str, nn.Module]) -> Iterator[list[str]]:
    """The names of submodules whose outputs are not finite, in the order in which they gave them."""
    found: list[str] = []
    hooks, seen = [], set()

    def watch(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            if _bad(output):
                found.append(name)

        return hook

    for root, top in modules.items():
        for name, module in top.named_modules():
            if module not in seen:
                seen.add(module)
                hooks.append(module.register_forward_hook(watch(f"{root}.{name}".rstrip("."))))
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()
