"""The sample data that ship with the extension: a few generated patients, small enough to travel with it.

`python -m MissingModalitySegTraining.samples --output Resources/samples` makes them again: volumes with few grey levels
(which compress well), the truth, a thumbnail each, and the list `samples.json` with checksums.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

from MissingModalitySegLib import __version__
from MissingModalitySegLib.labels import GLIOMA
from MissingModalitySegLib.modalities import MODALITIES, Modality

from .phantom.acquisition import AcquisitionParameters, SequenceAcquisition
from .phantom.atlas import load_atlas
from .phantom.contrast import ContrastMixture
from .phantom.engine import sample_case
from .phantom.output import Rendered, simulate
from .phantom.output.volumes import Volume, write_volume

GREY_LEVELS = 159
BRIGHTEST = 99.9
"""Percentile that becomes the highest level; brighter voxels are clipped to it."""

THUMBNAIL = (260, 280)
"""Pixels, as Slicer's page of samples shows them."""


@dataclass(frozen=True)
class Recipe:
    """How one patient is made, and which sequences of it are given."""

    name: str
    title: str
    description: str
    kind: str
    mode: str
    seed: int
    spacing_mm: float
    given: tuple[Modality, ...]
    shown: Modality
    """The sequence of the thumbnail."""

    resolution_mm: tuple[tuple[float, float], ...]
    """In the plane and across it, per sequence in channel order."""


_CLEAR = ContrastMixture(1, 0, 0, mprage=1)
"""Contrasts from the physics of the sequences; T1 tells grey from white matter."""

