"""Fields that were put in are taken out; lesions, and what was centred before, stay."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from MissingModalitySegLib.arrays.bias import even, find_bias
from MissingModalitySegTraining.phantom.atlas import load_atlas
from MissingModalitySegTraining.phantom.bias import bias_on, sample_bias
from MissingModalitySegTraining.phantom.contrast import ContrastMixture
from MissingModalitySegTraining.phantom.engine import render, sample_case
from MissingModalitySegTraining.phantom.space import Grid

SPACING = 6.0
GRID = Grid.centred((0.0, 0.0, 0.0), SPACING, (28, 33, 28))
PHYSICS = ContrastMixture(physics=1.0, jittered=0.0, random=0.0)
FLAIR = 3


@pytest.fixture(scope="module", params=["none", "glioma"])
def head(request):
    """Brain, FLAIR without the field it was made with, and the lesion of a generated head."""
    atlas = load_atlas()
    case = sample_case(7, request.param, atlas, "research", None, PHYSICS)
    made = render([case], [GRID], atlas, None, device="cpu")
    field = bias_on(GRID.axes(), case.acquisition.sequences[FLAIR].bias)
    return made.brain[0], made.images[0, FLAIR] / field, made.regions[0, 0] > 0


def unevenness(left: torch.Tensor, brain: torch.Tensor) -> float:
    return float(left[brain].log().std())


@pytest.mark.parametrize(("deviation", "most"), [(0.2, 0.75), (0.3, 0.6)])
def test_a_known_field_is_taken_out_about_as_well_as_by_n4(head, deviation, most):
    brain, image, _ = head
    ours, n4 = [], []
    for seed in range(4):
        field = bias_on(GRID.axes(), sample_bias(torch.Generator().manual_seed(seed), deviation))
        uneven = image * field
        left = field * even(uneven, brain, (SPACING,) * 3) / uneven
        ours.append(unevenness(left, brain) / unevenness(field, brain))
        n4.append(unevenness(field / field_by_n4(uneven, brain), brain) / unevenness(field, brain))
    assert np.mean(ours) < most
    assert np.mean(ours) < np.mean(n4) + 0.2


def field_by_n4(image: torch.Tensor, brain: torch.Tensor) -> torch.Tensor:
    corrector = sitk.N4BiasFieldCorrectionImageFilter()
    corrector.SetMaximumNumberOfIterations([20, 20])
    volume, mask = sitk.GetImageFromArray(image.numpy()), sitk.GetImageFromArray(brain.numpy().astype(np.uint8))
    corrector.Execute(volume, mask)
    return torch.from_numpy(sitk.GetArrayFromImage(corrector.GetLogBiasFieldAsImage(volume))).exp()


def test_what_has_been_corrected_before_is_hardly_touched(head):
    brain, image, _ = head
    once = even(image, brain, (SPACING,) * 3)
    again = even(once, brain, (SPACING,) * 3)
    assert unevenness(again / once, brain) < 0.03


@pytest.mark.parametrize("head", ["glioma"], indirect=True)
def test_a_lesion_keeps_its_contrast(head):
    brain, image, lesion = head

    def contrast(volume: torch.Tensor) -> float:
        return float(volume[lesion].mean() / volume[brain & ~lesion].mean())

    assert contrast(even(image, brain, (SPACING,) * 3)) > 1 + 0.7 * (contrast(image) - 1)


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(1e-3, 1e4))
def test_the_unit_does_not_matter(scale):
    generator = torch.Generator().manual_seed(0)
    brain = torch.zeros(24, 24, 24, dtype=torch.bool)
    brain[3:21, 4:20, 5:22] = True
    image = torch.where(torch.rand(brain.shape, generator=generator) > 0.5, 1.0, 1.6) * torch.linspace(0.8, 1.2, 24)
    once, scaled = even(image, brain, (4.0,) * 3), even(image * scale, brain, (4.0,) * 3)
    assert torch.allclose(once * scale, scaled, rtol=1e-4)


def test_the_field_is_the_same_on_any_lattice():
    image, brain = torch.rand(20, 22, 18) + 1, torch.ones(20, 22, 18, dtype=torch.bool)
    axes = [6.0 * torch.arange(size) - 50 for size in image.shape]
    field = find_bias(image, brain, axes)
    assert torch.allclose(field.on(axes)[4:9, 3:20:2, 5:6], field.on([axes[0][4:9], axes[1][3:20:2], axes[2][5:6]]))
    assert field.on(axes).log().mean().abs() < 1e-5


@pytest.mark.parametrize(
    "image",
    [torch.randn(16, 16, 16), torch.full((16, 16, 16), 5.0), torch.zeros(16, 16, 16)],
    ids=["centred", "constant", "nothing"],
)
def test_what_has_no_field_stays_as_it_is(image):
    assert torch.allclose(even(image, torch.ones(16, 16, 16, dtype=torch.bool), (6.0,) * 3), image)


def test_nothing_but_a_speck_of_brain():
    brain = torch.zeros(16, 16, 16, dtype=torch.bool)
    brain[4:6, 4:6, 4:6] = True
    image = torch.rand(16, 16, 16)
    assert torch.equal(even(image, brain, (1.0,) * 3), image)
