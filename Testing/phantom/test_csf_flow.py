"""Moving fluid, against what single places should get."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from MissingModalitySegTraining.phantom import engine
from MissingModalitySegTraining.phantom.atlas import load_atlas
from MissingModalitySegTraining.phantom.csf_flow import (
    NARROWS,
    RESTING,
    UNCOMPENSATED,
    FlowParameters,
    narrowness,
    sample_flow,
    with_flow,
)
from MissingModalitySegTraining.phantom.materials import Material
from MissingModalitySegTraining.phantom.records import from_record, to_record
from MissingModalitySegTraining.phantom.sequences import FLAIR, T2
from MissingModalitySegTraining.phantom.space import Grid

MOVING = FlowParameters(loss=0.8, inflow=1.5, wavelength_mm=20.0, seed=5)
SIGNALS = torch.linspace(0.5, 2.0, 5 * len(Material)).reshape(1, 5, len(Material))
FLUID = SIGNALS[0, :, Material.CSF]


def shown(material: Material, flow: FlowParameters = MOVING) -> torch.Tensor:
    """A block of one material around the third ventricle and the foramina beside it, (5, X, Y, Z)."""
    axes = [torch.arange(low, high, 2.0) for low, high in ((-20, 20), (-40, 20), (-20, 24))]
    places = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)[None]
    fractions = torch.zeros(1, len(Material), *places.shape[1:4])
    fractions[:, material] = 1.0
    images = SIGNALS[0, :, material].reshape(1, 5, 1, 1, 1).repeat(1, 1, *places.shape[1:4])
    with_flow(images, places, fractions, SIGNALS, [flow])
    return images[0]


def test_t2_loses_and_flair_gains_where_fluid_moves_and_nothing_else_changes() -> None:
    images = shown(Material.CSF)
    assert float(images[T2].max()) == pytest.approx(float(FLUID[T2]))
    assert (1 - 0.8) <= float(images[T2].min() / FLUID[T2]) < 0.5
    assert float(images[FLAIR].min()) == pytest.approx(float(FLUID[FLAIR]))
    assert 1.0 < float(images[FLAIR].max() - FLUID[FLAIR]) <= 1.5
    # the same fluid is dark on the one and bright on the other
    lost, gained = 1 - images[T2] / FLUID[T2], images[FLAIR] - FLUID[FLAIR]
    torch.testing.assert_close(lost / 0.8, gained / 1.5, atol=1e-4, rtol=1e-4)
    for channel in (0, 1, 4):
        assert torch.all(images[channel] == FLUID[channel])


@pytest.mark.parametrize("material", [Material.WHITE_MATTER, Material.NECROSIS, Material.CHRONIC_INFARCT])
def test_what_is_no_fluid_of_the_brain_stays(material) -> None:
    images = shown(material)
    assert torch.equal(images, SIGNALS[0, :, material].reshape(5, 1, 1, 1).expand_as(images))


def test_resting_fluid_is_left_alone() -> None:
    images = shown(Material.CSF, RESTING)
    assert torch.equal(images, FLUID.reshape(5, 1, 1, 1).expand_as(images))


@pytest.mark.parametrize(("centre", "_axes", "strength"), NARROWS)
def test_both_sides_have_the_narrow_places(centre, _axes, strength) -> None:
    x, y, z = centre
    assert float(narrowness(torch.tensor(centre, dtype=torch.float32))) >= 0.999 * strength
    assert float(narrowness(torch.tensor((-x, y, z), dtype=torch.float32))) >= 0.999 * strength


def test_convexity_and_bodies_of_the_ventricles_rest() -> None:
    quiet = torch.tensor([(0.0, -20.0, 70.0), (60.0, -20.0, 30.0), (-20.0, -20.0, 28.0), (0.0, -95.0, 10.0)])
    assert float(narrowness(quiet).max()) < 0.05


def test_some_sequences_compensate_flow() -> None:
    drawn = [sample_flow(torch.Generator().manual_seed(seed)) for seed in range(400)]
    assert sum(flow.loss > 0 for flow in drawn) / 400 == pytest.approx(UNCOMPENSATED[T2], abs=0.07)
    assert sum(flow.inflow > 0 for flow in drawn) / 400 == pytest.approx(UNCOMPENSATED[FLAIR], abs=0.07)
    assert all(0 <= flow.loss <= 0.9 and 0 <= flow.inflow <= 1.2 for flow in drawn)


def test_a_case_remembers_its_flow_and_old_records_have_none() -> None:
    atlas = load_atlas(torch.device("cpu"))
    case = engine.sample_case(11, "none", atlas)
    case = replace(case, contrast=replace(case.contrast, flow=MOVING))
    record = to_record(case)
    assert from_record(type(case), record) == case
    del record["contrast"]["flow"]
    assert from_record(type(case), record).contrast.flow == RESTING


def test_the_truth_does_not_move_with_the_fluid() -> None:
    atlas = load_atlas(torch.device("cpu"))
    case = engine.sample_case(12, "ms", atlas)
    grid = Grid.centred((0.0, 0.0, 0.0), 4.0, (45, 55, 45))
    moving, resting = (
        engine.render([replace(case, contrast=replace(case.contrast, flow=flow))], [grid], atlas, acquired=False)
        for flow in (MOVING, RESTING)
    )
    changed = (moving.images != resting.images)[0].flatten(1).any(1)
    assert changed.tolist() == [channel in (T2, FLAIR) for channel in range(5)]
    assert torch.equal(moving.regions, resting.regions)
    assert torch.equal(moving.brain, resting.brain)
