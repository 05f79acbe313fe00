"""The atlas's maps, made once from the MNI152 (2009a symmetric) T1, grey and white matter maps.

Shapes that the maps do not name (ventricles, deep grey matter, vessels, the face) come from coordinates in MNI space:
tubes and ellipsoids. Where the maps do show the structure, they only say where to look.

Everything here is numpy on the template's own lattice, axes (x, y, z), millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float32]
Line = tuple[tuple[float, float, float, float], ...]
"""A chain of (x, y, z, radius), all in mm; radius is interpolated as well."""

FINE_MM, COARSE_MM, HEAD_MM = 1, 2, 3
"""Spacing of the tissue maps, of the maps of distance around the brain, and of the head."""

FINE = ("white_matter", "grey_matter", "deep_grey_matter", "brain_stem")
COARSE = (
    "surface_distance",
    "ventricle_distance",
    "cortex_distance",
    "cerebellum",
    "vessel",
    "choroid_plexus",
    "nuclei",
)
HEAD = ("skull", "face", "eye", "orbit", "sinus", "jaw")
PUSH = ("push_x", "push_y", "push_z")

BRAIN_MARGIN_MM = 12
HEAD_LOW, HEAD_HIGH = (-116, -150, -168), (116, 132, 124)
"""Corners of the box in which the head lies, MNI mm."""

HULL_MM, BASE_GAP_MM = 16, 6
"""Radius of the ball that closes the brain's surface to the skull's, and how far from brain fluid reaches at most."""

# Half of the lines are given for the right side (x > 0) and mirrored.
LATERAL_VENTRICLE: tuple[Line, ...] = (
    ((4, 30, 2, 8), (9, 18, 8, 9), (10, 0, 20, 10), (16, -24, 22, 11), (24, -40, 12, 12), (25, -58, 8, 9)),
    ((24, -40, 12, 10), (33, -34, -4, 7), (34, -22, -14, 6), (30, -10, -20, 6)),
)
THIRD_VENTRICLE: Line = ((0, 4, -8, 4), (0, -4, 0, 5), (0, -12, 4, 5), (0, -24, 4, 5), (0, -30, -2, 3))
FOURTH_VENTRICLE: Line = ((0, -34, -14, 3), (0, -38, -22, 5), (0, -46, -30, 9), (0, -46, -40, 8), (0, -46, -48, 4))

PUTAMEN: Line = ((22, 14, -6, 7), (25, 8, 0, 8.5), (27, 0, 3, 8), (29, -8, 4, 6.5), (30, -15, 2, 4))
PALLIDUM: Line = ((16, 2, -2, 5), (20, -5, 0, 6), (24, -11, 1, 4))
CAUDATE: Line = ((9, 14, -5, 6), (13, 18, 4, 7.5), (14, 10, 12, 7), (17, -3, 20, 5), (20, -18, 22, 4), (26, -32, 16, 3))
THALAMUS: Line = ((6, -7, 7, 5.5), (10, -14, 9, 8), (13, -22, 8, 9.5), (18, -28, 5, 7))
DEEP_NUCLEI = (PUTAMEN, PALLIDUM, CAUDATE, THALAMUS)
LIKE_WHITE = ((PUTAMEN, -0.45), (CAUDATE, -0.45), (THALAMUS, -0.35), (PALLIDUM, 0.45))
"""How much of each nucleus looks like white matter or, negative, like cortex: less than half, the rest is deep grey.

