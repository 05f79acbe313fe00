"""What was found, in numbers a radiologist reads: volumes of regions, and a table of lesions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813
from scipy import ndimage

from ..labels import LabelScheme
from ..modalities import Modality
from .geometry import direction_of, millilitres, steps_of
from .lesions import Component, Section, components, largest_diameter, longest_section
from .midplane import Midplane, find_midplane
from .prepare import Prepared

MOST_LESIONS = 1000
"""The table holds no more than this many, the largest; all are counted."""

_LEAST_SHOWN = 1e-3
"""Voxels of a lesion; less of it in a volume is the rounding of places."""


@dataclass(frozen=True)
class Lesion:
    """A connected lesion. Millimetres, millilitres, and places in RAS (right, front and top positive)."""

    id: int
    """From 1, the largest first."""
    volume_ml: float
    parts_ml: Mapping[str, float]
    """Of each region that lies inside the outermost: core, enhancing."""
    centroid_ras_mm: tuple[float, float, float]
    voxel: tuple[int, int, int]
    """The lesion's voxel nearest to the centroid, as an index (from 0) into the label map: where to look."""
    diameter_mm: float
    """The largest in any direction."""
    section: Section
    """The largest in a slice nearest to axial, and across it."""
    side: str | None
    """left, right or midline, the patient's; None where the brain's middle is not known."""
    intensities: Mapping[Modality, float | None]
    """The mean of each volume given, in its own unit, over what it shows of the lesion; None where that is nothing."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, rounded to what the voxels can tell."""
        return {
            "id": self.id,
            "volume_ml": round(self.volume_ml, 3),
            "parts_ml": {name: round(volume, 3) for name, volume in self.parts_ml.items()},
            "centroid_ras_mm": [round(value, 1) for value in self.centroid_ras_mm],
            "voxel": list(self.voxel),
            "diameter_mm": round(self.diameter_mm, 1),
            "axial_diameter_mm": round(self.section.longest_mm, 1),
            "axial_across_mm": round(self.section.across_mm, 1),
            "side": self.side,
            "mean_intensity": {
                str(modality): None if value is None else significant(value)
                for modality, value in self.intensities.items()
            },
        }


@dataclass(frozen=True)
class Summary:
    """The cleaned label map and what it holds."""

    labels: sitk.Image
    """uint8, without the lesions that were too small."""
    volumes_ml: Mapping[str, float]
    """Of each region of the scheme, outermost first."""
    lesions: tuple[Lesion, ...]
    """The largest first."""
    lesion_count: int
    """Of all that are in the label map; the table may hold fewer."""
    removed_count: int
    """Lesions left out because they are smaller than the smallest wanted."""
    removed_ml: float
    brain_ml: float | None
    """Of the brain's mask that was worked in; None where the mask is all there is."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "volumes_ml": {name: round(volume, 3) for name, volume in self.volumes_ml.items()},
            "brain_ml": None if self.brain_ml is None else round(self.brain_ml, 1),
            "lesion_count": self.lesion_count,
            "removed": {"count": self.removed_count, "volume_ml": round(self.removed_ml, 3)},
            "lesions": [lesion.to_dict() for lesion in self.lesions],
        }


def summarise(
    labels: sitk.Image, scheme: LabelScheme, prepared: Prepared | None = None, minimum_lesion_ml: float = 0.0
) -> Summary:
    """Count and measure what `labels` (on the native grid) holds; lesions below `minimum_lesion_ml` are taken out.

    A lesion is an 18-connected component of all labels together, so that oedema, core and enhancing parts of one tumour
    are one lesion. Without `prepared` its side and its mean intensities are not known.
    """
    array = sitk.GetArrayFromImage(labels).transpose(2, 1, 0)
    kept, removed = [], []
    for one in components(array):  # the largest first
        (removed if millilitres(len(one.values), labels) < minimum_lesion_ml else kept).append(one)
    for one in removed:
        array[tuple(one.indices.T)] = 0
    cleaned = labels
    if removed:
        cleaned = sitk.GetImageFromArray(array.transpose(2, 1, 0))
        cleaned.CopyInformation(labels)
    around = _Surroundings.of(labels, prepared)
    counts = np.bincount(np.concatenate([one.values for one in kept]), minlength=256) if kept else np.zeros(256, int)
    return Summary(
        labels=cleaned,
        volumes_ml={
            region.name: millilitres(sum(int(counts[value]) for value in region.values), labels)
            for region in scheme.regions
        },
        lesions=tuple(_lesion(i, one, labels, scheme, around) for i, one in enumerate(kept[:MOST_LESIONS], start=1)),
        lesion_count=len(kept),
        removed_count=len(removed),
        removed_ml=millilitres(sum(len(one.values) for one in removed), labels),
        brain_ml=around.brain_ml,
    )


@dataclass(frozen=True)
class _Surroundings:
    """What a lesion is seen against: the volumes and the brain on the model's grid."""

    prepared: Prepared | None
    midplane: Midplane | None
    to_model: np.ndarray | None
    """(3, 4): from an index into the label map to one into the model's crop."""
    brain_ml: float | None

    @classmethod
    def of(cls, labels: sitk.Image, prepared: Prepared | None) -> _Surroundings:
        if prepared is None:
            return cls(None, None, None, None)
        grid, brain = prepared.frame.grid, prepared.brain.numpy()
        return cls(
            prepared,
            None if prepared.is_all_brain else find_midplane(brain, grid.GetSpacing()[0]),
            _between(labels, grid, prepared.frame.box.start),
            None if prepared.is_all_brain else millilitres(int(brain.sum()), grid),
        )

    def places(self, indices: np.ndarray) -> np.ndarray:
        """Where voxels of the label map (N, 3) lie in the model's crop, in its voxels."""
        return indices @ self.to_model[:, :3].T + self.to_model[:, 3]

    def side(self, places: np.ndarray) -> str | None:
        if self.midplane is None:
            return None
        return self.midplane.side_of(places * self.prepared.frame.grid.GetSpacing()[0])

    def intensities(self, places: np.ndarray) -> dict[Modality, float | None]:
        """The mean of every volume that was given, in its own unit, linearly between the voxels of the model's grid.

        A place counts by how much of it the volume shows: channels are zero elsewhere, which is no measurement.
        """
        means = {}
        for modality in self.prepared.code:
            channel = self.prepared.channels[self.prepared.code.modalities.index(modality)].numpy()
            seen = self.prepared.brain_in(modality).numpy()
            shown = float(_linear(seen, places).sum(dtype=np.float64))
            scale = self.prepared.scales[modality]
            total = float(_linear(channel, places).sum(dtype=np.float64))
            means[modality] = total / shown * scale.deviation + scale.mean if shown > _LEAST_SHOWN else None
        return means


