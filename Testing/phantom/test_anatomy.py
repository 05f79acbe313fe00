"""One person's anatomy: plausible, one-to-one, the same on every grid and after every replay."""

import dataclasses
import json
import math

import pytest
import torch

from MissingModalitySegTraining.phantom.anatomy import (
    ATLAS_CENTRE,
    ATLAS_SCALE,
    AnatomyParameters,
    sample_anatomy,
    tissues,
    to_atlas,
)
from MissingModalitySegTraining.phantom.atlas import load_atlas
from MissingModalitySegTraining.phantom.materials import TISSUES, Material
from MissingModalitySegTraining.phantom.records import from_record, to_record
from MissingModalitySegTraining.phantom.space import Grid
from Testing.phantom.anatomy_cases import OVERVIEW, PLAIN, VOXEL_ML


def drawn(seed: int) -> AnatomyParameters:
    return sample_anatomy(torch.Generator().manual_seed(seed))


def on_overview(case: AnatomyParameters, **options):
    return tissues(OVERVIEW.points()[None], [case], load_atlas(), **options)


def volumes_ml(case: AnatomyParameters) -> dict[Material, float]:
    found = on_overview(case, with_head=False)
    sums = (found.fractions[0] * found.brain[0]).sum((1, 2, 3)) * VOXEL_ML
    return {material: float(sums[material]) for material in TISSUES}


@pytest.mark.parametrize("seed", range(4))
def test_fractions_are_a_partition(seed):
    for with_head in (True, False):
        found = on_overview(drawn(seed), with_head=with_head)
        assert found.fractions.min() >= -1e-6
        torch.testing.assert_close(found.fractions.sum(1), torch.ones(1, *OVERVIEW.shape), atol=1e-5, rtol=0)
        assert found.brain.min() >= 0
        assert found.brain.max() == 1


def test_volumes_are_those_of_an_adult():
    """Whole-brain and tissue volumes as morphometry reports them for healthy adults (ml)."""
    volumes = volumes_ml(PLAIN)
    whole = sum(volumes.values())
    assert 1100 < whole < 1700
    assert 450 < volumes[Material.GREY_MATTER] < 850
    assert 350 < volumes[Material.WHITE_MATTER] < 650
    assert 0.9 < volumes[Material.GREY_MATTER] / volumes[Material.WHITE_MATTER] < 1.7
    assert 12 < volumes[Material.DEEP_GREY_MATTER] < 36  # of a mixture that has 20 to 60
    assert 15 < volumes[Material.BRAIN_STEM] < 45
    assert 80 < volumes[Material.CSF] < 350


def test_atrophy_widens_sulci_and_ventricles():
    young, old = volumes_ml(PLAIN), volumes_ml(dataclasses.replace(PLAIN, sulci=2.5))
    assert old[Material.CSF] > 1.4 * young[Material.CSF]
    assert old[Material.GREY_MATTER] < young[Material.GREY_MATTER]

    def ventricles(millimetres: float) -> float:
        found = on_overview(dataclasses.replace(PLAIN, ventricle_mm=millimetres))
        return float((found.samples.ventricle_distance < 0).sum())

    assert ventricles(5) > 1.8 * ventricles(0) > 1.8 * 1.2 * ventricles(-1.5)


def test_cortex_thickens_at_the_expense_of_white_matter():
    thin, thick = (volumes_ml(dataclasses.replace(PLAIN, cortex=c)) for c in (-1.0, 1.0))
    assert thick[Material.GREY_MATTER] > 1.1 * thin[Material.GREY_MATTER]
    assert thick[Material.WHITE_MATTER] < 0.95 * thin[Material.WHITE_MATTER]


