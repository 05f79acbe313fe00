"""Training samples straight from the engine: crops of heads that nobody has seen before and nobody will see again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor
from torch.utils.data import Dataset

from MissingModalitySegLib.arrays.normalise import brain_statistics, z_normalise

from ..data.batch import Batch, collate
from .atlas import load_atlas
from .contrast import ContrastMixture
from .draws import chance, choose
from .engine import CaseParameters, Rendering, render, sample_case
from .lesions import open_mask_folder
from .space import Grid

OVERVIEW = Grid.centred((0.0, 0.0, 0.0), 6.0, (34, 40, 34))
"""The whole brain at 6 mm: for statistics of its brightness and to see where lesions are."""

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
    """What is drawn, and how it is cut."""

    kinds: Mapping[str, float] = field(default_factory=lambda: dict(PRODUCT_KINDS))
    crop: tuple[int, int, int] = (64, 64, 64)
    spacings: Mapping[float, float] = field(default_factory=lambda: {1.0: 1.0})  # mm → share
    batch_size: int = 2
    on_lesion: float = 0.6  # share of crops centred on a lesion, where there is one
    mixture: ContrastMixture = field(default_factory=ContrastMixture)
    lesion_masks: str | None = None
    seed: int = 0


class PhantomStream(Dataset):
    """Batch i is a pure function of (seed, i). Channels are normalised over the whole brain of their case."""

    def __init__(self, settings: StreamSettings, device: torch.device | str = "cpu") -> None:
        self.settings = settings
        self.device = torch.device(device)

    @cached_property
    def atlas(self):
        return load_atlas(self.device)

    @cached_property
    def masks(self):
        return open_mask_folder(self.settings.lesion_masks) if self.settings.lesion_masks else None

    def __getitem__(self, index: int) -> Batch:
        size = self.settings.batch_size
        return collate([self.sample(index * size + item) for item in range(size)])

    def sample(self, number: int) -> Batch:
        """Sample `number` of the stream, a batch of one."""
        settings = self.settings
        generator = torch.Generator().manual_seed((settings.seed * 0x9E3779B97F4A7C15 + number * 2 + 1) % 2**63)
        kind = choose(generator, settings.kinds)
        case = sample_case(
            int(torch.randint(2**40, (), generator=generator)),
            kind,
            self.atlas,
            "research",
            self.masks,
            settings.mixture,
        )
        overview = self._render(case, OVERVIEW)
        centre = _centre(overview, chance(generator, settings.on_lesion), generator)
        grid = Grid.centred(centre, choose(generator, settings.spacings), settings.crop)
        crop = self._render(case, grid)
        image = z_normalise(crop.images, crop.brain, brain_statistics(overview.images, overview.brain))
        ones = torch.ones(1, 5, device=image.device)
        return Batch(image, ones, crop.regions.float(), ones[:, :3], crop.brain)

    def _render(self, case: CaseParameters, grid: Grid) -> Rendering:
        return render([case], [grid], self.atlas, self.masks, device=self.device)


def _centre(overview: Rendering, on_lesion: bool, generator: torch.Generator) -> tuple[float, float, float]:
    """A random place of the lesion if wanted and possible, else of the brain, in mm."""
    lesion, brain = overview.regions[0, 0].cpu(), overview.brain[0].cpu()
    places = lesion if on_lesion and bool(lesion.any()) else brain
    candidates = places.nonzero()
    index = candidates[int(torch.randint(len(candidates), (), generator=generator))]
    jitter = 8 * (torch.rand(3, generator=generator) - 0.5)
    return tuple((Tensor(OVERVIEW.origin) + 6.0 * index + jitter).tolist())
