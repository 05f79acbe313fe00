"""Regional brightness of healthy matter, against what each point should get by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from MissingModalitySegTraining.phantom.materials import Material
from MissingModalitySegTraining.phantom.regional import (
    LIMBIC,
    RegionalParameters,
    limbic_share,
    regional,
    sample_regional,
)

SIGNALS = torch.linspace(0.5, 2.0, 5 * len(Material)).reshape(1, 5, len(Material))


def case(**changes) -> RegionalParameters:
    plain = RegionalParameters((0.0,) * 5, 40.0, 7, (0.0,) * len(Material))
    return replace(plain, **changes)


def lattice(step: float = 4.0) -> torch.Tensor:
    axes = [torch.arange(low, high + step / 2, step) for low, high in ((-60, 60), (-80, 60), (-40, 60))]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)[None]


def only(material: Material, places: torch.Tensor) -> torch.Tensor:
    fractions = torch.zeros(1, len(Material), *places.shape[1:4])
    fractions[:, material] = 1.0
    return fractions


def test_the_halves_of_a_brain_agree() -> None:
    places = lattice()
    varied = case(limbic=(0.1, 0.1, 0.2, 0.2, 0.1), amplitudes=(0.1,) * len(Material))
    added = regional(places, only(Material.GREY_MATTER, places), SIGNALS, [varied])
    torch.testing.assert_close(added, added.flip(2), rtol=1e-4, atol=1e-5)
    assert float(added.std()) > 0.02
    assert not torch.allclose(added, added.flip(3), atol=0.01)  # front and back do not


@pytest.mark.parametrize(("centre", "_axes", "strength"), LIMBIC)
def test_limbic_cortex_is_brighter_by_its_share(centre, _axes, strength) -> None:
    brighter = case(limbic=(-0.05, 0.0, 0.2, 0.3, 0.1))
    here = torch.tensor(centre, dtype=torch.float32).reshape(1, 1, 1, 1, 3)
    added = regional(here, only(Material.GREY_MATTER, here), SIGNALS, [brighter])[0, :, 0, 0, 0]
    share = added / (SIGNALS[0, :, Material.GREY_MATTER] * torch.tensor(brighter.limbic))
    assert float(share[3]) >= 0.999 * strength  # a stronger neighbour may reach here
    torch.testing.assert_close(share[[0, 2, 4]], share[3].expand(3))
    assert float(added[1]) == 0


def test_nothing_but_healthy_matter_is_touched() -> None:
    places = lattice(8.0)
    touched = {
        material
        for material in Material
        if bool(regional(places, only(material, places), SIGNALS, [sample_regional(_generator(3))]).any())
    }
    assert touched == {
        Material.GREY_MATTER,
        Material.DEEP_GREY_MATTER,
        Material.WHITE_MATTER,
        Material.BRAIN_STEM,
    }


def test_far_from_the_limbic_lobe_there_is_no_share() -> None:
    convexity = torch.tensor([[50.0, -30.0, 50.0], [30.0, 40.0, 40.0], [30.0, -90.0, 0.0]])
    assert float(limbic_share(convexity).max()) < 0.01
    mirror = torch.tensor([-1.0, 1.0, 1.0])
    torch.testing.assert_close(limbic_share(lattice() * mirror), limbic_share(lattice()))


def test_flair_shows_most_of_it_and_t1_the_opposite() -> None:
    drawn = torch.tensor([sample_regional(_generator(seed)).limbic for seed in range(400)])
    means = drawn.mean(0)
    assert means[3] == pytest.approx(0.135, abs=0.015)
    assert means[3] > means[2] > means[4] > 0 > means[0]


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