Myelin and iron decide: pallidum has most of both, putamen and caudate nearly as little as cortex.
"""

BRAIN_STEM: Line = (
    (0, -16, -8, 15),
    (0, -24, -16, 17),
    (0, -26, -30, 18),
    (0, -34, -44, 14),
    (0, -44, -60, 10),
    (0, -50, -80, 10),
)

CHOROID_PLEXUS: tuple[Line, ...] = (
    (
        (4, -6, 14, 1.2),
        (10, -20, 17, 1.5),
        (20, -36, 14, 3.2),
        (23, -42, 8, 3.5),
        (28, -38, -2, 2),
        (32, -28, -10, 1.2),
    ),
)
VESSELS: tuple[Line, ...] = (
    ((22, -18, -46, 2.6), (20, -6, -36, 2.6), (11, -6, -30, 2.5), (10, 6, -26, 2.4), (13, 6, -18, 2.2)),  # carotid
    ((13, 6, -18, 1.9), (24, 6, -19, 1.7), (34, 6, -17, 1.5), (41, 0, -8, 1.3), (43, -12, 4, 1.0), (44, -26, 14, 0.7)),
    ((13, 6, -18, 1.5), (3, 16, -17, 1.3), (2, 32, -8, 1.2), (2, 39, 6, 1.1), (2, 32, 22, 1.0), (2, 8, 34, 0.8)),  # ACA
    ((0, -15, -19, 1.6), (9, -18, -18, 1.5), (19, -30, -12, 1.3), (18, -46, -4, 1.1), (10, -66, 2, 0.8)),  # PCA
    ((11, -38, -72, 1.8), (6, -28, -62, 1.8), (0, -20, -50, 2.0), (0, -13, -34, 2.0), (0, -13, -19, 1.8)),  # basilar
    ((2, -2, 15, 0.8), (3, -20, 16, 1.1), (2, -36, 10, 1.4), (0, -42, 4, 2.0), (0, -60, 4, 2.4), (0, -88, -14, 3.0)),
    (
        (0, -98, -16, 3.8),
        (34, -92, -22, 3.6),
        (62, -66, -28, 3.6),
        (56, -46, -34, 3.6),
        (38, -42, -56, 3.4),
    ),  # transverse
)


@dataclass(frozen=True)
class Lattice:
    """Where an array of maps (C, X, Y, Z) lies: centre of its first voxel and spacing, mm."""

    origin: tuple[float, float, float]
    spacing: float


@dataclass(frozen=True)
class Maps:
    """Channels in the order of `FINE`, `COARSE`, `HEAD` and `PUSH`."""

    fine: tuple[Array, Lattice]
    coarse: tuple[Array, Lattice]
    head: tuple[Array, Lattice]
    push: tuple[Array, Lattice]


def build_maps(t1: Array, grey: Array, white: Array, origin: tuple[float, float, float]) -> Maps:
    """All maps of the atlas from three maps of 1 mm voxels whose first centre is `origin`."""
    brain = ndimage.binary_fill_holes(t1 > 0)
    box = tuple(slice(a.min() - BRAIN_MARGIN_MM, a.max() + 1 + BRAIN_MARGIN_MM) for a in np.nonzero(brain))
    pads = [(max(0, -s.start), max(0, s.stop - n)) for s, n in zip(box, brain.shape, strict=True)]
    t1, grey, white, brain = (np.pad(a, pads) for a in (t1, grey, white, brain))
    box = tuple(slice(s.start + p[0], s.stop + p[0]) for s, p in zip(box, pads, strict=True))
    origin = tuple(o - p[0] + s.start for o, p, s in zip(origin, pads, box, strict=True))
    grey, white, brain = grey[box], white[box], brain[box]
    fluid = np.clip(brain - grey - white, 0, 1).astype(np.float32)
    lattice = Lattice(origin, FINE_MM)

    coarse_lattice = Lattice(tuple(o + 0.5 for o in origin), COARSE_MM)
    points = _points(halved(brain).shape, coarse_lattice)
    ventricles = ventricle_mask(fluid, lattice)
    ventricle_distance = halved(signed_distance(ventricles))
    cerebellum = cerebellum_weight(grey + white, points)
    white, grey, deep, stem = split_tissues(grey, white, fluid, ventricle_distance, lattice)
    cortex = halved(grey) > 0.5
    coarse = np.stack(
        [
            halved(signed_distance(brain)),
            ventricle_distance,
            ndimage.distance_transform_edt(~cortex, sampling=COARSE_MM),
            cerebellum,
            np.maximum(_level(points, mirrored(VESSELS)), _level(points, (sagittal_sinus(brain, lattice),))),
            _level(points, mirrored(CHOROID_PLEXUS)),
            nuclei_map(points),
        ]
    )
    push, push_lattice = ventricle_push(ventricle_distance, coarse_lattice)
    return Maps(
        (np.stack([white, grey, deep, stem]).astype(np.float32), lattice),
        (coarse.astype(np.float32), coarse_lattice),
        head_maps(brain, lattice),
        (push, push_lattice),
    )


def split_tissues(
    grey: Array, white: Array, fluid: Array, ventricle_distance: Array, lattice: Lattice
) -> tuple[Array, Array, Array, Array]:
    """White matter, cortex (cerebellar as well), deep grey matter and brain stem; what they leave to one is fluid."""
    points = _points(grey.shape, lattice)
    nuclei = np.clip(0.5 + _level(points, mirrored(DEEP_NUCLEI)) / 2, 0, 1)
    around = np.clip(0.5 + (_level(points, mirrored((PUTAMEN, CAUDATE))) + 2.5) / 2, 0, 1)
    tissue = grey + white
    # Thalamus and pallidum are nearly as bright as white matter, so the grey map shows them at a third of its strength.
    deep = np.maximum(nuclei * np.clip(3 * grey - 0.1, 0, 1), around * np.clip(2 * grey - 0.6, 0, 1)) * tissue
    remainder = tissue - deep
    cortex = np.minimum(grey, remainder)
    # Half fluid, half white matter looks grey: the lining of the lateral ventricles is no cortex.
    near = doubled(ventricle_distance, grey.shape)
    above = np.clip((points[..., 2] + 9) / 6, 0, 1)
    lining = np.clip((4.5 - near) / 1.5, 0, 1) * above
    # … nor is what is left between nuclei, ventricles and the internal capsule.
    central = np.clip((_level(points, mirrored(DEEP_NUCLEI)) + 4) / 4, 0, 1) * np.clip(
        (34 - np.abs(points[..., 0])) / 5, 0, 1
    )
    cortex = cortex * (1 - np.maximum(lining, central))
    stem = np.clip(0.5 + _level(points, (BRAIN_STEM,)) / 3, 0, 1) * (1 - nuclei)
    low = np.clip((-6 - points[..., 2]) / 4, 0, 1)
    stem = stem * low * _before_fourth_ventricle(points) * remainder
    cortex = np.minimum(cortex, remainder - stem)
    return (np.clip(remainder - stem - cortex, 0, 1), cortex, deep, stem)


def nuclei_map(points: Array) -> Array:
    """The number in `LIKE_WHITE` of the nearest nucleus, blended over about 2 mm where nuclei meet."""
    near = [np.exp(2 * _level(points, mirrored((line,)))) for line, _ in LIKE_WHITE]
    total = sum(weight * share for weight, (_, share) in zip(near, LIKE_WHITE, strict=True))
    return (total / sum(near)).astype(np.float32)


def _before_fourth_ventricle(points: Array) -> Array:
    """0 behind the floor of the fourth ventricle, a broken line in y and z, 1 before it, blurred over 4 mm."""
    floor = np.interp(points[..., 2], [-80, -60, -48, -36, -26, -16, -8], [-58, -54, -46, -41, -38, -38, -40])
    return np.clip(0.5 + (points[..., 1] - floor) / 4, 0, 1)


def ventricle_mask(fluid: Array, lattice: Lattice) -> NDArray[np.bool_]:
    """Fluid in the places where the ventricles are known to be."""
    points = _points(fluid.shape, lattice)
    lines = (*mirrored(LATERAL_VENTRICLE), THIRD_VENTRICLE, FOURTH_VENTRICLE)
    inside = (fluid > 0.4) & (_level(points, lines) > 0)
    labels, count = ndimage.label(inside)
    sizes = ndimage.sum_labels(inside, labels, np.arange(1, count + 1))
    return np.isin(labels, 1 + np.nonzero(sizes > 60)[0])


def cerebellum_weight(tissue: Array, points: Array) -> Array:
    """1 below the tentorium and behind the stem, 0 above, from the tent's known height at each (x, y)."""
    x, y, z = np.moveaxis(points, -1, 0)
    apex = np.interp(y, [-105, -90, -75, -60, -45, -35], [-16, -14, -8, 0, -4, -10])
    roof = apex - 0.42 * np.clip(np.abs(x) - 3, 0, None) - np.clip(np.abs(x) - 35, 0, None) * 0.15
    behind = np.interp(z, [-80, -60, -48, -36, -26, -16, 0], [-56, -52, -44, -38, -35, -35, -36])
    lateral = np.clip(behind + 0.75 * np.clip(np.abs(x) - 10, 0, 30) - y, -1, 1)
    return (np.clip((roof - z) / 2 + 0.5, 0, 1) * np.clip(0.5 + lateral / 2, 0, 1)).astype(np.float32)


