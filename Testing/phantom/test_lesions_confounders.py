"""Confounders change images and no labels."""

from __future__ import annotations

import json

import pytest
import torch

from MissingModalitySegTraining.phantom.atlas import load_atlas
from MissingModalitySegTraining.phantom.lesions import (
    Confounders,
    blend,
    confounders,
    lesion_fractions,
    sample_confounders,
    sample_lesions,
)
from MissingModalitySegTraining.phantom.materials import LESIONS, TISSUES, Material
from MissingModalitySegTraining.phantom.records import from_record, to_record
from MissingModalitySegTraining.phantom.space import Grid

BASAL = Grid((-40.0, -40.0, -14.0), (1.5, 1.5, 1.5), (54, 54, 30))


@pytest.fixture(scope="module")
def atlas():
    return load_atlas()


def show(case, atlas, grid=BASAL):
    points = grid.points()
    samples = atlas.sample(points[None])
    return points, samples, confounders(points, samples, 0, case)


@pytest.mark.parametrize("seed", range(4))
def test_fields_are_bounded_and_spare_the_ventricles(seed, atlas):
    _, samples, fields = show(sample_confounders(torch.Generator().manual_seed(seed), atlas), atlas)
    assert 0 <= float(fields.hyperintensity.min()) <= float(fields.hyperintensity.max()) < 0.5
    assert 0 <= float(fields.fluid.min()) <= float(fields.fluid.max()) <= 1
    assert float(fields.diffusion_gain.min()) >= 1
    assert float(fields.hyperintensity[samples.ventricle_distance[0] < 0].sum()) == 0


def test_some_people_have_each_confounder(atlas):
    drawn = [show(sample_confounders(torch.Generator().manual_seed(s), atlas), atlas)[2] for s in range(12)]
    assert max(float(fields.hyperintensity.max()) for fields in drawn) > 0.25
    assert max(float(fields.fluid.max()) for fields in drawn) > 0.9
    assert max(float(fields.diffusion_gain.max()) for fields in drawn) > 1.1


def test_blend_fills_voxels_and_keeps_lesions(atlas):
    case = sample_confounders(torch.Generator().manual_seed(2), atlas)
    points, samples, fields = show(case, atlas)
    lesions = lesion_fractions(points, samples, 0, sample_lesions("ms", torch.Generator().manual_seed(6), atlas))
    tissues = samples.fractions[0]
    before = tissues.clone()
    mixed = blend(tissues, lesions, fields)
    assert torch.equal(tissues, before)
    assert mixed.shape[0] == len(Material)
    torch.testing.assert_close(mixed.sum(0), torch.ones_like(mixed[0]), atol=1e-4, rtol=0)
    assert float(mixed.min()) >= -1e-6
    bright = LESIONS.index(Material.HYPERINTENSITY)
    others = [index for index in range(len(LESIONS)) if index != bright]
    torch.testing.assert_close(mixed[len(TISSUES) :][others], lesions[others])
    assert float((mixed[len(TISSUES) + bright] - lesions[bright]).min()) >= 0
    left = 1 - lesions.sum(0)
    assert float((mixed[Material.HYPERINTENSITY] - lesions[bright] - left).max()) <= 1e-6


def test_crop_equals_whole_and_json_replays(atlas):
    case = sample_confounders(torch.Generator().manual_seed(5), atlas)
    assert from_record(Confounders, json.loads(json.dumps(to_record(case)))) == case
    whole = show(case, atlas)[2]
    crop = show(case, atlas, Grid((-31.0, -28.0, -8.0), (1.5, 1.5, 1.5), (20, 23, 11)))[2]
    part = (slice(6, 26), slice(8, 31), slice(4, 15))
    for name in ("hyperintensity", "fluid", "diffusion_gain"):
        torch.testing.assert_close(getattr(crop, name), getattr(whole, name)[part], atol=2e-3, rtol=0)
