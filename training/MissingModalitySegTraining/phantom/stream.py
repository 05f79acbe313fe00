"""Training samples straight from the engine: crops of heads that nobody has seen before.

A case is drawn once for `crops_per_case` crops, a crop is made once for `reuse` places of the training (`schedule`), in
each of which it is mirrored and tinted anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Generic, TypeVar

import torch
from torch import Tensor
from torch.utils.data import Dataset

from MissingModalitySegLib.arrays.normalise import brain_statistics, z_normalise

from ..data.batch import Batch, collate
from .atlas import load_atlas
from .contrast import ContrastMixture
from .draws import choose, uniform
from .engine import CaseParameters, Rendering, render, sample_case
from .lesions import open_mask_folder
from .schedule import Schedule
from .space import Grid
from .tint import sample_tint, tinted

OVERVIEW_MM, OVERVIEW_SHAPE = 6.0, (28, 33, 28)
"""Voxels of a head of average size, and how many hold the whole brain: for statistics of its brightness and to see
where lesions are."""

WHOLE_MM = 140.0
"""A cube of this size holds nearly all of an average brain but its frontal and occipital poles."""

PRODUCT_KINDS: Mapping[str, float] = {
    "glioma": 0.28,
    "ms": 0.26,
    "wmh": 0.1,
    "metastases": 0.08,
    "acute_stroke": 0.1,
    "chronic_stroke": 0.08,
    "none": 0.1,
}
"""Shares of diseases in the training of the product's models."""


@dataclass(frozen=True)
class StreamSettings:
    """What is drawn, and how it is cut. A crop wide enough for the whole brain lies around the middle of the head."""

    kinds: Mapping[str, float] = field(default_factory=lambda: dict(PRODUCT_KINDS))
    crop: tuple[int, int, int] = (64, 64, 64)
    spacings: Mapping[float, float] = field(default_factory=lambda: {1.0: 1.0})  # mm → share
    batch_size: int = 2
    on_lesion: float = 0.6  # share of crops centred on a lesion, where there is one
    crops_per_case: int = 2  # the first of them are those on lesions
    reuse: int = 1  # how often each crop is used
    window: int = 128  # how many crops are in use at a time; memory is for so many, 4 MB each at 64³
    lanes: int = 4  # streams of their own; a multiple of the number of worker processes
    mirror_axes: tuple[int, ...] = (0,)  # each use is mirrored along these at random; 0 is left and right
    mixture: ContrastMixture = field(default_factory=ContrastMixture)
    lesion_masks: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class Plan:
    """A case, what its channels are normalised by (1, 5), and where its crops lie."""

    case: CaseParameters
    statistics: tuple[Tensor, Tensor]
    grids: tuple[Grid, ...]


