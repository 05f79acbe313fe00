"""Whole heads and brains in a constant background, drawn as ellipsoids of the sizes that people have."""

import numpy as np
import pytest
from scipy import ndimage

from MissingModalitySegLib.engine.brain import (
    background_value,
    dark_below_surface,
    extracted_brain,
    largest_part,
    size_of,
)

SPACING = (2.0, 2.0, 3.0)
FIELD = (220.0, 260.0, 240.0)  # mm


def points() -> np.ndarray:
    """Millimetres from the middle of the field of view."""
    axes = [np.arange(0, field, step) - field / 2 for field, step in zip(FIELD, SPACING, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1)


def ellipsoid(*axes: float, centre=(0.0, 0.0, 0.0)) -> np.ndarray:
    """Full lengths of the axes in mm."""
    return (((points() - centre) / (np.array(axes) / 2)) ** 2).sum(-1) <= 1


def brain(scale: float = 1.0) -> np.ndarray:
    """Two hemispheres with a fissure, above a cerebellum."""
    width, length, height = 137 * scale, 168 * scale, 118 * scale
    fissure = (np.abs(points()[..., 0]) < 2.5) & (points()[..., 2] > 0)
    below = ellipsoid(105 * scale, 65 * scale, 60 * scale, centre=(0, -40 * scale, -50 * scale))
    base = (points()[..., 2] < -30 * scale) & ~below & (np.abs(points()[..., 0]) < 25)
    return (ellipsoid(width, length, height) & ~fissure & ~base) | below


def head(scale: float = 1.0) -> np.ndarray:
    skull = ellipsoid(158 * scale, 195 * scale, 160 * scale)
    neck = (np.hypot(points()[..., 0], points()[..., 1] + 20) < 55) & (points()[..., 2] < 0)
    return skull | neck


def textured(mask: np.ndarray, background: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(300, 60, mask.shape)
    return np.where(mask, noise, background).astype(np.float32)


@pytest.mark.parametrize("background", [0.0, -5.3, -1024.0])
@pytest.mark.parametrize("scale", [0.75, 1.0, 1.08])
def test_brains_are_taken_for_brains(background, scale):
    found = extracted_brain(textured(brain(scale), background), SPACING)
    assert found is not None
    assert np.count_nonzero(found != brain(scale)) < 0.01 * brain().sum()


@pytest.mark.parametrize("background", [0.0, -5.3])
@pytest.mark.parametrize("scale", [0.93, 1.0, 1.08])
def test_heads_in_silent_air_are_not(background, scale):
    volume = textured(head(scale), background)
    assert background_value(volume) == np.float32(background)
    assert extracted_brain(volume, SPACING) is None


@pytest.mark.parametrize("scale", [0.7, 0.8, 0.9])
@pytest.mark.parametrize("scalp", [40.0, 900.0])
def test_heads_of_children_are_told_by_their_skull(scale: float, scalp: float):
    """Smaller than the brain of an adult, with a scalp that is dark (DWI) or bright (T1)."""
    depth = depth_in(head(scale))
    volume = textured(head(scale), 0.0)
    volume[(depth > 0) & (depth <= 5 * scale)] = scalp
    skull = (depth > 5 * scale) & (depth <= 13 * scale)
    volume[skull] = np.random.default_rng(1).uniform(5, 50, np.count_nonzero(skull))
    assert extracted_brain(volume, SPACING) is None
    assert dark_below_surface(volume, head(scale), SPACING, 0.0) > 0.2


@pytest.mark.parametrize("scale", [0.6, 0.8, 1.0])
def test_a_brain_with_much_fluid_is_no_head(scale: float):
    """Dark on T1 and FLAIR, around it and in wide folds."""
    depth = depth_in(brain(scale))
    x, y, z = np.moveaxis(points() / scale, -1, 0)
    folds = (depth < 16 * scale) & (np.abs(np.sin(x / 7) + np.sin(y / 8) + np.sin(z / 7)) < 0.3)
    volume = textured(brain(scale), 0.0)
    volume[brain(scale) & ((depth <= 5 * scale) | folds)] = 30
    assert dark_below_surface(volume, brain(scale), SPACING, 0.0) > 0.15
    assert extracted_brain(volume, SPACING) is not None


def depth_in(mask: np.ndarray) -> np.ndarray:
    """Millimetres below the surface."""
    return ndimage.distance_transform_edt(mask, sampling=SPACING)


@pytest.mark.parametrize("whole", [brain, head])
def test_slabs_are_told_apart_by_their_sections(whole):
    """70 mm of slices, as thick-slice examinations may have them."""
    slab = textured(whole(), 0.0)[:, :, 28:52]
    assert (extracted_brain(slab, SPACING) is None) == (whole is head)


def test_noise_in_the_air_is_no_extraction():
    volume = textured(brain(), 0.0) + np.random.default_rng(1).rayleigh(5, brain().shape).astype(np.float32)
    assert background_value(volume) is None
    assert extracted_brain(volume, SPACING) is None


def test_sizes_are_those_of_a_ball():
    radius = 45.0
    size = size_of(ellipsoid(2 * radius, 2 * radius, 2 * radius), SPACING)
    assert size.volume_ml == pytest.approx(4 / 3 * np.pi * radius**3 / 1000, rel=0.02)
    assert size.section_mm2 == pytest.approx(np.pi * radius**2, rel=0.02)
    assert size.ball_mm == pytest.approx(radius, abs=4)


def test_the_largest_part_has_no_holes():
    mask = np.zeros((12, 12, 12), bool)
    mask[1:8, 1:8, 1:8] = True
    mask[3:5, 3:5, 3:5] = False
    mask[10, 10, 10] = True
    expected = np.zeros_like(mask)
    expected[1:8, 1:8, 1:8] = True
    assert np.array_equal(largest_part(mask), expected)
    assert not largest_part(np.zeros((3, 3, 3), bool)).any()
