"""Brain beside air in echo-planar images, against what single places should get."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from MissingModalitySegTraining.phantom import engine
from MissingModalitySegTraining.phantom.atlas import load_atlas
from MissingModalitySegTraining.phantom.records import from_record, to_record
from MissingModalitySegTraining.phantom.sequences import DWI
from MissingModalitySegTraining.phantom.space import Grid
from MissingModalitySegTraining.phantom.susceptibility import (
    UNCORRECTED,
    Patch,
    sample_susceptibility,
    susceptibility,
)

BRIGHT = Patch((48.0, -8.0, -24.0), (8.0, 8.0, 12.0), gain=4.0, hole_mm=12.0, loss=0.5)


def gains(*places: tuple[float, float, float], patches: tuple[Patch, ...] = (BRIGHT,)) -> list[float]:
    at = torch.tensor(places, dtype=torch.float32).reshape(1, len(places), 1, 1, 3)
    return susceptibility(at, [patches]).flatten().tolist()


def test_signal_is_piled_up_at_the_air_and_missing_beside_it() -> None:
    middle, hole, far = gains(BRIGHT.centre, (48.0, 4.0, -24.0), (0.0, 0.0, 20.0), patches=(BRIGHT,))
    assert middle == pytest.approx(5, rel=0.05)
    assert hole == pytest.approx(0.5, abs=0.2)  # the patch's own tail reaches here
    assert far == 1


def test_patches_have_an_edge() -> None:
    inside, edge, outside = gains((44.0, -8.0, -24.0), (40.0, -8.0, -24.0), (34.0, -8.0, -24.0))
    assert inside > 4.5
    assert edge == pytest.approx(1 + 4 * 0.5, abs=0.3)
    assert outside < 1.1


def test_grids_agree_on_what_a_place_gets() -> None:
    fine = torch.stack(torch.meshgrid(*(torch.arange(a, a + 40.0) for a in (30, -30, -45)), indexing="ij"), -1)[None]
    full = susceptibility(fine, [(BRIGHT,)])
    single = susceptibility(fine.reshape(1, -1, 1, 1, 3)[:, ::977], [(BRIGHT,)])
    torch.testing.assert_close(full.reshape(-1)[::977], single.flatten(), atol=0.05, rtol=0.1)
    cut = susceptibility(fine[:, 7:23, 5:30, 9:31], [(BRIGHT,)])
    torch.testing.assert_close(cut, full[:, 7:23, 5:30, 9:31], atol=1e-4, rtol=1e-4)


def test_both_sides_have_it_in_most_images_and_none_in_some() -> None:
    drawn = [sample_susceptibility(torch.Generator().manual_seed(seed)) for seed in range(400)]
    affected = [patches for patches in drawn if patches]
    assert len(affected) / len(drawn) == pytest.approx(UNCORRECTED, abs=0.06)
    for patches in affected:
        assert sum(patch.centre[0] > 0 for patch in patches[:2]) == 1
        assert all(0 < patch.gain <= 6 and 0 <= patch.loss <= 0.8 for patch in patches)
    brightest = sorted(max(patch.gain for patch in patches) for patches in affected)
    assert brightest[len(brightest) // 10] < 0.4  # nearly nothing is as common as much
    assert brightest[-len(brightest) // 10] > 2


def test_diffusion_alone_shows_it_and_the_truth_does_not_move() -> None:
    atlas = load_atlas(torch.device("cpu"))
    case = engine.sample_case(11, "none", atlas)
    grid = Grid.centred((0.0, 0.0, 0.0), 4.0, (45, 55, 45))
    with_air, without = (
        engine.render(
            [replace(case, contrast=replace(case.contrast, susceptibility=patches))], [grid], atlas, acquired=False
        )
        for patches in ((BRIGHT,), ())
    )
    changed = (with_air.images != without.images)[0].flatten(1).any(1)
    assert changed.tolist() == [channel == DWI for channel in range(5)]
    assert torch.equal(with_air.regions, without.regions)
    assert torch.equal(with_air.brain, without.brain)


def test_a_case_remembers_its_patches_and_old_records_have_none() -> None:
    atlas = load_atlas(torch.device("cpu"))
    case = next(
        case for case in (engine.sample_case(seed, "none", atlas) for seed in range(20)) if case.contrast.susceptibility
    )
    record = to_record(case)
    assert from_record(type(case), record) == case
    del record["contrast"]["susceptibility"]
    assert from_record(type(case), record).contrast.susceptibility == ()