def sagittal_sinus(brain: NDArray[np.bool_], lattice: Lattice) -> Line:
    """Along the rim of the brain in the midline, from the forehead over the top to the back."""
    middle = round(-lattice.origin[0])
    slab = ndimage.binary_closing(brain[middle - 6 : middle + 7].any(axis=0), iterations=8)
    centre = np.array([-20.0, 10.0])
    chain = []
    for angle in np.linspace(-0.1, np.pi + 0.2, 24):
        ray = centre + np.arange(20, 120, 0.5)[:, None] * np.array([np.cos(angle), np.sin(angle)])
        index = np.round(ray - np.array(lattice.origin[1:])).astype(int)
        valid = ((index >= 0) & (index < slab.shape)).all(axis=1)
        inside = slab[tuple(index[valid].T)]
        y, z = ray[valid][np.nonzero(inside)[0].max()] + 2.0 * np.array([np.cos(angle), np.sin(angle)])
        chain.append((0.0, float(y), float(z), 1.5 + 2.2 * angle / np.pi))
    return tuple(chain)


def ventricle_push(distance: Array, lattice: Lattice) -> tuple[Array, Lattice]:
    """Direction towards the ventricles, fading within about 20 mm: following it widens them in the image."""
    smooth = ndimage.gaussian_filter(distance, 2.5 / COARSE_MM)
    fade = np.exp(-((np.clip(smooth, 0, None) / 20) ** 2))
    push = -np.stack(np.gradient(smooth, COARSE_MM)) * fade
    return push[:, ::2, ::2, ::2].astype(np.float32), Lattice(lattice.origin, 2 * COARSE_MM)


