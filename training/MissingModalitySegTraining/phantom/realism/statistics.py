"""Numbers that describe one case; brightness in standard deviations of its brain (z), lengths in mm."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .specimens import DETAIL_MM, OVERVIEW_MM, Specimen

QUANTILES = (1, 5, 25, 50, 75, 95, 99, 99.9)
SHELL_MM = (3.0, 10.0)
"""What a lesion is compared with: brain at this distance from it."""
FEWEST = 10
"""Voxels that a median needs."""
CUBE_MM = 12.0
"""Grey matter is compared from cube to cube of this edge."""

Figures = dict[str, float]
"""“sequence/statistic” or “shape/statistic” → number."""


def measure(specimen: Specimen) -> Figures:
    """All statistics that the case's sequences and labels allow."""
    figures: Figures = dict(shape_figures(specimen.brain, specimen.regions))
    depth = ndimage.distance_transform_edt(specimen.brain, sampling=OVERVIEW_MM)
    deep = ndimage.distance_transform_edt(np.pad(specimen.detail_brain, 1), sampling=DETAIL_MM)[1:-1, 1:-1, 1:-1]
    grey = grey_matter(specimen, depth)
    for name, image in specimen.images.items():
        found = brightness_figures(image[specimen.brain])
        found |= rim_figures(image, depth)
        found |= class_figures(image[specimen.brain])
        found |= unevenness_figures(image, grey)
        found |= lesion_figures(image, specimen.brain, specimen.regions)
        # the pad makes the sides of the block its border: nothing is read across them
        found |= texture_figures(specimen.detail[name], (deep > 5) & ~specimen.detail_lesion)
        figures |= {f"{name}/{key}": value for key, value in found.items()}
    return figures


def brightness_figures(values: np.ndarray) -> Figures:
    """Quantiles of the brain."""
    return {f"quantile {q:g}": float(v) for q, v in zip(QUANTILES, np.percentile(values, QUANTILES), strict=True)}


def rim_figures(image: np.ndarray, depth_mm: np.ndarray) -> Figures:
    """The outermost 4 mm that extraction left: fluid and cortex, vessels and meninges."""
    rim = image[(depth_mm > 0) & (depth_mm <= 4)]
    return {"rim median": float(np.median(rim)), "rim 99": float(np.percentile(rim, 99))}


def class_figures(values: np.ndarray) -> Figures:
    """Three classes of brightness without labels, by k-means on the middle 98 %.

    On T1 they are about fluid, grey and white matter, on T2 white, grey, fluid, on FLAIR fluid, white, grey. `middle`
    is where the middle class lies between the others (0 … 1); `separation` the distance of the upper two over their
    spread.
    """
    kept, member, centres = _classes(values)
    spread = np.sqrt(np.mean([kept[member == k].var() if (member == k).any() else 0.0 for k in (1, 2)]))
    extent = max(centres[2] - centres[0], 1e-6)
    return {
        "classes middle": float((centres[1] - centres[0]) / extent),
        "classes separation": float((centres[2] - centres[1]) / max(spread, 1e-6)),
        "classes share lowest": float((member == 0).mean()),
        "classes share highest": float((member == 2).mean()),
    }


def grey_matter(specimen: Specimen, depth_mm: np.ndarray) -> np.ndarray:
    """The middle class of a T1 (else a T1ce), away from the brain's border and from lesions; empty without either."""
    image = next((specimen.images[name] for name in ("T1", "T1ce") if name in specimen.images), None)
    if image is None:
        return np.zeros(specimen.brain.shape, bool)
    dark, middle, bright = _classes(image[specimen.brain])[2]
    grey = (depth_mm > 4) & (image > (dark + middle) / 2) & (image < (middle + bright) / 2)
    lesion = specimen.regions.get("lesion")
    if lesion is not None and lesion.any():
        grey &= ndimage.distance_transform_edt(~lesion, sampling=OVERVIEW_MM) > SHELL_MM[1]
    return grey


