"""Where the brain is in volumes of whole heads: by a network that takes any sequence, or without one.

The network sees a head at its own spacing, in one pass. The axes of the grid are those of the volume, so an oblique
acquisition is a turned head, as in training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np
import SimpleITK as sitk  # noqa: N813
import torch
from scipy import ndimage
from torch import nn

from ..arrays.boxes import Box, cut, paste
from ..arrays.normalise import normalise_head
from ..errors import InputError
from ..modalities import Modality
from ..watch import Watch
from .brain import largest_part
from .geometry import model_grid, resample
from .images import from_array, to_array

FIELD_MM = (192.0, 224.0, 192.0)
"""What the network is shown along x, y, z: the head from its top downwards, as much as in training."""

_SMALLEST_ML = 100.0
"""Less than this is no brain that anyone would want to analyse."""


_CROWN_MM2 = 500.0
"""A head begins at the first slice from above with so much of it."""

_BRAIN_HEIGHT_MM = 145.0
"""From the top of the head to below the cerebellum."""

_NEAR_MIDDLE_MM = 45.0
"""What is this near to the middle of the upper head is brain, and mostly matter rather than fluid."""

_SCALP_MM = 8.0
"""Scalp and skull are together at least this thick."""

_DARKEST, _BRIGHTEST = 0.6, 1.6
"""Brightness of brain matter, from air (0) to the median near the middle (1)."""

_TAKEN_OFF, _CLOSED, _OPENED = 2.3, 5.1, 4.1
"""Voxels of 2 mm: taken off a surface to cut what still connects brain and scalp, and the radii of closing (over
sulci) and opening (of vessels and nerves)."""

_PAD = 8
"""Voxels: more than any of these."""


class Extractor(Protocol):
    """What is needed of a model: a network with `forward_image` and one region, and its spacing in mm."""

    network: nn.Module
    spacing: float


def extract_brain(model: Extractor, image: sitk.Image) -> sitk.Image:
    """The mask (uint8) of the brain in a volume of a whole head of any sequence, on the volume's own grid.

    Raises `InputError` when no brain is found.
    """
    return _mask(brain_probabilities(model, image))


def extract_brain_from_all(
    model: Extractor,
    images: Mapping[Modality, sitk.Image],
    reference: Modality,
    transforms: Mapping[Modality, sitk.Transform | None] = MappingProxyType({}),
    watch: Watch = Watch(),  # noqa: B008 - it has no state
) -> sitk.Image:
    """The mask (uint8) of the brain on the grid of `reference`, from the average over all volumes of one head.

    `transforms` take places of the reference to places of a volume; without one it is taken to be aligned. Each place
    is judged by the volumes whose field of view it lies in. Raises `InputError` when no brain is found.
    """
    grid = images[reference]
    total, count = np.zeros(grid.GetSize()[::-1], np.float32), np.zeros(grid.GetSize()[::-1], np.float32)
    for modality, image in images.items():
        watch.check()
        transform = transforms.get(modality) or sitk.Transform()
        found = sitk.Resample(brain_probabilities(model, image), grid, transform, sitk.sitkLinear, -1.0)
        found = sitk.GetArrayFromImage(found)
        seen = found >= 0
        total[seen] += found[seen]
        count += seen
    average = sitk.GetImageFromArray(total / np.maximum(count, 1))
    average.CopyInformation(grid)
    return _mask(average)


def brain_probabilities(model: Extractor, image: sitk.Image) -> sitk.Image:
    """How likely each voxel is inside the brain's envelope, float32 on the grid of `image`; one connected part."""
    head = _head_at(image, model.spacing)
    volume = normalise_head(torch.from_numpy(head.array))
    box = _field_of_view(head, model.network.multiple)
    device = next(model.network.parameters()).device
    shown = cut(volume, box, fill=float(volume.min()))
    with torch.inference_mode():
        logits = model.network.eval().forward_image(shown[None, None].to(device))[0, 0].float().cpu()
    probabilities = paste(logits.sigmoid(), box, torch.zeros_like(volume)).numpy()
    one = ndimage.binary_dilation(largest_part(probabilities > 0.5))  # with the voxels that its border runs through
    probabilities = np.where(one, probabilities, 0.0).astype(np.float32)
    return _to_native(probabilities, head.grid, image)


@dataclass(frozen=True)
class _Head:
    """A volume with axes nearest to RAS and isotropic voxels."""

    array: np.ndarray
    grid: sitk.Image
    spacing: float
    inside: np.ndarray
    """Where the head is, roughly: neither the air around it nor loose noise."""


def _head_at(image: sitk.Image, spacing: float) -> _Head:
    grid = model_grid(image, spacing)
    array = to_array(resample(image, grid))
    low, high = np.percentile(array, [1, 98])
    return _Head(array, grid, spacing, _solid(array > low + 0.15 * (high - low), spacing))


def _solid(mask: np.ndarray, spacing: float) -> np.ndarray:
    """The largest part that is thicker than some 8 mm, closed over bone, with its holes filled."""
    reach = 4 / spacing
    closed = _on_padded(mask, lambda one: _eroded(_dilated(one, 2 * reach), 2 * reach), "constant")
    return largest_part(_on_padded(closed, lambda one: _dilated(_eroded(one, reach), reach), "constant"))