def _lesion(number: int, one: Component, labels: sitk.Image, scheme: LabelScheme, around: _Surroundings) -> Lesion:
    steps = steps_of(labels)
    centre = one.indices.mean(axis=0)
    nearest = one.indices[np.square((one.indices - centre) @ steps.T).sum(axis=1).argmin()]
    left, back, top = labels.TransformContinuousIndexToPhysicalPoint([float(value) for value in centre])
    places = None if around.prepared is None else around.places(one.indices)
    return Lesion(
        id=number,
        volume_ml=millilitres(len(one.values), labels),
        parts_ml={
            region.name: millilitres(one.count_of(region.values), labels)
            for region in scheme.regions[1:]
            if region.values < scheme.regions[0].values
        },
        centroid_ras_mm=(-left, -back, top),
        voxel=tuple(int(value) for value in nearest),
        diameter_mm=largest_diameter(one.indices, steps),
        section=longest_section(one.indices, steps, axial_axis(labels)),
        side=None if places is None else around.side(places),
        intensities={} if places is None else around.intensities(places),
    )


def axial_axis(image: sitk.Image) -> int:
    """The axis of the grid that runs most nearly from foot to head: slices across it are axial, or nearly so."""
    return int(np.abs(direction_of(image)[2]).argmax())


def significant(value: float, digits: int = 4) -> float:
    """`value` with so many significant digits."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else value


def _between(start: sitk.Image, end: sitk.Image, box_start: tuple[int, ...]) -> np.ndarray:
    """The affine map (3, 4) from indices into `start` to indices into the box of `end` that begins at `box_start`."""
    to_world, origin = steps_of(start), np.array(start.GetOrigin())
    to_end = np.linalg.inv(steps_of(end))
    shift = to_end @ (origin - np.array(end.GetOrigin())) - np.array(box_start)
    return np.concatenate([to_end @ to_world, shift[:, None]], axis=1)


def _linear(volume: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The values of `volume` at `places` (N, 3) in voxels; those of the nearest voxel beyond its border."""
    rounded = np.rint(places)
    if np.abs(places - rounded).max() < 1e-3:  # the label map has the model's voxels
        limits = np.array(volume.shape) - 1
        return volume[tuple(np.clip(rounded.astype(int), 0, limits).T)]
    return ndimage.map_coordinates(volume, places.T, output=np.float32, order=1, mode="nearest")
