"""Whole heads from which to learn where the brain is.

Nothing has been removed: skull, scalp, eyes, face and neck are there, the brain may lie anywhere in the field of view
and be cut by its borders, as in slabs of thick slices. Some volumes were defaced or have air of exactly zero, as many
that are shared have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from MissingModalitySegLib.arrays.normalise import normalise_head

from ..data.batch import Batch
from .contrast import ContrastMixture
from .draws import chance, choose, normal, uniform
from .engine import CaseParameters, render, sample_case
from .materials import Material
from .misalignment import Misalignment
from .reused import ReusedStream
from .space import Grid
from .stream import PRODUCT_KINDS


@dataclass(frozen=True)
class HeadSettings:
    """What is drawn, and on which grid. The default holds a head without most of its neck."""

    kinds: Mapping[str, float] = field(default_factory=lambda: dict(PRODUCT_KINDS))
    shape: tuple[int, int, int] = (96, 112, 96)
    spacing: float = 2.0  # mm
    batch_size: int = 2
    clinic: float = 0.5  # share acquired as in `acquisition`'s mode clinic; the others as in research
    reuse: int = 1  # how often each head is used; a regime that looks at one sequence at a time sees others of it
    window: int = 32  # how many heads are in use at a time; memory is for so many, 12 MB each
    lanes: int = 4  # streams of their own; a multiple of the number of worker processes
    mirror_axes: tuple[int, ...] = (0,)
    mixture: ContrastMixture = field(default_factory=ContrastMixture)
    lesion_masks: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class HalfSpace:
    """The places whose product with the unit vector `normal` is more than `offset_mm`."""

    normal: tuple[float, float, float]
    offset_mm: float

    def contains(self, points: Tensor) -> Tensor:
        """Which of `points` (…, 3) in mm, (…) bool."""
        return points @ points.new_tensor(self.normal) > self.offset_mm


@dataclass(frozen=True)
class View:
    """What of a head ends up in a file, and what was wiped out."""

    centre: tuple[float, float, float]
    """Of the field of view, in the subject's mm."""
    beyond: tuple[HalfSpace, ...]
    """Not acquired: exactly zero, and no brain."""
    defaced: tuple[tuple[float, float, float], float] | None
    """Direction of the face, and how many mm beyond the brain's farthest point that way everything was removed."""
    blank_air: bool
    """Air is exactly zero, not noise."""


def sample_view(generator: torch.Generator) -> View:
    """Six fields of view in ten end at oblique planes: slabs of slices that miss the vertex, the neck or both."""
    centre = (uniform(generator, -25, 25), uniform(generator, -25, 25), uniform(generator, -50, 30))
    beyond = []
    if chance(generator, 0.6):
        upright = _near(generator, (0.0, 0.0, 1.0), 0.15)
        # the vertex lies some 75 mm above the middle of the brain, the cerebellum's lower end 65 mm below it
        beyond.append(HalfSpace(upright, uniform(generator, 45, 105)))
        downwards = tuple(-component for component in upright)
        beyond.append(HalfSpace(downwards, uniform(generator, 35, 110)))
    if chance(generator, 0.2):  # narrow in the plane of the slices
        side = choose(generator, {(1.0, 0.0, 0.0): 1.0, (-1.0, 0.0, 0.0): 1.0, (0.0, -1.0, 0.0): 1.0})
        beyond.append(HalfSpace(_near(generator, side, 0.1), uniform(generator, 65, 100)))
    face = (_near(generator, (0.0, 0.75, -0.66), 0.2), uniform(generator, 1, 30))
    return View(centre, tuple(beyond), face if chance(generator, 0.15) else None, chance(generator, 0.4))


def look(images: Tensor, brain: Tensor, air: Tensor, points: Tensor, view: View) -> tuple[Tensor, Tensor]:
    """Images (K, X, Y, Z) and brain (X, Y, Z) of a head as a file shows them.

    Args:
        images: acquired, in any unit.
        brain: bool, the true envelope.
        air: bool, where there is no tissue.
        points: (X, Y, Z, 3) in mm.
        view: what of it is shown.
    """
    wiped = air & view.blank_air
    missing = torch.zeros_like(brain)
    for plane in view.beyond:
        missing = missing | plane.contains(points)
    if view.defaced is not None and bool(brain.any()):
        direction, margin = view.defaced
        farthest = float((points[brain] @ points.new_tensor(direction)).amax())
        wiped = wiped | HalfSpace(direction, farthest + margin).contains(points)
    return torch.where(wiped | missing, 0.0, images), brain & ~missing


class HeadStream(ReusedStream):
    """Whole heads. Channels are normalised by `normalise_head`, as at inference.

    The one region is the brain in the field of view; `brain`, outside which others set images to zero, is everything.
    All sequences of a head lie where the truth does: a displaced one would show its brain elsewhere.
    """

    settings: HeadSettings

    def sample(self, number: int) -> Batch:
        """Head `number` of the stream, a batch of one."""
        case, view = self._draw(number)
        grid = Grid.centred(view.centre, self.settings.spacing, self.settings.shape)
        head = render([case], [grid], self.atlas, self.masks, head=True, device=self.device)
        air = head.fractions[0, Material.AIR] > 0.99
        images, brain = look(head.images[0], head.brain[0], air, grid.points(self.device), view)
        ones = torch.ones(1, 5, device=images.device)
        everything = torch.ones_like(brain)[None]
        return Batch(normalise_head(images)[None], ones, brain.float()[None, None], ones[:, :1], everything)

    def _draw(self, number: int) -> tuple[CaseParameters, View]:
        settings = self.settings
        generator, kind, seed = self.draw_case(number)
        mode = "clinic" if chance(generator, settings.clinic) else "research"
        case = sample_case(seed, kind, self.atlas, mode, self.masks, settings.mixture)
        still = tuple(replace(sequence, misalignment=Misalignment()) for sequence in case.acquisition.sequences)
        case = replace(case, acquisition=replace(case.acquisition, sequences=still))
        return case, sample_view(generator)


def _near(generator: torch.Generator, direction: tuple[float, float, float], spread: float) -> tuple[float, ...]:
    """A unit vector around `direction`; `spread` is the standard deviation of each component before normalisation."""
    vector = torch.tensor([component + normal(generator, spread) for component in direction], dtype=torch.float64)
    return tuple((vector / vector.norm()).tolist())
