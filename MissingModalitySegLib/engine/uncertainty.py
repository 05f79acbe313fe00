"""Where an answer should not be trusted: how much it changes under changes that should not matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..modalities import Code
from ..watch import Watch, part

LEFT_RIGHT = -3
"""The axis from left to right of volumes (…, X, Y, Z) on a model's grid."""


@dataclass(frozen=True)
class View:
    """One way to look at a study: with the modalities of `code`, as it is or `mirrored` left to right."""

    code: Code
    mirrored: bool = False


Look = Callable[[View, Watch], Tensor]
"""Probabilities (R, X, Y, Z) of a view, mirrored back where the view is mirrored."""


def disagreeing_views(code: Code) -> tuple[View, ...]:
    """What `code` is compared with: its mirrored view, and each code that lacks one of its modalities."""
    smaller = []
    if len(code.available) > 1:
        for left_out in code.available:
            rest = tuple(modality for modality in code.available if modality != left_out)
            smaller.append(View(Code(rest, code.modalities)))
    return (View(code, mirrored=True), *smaller)


class Disagreement:
    """How much the looks that were added disagree; one look is in memory at a time (Welford's recurrence)."""

    def __init__(self, first: Tensor) -> None:
        self._mean, self._squares, self._count = first.clone(), torch.zeros_like(first), 1

    def add(self, look: Tensor) -> None:
        self._count += 1
        change = look - self._mean
        self._mean += change / self._count
        self._squares += change * (look - self._mean)

    def result(self) -> Tensor:
        """(X, Y, Z), from 0 to 1: twice the standard deviation over the looks, of the region where it is largest.

        0 where all say the same, 1 where half of them are sure of a lesion and half are sure that there is none.
        """
        return (2 * (self._squares / self._count).clamp(min=0).sqrt()).amax(0).clamp(max=1)


def answer(look: Look, code: Code, mirror: bool, uncertainty: bool, watch: Watch) -> tuple[Tensor, Tensor | None]:
    """Probabilities (R, X, Y, Z), the mean with those of the mirrored view where `mirror`; and the disagreement
    (X, Y, Z) of the views where `uncertainty`, else None."""
    views = [View(code)]
    if uncertainty:
        views += disagreeing_views(code)
    elif mirror:
        views.append(View(code, mirrored=True))
    probabilities, disagreement = None, None
    for index, view in enumerate(views):
        with part(watch, index / len(views), (index + 1) / len(views)) as share:
            found = look(view, share)
        if probabilities is None:
            probabilities, disagreement = found, Disagreement(found) if uncertainty else None
            continue
        if disagreement is not None:
            disagreement.add(found)
        if mirror and view.mirrored:
            probabilities = (probabilities + found) / 2
    return probabilities, None if disagreement is None else disagreement.result()