class PhantomStream(Dataset):
    """Batch i is a pure function of (settings, i). Channels are normalised over the whole brain of their case."""

    def __init__(self, settings: StreamSettings, device: torch.device | str = "cpu") -> None:
        self.settings = settings
        self.device = torch.device(device)
        self.schedule = Schedule(
            settings.reuse,
            settings.window,
            settings.lanes,
            settings.batch_size,
            settings.crops_per_case,
            settings.mirror_axes,
            settings.seed,
        )
        self._plans: Recent[Plan] = Recent(self.schedule.kept)
        self._crops: Recent[Batch] = Recent(self.schedule.kept)

    @cached_property
    def atlas(self):
        return load_atlas(self.device)

    @cached_property
    def masks(self):
        return open_mask_folder(self.settings.lesion_masks) if self.settings.lesion_masks else None

    def __getitem__(self, index: int) -> Batch:
        samples = []
        for use in self.schedule.batch(index):
            if self.settings.reuse == 1:
                crop = self.sample(use.crop)
            else:
                crop = self._kept(use.crop)
                tint = sample_tint(torch.Generator().manual_seed(use.seed))
                crop = replace(crop, image=tinted(crop.image, tint))
            samples.append(mirror(crop, use.mirrored))
        return collate(samples)

    def sample(self, number: int) -> Batch:
        """Crop `number` of the stream, a batch of one."""
        case, which = divmod(number, self.settings.crops_per_case)
        plan = self._plans.get(case, lambda: self._plan(case))
        crop = self._render(plan.case, plan.grids[which])
        image = z_normalise(crop.images, crop.brain, plan.statistics)
        ones = torch.ones(1, 5, device=image.device)
        return Batch(image, ones, crop.regions.float(), ones[:, :3], crop.brain)

    def _kept(self, number: int) -> Batch:
        """Crop `number`, made at its first use; half precision is finer than the noise of any image."""

        def make() -> Batch:
            crop = self.sample(number)
            return replace(crop, image=crop.image.half(), regions=crop.regions.bool())

        crop = self._crops.get(number, make)
        return replace(crop, image=crop.image.float(), regions=crop.regions.float())

    def _plan(self, number: int) -> Plan:
        """Draw case `number` and look at the whole of it to see how bright it is and where its lesions are."""
        settings = self.settings
        generator = torch.Generator().manual_seed((settings.seed * 0x9E3779B97F4A7C15 + number * 2 + 1) % 2**63)
        kind = choose(generator, settings.kinds)
        seed = int(torch.randint(2**40, (), generator=generator))
        case = sample_case(seed, kind, self.atlas, "research", self.masks, settings.mixture)
        whole = overview_grid(case.anatomy.scale)
        overview = self._render(case, whole)
        share = uniform(generator, 0, 1)
        grids = []
        for which in range(settings.crops_per_case):
            # evenly spaced numbers with a random start: the share is met, and no case has all crops off its lesion
            on_lesion = (which + share) / settings.crops_per_case < settings.on_lesion
            spacing = choose(generator, settings.spacings)
            holds_all = spacing * min(settings.crop) >= WHOLE_MM
            centre = _near_middle(generator) if holds_all else _centre(overview, whole, on_lesion, generator)
            grids.append(Grid.centred(centre, spacing, settings.crop))
        return Plan(case, brain_statistics(overview.images, overview.brain), tuple(grids))

    def _render(self, case: CaseParameters, grid: Grid) -> Rendering:
        return render([case], [grid], self.atlas, self.masks, device=self.device)


def mirror(sample: Batch, mirrored: tuple[bool, bool, bool]) -> Batch:
    """The sample, its spatial axes reversed where `mirrored`."""
    axes = [axis - 3 for axis in range(3) if mirrored[axis]]
    if not axes:
        return sample
    return replace(
        sample, image=sample.image.flip(axes), regions=sample.regions.flip(axes), brain=sample.brain.flip(axes)
    )


Value = TypeVar("Value")


class Recent(Generic[Value]):
    """What was made last, up to a number of things."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What `key` stands for, made if it is not there."""
        if key not in self._values:
            self._values[key] = make()
        self._values.move_to_end(key)
        if len(self._values) > self._capacity:
            self._values.popitem(last=False)
        return self._values[key]


def overview_grid(scale: tuple[float, float, float]) -> Grid:
    """The whole brain of a head of that size, with as many voxels as any other."""
    spacing = tuple(OVERVIEW_MM * factor for factor in scale)
    origin = tuple(-step * (count - 1) / 2 for step, count in zip(spacing, OVERVIEW_SHAPE, strict=True))
    return Grid(origin, spacing, OVERVIEW_SHAPE)


def _near_middle(generator: torch.Generator) -> tuple[float, float, float]:
    """A place within 6 mm of the middle of the head along each axis."""
    return tuple((12 * (torch.rand(3, generator=generator) - 0.5)).tolist())


def _centre(overview: Rendering, grid: Grid, on_lesion: bool, generator: torch.Generator) -> tuple[float, float, float]:
    """A random place of the lesion if wanted and possible, else of the brain, in mm."""
    lesion, brain = overview.regions[0, 0].cpu(), overview.brain[0].cpu()
    places = lesion if on_lesion and bool(lesion.any()) else brain
    candidates = places.nonzero()
    index = candidates[int(torch.randint(len(candidates), (), generator=generator))]
    jitter = 8 * (torch.rand(3, generator=generator) - 0.5)
    return tuple((torch.tensor(grid.origin) + torch.tensor(grid.spacing) * index + jitter).tolist())
