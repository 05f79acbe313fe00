"""Lesions in the shape of real ones: a folder of binary masks in MNI space.

A mask is loaded once, on first use, as a map of signed distance, so that its border is smooth at any resolution, and a
map of components, so that a case can take some of them. What a case takes is turned, scaled, mirrored, warped, grown or
shrunk a little; no two cases are alike, and none is a patient.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from MissingModalitySegLib.errors import InputError

from ..draws import chance, log_uniform, normal, seed, uniform
from ..fields import vector_field
from .blocks import Blocks
from .shapes import Vector

if TYPE_CHECKING:
    import SimpleITK

MARGIN_MM = 10
"""Distances are known this far outside a mask; farther away they stay at this value."""

MNI_LOW, MNI_HIGH = (-100.0, -136.0, -84.0), (100.0, 102.0, 120.0)
"""A volume in MNI space lies within this box, mm, and covers most of it."""

DISEASES = ("ms", "wmh", "glioma", "metastases", "stroke")
"""Names of subfolders. Masks directly in the folder serve every disease."""


@dataclass(frozen=True)
class MaskFolder:
    """Where real masks lie, by disease, without those to leave out."""

    folder: Path
    files: dict[str, tuple[str, ...]] = field(hash=False)
    """Disease → paths relative to the folder."""

    def names(self, disease: str) -> tuple[str, ...]:
        return self.files.get(disease, ()) + self.files.get("", ())


@dataclass(frozen=True)
class MaskShape:
    """A mask, and what is done to it. `matrix` and `shift_mm` take case positions to positions in the mask."""

    name: str
    matrix: tuple[Vector, Vector, Vector]
    shift_mm: Vector
    warp_mm: float
    warp_seed: int
    grow_mm: float
    kept: tuple[int, ...]
    """Components that are used; none named: all."""


@dataclass(frozen=True)
class DistanceMap:
    """Depth in mm inside a mask (negative outside) and the number of the nearest component, both (X, Y, Z)."""

    depth: Tensor
    component: Tensor
    sizes_mm3: tuple[float, ...]
    origin_mm: Vector
    spacing_mm: Vector

    @property
    def box(self) -> tuple[Tensor, Tensor]:
        low = torch.tensor(self.origin_mm)
        return low, low + torch.tensor(self.spacing_mm) * (torch.tensor(self.depth.shape) - 1)


def open_mask_folder(folder: Path | str, exclude: Collection[str] = ()) -> MaskFolder:
    """List the NIfTI files of a folder and of its subfolders named as diseases.

    Args:
        exclude: names, without extension, of masks that must not be used (cases that something is measured on).

    Raises:
        InputError: there is no such folder, no mask in it, or a name to exclude that is not there.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError("masks-missing", f"{folder} is not a folder.", "Name a folder of lesion masks (.nii.gz).")
    files: dict[str, tuple[str, ...]] = {}
    seen = set()
    for disease in ("", *DISEASES):
        found = sorted(p for p in (folder / disease).glob("*.nii*") if p.is_file())
        seen |= {_stem(path) for path in found}
        files[disease] = tuple(p.relative_to(folder).as_posix() for p in found if _stem(p) not in exclude)
    if not seen:
        raise InputError(
            "masks-missing",
            f"There is no NIfTI file in {folder}.",
            f"Put binary masks in MNI space there, or into subfolders: {', '.join(DISEASES)}.",
        )
    unknown = sorted(set(exclude) - seen)
    if unknown:
        raise InputError(
            "mask-unknown",
            f"Masks to exclude are not in {folder}: {', '.join(unknown)}.",
            "Name them as the files are named, without .nii.gz.",
        )
    return MaskFolder(folder.resolve(), files)