@pytest.mark.parametrize("seed", range(24))
def test_deformation_is_one_to_one(seed):
    """The Jacobian determinant, by differences over 4 mm and over 1 mm, never vanishes or changes sign."""
    case = drawn(seed)
    for grid in (OVERVIEW, Grid.centred((10.0, 0.0, 5.0), 1.0, (24, 24, 24))):
        places = to_atlas(grid.points()[None], [case], load_atlas())[0]
        x, y, z = (n - 1 for n in grid.shape)
        columns = [places.diff(dim=axis)[:x, :y, :z] / grid.spacing[0] for axis in range(3)]
        determinant = torch.linalg.det(torch.stack(columns, dim=-1))
        assert (determinant * (-1 if case.flipped else 1)).min() > 0.05


def test_the_worst_deformation_is_one_to_one():
    """Every amplitude at the end of its range, the widest ventricles."""
    for seed in range(4):
        case = drawn(seed)
        elastic = tuple(
            dataclasses.replace(e, amplitude_mm=a, wavelength_mm=w)
            for e, a, w in zip(case.elastic, (3.8, 1.4), (80, 26), strict=True)
        )
        case = dataclasses.replace(case, elastic=elastic, ventricle_mm=8.0, flipped=False)
        places = to_atlas(OVERVIEW.points()[None], [case], load_atlas())[0]
        columns = [places.diff(dim=axis)[:43, :53, :47] for axis in range(3)]
        assert torch.linalg.det(torch.stack(columns, dim=-1)).min() > 0


def test_affine_in_closed_form():
    points = torch.tensor([[0.0, 0, 0], [10, 0, 0], [0, 20, 0], [0, 0, 30]]).reshape(1, 4, 1, 1, 3)
    case = dataclasses.replace(PLAIN, scale=(0.9, 1.0, 1.2))
    expected = points / (ATLAS_SCALE * torch.tensor(case.scale)) + torch.tensor(ATLAS_CENTRE)
    torch.testing.assert_close(to_atlas(points, [case], load_atlas()), expected)


def test_right_is_right():
    """In RAS the subject's right is +x; a mirrored subject shows the atlas's left there."""
    right = torch.tensor([40.0, 0, 20]).reshape(1, 1, 1, 1, 3)
    flipped = dataclasses.replace(PLAIN, flipped=True)
    assert float(tissues(right, [PLAIN], load_atlas()).samples.hemisphere) == 1
    assert float(tissues(right, [flipped], load_atlas()).samples.hemisphere) == -1


def test_flipped_twice_is_the_same():
    """A flipped subject seen in a mirror is the subject: nothing but x changes sign."""
    case = dataclasses.replace(drawn(3), rotation_deg=(0.0,) * 3, shear=(0.0,) * 3, elastic=(), folding=0.0)
    grid = Grid.centred((30.0, -10.0, 10.0), 2.0, (16, 16, 16)).points()[None]
    case, flipped = (dataclasses.replace(case, flipped=f) for f in (False, True))
    mirror = grid * torch.tensor([-1.0, 1.0, 1.0])
    torch.testing.assert_close(
        to_atlas(grid, [case], load_atlas()), to_atlas(mirror, [flipped], load_atlas()), atol=1e-3, rtol=0
    )


@pytest.mark.parametrize("seed", [0, 5])
def test_crop_equals_the_same_region_of_the_whole(seed):
    whole = Grid.centred((0.0, 0.0, 0.0), 3.0, (60, 70, 60))
    start, shape = (33, 20, 30), (20, 24, 28)
    crop = Grid(tuple(o + 3.0 * s for o, s in zip(whole.origin, start, strict=True)), (3.0,) * 3, shape)
    inside = tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))
    big = tissues(whole.points()[None], [drawn(seed)], load_atlas())
    small = tissues(crop.points()[None], [drawn(seed)], load_atlas())
    torch.testing.assert_close(small.fractions, big.fractions[(..., *inside)], atol=5e-3, rtol=0)
    torch.testing.assert_close(small.brain, big.brain[(..., *inside)], atol=5e-3, rtol=0)