def head_maps(brain: NDArray[np.bool_], lattice: Lattice) -> tuple[Array, Lattice]:
    """Levels in mm, positive inside, except `skull`: the distance outside a smooth hull of the brain."""
    shape = tuple(round((high - low) / HEAD_MM) + 1 for low, high in zip(HEAD_LOW, HEAD_HIGH, strict=True))
    head = Lattice(tuple(map(float, HEAD_LOW)), HEAD_MM)
    points = _points(shape, head)
    x, y, z = np.moveaxis(points, -1, 0)
    places = np.moveaxis(points - np.array(lattice.origin, np.float32), -1, 0) / lattice.spacing
    inside = ndimage.map_coordinates(brain.astype(np.float32), places, order=1, cval=0) > 0.5
    # the cord leaves through the foramen: the hull ends there
    near = signed_distance(inside & (z > -66)) * HEAD_MM
    hull = np.minimum(near, signed_distance(near < HULL_MM) * HEAD_MM + HULL_MM)
    # at the base, where the hull bridges wide gaps, bone reaches up between the lobes
    skull = ndimage.gaussian_filter(np.maximum(hull, near - BASE_GAP_MM), 2.5 / HEAD_MM)
    side = np.abs(x)
    mirrored_points = np.stack([side, y, z], axis=-1)
    face = np.maximum.reduce(
        [
            _ellipsoid(points, (0, 46, -52), (62, 44, 54)),
            _ellipsoid(points, (0, 58, -92), (48, 36, 38)),
            _ellipsoid(points, (0, 92, -52), (14, 22, 20)),  # nose
            _ellipsoid(points, (0, -30, -90), (64, 62, 60)),
            _ellipsoid(points, (0, -28, -150), (56, 58, 90)),  # neck
            _ellipsoid(mirrored_points, (76, -18, -40), (10, 14, 24)),  # ear
        ]
    )
    eye = _ellipsoid(mirrored_points, (32, 60, -38), (12, 12, 12))
    orbit = _ellipsoid(mirrored_points, (29, 50, -38), (17, 22, 16))
    sinus = np.maximum.reduce(
        [
            _ellipsoid(mirrored_points, (27, 48, -66), (13, 15, 14)),  # maxillary
            _ellipsoid(points, (0, 50, -52), (9, 30, 18)),  # ethmoid and nose
            _ellipsoid(points, (0, 20, -38), (11, 11, 8)),  # sphenoid
            _ellipsoid(points, (0, 76, -18), (16, 5, 9)),  # frontal
            _ellipsoid(mirrored_points, (52, -30, -46), (8, 10, 9)),  # mastoid
            _ellipsoid(points, (0, 12, -90), (9, 9, 40)),  # pharynx
            _ellipsoid(points, (0, 66, -90), (22, 22, 3)),  # mouth
        ]
    )
    jaw = np.maximum.reduce(
        [
            _level(mirrored_points, (((48, 8, -62, 6), (46, 18, -96, 7), (26, 62, -112, 7), (0, 78, -112, 8)),)),
            _level(mirrored_points, (((0, 78, -76, 7), (24, 60, -78, 6), (34, 34, -78, 5)),)),
            _level(points, (((0, -44, -72, 15), (0, -44, -110, 14), (0, -36, -180, 14)),)),  # spine
        ]
    )
    return np.stack([skull, face, eye, orbit, sinus, jaw]).astype(np.float32), head