def _field_of_view(head: _Head, multiple: int) -> Box:
    """The middle of the head from left to right and from front to back, and its upper part.

    A neck and shoulders below are left out; a smaller volume is shown with air around it.
    """
    if not head.inside.any():
        raise InputError("no-head-found", "The volume shows no head.", "Look at it; it may be empty or only noise.")
    shape = [max(1, round(length / head.spacing / multiple)) * multiple for length in FIELD_MM]
    starts = []
    for axis, size in enumerate(shape):
        present = np.flatnonzero(head.inside.any(axis=tuple(other for other in range(3) if other != axis)))
        first, last = int(present[0]), int(present[-1]) + 1
        margin = round(8 / head.spacing)
        starts.append((first + last - size) // 2 if axis < 2 or last - first <= size - margin else last + margin - size)
    return Box(tuple(starts), tuple(start + size for start, size in zip(starts, shape, strict=True)))


def extract_brain_classically(image: sitk.Image) -> sitk.Image:
    """A mask (uint8) of the brain on the grid of `image` by thresholds and morphology, where there are no weights.

    Made for T1, T2 and FLAIR of heads that are upright in their header. Its limits: dura and muscles behind the eyes
    may stay; temporal poles and the lower cerebellum may be lost, as is what is much brighter or darker than matter at
    the border (a cavity, an enhancing rim); where no dark skull lies between brain and scalp, as after surgery or in
    slices of 6 mm at the vertex, it is led astray. It is a place to start from, to be looked at before anything is
    measured inside. Raises `InputError` when no brain is found.
    """
    head = _head_at(image, 2.0)
    if not head.inside.any():
        raise InputError("no-head-found", "The volume shows no head.", "Look at it; it may be empty or only noise.")
    return _mask(_to_native(_classical(head).astype(np.float32), head.grid, image))


def _classical(head: _Head) -> np.ndarray:
    """The brain of a head at 2 mm.

    A skull is dark in every sequence: what is about as bright as the middle of the head and still hangs together after
    a few mm are taken off its surface is brain. Grown back and closed it holds the fluid in its folds as well. What is
    much brighter is fat or, on T2, fluid; the latter comes back with the closing.
    """
    places = np.indices(head.array.shape, dtype=np.float32)
    wide = np.flatnonzero(head.inside.sum(axis=(0, 1)) * head.spacing**2 > _CROWN_MM2)
    top = wide[-1] if len(wide) else head.array.shape[2] - 1
    upper = head.inside & (places[2] > top - _BRAIN_HEIGHT_MM / head.spacing)
    middle = [place[upper].mean() for place in places]
    from_middle = np.sqrt(sum((place - centre) ** 2 for place, centre in zip(places, middle, strict=True)))
    near = upper & (from_middle * head.spacing < _NEAR_MIDDLE_MM)
    air, tissue = np.percentile(head.array, 1), np.median(head.array[near])
    relative = (head.array - air) / max(float(tissue - air), 1e-6)
    # no air is added below: there the field of view may simply end in the brain
    depth = ndimage.distance_transform_edt(np.pad(upper, ((1, 1), (1, 1), (0, 1))))[1:-1, 1:-1, :-1] * head.spacing
    matter = upper & (depth > _SCALP_MM) & (relative > _DARKEST) & (relative < _BRIGHTEST)
    core = _middle_part(_eroded(matter, _TAKEN_OFF), near)
    grown = _dilated(core, _TAKEN_OFF + 1) & matter
    closed = _on_padded(grown, lambda one: _eroded(_dilated(one, _CLOSED), _CLOSED), "edge")
    return largest_part(_on_padded(largest_part(closed), lambda one: _dilated(_eroded(one, _OPENED), _OPENED), "edge"))


def _on_padded(mask: np.ndarray, change: Callable[[np.ndarray], np.ndarray], mode: str) -> np.ndarray:
    """`change` of a mask that ends (`constant`) or goes on (`edge`) beyond its border."""
    return change(np.pad(mask, _PAD, mode=mode))[(slice(_PAD, -_PAD),) * 3]


def _dilated(mask: np.ndarray, radius: float) -> np.ndarray:
    """With a ball of `radius` voxels. Distances make it independent of the ball's size."""
    return ndimage.distance_transform_edt(~mask) <= radius if mask.any() else mask


def _eroded(mask: np.ndarray, radius: float) -> np.ndarray:
    return ndimage.distance_transform_edt(mask) > radius if not mask.all() else mask


def _middle_part(mask: np.ndarray, near: np.ndarray) -> np.ndarray:
    """The connected part with most voxels in `near`."""
    labels, _ = ndimage.label(mask)
    counts = np.bincount(labels[near])
    counts[0] = 0
    return labels == counts.argmax() if counts.any() else np.zeros_like(mask)


def _to_native(array: np.ndarray, grid: sitk.Image, native: sitk.Image) -> sitk.Image:
    """Values between voxels linearly; beyond the outermost centres as at these, so that outer slices are not lost."""
    padded = sitk.ConstantPad(from_array(array, grid), [1] * 3, [1] * 3, 0.0)
    edge = sitk.GetImageFromArray(np.pad(array, 1, mode="edge").transpose(2, 1, 0))
    edge.CopyInformation(padded)
    return sitk.Resample(edge, native, sitk.Transform(), sitk.sitkLinear, 0.0, sitk.sitkFloat32)


def _mask(probabilities: sitk.Image) -> sitk.Image:
    inside = largest_part(to_array(probabilities) > 0.5)
    if inside.sum() * float(np.prod(probabilities.GetSpacing())) < 1000 * _SMALLEST_ML:
        raise InputError(
            "no-brain-found",
            "No brain was found in the volume.",
            "Give a brain mask, or check that the volume shows a head, the right way up in its header.",
        )
    return from_array(inside.astype(np.uint8), probabilities)
