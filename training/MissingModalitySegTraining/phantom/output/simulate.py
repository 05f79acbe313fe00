"""From a case to the volumes of an examination, and the truth on their grids.

`research`: all sequences on one isotropic grid around the extracted brain. `clinic`: every sequence as the scanner
stores it, with the head. Everything is computed in slabs, each on one thread, so that memory stays bounded and the
result does not depend on how many threads there are.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES, Modality

from ..acquisition import SequenceAcquisition
from ..atlas import Atlas
from ..cut import Cut, scanned
from ..engine import CaseParameters, render_ideal, tissue_map
from ..geometry import NativeGeometry, native_geometry
from ..lesions import MaskFolder
from ..materials import Material
from ..misalignment import move
from ..scanner import acquire, acquire_native, shifts_at_centre
from ..space import Grid
from ..stripping import strip
from .volumes import Volume, as_integers

OVERVIEW = Grid.centred((0.0, 0.0, 0.0), 4.0, (64, 72, 72))
"""Holds every head at least from the chin upwards."""

MARGIN_MM = 5.0
"""Around the brain (research) or the head (clinic)."""

BELOW_BRAIN_MM = 12.0
"""How far below the brain a clinical examination begins."""

SLAB_POINTS = 250_000
"""How many points are rendered at once; their tissue fractions and what they are made from take about 300 MB."""

TABLE_MM = 0.9
"""A clinical case is rendered once, on a grid this fine, and read from it by each sequence. The atlas has 1 mm."""

REGIONS = 3

Item = TypeVar("Item")
Result = TypeVar("Result")
Box = tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True)
class SequenceVolume:
    """One sequence as it is stored."""

    image: Volume
    """int16"""
    brain: Volume
    """uint8 on the grid of `image`: what the brain extraction left, or the true brain of a whole head."""
    slice_mm: float
    """Thickness of a slice; the last axis of the array runs through the slices."""
    plane: str


@dataclass(frozen=True)
class Rendered:
    """An examination and its truth."""

    sequences: Mapping[Modality, SequenceVolume]
    reference: Modality
    """The sequence on whose grid the truth is: the one with the finest voxels."""
    labels: Volume
    """uint8: 1 core that does not enhance, 2 lesion outside the core, 3 enhancing."""
    tissue: Volume
    """uint8, the number of the `Material` that fills most of the voxel."""


def simulate(
    case: CaseParameters,
    atlas: Atlas,
    masks: MaskFolder | None = None,
    spacing_mm: float | None = None,
    device: torch.device | str = "cpu",
    workers: int | None = None,
) -> Rendered:
    """Render and acquire all of a case.

    Args:
        case: its mode decides between one common grid and native ones.
        atlas: on `device`.
        masks: the folder the case was drawn with, if any.
        spacing_mm: research: of the grid (1 if not given). clinic: no voxel is finer, for quick looks.
        device: where to compute.
        workers: threads, all processors if not given. The result is the same.

    Raises:
        InputError: a spacing that is no spacing; what the lesions need is missing.
    """
    if spacing_mm is not None and not 0.5 <= spacing_mm <= 8:
        raise InputError("bad-spacing", f"A spacing of {spacing_mm:g} mm is not possible.", "Use 0.5 to 8 mm.")
    workers = workers or os.cpu_count() or 1
    with torch.no_grad(), _one_thread_each():
        pool = _Pool(workers if torch.device(device).type == "cpu" else 1)
        renderer = _Renderer(case, atlas, masks, device, pool)
        if case.acquisition.mode == "research":
            return _research(renderer, spacing_mm or 1.0)
        return _clinic(renderer, spacing_mm or 0.0)


@dataclass(frozen=True)
class _Pool:
    """Runs a function over items on threads; results in order."""

    workers: int

    def map(self, function: Callable[[Item], Result], items: list[Item]) -> list[Result]:
        if self.workers == 1:
            return [function(item) for item in items]
        with ThreadPoolExecutor(self.workers) as executor:
            try:
                return list(executor.map(torch.no_grad()(function), items))
            except BaseException:
                executor.shutdown(cancel_futures=True)
                raise


_BRAIN, _IMAGES = REGIONS, REGIONS + 1
"""First channels of the brain and of the five sequences in a `_Field`; the regions come before."""


@dataclass(frozen=True)
class _Field:
    """A case on a grid, as a perfect scanner would see it."""

    channels: Tensor
    """(9, X, Y, Z) float32: lesion, core, enhancing (0 or 1), share of brain, the five sequences."""
    surface_distance: Tensor
    """(X, Y, Z) mm from the brain's border, negative inside."""
    tissue: Tensor
    """(X, Y, Z) uint8"""
    grid: Grid

    @property
    def regions(self) -> Tensor:
        return self.channels[:REGIONS] > 0.5

    @property
    def images(self) -> Tensor:
        return self.channels[_IMAGES:]

    def reader(self, first: int, end: int) -> Callable[[Tensor], Tensor]:
        """Positions (X, Y, Z, 3) in mm → channels `first` to `end` (exclusive), (C, X, Y, Z), read linearly.

        Outside the grid there is what lies on its border, which is air.
        """
        # grid_sample wants Z Y X, and takes any strides: turning a view copies nothing
        values = self.channels[None, first:end].transpose(2, 4)
        counts = values.new_tensor(self.grid.shape)
        scale = 2 / (values.new_tensor(self.grid.spacing) * (counts - 1))
        origin = values.new_tensor(self.grid.origin)

        def read(points: Tensor) -> Tensor:
            places = (points - origin) * scale - 1
            return F.grid_sample(values, places[None], padding_mode="border", align_corners=True)[0]

        return read

    def nearest_tissue(self, points: Tensor) -> Tensor:
        """Material (X, Y, Z) int64 of the nearest point."""
        last = torch.tensor(self.grid.shape, device=points.device) - 1
        index = ((points - points.new_tensor(self.grid.origin)) / points.new_tensor(self.grid.spacing)).round().long()
        x, y, z = torch.minimum(index.clamp(min=0), last).unbind(-1)
        return self.tissue[x, y, z].long()


