"""Training samples straight from the engine: crops of heads that nobody has seen before.

A case is drawn once for `crops_per_case` crops, a crop is made once for `reuse` places of the training (`schedule`), in
each of which it is mirrored and tinted anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from MissingModalitySegLib.arrays.bias import BiasField, find_bias
from MissingModalitySegLib.arrays.normalise import brain_statistics, z_normalise

from ..data.batch import Batch
from .contrast import ContrastMixture
from .draws import choose, uniform
from .engine import CaseParameters, Rendering, render, sample_case
from .reused import Recent, ReusedStream
from .space import Grid
from .tint import sample_tint, tinted

OVERVIEW_MM, OVERVIEW_SHAPE = 6.0, (28, 33, 28)
"""Voxels of a head of average size, and how many hold the whole brain: for statistics of its brightness and to see
where lesions are."""

WHOLE_MM = 140.0
"""A cube of this size holds nearly all of an average brain but its frontal and occipital poles."""

PRODUCT_KINDS: Mapping[str, float] = {
    "glioma": 0.28,
    "ms": 0.24,
    "wmh": 0.08,
    "metastases": 0.08,
    "acute_stroke": 0.09,
    "chronic_stroke": 0.08,
    "none": 0.15,
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
    bias_correction: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Plan:
    """A case, what its channels are normalised by (1, 5), where its crops lie, what the coil did to each channel."""

    case: CaseParameters
    statistics: tuple[Tensor, Tensor]
    grids: tuple[Grid, ...]
    fields: tuple[BiasField | None, ...]


class PhantomStream(ReusedStream):
    """Crops of brains. Channels are normalised over the whole brain of their case."""

    settings: StreamSettings

    def __init__(self, settings: StreamSettings, device: torch.device | str = "cpu") -> None:
        super().__init__(settings, device, settings.crops_per_case)
        self._plans: Recent[Plan] = Recent(self.schedule.kept)

    def sample(self, number: int) -> Batch:
        """Crop `number` of the stream, a batch of one."""
        case, which = divmod(number, self.settings.crops_per_case)
        plan = self._plans.get(case, lambda: self._plan(case))
        crop = self._render(plan.case, plan.grids[which])
        images = _evened(crop.images, plan.fields, plan.grids[which])
        image = z_normalise(images, crop.brain, plan.statistics)
        ones = torch.ones(1, 5, device=image.device)
        return Batch(image, ones, crop.regions.float(), ones[:, :3], crop.brain)

    def retouch(self, sample: Batch, seed: int) -> Batch:
        return replace(sample, image=tinted(sample.image, sample_tint(torch.Generator().manual_seed(seed))))

    def _plan(self, number: int) -> Plan:
        """Draw case `number` and look at the whole of it to see how bright it is and where its lesions are."""
        settings = self.settings
        generator, kind, seed = self.draw_case(number)
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
        fields = self._fields(overview, whole)
        images = _evened(overview.images, fields, whole)
        return Plan(case, brain_statistics(images, overview.brain), tuple(grids), fields)

    def _fields(self, overview: Rendering, grid: Grid) -> tuple[BiasField | None, ...]:
        if not self.settings.bias_correction:
            return ()
        brain, axes = overview.brain[0], grid.axes(self.device)
        return tuple(find_bias(image, brain, axes) for image in overview.images[0])

    def _render(self, case: CaseParameters, grid: Grid) -> Rendering:
        return render([case], [grid], self.atlas, self.masks, device=self.device)


def overview_grid(scale: tuple[float, float, float]) -> Grid:
    """The whole brain of a head of that size, with as many voxels as any other."""
    spacing = tuple(OVERVIEW_MM * factor for factor in scale)
    origin = tuple(-step * (count - 1) / 2 for step, count in zip(spacing, OVERVIEW_SHAPE, strict=True))
    return Grid(origin, spacing, OVERVIEW_SHAPE)


def _evened(images: Tensor, fields: tuple[BiasField | None, ...], grid: Grid) -> Tensor:
    """`images` (1, K, X, Y, Z) on `grid`, each divided by its field."""
    axes, images = grid.axes(images.device), images.clone() if fields else images
    for channel, bias in enumerate(fields):
        if bias is not None:
            images[:, channel] /= bias.on(axes)
    return images


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