def unevenness_figures(image: np.ndarray, grey: np.ndarray) -> Figures:
    """How far the brightest cubes of grey matter (95th percentile of their medians) lie above its median."""
    at = np.argwhere(grey)
    values = image[grey]
    _, cube = np.unique(at // round(CUBE_MM / OVERVIEW_MM), axis=0, return_inverse=True)
    order = np.argsort(cube, kind="stable")
    cubes = np.split(values[order], np.flatnonzero(np.diff(cube[order])) + 1)
    medians = [float(np.median(one)) for one in cubes if one.size >= 2 * FEWEST]
    if len(medians) < FEWEST:
        return {}
    return {"grey matter uneven": float(np.percentile(medians, 95)) - float(np.median(values))}


def lesion_figures(image: np.ndarray, brain: np.ndarray, regions: dict[str, np.ndarray]) -> Figures:
    """Contrast of each region to the shell around the lesion, spread within the lesion, softness of its border.

    `penumbra` is how much of the lesion's contrast is left in the 2 mm just outside its outline.
    """
    if not regions or not regions["lesion"].any():
        return {}
    outside = ndimage.distance_transform_edt(~regions["lesion"], sampling=OVERVIEW_MM)
    shell = image[brain & (outside >= SHELL_MM[0]) & (outside <= SHELL_MM[1])]
    if shell.size < FEWEST:
        return {}
    around = float(np.median(shell))
    figures = {
        f"{name} contrast": float(np.median(image[region & brain])) - around
        for name, region in regions.items()
        if np.count_nonzero(region & brain) >= FEWEST
    }
    inside = image[regions["lesion"] & brain]
    if inside.size >= FEWEST:
        figures["lesion spread"] = float(np.subtract(*np.percentile(inside, (75, 25)))) / 1.349
        just_outside = image[brain & (outside > 0) & (outside <= 2)]
        contrast = figures["lesion contrast"]
        if abs(contrast) > 0.3:
            figures["lesion penumbra"] = (float(np.median(just_outside)) - around) / contrast
    return figures


def texture_figures(image: np.ndarray, inside: np.ndarray) -> Figures:
    """Noise, mottling and edges at 1 mm, within `inside`.

    `fine` and `middle` are robust deviations of what Gaussians of 1 mm take away, and of the difference between 1 and
    3 mm, where the image is flattest (mostly white matter). `edges` is the 95th percentile of the slope per mm,
    `anisotropy` the smallest over the largest slope energy of the three axes: 1 for isotropic voxels, less for slices.
    """
    if np.count_nonzero(inside) < 1000:
        return {}
    slopes = np.gradient(image, DETAIL_MM)
    energies = sorted(float(np.square(slope[inside]).mean()) for slope in slopes)
    fine, coarse = ndimage.gaussian_filter(image, 1.0), ndimage.gaussian_filter(image, 3.0)
    steepness = ndimage.gaussian_gradient_magnitude(image, 2.5)
    flat = inside & (steepness <= np.percentile(steepness[inside], 25))
    return {
        "texture fine": _deviation((image - fine)[flat]),
        "texture middle": _deviation((fine - coarse)[flat]),
        "edges": float(np.percentile(np.sqrt(sum(np.square(slope) for slope in slopes))[inside], 95)),
        "anisotropy": energies[0] / max(energies[2], 1e-12),
    }


def shape_figures(brain: np.ndarray, regions: dict[str, np.ndarray]) -> Figures:
    """Volumes in ml, and surfaces relative to those of the cube of the same volume."""
    voxel_ml = OVERVIEW_MM**3 / 1000
    figures = {
        "shape/brain volume": float(np.count_nonzero(brain)) * voxel_ml,
        "shape/brain roughness": roughness(brain),
    }
    if not regions or not regions["lesion"].any():
        return figures
    lesion = regions["lesion"]
    parts, count = ndimage.label(lesion, np.ones((3, 3, 3)))
    sizes = np.bincount(parts.ravel())[1:]
    figures |= {
        "shape/lesion volume": float(lesion.sum()) * voxel_ml,
        "shape/lesion parts": float(count),
        "shape/lesion largest share": float(sizes.max() / sizes.sum()),
        "shape/lesion roughness": roughness(parts == 1 + int(sizes.argmax())),
    }
    for name in set(regions) - {"lesion"}:
        figures[f"shape/{name} share"] = float(regions[name].sum() / lesion.sum())
    return figures


def roughness(mask: np.ndarray) -> float:
    """Area of the voxel faces of a mask over that of a cube of its volume; a smooth ball has 1.21."""
    padded = np.pad(mask, 1)
    faces = sum(int(np.count_nonzero(np.diff(padded.astype(np.int8), axis=axis))) for axis in range(3))
    return faces / (6 * max(np.count_nonzero(mask), 1) ** (2 / 3))


def _classes(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The middle 98 % of the values, the class of each of three, and the means of the classes, ascending."""
    low, high = np.percentile(values, (1, 99))
    kept = values[(values >= low) & (values <= high)].astype(np.float64)
    centres = np.percentile(kept, (5, 40, 80))
    for _ in range(60):
        member = np.digitize(kept, (centres[1:] + centres[:-1]) / 2)
        moved = np.array([kept[member == k].mean() if (member == k).any() else centres[k] for k in range(3)])
        done = np.allclose(moved, centres, atol=1e-4)
        centres = moved
        if done:
            break
    return kept, member, centres


def _deviation(values: np.ndarray) -> float:
    """Standard deviation by the median of absolute deviations."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