T1, T1CE, T2, FLAIR, DWI = MODALITIES
RECIPES = (
    Recipe(
        "glioma",
        "Glioma, T1 T1ce T2 FLAIR (generated)",
        "An enhancing glioma with oedema; brain extracted, all sequences on one grid, DWI was not acquired.",
        "glioma", "research", 31_000_006, 1.7, (T1, T1CE, T2, FLAIR), T1CE,
        ((1, 1), (1, 1), (1, 1.5), (1, 1.5), (1.5, 3)),
    ),
    Recipe(
        "ms",
        "Multiple sclerosis, T1 FLAIR (generated)",
        "Many small lesions around the ventricles; brain extracted, T2 and contrast were not acquired.",
        "ms", "research", 12_000_014, 1.7, (T1, FLAIR), FLAIR,
        ((1, 1), (1, 1), (1, 1.5), (1, 1.2), (1.5, 3)),
    ),
    Recipe(
        "stroke",
        "Acute stroke, FLAIR DWI (generated)",
        "A fresh infarct; with the head, in thick slices on two grids that do not match.",
        "acute_stroke", "clinic", 32_000_000, 1.2, (FLAIR, DWI), DWI,
        ((1.2, 3), (1.2, 5), (1.2, 5), (1.5, 5), (2, 5)),
    ),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--output", type=Path, required=True)
    output = parser.parse_args().output
    cases = [make(recipe, output / recipe.name) for recipe in RECIPES]
    content = {"schema": 1, "about": "Computed; shows no patient.", "version": __version__, "cases": cases}
    (output / "samples.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def make(recipe: Recipe, folder: Path) -> dict[str, Any]:
    """Write one patient into `folder`, and give the entry of the list."""
    atlas = load_atlas("cpu")
    case = sample_case(recipe.seed, recipe.kind, atlas, recipe.mode, mixture=_CLEAR)
    case = replace(case, acquisition=_carefully(case.acquisition, recipe.resolution_mm))
    rendered = simulate(case, atlas, spacing_mm=recipe.spacing_mm)
    folder.mkdir(parents=True, exist_ok=True)
    volumes = []
    for modality in recipe.given:
        path = folder / f"{modality}.nrrd"
        write_volume(_few_levels(rendered.sequences[modality].image), path)
        volumes.append({"modality": str(modality), **_checked(path, folder)})
    write_volume(rendered.labels, folder / "truth.nrrd")
    thumbnail(rendered, recipe.shown).save(folder / "thumbnail.png", optimize=True)
    voxel_ml = float(abs(np.linalg.det(rendered.labels.affine[:3, :3]))) / 1000
    return {
        "name": recipe.name,
        "title": recipe.title,
        "description": recipe.description,
        "volumes": volumes,
        "truth": _checked(folder / "truth.nrrd", folder)
        | {"reference": str(rendered.reference), "lesion_ml": round((rendered.labels.array > 0).sum() * voxel_ml, 2)},
        "thumbnail": f"{folder.name}/thumbnail.png",
    }


def _carefully(
    acquisition: AcquisitionParameters, resolution_mm: tuple[tuple[float, float], ...]
) -> AcquisitionParameters:
    """The same examination on a good day: chosen voxels, little noise, nothing went wrong."""

    def better(one: SequenceAcquisition, in_plane_mm: float, slice_mm: float) -> SequenceAcquisition:
        return replace(
            one, plane="axial", in_plane_mm=float(in_plane_mm), slice_mm=float(slice_mm), gap_mm=0.0, ringing=0.0,
            signal_to_noise=max(one.signal_to_noise, 35.0), motion=None, ghosts=None, spike=None, sharpening=0.0,
        )  # fmt: skip

    sequences = (better(one, *size) for one, size in zip(acquisition.sequences, resolution_mm, strict=True))
    return replace(acquisition, sequences=tuple(sequences), cut=None)


def _few_levels(volume: Volume) -> Volume:
    """Grey values as int16 with few levels: noise below a level needs no room in a file."""
    values = volume.array.astype(float)
    top = max(float(np.percentile(values[values > 0], BRIGHTEST)), 1.0)
    return volume.of(np.rint(np.clip(values / top, 0, 1) * GREY_LEVELS).astype(np.int16))


def thumbnail(rendered: Rendered, modality: Modality) -> Image.Image:
    """The axial slice with most lesion, the truth over it in colour."""
    image, labels = rendered.sequences[modality].image, rendered.labels
    to_labels = np.linalg.inv(labels.affine)
    z = int((labels.array > 0).sum(axis=tuple(_across(labels))).argmax())
    middle = np.array(labels.array.shape) / 2
    middle[_up(labels)] = z
    centre = (labels.affine @ [*middle, 1])[:3]
    brain = rendered.sequences[modality].brain
    inside = np.argwhere(brain.array > 0) @ brain.affine[:3, :3].T + brain.affine[:3, 3]
    centre[:2] = (inside[:, :2].min(0) + inside[:, :2].max(0)) / 2
    step = max(np.ptp(inside[:, 0]) / THUMBNAIL[0], np.ptp(inside[:, 1]) / THUMBNAIL[1]) * 1.08
    columns, rows = (np.arange(size) - (size - 1) / 2 for size in THUMBNAIL)
    points = np.empty((THUMBNAIL[1], THUMBNAIL[0], 3))
    points[..., 0] = centre[0] - columns[None] * step
    points[..., 1] = centre[1] - rows[:, None] * step
    points[..., 2] = centre[2]
    values = _sample(image.array.astype(float), np.linalg.inv(image.affine), points, 1)
    low, high = np.percentile(image.array[brain.array > 0], [1, 99.7])
    grey = np.clip((values - low / 2) / (high - low / 2), 0, 1) * 255
    tile = np.repeat(grey[..., None], 3, axis=2)
    for label in GLIOMA.labels:
        share = _sample((labels.array == label.value).astype(float), to_labels, points, 1)
        inside = share >= 0.5
        border = inside & ~ndimage.binary_erosion(inside, iterations=2)
        tile[inside] = 0.7 * tile[inside] + 0.3 * np.array(label.colour)
        tile[border] = label.colour
    return Image.fromarray(tile.astype(np.uint8)).quantize(96)


def _up(volume: Volume) -> int:
    """The axis of the array that runs most from feet to head."""
    return int(np.abs(volume.affine[2, :3]).argmax())


def _across(volume: Volume) -> list[int]:
    return [axis for axis in range(3) if axis != _up(volume)]


def _sample(array: np.ndarray, to_voxels: np.ndarray, points: np.ndarray, order: int) -> np.ndarray:
    places = points @ to_voxels[:3, :3].T + to_voxels[:3, 3]
    return ndimage.map_coordinates(array, np.moveaxis(places, -1, 0), order=order)


def _checked(path: Path, folder: Path) -> dict[str, str]:
    return {"file": f"{folder.name}/{path.name}", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


if __name__ == "__main__":
    main()