def mirrored(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines of the right side and their images on the left."""
    return (*lines, *(tuple((-x, y, z, r) for x, y, z, r in line) for line in lines))


def signed_distance(mask: NDArray[np.bool_]) -> Array:
    """Voxels to the border of a mask, negative inside."""
    outside = ndimage.distance_transform_edt(~mask)
    return (outside - ndimage.distance_transform_edt(mask) - np.where(mask, -0.5, 0.5)).astype(np.float32)


def halved(array: NDArray) -> Array:
    """Means of blocks of 2³; the last plane of an odd axis is left out."""
    x, y, z = (n // 2 * 2 for n in array.shape)
    blocks = array[:x, :y, :z].reshape(x // 2, 2, y // 2, 2, z // 2, 2)
    return blocks.mean(axis=(1, 3, 5), dtype=np.float32)


def doubled(array: Array, shape: tuple[int, ...]) -> Array:
    """The inverse of `halved` for smooth arrays, on a lattice of `shape`."""
    places = np.meshgrid(*((np.arange(n, dtype=np.float32) - 0.5) / 2 for n in shape), indexing="ij")
    return ndimage.map_coordinates(array, np.stack(places), order=1, mode="nearest")


def _points(shape: tuple[int, ...], lattice: Lattice) -> Array:
    axes = (o + lattice.spacing * np.arange(n) for o, n in zip(lattice.origin, shape, strict=True))
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).astype(np.float32)


def _ellipsoid(points: Array, centre: tuple[float, ...], radii: tuple[float, ...]) -> Array:
    """Approximate depth in mm below the surface of an ellipsoid, negative outside."""
    reach = (points - np.array(centre, np.float32)) / np.array(radii, np.float32)
    norm = np.linalg.norm(reach, axis=-1)
    slope = np.linalg.norm(reach / np.array(radii, np.float32), axis=-1)
    return norm * (1 - norm) / np.maximum(slope, 1e-6)


def _level(points: Array, lines: tuple[Line, ...]) -> Array:
    """Depth in mm inside the union of tapering tubes, negative outside (−20 stands for anything farther)."""
    depth = np.full(points.shape[:-1], -20, np.float32)
    low, step = points[0, 0, 0], points[1, 1, 1] - points[0, 0, 0]
    for line in lines:
        for start, end in pairwise(line):
            a, b = np.array(start, np.float32), np.array(end, np.float32)
            reach = 20 + max(a[3], b[3])
            first = np.floor((np.minimum(a, b)[:3] - reach - low) / step).astype(int)
            last = np.ceil((np.maximum(a, b)[:3] + reach - low) / step).astype(int) + 1
            box = tuple(slice(max(0, f), max(0, e)) for f, e in zip(first, last, strict=True))
            near = points[box]
            along = b[:3] - a[:3]
            t = np.clip(((near - a[:3]) @ along) / (along @ along), 0, 1)
            distance = np.linalg.norm(near - a[:3] - t[..., None] * along, axis=-1)
            depth[box] = np.maximum(depth[box], a[3] + t * (b[3] - a[3]) - distance)
    return depth