def sample_mask_shape(generator: torch.Generator, folder: MaskFolder, disease: str, share: float = 1.0) -> MaskShape:
    """A mask of a disease, changed at random; about `share` of its components."""
    names = folder.names(disease)
    if not names:
        raise InputError(
            "masks-missing",
            f"There is no mask for {disease} in {folder.folder}.",
            f"Put masks into {folder.folder / disease} or ask for another kind.",
        )
    name = names[int(torch.randint(len(names), (), generator=generator))]
    mask = load_mask(folder.folder / name)
    angles = [normal(generator, 0.07) for _ in range(3)]
    scale = log_uniform(generator, 0.85, 1.2)
    matrix = _rotation(angles) * scale * np.array([[-1.0 if chance(generator, 0.5) else 1.0], [1.0], [1.0]])
    shift = tuple(normal(generator, 2.0) for _ in range(3))
    count = len(mask.sizes_mm3)
    kept = tuple(index + 1 for index in range(count) if chance(generator, share)) if share < 1 and count > 1 else ()
    if share < 1 and count > 1 and not kept:
        kept = (int(np.argmax(mask.sizes_mm3)) + 1,)
    return MaskShape(
        name,
        tuple(tuple(float(v) for v in row) for row in matrix),
        shift,
        uniform(generator, 0, 3),
        seed(generator),
        uniform(generator, -0.7, 0.7),
        kept,
    )


def mask_levels(points: Tensor, shape: MaskShape, folder: MaskFolder | None) -> Tensor:
    """Depth in mm inside the changed mask at positions (P, V, 3); at least `−MARGIN_MM`."""
    mask = load_mask(_path(shape, folder))
    if shape.warp_mm > 0:
        warp = vector_field(points[None, None], [shape.warp_seed], 25.0)[0, 0]
        points = points + shape.warp_mm * warp.clamp(-2.5, 2.5)
    places = points @ points.new_tensor(shape.matrix).mT + points.new_tensor(shape.shift_mm)
    size = points.new_tensor([n - 1 for n in mask.depth.shape])
    voxels = (places - points.new_tensor(mask.origin_mm)) / points.new_tensor(mask.spacing_mm)
    normed = (voxels / size * 2 - 1).flip(-1)[None, None]  # grid_sample wants (z, y, x)
    depth = _read(mask.depth.to(points), normed, "bilinear")
    if shape.kept:
        component = _read(mask.component.to(points), normed, "nearest")
        kept = torch.isin(component, component.new_tensor(shape.kept))
        depth = torch.where(kept, depth, depth.new_tensor(-float(MARGIN_MM)))
    outside = (normed[0, 0].abs() > 1).any(-1)
    return torch.where(outside, depth.new_tensor(-float(MARGIN_MM)), depth) + shape.grow_mm


def mask_reach(blocks: Blocks, shape: MaskShape, folder: MaskFolder | None) -> Tensor:
    """The cubes of a grid (P,) in which a mask may have something."""
    low, high = load_mask(_path(shape, folder)).box
    matrix = torch.tensor(shape.matrix)
    corners = torch.cartesian_prod(*torch.stack([low, high], dim=1))
    corners = torch.linalg.solve(matrix, (corners - torch.tensor(shape.shift_mm)).mT).mT.to(blocks.points)
    slack = 2.5 * shape.warp_mm * 2  # the warp's components are cut at 2.5 deviations each
    first, last = corners.amin(0) - slack, corners.amax(0) + slack
    return torch.nonzero(((blocks.high >= first) & (blocks.low <= last)).all(-1))[:, 0]


@lru_cache(maxsize=48)
def load_mask(path: Path) -> DistanceMap:
    """A mask as distances, cropped to its neighbourhood, axes turned to RAS.

    Raises:
        InputError: the file cannot be read, is no volume in MNI space, or is empty.
    """
    import SimpleITK

    from MissingModalitySegLib.engine.nifti import readable_name

    try:
        with readable_name(path) as name:
            image = SimpleITK.DICOMOrient(SimpleITK.ReadImage(name), "LPS")
    except RuntimeError as error:
        raise InputError("mask-unreadable", f"{path.name} cannot be read.", "Give NIfTI volumes.") from error
    check_space(image, path.name)
    inside = SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0) > 0.5
    spacing = np.array(image.GetSpacing())
    origin = np.array(image.GetOrigin())
    # LPS → RAS: the first two axes run the other way
    inside = inside[::-1, ::-1]
    extent = spacing * (np.array(inside.shape) - 1)
    origin = np.array([-origin[0] - extent[0], -origin[1] - extent[1], origin[2]])
    if not inside.any():
        raise InputError("mask-empty", f"{path.name} contains no lesion.", "Take it out of the folder.")
    margin = np.ceil(MARGIN_MM / spacing).astype(int) + 1
    first = [max(0, int(a.min()) - m) for a, m in zip(np.nonzero(inside), margin, strict=True)]
    last = [int(a.max()) + m + 1 for a, m in zip(np.nonzero(inside), margin, strict=True)]
    inside = inside[tuple(slice(a, b) for a, b in zip(first, last, strict=True))]
    inside = np.pad(inside, [(1, 1)] * 3)
    origin = origin + (np.array(first) - 1) * spacing
    depth, component, sizes = _distances(inside, spacing)
    return DistanceMap(
        torch.from_numpy(depth),
        torch.from_numpy(component),
        tuple(float(s) for s in sizes * spacing.prod()),
        tuple(float(v) for v in origin),
        tuple(float(v) for v in spacing),
    )