@dataclass(frozen=True)
class _Renderer:
    case: CaseParameters
    atlas: Atlas
    masks: MaskFolder | None
    device: torch.device | str
    pool: _Pool

    def render(self, grid: Grid, head: bool) -> _Field:
        """A whole grid, in slabs along its first axis."""
        empty = partial(torch.empty, device=self.device)
        field = _Field(
            empty((_IMAGES + len(MODALITIES), *grid.shape)),
            empty(grid.shape),
            empty(grid.shape, dtype=torch.uint8),
            grid,
        )
        thickness = max(1, SLAB_POINTS // (grid.shape[1] * grid.shape[2]))
        slabs = [slice(first, min(first + thickness, grid.shape[0])) for first in range(0, grid.shape[0], thickness)]
        self.pool.map(lambda slab: self._fill(field, slab, head), slabs)
        return field

    def _fill(self, field: _Field, slab: slice, head: bool) -> None:
        grid = field.grid
        origin = (grid.origin[0] + grid.spacing[0] * slab.start, *grid.origin[1:])
        points = Grid(origin, grid.spacing, (slab.stop - slab.start, *grid.shape[1:])).points(self.device)
        ideal = render_ideal(points[None], [self.case], self.atlas, self.masks, head)
        field.channels[:_BRAIN, slab] = ideal.regions[0].float()
        field.channels[_BRAIN, slab] = ideal.brain[0]
        field.channels[_IMAGES:, slab] = ideal.images[0]
        field.surface_distance[slab] = ideal.surface_distance[0]
        field.tissue[slab] = tissue_map(ideal.fractions[0])


def _research(renderer: _Renderer, spacing_mm: float) -> Rendered:
    case = renderer.case
    overview = renderer.render(OVERVIEW, head=False)
    points = OVERVIEW.points(renderer.device)[None]
    errors, cut = [case.acquisition.stripping], case.acquisition.cut
    kept = strip(overview.surface_distance[None], points, errors)[0] & scanned(points[0], cut)
    box = _grown(_box(kept, OVERVIEW), MARGIN_MM)
    grid = _grid_over(box, spacing_mm)
    field = renderer.render(grid, head=False)
    points = grid.points(renderer.device)
    seen = scanned(points, cut)
    brain = strip(field.surface_distance[None], points[None], errors)[0] & seen
    protocols = [case.acquisition]
    images = acquire(field.images[None], [grid], protocols, shifts_at_centre([grid], protocols))[0]
    images = torch.where(brain, images, 0.0)

    affine = np.array(grid.affine)
    mask = Volume(_bytes(brain), affine)
    sequences = {
        modality: SequenceVolume(mask.of(as_integers(images[channel].cpu().numpy())), mask, spacing_mm, "axial")
        for channel, modality in enumerate(MODALITIES)
    }
    return Rendered(
        sequences, MODALITIES[0], mask.of(_labels(field.regions & seen)), mask.of(field.tissue.cpu().numpy())
    )


def _clinic(renderer: _Renderer, finest_mm: float) -> Rendered:
    acquisitions = [_no_finer(sequence, finest_mm) for sequence in renderer.case.acquisition.sequences]
    overview = renderer.render(OVERVIEW, head=True)
    head = _grown(_box(overview.tissue != Material.AIR, OVERVIEW), MARGIN_MM)
    brain = _box(overview.channels[_BRAIN] > 0.5, OVERVIEW)
    low = (head[0][0], head[0][1], brain[0][2] - BELOW_BRAIN_MM)
    low, high = _shortened((low, head[1]), renderer.case.acquisition.cut)
    geometries = [native_geometry(sequence, low, high) for sequence in acquisitions]
    grid = _grid_over(_table_box(geometries, acquisitions, head), max(TABLE_MM, finest_mm))
    table = renderer.render(grid, head=True)

    finest = min(range(len(MODALITIES)), key=lambda channel: round(float(np.prod(geometries[channel].spacing)), 4))
    device = renderer.device

    def image(channel: int) -> np.ndarray:
        read = table.reader(_IMAGES + channel, _IMAGES + channel + 1)
        stored = acquire_native(lambda points: read(points)[0], geometries[channel], acquisitions[channel], device)
        return as_integers(stored.cpu().numpy())

    def mask(channel: int) -> np.ndarray:
        shares = _voxel_means(table.reader(_BRAIN, _BRAIN + 1), geometries[channel], acquisitions[channel], device)
        return _bytes(shares[0] >= 0.5)

    def labels(channel: int) -> np.ndarray:
        shares = _voxel_means(table.reader(0, REGIONS), geometries[channel], acquisitions[channel], device)
        return _labels(shares >= 0.5)

    def tissue(channel: int) -> np.ndarray:
        return _majority(table.nearest_tissue, geometries[channel], acquisitions[channel], device).cpu().numpy()

    every = range(len(MODALITIES))
    tasks = [(labels, finest), (tissue, finest), *((image, c) for c in every), *((mask, c) for c in every)]
    arrays = renderer.pool.map(lambda task: task[0](task[1]), tasks)
    axes = [_stored_axes(renderer.case.seed, channel) for channel in every]
    volumes = [
        Volume(array, np.array(geometries[channel].affine)).flipped(axes[channel])
        for (_, channel), array in zip(tasks, arrays, strict=True)
    ]
    truth, images, masks = volumes[:2], volumes[2:7], volumes[7:]
    sequences = {
        modality: SequenceVolume(images[c], masks[c], geometries[c].slice_mm, acquisitions[c].plane)
        for c, modality in enumerate(MODALITIES)
    }
    return Rendered(sequences, MODALITIES[finest], *truth)


def _shortened(box: Box, cut: Cut | None) -> Box:
    """The box that slices cover; each sequence tilts its own, so all end obliquely without the cut's tilt."""
    if cut is None:
        return box
    low, high = box
    if cut.side > 0:
        return low, (*high[:2], min(high[2], cut.distance_mm))
    return (*low[:2], max(low[2], -cut.distance_mm)), high


def _slabs(geometry: NativeGeometry) -> list[tuple[int, int]]:
    columns, rows, count = geometry.shape
    thickness = max(1, SLAB_POINTS // (columns * rows))
    return [(first, min(first + thickness, count)) for first in range(0, count, thickness)]


def _voxel_means(
    read: Callable[[Tensor], Tensor],
    geometry: NativeGeometry,
    sequence: SequenceAcquisition,
    device: torch.device | str,
) -> Tensor:
    """What `read` gives, averaged over the same samples in each voxel as the sequence's image; (C, X, Y, Z)."""
    offsets = geometry.samples_in_voxel(1.0)
    slabs = []
    for first, end in _slabs(geometry):
        total: Tensor | float = 0.0
        for offset in offsets:
            total = total + read(move(geometry.points(first, end, offset, device), sequence.misalignment))
        slabs.append(total / len(offsets))
    return torch.cat(slabs, dim=-1)


def _majority(
    nearest: Callable[[Tensor], Tensor],
    geometry: NativeGeometry,
    sequence: SequenceAcquisition,
    device: torch.device | str,
) -> Tensor:
    """The material that most samples of a voxel hit, uint8 (X, Y, Z)."""
    offsets = geometry.samples_in_voxel(1.0)
    slabs = []
    for first, end in _slabs(geometry):
        shape = (*geometry.shape[:2], end - first)
        votes = torch.zeros((len(Material), *shape), dtype=torch.uint8, device=device)
        for offset in offsets:
            hit = nearest(move(geometry.points(first, end, offset, device), sequence.misalignment))
            votes.scatter_add_(0, hit[None], torch.ones((1, *shape), dtype=torch.uint8, device=device))
        slabs.append(votes.argmax(dim=0).to(torch.uint8))
    return torch.cat(slabs, dim=-1)


def _no_finer(sequence: SequenceAcquisition, finest_mm: float) -> SequenceAcquisition:
    return replace(
        sequence,
        in_plane_mm=max(sequence.in_plane_mm, finest_mm),
        slice_mm=max(sequence.slice_mm, finest_mm),
    )


def _stored_axes(seed: int, channel: int) -> tuple[int, ...]:
    """Which axes of an array run against the scanner's convention, as programs that convert DICOM leave them."""
    chance = random.Random(f"stored axes {seed} {channel}")
    return tuple(axis for axis in range(3) if chance.random() < 0.5)


def _table_box(geometries: list[NativeGeometry], acquisitions: list[SequenceAcquisition], head: Box) -> Box:
    """What any sequence sees of the head."""
    corners = []
    for geometry, sequence in zip(geometries, acquisitions, strict=True):
        ends = [
            torch.tensor([-step, count * step]) for step, count in zip(geometry.spacing, geometry.shape, strict=True)
        ]
        box = torch.cartesian_prod(*ends) @ torch.tensor(geometry.direction).T + torch.tensor(geometry.origin)
        corners.append(move(box, sequence.misalignment))
    seen = torch.cat(corners)
    low = torch.maximum(seen.amin(0), torch.tensor(head[0]))
    high = torch.minimum(seen.amax(0), torch.tensor(head[1]))
    return tuple(low.tolist()), tuple(high.tolist())


def _box(mask: Tensor, grid: Grid) -> Box:
    """The mm that a mask spans, voxels included whole."""
    places = mask.nonzero()
    low, high = places.amin(0).tolist(), places.amax(0).tolist()
    return (
        tuple(o + s * (i - 0.5) for o, s, i in zip(grid.origin, grid.spacing, low, strict=True)),
        tuple(o + s * (i + 0.5) for o, s, i in zip(grid.origin, grid.spacing, high, strict=True)),
    )


def _grown(box: Box, margin_mm: float) -> Box:
    return tuple(v - margin_mm for v in box[0]), tuple(v + margin_mm for v in box[1])


def _grid_over(box: Box, spacing_mm: float) -> Grid:
    """The isotropic grid that covers a box and has its points at multiples of the spacing."""
    first = [int(np.floor(v / spacing_mm)) for v in box[0]]
    last = [int(np.ceil(v / spacing_mm)) for v in box[1]]
    return Grid(
        tuple(i * spacing_mm for i in first),
        (spacing_mm,) * 3,
        tuple(b - a + 1 for a, b in zip(first, last, strict=True)),
    )


def _labels(regions: Tensor) -> np.ndarray:
    """Lesion ⊃ core ⊃ enhancing (3, X, Y, Z) → 2, 1, 3."""
    lesion, core, enhancing = (region.cpu().numpy() for region in regions)
    labels = np.zeros(lesion.shape, np.uint8)
    labels[lesion], labels[core], labels[enhancing] = 2, 1, 3
    return labels


def _bytes(mask: Tensor) -> np.ndarray:
    return mask.cpu().numpy().astype(np.uint8)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Sums over threads round differently with their number; here the slabs share the processors instead."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
