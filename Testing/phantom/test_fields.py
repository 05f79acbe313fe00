"""Smooth random fields: functions of position, reproducible, unit variance, of the promised wavelength."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import BSpline, RegularGridInterpolator

from MissingModalitySegTraining.phantom.fields import PERIOD, random_field, scalar_field, tabulated, vector_field
from MissingModalitySegTraining.phantom.space import Grid


def scattered(count: int, seed: int = 0, extent: float = 400.0) -> torch.Tensor:
    points = torch.rand((count, 3), generator=torch.Generator().manual_seed(seed)) * extent - extent / 2
    return points.reshape(1, count, 1, 1, 3)


def test_crop_equals_the_same_region_of_the_whole():
    whole = Grid.centred((0, 0, 0), 2.0, (40, 44, 36))
    crop = Grid(tuple(o + 2.0 * s for o, s in zip(whole.origin, (5, 9, 3), strict=True)), (2.0,) * 3, (16, 12, 20))
    field = scalar_field(whole.points()[None], [7], 15.0, octaves=2)
    part = scalar_field(crop.points()[None], [7], 15.0, octaves=2)
    torch.testing.assert_close(part, field[:, 5:21, 9:21, 3:23], atol=2e-4, rtol=0)


def test_cases_of_a_batch_do_not_know_each_other():
    points = scattered(500).expand(3, -1, -1, -1, -1)
    together = vector_field(points, [1, 2, 1], [10.0, 20.0, 30.0])
    for case, (seed, wavelength) in enumerate([(1, 10.0), (2, 20.0), (1, 30.0)]):
        torch.testing.assert_close(together[case : case + 1], vector_field(points[:1], [seed], wavelength))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**62), octaves=st.integers(1, 3))
def test_zero_mean_and_unit_deviation(seed, octaves):
    field = scalar_field(scattered(20_000, extent=2000.0), [seed], 9.0, octaves)
    assert abs(field.mean()) < 0.05
    assert field.std() == pytest.approx(1, abs=0.05)


def test_components_and_seeds_are_independent():
    points = scattered(20_000, extent=2000.0)
    fields = torch.cat([random_field(points, [seed], 9.0, 3)[0].reshape(3, -1) for seed in (0, 1)])
    correlation = np.corrcoef(fields.numpy())
    assert np.abs(correlation - np.eye(6)).max() < 0.06


def test_power_lies_below_the_wavelength():
    """Of a line through the field, hardly any power has a period under half the wavelength, most is over it."""
    line = torch.zeros((1, 4096, 1, 1, 3))
    line[0, :, 0, 0] = torch.arange(4096)[:, None] * torch.tensor([0.53, 0.61, 0.59])
    step = float(np.linalg.norm([0.53, 0.61, 0.59]))
    power = sum(np.abs(np.fft.rfft(scalar_field(line, [seed], 20.0).flatten().numpy())) ** 2 for seed in range(8))
    waves = np.fft.rfftfreq(4096, step) * 20.0
    assert power[waves > 2].sum() < 0.03 * power.sum()
    assert power[waves < 1].sum() > 0.6 * power.sum()


def test_equals_a_cubic_spline_through_the_same_noise():
    """Against scipy's B-spline, up to the linear reading between tabulated values and the overall scale."""
    seed, wavelength = 11, 30.0
    field = scalar_field(scattered(300), [seed], wavelength).flatten().double().numpy()
    noise = torch.randn((PERIOD,) * 3, generator=torch.Generator().manual_seed(seed)).double().numpy()
    basis = BSpline.basis_element(np.arange(-2.0, 3.0), extrapolate=False)
    turn = torch.linalg.qr(
        torch.randn((3, 3), generator=torch.Generator().manual_seed(seed ^ 0x5DEECE66D), dtype=torch.float64)
    )[0].numpy()
    nodes = scattered(300).reshape(-1, 3).double().numpy() @ turn.T / (wavelength / 3)
    expected = []
    for node in nodes:
        # grid_sample's x is the last axis of the table
        weights = [np.nan_to_num(basis((c - np.arange(PERIOD) + PERIOD / 2) % PERIOD - PERIOD / 2)) for c in node[::-1]]
        expected.append(np.einsum("i,j,k,ijk", *weights, noise))
    assert np.corrcoef(field, expected)[0, 1] > 0.99


def waves(points: torch.Tensor) -> torch.Tensor:
    """Two smooth functions of position."""
    x, y, z = points.unbind(-1)
    return torch.stack([torch.sin(x / 20) * torch.cos(y / 25) + z / 40, torch.cos((x + y - z) / 30)], dim=1)


@pytest.mark.parametrize(("spacing", "step"), [((1.0, 1.0, 1.0), 4.0), ((2.0, 1.5, 3.0), 4.0), ((6.0, 5.0, 6.0), 8.0)])
def test_tabulated_reads_linearly_between_multiples_of_its_step(spacing, step):
    """On grids and on scattered points alike, against scipy; a coarse grid gets twice the step of 4 mm."""
    grids = [Grid((-31.0, 4.5, 7.0), spacing, (24, 26, 22)), Grid((12.2, -40.0, -9.0), spacing, (24, 26, 22))]
    points = torch.stack([grid.points() for grid in grids])
    lattice = step * np.arange(-40, 60)
    values = waves(torch.from_numpy(np.stack(np.meshgrid(*[lattice] * 3, indexing="ij"), -1))[None])[0]
    expected = RegularGridInterpolator((lattice,) * 3, values.movedim(0, -1).numpy())(points.double().numpy())
    found = tabulated(waves, points, 4.0)
    np.testing.assert_allclose(found.movedim(1, -1).numpy(), expected, atol=1e-4)
    assert (found - waves(points)).abs().max() < 0.04
    if step == 4.0:
        shuffled = points.flip(2)  # no longer in ascending order
        torch.testing.assert_close(tabulated(waves, shuffled, 4.0), found.flip(3), atol=1e-4, rtol=0)


def test_few_points_far_apart_are_evaluated_themselves():
    points = scattered(50)
    assert torch.equal(tabulated(waves, points, 4.0), waves(points))
    assert torch.equal(tabulated(waves, points[:, :1], 4.0), waves(points[:, :1]))


def test_each_case_needs_a_seed():
    with pytest.raises(ValueError, match="2 seeds"):
        scalar_field(scattered(5), [1, 2], 10.0)