def check_space(image: SimpleITK.Image, name: str) -> None:
    """Refuse what is not a volume in MNI space: oblique, or with another field of view.

    Raises:
        InputError
    """
    hint = "Bring the mask to MNI152 space first; an image of 182x218x182 voxels of 1 mm is the usual form."
    if image.GetDimension() != 3:
        raise InputError("mask-space", f"{name} has {image.GetDimension()} dimensions, not 3.", hint)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    if np.abs(direction - np.eye(3)).max() > 0.01:
        raise InputError("mask-space", f"{name} is oblique, so it is not in MNI space.", hint)
    extent = np.array(image.GetSpacing()) * np.array(image.GetSize())
    start = np.array(image.GetOrigin()) - np.array(image.GetSpacing()) / 2
    low = np.array([-start[0] - extent[0], -start[1] - extent[1], start[2]])  # LPS → RAS
    high = low + extent
    if (low < MNI_LOW).any() or (high > MNI_HIGH).any() or (high - low < np.array([140, 175, 140])).any():
        box = ", ".join(f"{a:.0f} to {b:.0f}" for a, b in zip(low, high, strict=True))
        raise InputError("mask-space", f"{name} covers {box} mm, which is not the box of MNI space.", hint)


def _distances(inside: np.ndarray, spacing: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from scipy import ndimage

    outer, nearest = ndimage.distance_transform_edt(~inside, sampling=spacing, return_indices=True)
    inner = ndimage.distance_transform_edt(inside, sampling=spacing)
    half = float(spacing.mean()) / 2
    depth = np.where(inside, inner - half, half - outer)
    labels, count = ndimage.label(inside, np.ones((3, 3, 3)))
    component = labels[tuple(nearest)]
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    # a staircase of 1 mm is no surface: blur distances a little, less than the thinnest lesion
    depth = ndimage.gaussian_filter(depth.astype(np.float32), 0.6 / spacing)
    return np.clip(depth, -MARGIN_MM, None).astype(np.float32), component.astype(np.float32), sizes


def _read(volume: Tensor, places: Tensor, mode: str) -> Tensor:
    return F.grid_sample(volume[None, None], places, mode, padding_mode="border", align_corners=True)[0, 0, 0]


def _rotation(angles: list[float]) -> np.ndarray:
    turn = np.eye(3)
    for axis, angle in enumerate(angles):
        a, b = [i for i in range(3) if i != axis]
        step = np.eye(3)
        step[a, a] = step[b, b] = np.cos(angle)
        step[a, b], step[b, a] = -np.sin(angle), np.sin(angle)
        turn = step @ turn
    return turn


def _path(shape: MaskShape, folder: MaskFolder | None) -> Path:
    if folder is None:
        raise InputError(
            "masks-missing",
            f"This case takes its shape from the mask {shape.name}, but no folder of masks was given.",
            "Give the folder that the case was made with.",
        )
    return folder.folder / shape.name


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".nii")


def mask_ball(shape: MaskShape, folder: MaskFolder) -> tuple[Vector, float]:
    """Centre of the lesion in the case, and the radius in mm of a ball around it that holds the mask's box."""
    mask = load_mask(_path(shape, folder))
    inside = torch.nonzero(mask.depth > 0).float().mean(0) * torch.tensor(mask.spacing_mm)
    low, high = mask.box
    centre = torch.linalg.solve(torch.tensor(shape.matrix), low + inside - torch.tensor(shape.shift_mm))
    return tuple(centre.tolist()), float((high - low).norm()) / 2 / 0.85 + 5 * shape.warp_mm


def mask_volume_ml(shape: MaskShape, folder: MaskFolder) -> float:
    """Volume of the components used, before the case's changes."""
    sizes = load_mask(_path(shape, folder)).sizes_mm3
    return sum(size for index, size in enumerate(sizes) if not shape.kept or index + 1 in shape.kept) / 1000
