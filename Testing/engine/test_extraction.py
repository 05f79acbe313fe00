"""Brain extraction: geometry with a network whose answer is known, and the way without weights on a model head."""

from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch
from torch import Tensor, nn

from MissingModalitySegLib.engine.extraction import (
    brain_probabilities,
    extract_brain,
    extract_brain_classically,
    extract_brain_from_all,
)
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Modality

CENTRE = np.array([12.0, -9.0, 20.0])
"""Of the head, LPS mm: nothing lies in the middle of its field of view."""

TISSUES = {  # brain, fluid around it, skull, scalp
    "T1": (100.0, 30.0, 8.0, 220.0),
    "T2": (100.0, 260.0, 10.0, 120.0),
    "FLAIR": (100.0, 25.0, 8.0, 60.0),
}
BORDERS = (1.0, 1.06, 1.16, 1.28)
"""Where each of them ends, relative to the brain's radii of 62, 78 and 60 mm."""


def reach(points: np.ndarray, centre: np.ndarray = CENTRE) -> np.ndarray:
    """0 in the middle of the brain, 1 on its border."""
    return np.linalg.norm((points - centre) / np.array([62.0, 78.0, 60.0]), axis=-1)


def physical_points(image: sitk.Image) -> np.ndarray:
    """LPS coordinates of every voxel, (z, y, x, 3), from the definition of the grid."""
    indices = np.stack(np.meshgrid(*[np.arange(n) for n in image.GetSize()], indexing="ij"), -1).transpose(2, 1, 0, 3)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    return np.array(image.GetOrigin()) + (indices * np.array(image.GetSpacing())) @ direction.T


def head(sequence="T1", spacing=(4.0, 4.0, 5.0), angles=(0.0, 0.0, 0.0), orientation="LPS", neck_mm=0.0) -> sitk.Image:
    """An ellipsoid of brain with fluid, skull and scalp around it, noise in the air, and a neck of muscle and fat."""
    turn = sitk.Euler3DTransform()
    turn.SetRotation(*angles)
    direction = np.array(turn.GetMatrix()).reshape(3, 3)
    extent = np.array([210.0, 250.0, 190.0 + neck_mm])
    image = sitk.Image([int(np.ceil(e / s)) for e, s in zip(extent, spacing, strict=True)], sitk.sitkFloat32)
    image.SetSpacing(spacing)
    image.SetDirection(direction.ravel().tolist())
    middle = np.array([0.0, 0.0, -neck_mm / 2])
    corner = middle - direction @ ((np.array(image.GetSize()) - 1) * np.array(spacing) / 2)
    image.SetOrigin(corner.tolist())
    image = sitk.DICOMOrient(image, orientation)
    points = physical_points(image)
    where = reach(points)
    values = np.abs(np.random.default_rng(0).normal(0, 3, where.shape))
    if neck_mm:
        neck = (np.linalg.norm(points[..., :2] - CENTRE[:2], axis=-1) < 55) & (points[..., 2] < CENTRE[2] - 60)
        values[neck] = 80
    for border, value in zip(BORDERS[::-1], TISSUES[sequence][::-1], strict=True):
        values = np.where(where <= border, value + 0.04 * value * np.sin(points.sum(-1) / 9), values)
    result = sitk.GetImageFromArray(values.astype(np.float32))
    result.CopyInformation(image)
    return result


class Thresholds(nn.Module):
    """Answers for a T1 of `head`: what lies between fluid and scalp in brightness is brain."""

    multiple = 8

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(()))
        self.shapes: list[tuple[int, ...]] = []

    def forward_image(self, image: Tensor) -> Tensor:
        self.shapes.append(tuple(image.shape))
        # the brain is the median of the head, 0, but for what muscle and scalp shift
        return 20 * (0.6 - image.abs())


def model(spacing: float = 4.0) -> SimpleNamespace:
    return SimpleNamespace(network=Thresholds(), spacing=spacing)


def overlap(mask: sitk.Image, image: sitk.Image) -> float:
    """Dice with the ellipsoid, on the mask's own voxels."""
    assert mask.GetSize() == image.GetSize()
    assert np.allclose(mask.GetOrigin(), image.GetOrigin())
    assert np.allclose(mask.GetDirection(), image.GetDirection())
    found, truth = sitk.GetArrayFromImage(mask) == 1, reach(physical_points(image)) <= 1
    return 2 * (found & truth).sum() / (found.sum() + truth.sum())


GEOMETRIES = [
    {},
    {"spacing": (1.9, 1.9, 6.0), "orientation": "LAS"},
    {"angles": (0.25, -0.1, 0.2), "orientation": "PIR"},
    {"neck_mm": 120.0},
]


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_the_networks_answer_comes_back_to_the_native_grid(geometry) -> None:
    image, extractor = head(**geometry), model()
    assert overlap(extract_brain(extractor, image), image) > 0.97
    assert extractor.network.shapes == [(1, 1, 48, 56, 48)]


def test_probabilities_are_one_part_and_smooth() -> None:
    image = head()
    probabilities = sitk.GetArrayFromImage(brain_probabilities(model(), image))
    assert probabilities.dtype == np.float32
    assert probabilities.max() <= 1
    assert probabilities.min() >= 0
    assert probabilities[reach(physical_points(image)) > 1.15].max() < 0.05


def test_several_volumes_are_averaged_where_each_was_seen() -> None:
    """A second volume that shows the upper half only leaves the lower half to the first."""
    whole = head(spacing=(4.0, 4.0, 4.0))
    upper = head(spacing=(3.0, 3.0, 6.0), angles=(0.1, 0.0, 0.0))[:, :, 14:]
    mask = extract_brain_from_all(model(), {Modality.T1: whole, Modality.T1CE: upper}, Modality.T1)
    assert overlap(mask, whole) > 0.97


def test_the_average_weighs_all_volumes() -> None:
    """Two that agree outvote one that sees nothing there."""

    class Turns(Thresholds):
        def forward_image(self, image: Tensor) -> Tensor:
            logits = super().forward_image(image)
            if len(self.shapes) == 2:  # the second volume: only its front half
                logits[..., : logits.shape[-2] // 2, :] = -20
            return logits

    image = head()
    one = SimpleNamespace(network=Turns(), spacing=4.0)
    images = {Modality.T1: image, Modality.T1CE: image, Modality.T2: image}
    assert overlap(extract_brain_from_all(one, images, Modality.T1), image) > 0.97


def test_what_is_no_head_is_refused() -> None:
    empty = sitk.Image([40, 40, 40], sitk.sitkFloat32)
    empty.SetSpacing([5.0] * 3)
    for extract in (extract_brain_classically, lambda image: extract_brain(model(), image)):
        with pytest.raises(InputError, match="no head"):
            extract(empty)
    blind = model()
    blind.network.forward_image = lambda image: torch.full_like(image, -9.0)
    with pytest.raises(InputError) as caught:
        extract_brain(blind, head())
    assert caught.value.code == "no-brain-found"


@pytest.mark.parametrize(
    ("sequence", "geometry"),
    [
        ("T1", {"spacing": (2.0, 2.0, 4.0)}),
        ("T2", {"spacing": (2.5, 2.0, 3.0), "angles": (0.1, 0.05, -0.1), "orientation": "SAL"}),
        ("FLAIR", {"spacing": (2.0, 2.0, 5.0), "neck_mm": 60.0}),
    ],
)
def test_without_weights_a_model_head_is_found(sequence, geometry) -> None:
    image = head(sequence, **geometry)
    assert overlap(extract_brain_classically(image), image) > 0.93