def test_cases_of_a_batch_do_not_know_each_other():
    first = Grid.centred((-20.0, 10.0, 0.0), 2.0, (16, 16, 16)).points()
    second = Grid.centred((40.0, -50.0, 40.0), 2.0, (16, 16, 16)).points()
    both = tissues(torch.stack([first, second]), [drawn(1), drawn(2)], load_atlas())
    for index, (points, seed) in enumerate([(first, 1), (second, 2)]):
        alone = tissues(points[None], [drawn(seed)], load_atlas())
        torch.testing.assert_close(both.fractions[index], alone.fractions[0], atol=2e-3, rtol=0)


def test_replay_from_json_is_exact():
    points = Grid.centred((50.0, 0.0, 20.0), 3.0, (16, 16, 16)).points()[None]
    for seed in range(3):
        case = drawn(seed)
        assert case == drawn(seed)
        again = from_record(AnatomyParameters, json.loads(json.dumps(to_record(case))))
        assert again == case
        first, second = (tissues(points, [c], load_atlas()).fractions for c in (case, again))
        assert torch.equal(first, second)


def test_displacement_moves_the_place_that_is_shown():
    points = Grid.centred((10.0, 0.0, 10.0), 2.0, (8, 8, 8)).points()[None]
    shift = torch.tensor([3.0, 0.0, -2.0])
    moved = tissues(points, [PLAIN], load_atlas(), push=lambda places: places + shift)
    unmoved = to_atlas(points, [PLAIN], load_atlas())
    torch.testing.assert_close(moved.unpushed, unmoved, atol=1e-3, rtol=0)
    torch.testing.assert_close(moved.atlas_points, unmoved + shift, atol=1e-3, rtol=0)


def test_nuclei_are_tinted_by_their_myelin():
    """Putamen and thalamus partly look like cortex and keep their name; the pallidum looks like white matter."""
    atlas = load_atlas()

    def shares_at(*place: float) -> tuple[torch.Tensor, torch.Tensor]:
        subject = (torch.tensor(place) - torch.tensor(ATLAS_CENTRE)) * ATLAS_SCALE
        found = tissues(subject.reshape(1, 1, 1, 1, 3), [PLAIN], atlas, with_head=False)
        return found.fractions.flatten(), found.samples.fractions.flatten()

    for place in ((27.0, 2.0, 3.0), (12.0, -20.0, 8.0)):
        shares, plain = shares_at(*place)
        moved = plain[Material.DEEP_GREY_MATTER] - shares[Material.DEEP_GREY_MATTER]
        assert moved > 0.25
        assert shares[Material.GREY_MATTER] - plain[Material.GREY_MATTER] == pytest.approx(float(moved), abs=1e-5)
        assert int(shares.argmax()) == Material.DEEP_GREY_MATTER
    pallidum, plain = shares_at(19.0, -3.0, -1.0)
    assert pallidum[Material.WHITE_MATTER] > plain[Material.WHITE_MATTER]
    assert pallidum[Material.WHITE_MATTER] > 0.5
    assert pallidum[Material.GREY_MATTER] < 0.1


def test_most_brains_are_of_average_size():
    volumes = torch.tensor([math.prod(drawn(seed).scale) for seed in range(300)])
    assert 0.7 < float(((volumes > 0.85) & (volumes < 1.15)).float().mean()) < 0.95
    assert float(volumes.min()) < 0.75
    assert float(volumes.max()) > 1.25


def test_ages_lie_in_the_range_asked_for():
    ages = [sample_anatomy(torch.Generator().manual_seed(seed), (50, 60)).age for seed in range(50)]
    assert 50 <= min(ages) < 53
    assert 57 < max(ages) <= 60


def test_people_differ():
    cases = [drawn(seed) for seed in range(40)]
    assert {case.flipped for case in cases} == {True, False}
    assert {case.head.face for case in cases} == {True, False}
    assert all(0.8 <= s <= 1.2 for case in cases for s in case.scale)
    assert all(abs(angle) <= 15 for case in cases for angle in case.rotation_deg)
    old = [c.sulci for c in cases if c.age > 70]
    young = [c.sulci for c in cases if c.age < 40]
    assert sum(old) / len(old) > sum(young) / len(young) + 0.5
