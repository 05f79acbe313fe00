"""What every kind of lesion promises, on the 4 mm lattice of the brain and on crops."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from MissingModalitySegLib.errors import InputError
from MissingModalitySegTraining.phantom.atlas import load_atlas
from MissingModalitySegTraining.phantom.lesions import (
    KINDS,
    Lesions,
    displace,
    label_map,
    lesion_fractions,
    regions,
    sample_lesions,
)
from MissingModalitySegTraining.phantom.lesions.gliomas import sample_glioma, sample_volume_ml
from MissingModalitySegTraining.phantom.lesions.ground import ATLAS_PER_SUBJECT, BRAIN_GRID
from MissingModalitySegTraining.phantom.materials import LESIONS, Material
from MissingModalitySegTraining.phantom.records import from_record, to_record
from MissingModalitySegTraining.phantom.space import Grid

VOXEL_ML = 0.064 / ATLAS_PER_SUBJECT


@pytest.fixture(scope="module")
def atlas():
    return load_atlas()


def draw(kind, seed, atlas):
    return sample_lesions(kind, torch.Generator().manual_seed(seed), atlas)


def show(lesions, atlas, grid=BRAIN_GRID):
    points = grid.points()
    samples = atlas.sample(displace(points, lesions)[None])
    return lesion_fractions(points, samples, 0, lesions), samples


def volumes(kind, seeds, atlas):
    """Volumes in ml, of an average adult, of lesion, core and enhancing part per seed."""
    rows = []
    for seed in seeds:
        shares, _ = show(draw(kind, seed, atlas), atlas)
        rows.append([float(region.sum()) * VOXEL_ML for region in regions(shares)])
    return torch.tensor(rows)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_fractions_are_shares_of_brain_tissue(kind, seed, atlas):
    shares, samples = show(draw(kind, seed, atlas), atlas)
    total = shares.sum(0)
    assert shares.shape == (len(LESIONS), *BRAIN_GRID.shape)
    assert float(shares.min()) >= 0
    assert float(total.max()) <= 1 + 1e-5
    assert float(total[samples.surface_distance[0] > 0.5].max()) <= 0.02
    assert float(total[samples.ventricle_distance[0] < -0.5].max()) <= 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_regions_are_nested_and_make_the_label_map(kind, atlas):
    shares, _ = show(draw(kind, 5, atlas), atlas)
    lesion, core, enhancing = regions(shares)
    assert bool((lesion | ~core).all())
    assert bool((core | ~enhancing).all())
    labels = label_map(shares)
    assert torch.equal(labels > 0, lesion)
    assert torch.equal((labels == 1) | (labels == 3), core)
    assert torch.equal(labels == 3, enhancing)


@pytest.mark.parametrize(
    ("mixture", "label"),
    [
        ({}, 0),
        ({Material.OEDEMA: 0.49}, 0),
        ({Material.OEDEMA: 0.8}, 2),
        ({Material.OEDEMA: 0.3, Material.NECROSIS: 0.4}, 1),
        ({Material.OEDEMA: 0.5, Material.NECROSIS: 0.4}, 2),
        ({Material.NECROSIS: 0.3, Material.ENHANCING_TUMOUR: 0.5}, 3),
        ({Material.NON_ENHANCING_TUMOUR: 0.6, Material.ENHANCING_TUMOUR: 0.3}, 1),
        ({Material.PLAQUE: 0.4, Material.BLACK_HOLE: 0.4}, 2),
        ({Material.ENHANCING_PLAQUE: 0.9}, 3),
        ({Material.ACUTE_INFARCT: 0.9}, 2),
        ({Material.CHRONIC_INFARCT: 0.5, Material.HYPERINTENSITY: 0.4}, 2),
    ],
)
def test_label_of_a_mixture(mixture, label):
    shares = torch.zeros(len(LESIONS), 1, 1, 1)
    for material, share in mixture.items():
        shares[material - Material.OEDEMA] = share
    assert int(label_map(shares)) == label


MATERIALS = {
    "ms": {Material.PLAQUE, Material.BLACK_HOLE, Material.ENHANCING_PLAQUE},
    "wmh": {Material.HYPERINTENSITY, Material.CHRONIC_INFARCT},
    "glioma": {Material.OEDEMA, Material.NON_ENHANCING_TUMOUR, Material.ENHANCING_TUMOUR, Material.NECROSIS},
    "metastases": {Material.OEDEMA, Material.NON_ENHANCING_TUMOUR, Material.ENHANCING_TUMOUR, Material.NECROSIS},
    "acute_stroke": {Material.ACUTE_INFARCT, Material.HYPERINTENSITY, Material.CHRONIC_INFARCT},  # old brains
    "chronic_stroke": {Material.CHRONIC_INFARCT, Material.HYPERINTENSITY},
    "none": set(),
}


@pytest.mark.parametrize("kind", MATERIALS)
def test_each_kind_uses_its_materials_and_no_others(kind, atlas):
    used = torch.zeros(len(LESIONS))
    for seed in range(14):
        used += show(draw(kind, seed, atlas), atlas)[0].sum((1, 2, 3))
    assert {material for material, amount in zip(LESIONS, used, strict=True) if amount > 0} == MATERIALS[kind]


def test_gliomas_cover_all_sizes_and_grades(atlas):
    lesion, core, enhancing = volumes("glioma", range(40), atlas).unbind(1)
    assert float(lesion.min()) < 6
    assert float(lesion.max()) > 180
    assert float(lesion.max()) < 340
    share = core / lesion
    assert float(share.min()) < 0.3
    assert float(share.max()) > 0.75
    without = (enhancing == 0).float().mean()
    assert 0.1 < float(without) < 0.6
    assert float((enhancing / core).max()) > 0.45


@pytest.mark.parametrize("volume_ml", [4.0, 30.0, 110.0, 230.0])
@pytest.mark.parametrize("low_grade", [False, True])
def test_glioma_has_the_volume_asked_for(volume_ml, low_grade, atlas):
    generator = torch.Generator().manual_seed(round(volume_ml))
    tumour, push = sample_glioma(generator, atlas, volume_ml, low_grade)
    lesions = Lesions("glioma", tumours=(tumour,), pushes=(push,))
    reach = 2.2 * tumour.body.radius_mm
    spacing = 1.5 if volume_ml < 50 else 3.0
    grid = Grid.centred(tumour.body.centre_mm, spacing, (round(2 * reach / spacing),) * 3)
    lesion, core, enhancing = regions(show(lesions, atlas, grid)[0])
    measured = float(lesion.sum()) * spacing**3 / 1000 / ATLAS_PER_SUBJECT
    assert measured == pytest.approx(volume_ml, rel=0.25)
    assert bool(core.any())
    assert not (low_grade and bool(enhancing.any()))


def test_borders_rims_and_insides_of_gliomas_vary(atlas):
    tumours = [draw("glioma", seed, atlas).tumours[0] for seed in range(50)]
    borders = torch.tensor([tumour.border_mm for tumour in tumours])
    assert float(borders.min()) < 1
    assert 4.5 < float(borders.max()) <= 6
    assert float(borders.log().quantile(0.5).exp()) == pytest.approx((0.7 * 6) ** 0.5, rel=0.4)
    cores = [tumour.core for tumour in tumours]
    assert max(core.heterogeneity for core in cores) > 0.7
    assert 0.3 < sum(core.unevenness > 0 for core in cores) / len(cores) < 0.7
    rings = [core for core in cores if core.gap < 0.2 and core.rim_mm < 5.5]
    assert min(core.rim_mm for core in rings) < 1.5
    assert 2 < sum(core.gap > -1 for core in rings) < len(rings) - 2  # some are broken, most are not


def test_more_gliomas_are_larger_than_any_seen(atlas):
    """Whole volumes that are asked for; one real tumour of four had 217 ml."""
    generator = torch.Generator().manual_seed(1)
    volumes_ml = torch.tensor([sample_volume_ml(generator) for _ in range(400)])
    assert 0.12 < float((volumes_ml > 200).float().mean()) < 0.26
    assert 280 < float(volumes_ml.max()) <= 310
    assert 2 <= float(volumes_ml.min()) < 4


def test_uneven_tumours_lose_enhancement_and_nothing_else(atlas):
    """What does not enhance is still core; the sum of all materials stays what it was."""
    tumour, push = sample_glioma(torch.Generator().manual_seed(4), atlas, 60.0, False)
    even = replace(tumour, core=replace(tumour.core, unevenness=0.0, gap=-9.0, rim_mm=8.0))
    uneven = replace(even, core=replace(even.core, unevenness=0.7))
    grid = Grid.centred(tumour.body.centre_mm, 2.0, (40, 40, 40))
    before, after = (show(Lesions("glioma", tumours=(one,), pushes=(push,)), atlas, grid)[0] for one in (even, uneven))
    row = LESIONS.index(Material.ENHANCING_TUMOUR)
    bright = before[row] > 0.9
    assert int(bright.sum()) > 200
    left = after[row][bright] / before[row][bright]
    assert float(left.min()) < 0.4
    assert float(left.max()) > 0.95
    assert float(left.mean()) == pytest.approx(1 - 0.7 / 2, abs=0.1)
    torch.testing.assert_close(after.sum(0), before.sum(0))
    assert torch.equal(regions(after)[1], regions(before)[1])


def test_other_kinds_cover_their_ranges(atlas):
    ms = volumes("ms", range(22), atlas)[:, 0]
    assert float(ms.min()) < 1
    assert 25 < float(ms.max()) < 75
    wmh = volumes("wmh", range(22), atlas)[:, 0]
    assert float(wmh.min()) < 1
    assert 20 < float(wmh.max()) < 85
    for kind in ("acute_stroke", "chronic_stroke"):
        stroke = volumes(kind, range(22), atlas)[:, 0]
        assert float(stroke.min()) < 1
        assert 180 < float(stroke.max()) < 360


def test_plaques_and_metastases_come_in_all_numbers(atlas):
    plaques = [len(draw("ms", seed, atlas).spots[0].spots) for seed in range(40)]
    assert min(plaques) < 10
    assert 100 < max(plaques) <= 150
    metastases = [len(draw("metastases", seed, atlas).tumours) for seed in range(40)]
    assert min(metastases) == 1
    assert 12 < max(metastases) <= 20


def test_acute_infarct_of_an_artery_stays_on_its_side_and_takes_cortex(atlas):
    for seed in range(15):
        lesions = draw("acute_stroke", seed, atlas)
        if not lesions.infarcts or lesions.infarcts[0].territory != "middle":
            continue
        shares, samples = show(lesions, atlas)
        total = shares[LESIONS.index(Material.ACUTE_INFARCT)]
        other_side = lesions.infarcts[0].side * samples.points[0, ..., 0] < -6
        assert float(total[other_side].max()) < 0.05
        cortex = samples.fractions[0, Material.GREY_MATTER] > 0.8
        assert float(total[cortex].max()) > 0.5


def test_stroke_is_acute_or_chronic(atlas):
    assert {draw("stroke", seed, atlas).kind for seed in range(12)} == {"acute_stroke", "chronic_stroke"}


@pytest.mark.parametrize("kind", KINDS)
def test_crop_equals_whole(kind, atlas):
    lesions = draw(kind, 11, atlas)
    bodies = [focus.body for focus in (*lesions.tumours, *lesions.infarcts)]
    bodies += [spot.body for group in lesions.spots for spot in group.spots]
    centre = bodies[0].centre_mm if bodies else (20.0, 0.0, 20.0)
    whole = Grid.centred(centre, 1.5, (37, 34, 30))
    part = (slice(5, 24), slice(3, 30), slice(7, 18))
    origin = tuple(o + 1.5 * s.start for o, s in zip(whole.origin, part, strict=True))
    crop = Grid(origin, whole.spacing, tuple(s.stop - s.start for s in part))
    expected, _ = show(lesions, atlas, whole)
    assert not bodies or float(expected.sum()) > 0
    torch.testing.assert_close(show(lesions, atlas, crop)[0], expected[(slice(None), *part)], atol=2e-3, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_replay_from_json_is_exact_and_draws_are_deterministic(kind, atlas):
    lesions = draw(kind, 7, atlas)
    again = from_record(Lesions, json.loads(json.dumps(to_record(lesions))))
    assert again == lesions == draw(kind, 7, atlas)
    assert torch.equal(show(again, atlas)[0], show(lesions, atlas)[0])
    assert kind in ("none", "stroke") or draw(kind, 8, atlas) != lesions


@pytest.mark.parametrize("kind", ["ms", "wmh"])
def test_small_lesions_are_whole(kind, atlas):
    """Hardly any piece is smaller than experts mark: 5 mm³ on a grid of 1 mm."""
    pieces, crumbs = 0, 0
    for seed in range(4):
        grid = Grid.centred((24.0, -12.0, 22.0), 1.0, (40, 84, 40))
        lesion = regions(show(draw(kind, seed, atlas), atlas, grid)[0])[0].numpy()
        labels, _ = ndimage.label(lesion, np.ones((3, 3, 3)))
        inner = labels.copy()
        inner[1:-1, 1:-1, 1:-1] = 0
        whole = np.setdiff1d(np.unique(labels), np.unique(inner))  # what the border of the grid does not cut
        sizes = np.bincount(labels.ravel())[whole[whole > 0]]
        pieces, crumbs = pieces + len(sizes), crumbs + int((sizes < 5).sum())
    assert pieces >= 10
    assert crumbs <= 0.2 * pieces


def test_old_infarcts_leave_cisterns_and_keep_a_rim(atlas):
    """Fluid farther than 4 mm from any cortex is no sulcus; the cavity is lined by bright matter."""
    for seed in range(12):
        lesions = draw("chronic_stroke", seed, atlas)
        if not lesions.infarcts or lesions.infarcts[0].body.radius_mm < 15:
            continue
        shares, samples = show(replace(lesions, spots=()), atlas)
        cistern = (samples.fractions[0, Material.CSF] > 0.9) & (samples.cortex_distance[0] > 4)
        assert not bool((regions(shares)[0] & cistern).any())
        assert lesions.infarcts[0].cavity_mm >= 2
        assert float(shares[LESIONS.index(Material.HYPERINTENSITY)].max()) > 0.2


def test_some_people_with_infarcts_have_diseased_white_matter(atlas):
    with_it = [any(group.masks == () and group.band for group in draw("stroke", s, atlas).spots) for s in range(40)]
    assert 3 <= sum(with_it) <= 25


def test_unknown_kind_is_refused(atlas):
    with pytest.raises(InputError, match="no kind of lesion named abscess"):
        draw("abscess", 0, atlas)
