"""Drawing and applying an acquisition: resolution, position, coil, noise, artefacts, native slices, brain masks."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage, stats
from scipy.spatial.transform import Rotation

from MissingModalitySegTraining.phantom.acquisition import (
    AcquisitionParameters,
    SequenceAcquisition,
    sample_acquisition,
)
from MissingModalitySegTraining.phantom.artefacts import (
    Ghosts,
    Motion,
    Spike,
    add_ghosts,
    add_spike,
    move_during,
    rician,
    sharpened,
)
from MissingModalitySegTraining.phantom.atlas import load_atlas
from MissingModalitySegTraining.phantom.bias import TERMS, bias_at, bias_on, sample_bias
from MissingModalitySegTraining.phantom.cut import Cut, sample_cut, scanned
from MissingModalitySegTraining.phantom.engine import render, sample_case
from MissingModalitySegTraining.phantom.geometry import native_geometry
from MissingModalitySegTraining.phantom.misalignment import Misalignment, move
from MissingModalitySegTraining.phantom.records import from_record, to_record
from MissingModalitySegTraining.phantom.resolution import (
    along_axes,
    box_average,
    in_plane_average,
    lattice,
    linear_interpolation,
)
from MissingModalitySegTraining.phantom.scanner import acquire, acquire_native, shifts_at_centre
from MissingModalitySegTraining.phantom.space import Grid
from MissingModalitySegTraining.phantom.stripping import (
    FAITHFUL,
    Patch,
    Stripping,
    strip,
)

IDEAL = SequenceAcquisition(
    plane="axial",
    in_plane_mm=1.0,
    slice_mm=1.0,
    gap_mm=0.0,
    phase=(0.0, 0.0, 0.0),
    tilt_deg=(0.0, 0.0, 0.0),
    ringing=0.0,
    misalignment=Misalignment(),
    bias=(0.0,) * len(TERMS),
    signal_to_noise=1e6,
    noise_seed=1,
    motion=None,
    ghosts=None,
    spike=None,
    sharpening=0.0,
    gamma=1.0,
    scale=1.0,
    offset=0.0,
)
GRID = Grid.centred((3.0, -10.0, 8.0), 1.0, (24, 20, 24))


def draw(count: int, mode: str = "research", seed: int = 0) -> list[AcquisitionParameters]:
    generator = torch.Generator().manual_seed(seed)
    return [sample_acquisition(generator, mode) for _ in range(count)]


def case_of(sequence: SequenceAcquisition) -> AcquisitionParameters:
    return AcquisitionParameters("research", (sequence,) * 5, FAITHFUL, None)


def smooth(points: torch.Tensor) -> torch.Tensor:
    x, y, z = points.unbind(dim=-1)
    return 1.5 + 0.4 * torch.sin(x / 9) * torch.cos(y / 11) + 0.3 * torch.sin(z / 7)


# What is drawn


@pytest.mark.parametrize("mode", ["research", "clinic"])
def test_draws_stay_in_their_ranges(mode):
    for case in draw(60, mode):
        assert len(case.sequences) == 5
        aligned = 0
        for sequence in case.sequences:
            finest, _, thickest = sorted(sequence.spacing_mm)
            assert thickest <= 8
            assert sorted(sequence.spacing_mm)[1] <= 4  # only one axis may be thicker
            assert finest >= 0.5
            assert sequence.gap_mm >= 0
            angle = math.hypot(*sequence.misalignment.rotation_deg)
            distance = math.hypot(*sequence.misalignment.translation_mm)
            aligned += angle == distance == 0
            if mode == "research":
                assert angle <= 1.000001
                assert distance <= 1.000001
                assert not any(sequence.tilt_deg)
            assert sequence.signal_to_noise >= 6
            assert 0.8 <= sequence.gamma <= 1.25
        assert aligned == 1  # the reference


@pytest.mark.parametrize("mode", ["research", "clinic"])
def test_json_replays_an_acquisition_exactly(mode):
    images = torch.rand(6, 5, *GRID.shape)
    cases = draw(6, mode)
    again = [from_record(AcquisitionParameters, json.loads(json.dumps(to_record(case)))) for case in cases]
    assert again == cases
    assert again == draw(6, mode)
    assert again != draw(6, mode, seed=1)
    assert torch.equal(acquire(images, [GRID] * 6, again), acquire(images, [GRID] * 6, cases))


def test_clinic_has_thicker_slices_than_research():
    def thick(mode):
        return np.mean([s.slice_mm > 2.5 for case in draw(60, mode) for s in case.sequences])

    assert thick("clinic") > 0.6 > 0.5 > thick("research")


def test_thick_slices_fine_voxels_and_sharpening_occur():
    """T2 and FLAIR of 200 cases: 7 % thick, a fifth isotropic below 0.9 mm (7/12 × 40 % … 4/7), a quarter sharpened."""
    sequences = [sequence for case in draw(200) for sequence in case.sequences[2:4]]
    assert 0.03 < np.mean([s.slice_mm >= 6 for s in sequences]) < 0.12
    assert 0.15 < np.mean([s.slice_mm < 0.9 for s in sequences]) < 0.32
    assert 0.17 < np.mean([s.sharpening > 0 for s in sequences]) < 0.33
    assert all(s.sharpening <= 1 for s in sequences)
    assert min(s.slice_mm for case in draw(100, "clinic") for s in case.sequences) >= 0.8


# The end of the field of view


def test_few_cases_are_cut_above_or_below():
    cuts = [case.cut for case in draw(400)]
    sides = [cut.side for cut in cuts if cut is not None]
    assert 15 <= len(sides) <= 55
    assert set(sides) == {1, -1}


def test_cut_leaves_the_middle_and_ends_at_its_plane():
    generator = torch.Generator().manual_seed(2)
    for _ in range(20):
        cut = sample_cut(generator)
        normal = np.array(cut.normal)
        assert np.linalg.norm(normal) == pytest.approx(1)
        assert abs(normal[2]) >= math.cos(math.radians(25.001))
        ends = torch.from_numpy(np.outer([0.0, 0.99, 1.01], normal) * cut.distance_mm).float()
        assert scanned(ends, cut).tolist() == [True, True, False]
    assert scanned(torch.zeros(2, 3), None).all()


def test_nothing_is_shown_or_labelled_beyond_the_field_of_view():
    atlas = load_atlas()
    case = sample_case(1, "glioma", atlas)
    centre = case.lesions.tumours[0].body.centre_mm
    cut = Cut((0.0, 0.6, 0.8) if centre[2] > 0 else (0.0, 0.6, -0.8), 0.8 * abs(centre[2]) + 0.6 * centre[1])
    short = replace(case, acquisition=replace(case.acquisition, cut=cut))
    grid = Grid.centred((0.0, 0.0, 0.0), 5.0, (36, 44, 36))
    whole, part = (render([one], [grid], atlas) for one in (replace(short, acquisition=case.acquisition), short))
    beyond = ~scanned(grid.points(), cut)
    assert (whole.regions[0, 0] & beyond).any()
    assert not part.regions[0, :, beyond].any()
    assert not part.images[0, :, beyond].any()
    assert torch.equal(part.brain[0], whole.brain[0] & ~beyond)
    assert torch.equal(part.regions[0, 0], whole.regions[0, 0] & ~beyond)


# Resolution


@pytest.mark.parametrize("thickness", [2, 3, 5])
def test_slices_are_explicit_averages(thickness):
    positions = torch.arange(30.0)
    values = torch.rand(30)
    centres = torch.arange(30 // thickness) * float(thickness) + (thickness - 1) / 2
    expected = values.reshape(-1, thickness).mean(dim=1)
    torch.testing.assert_close(box_average(positions, centres, thickness) @ values, expected)


def test_slices_through_half_voxels():
    positions = torch.arange(6.0)
    row = box_average(positions, torch.tensor([2.0]), 2.0)[0]
    torch.testing.assert_close(row, torch.tensor([0, 0.25, 0.5, 0.25, 0, 0]))


@pytest.mark.parametrize("ringing", [0.0, 0.5, 1.0])
def test_averages_keep_the_mean(ringing):
    positions = torch.arange(48.0) - 7.3
    centres = lattice(positions, 2.7, 0.4)
    for matrix in (box_average(positions, centres, 2.2), in_plane_average(positions, centres, 2.7, ringing)):
        torch.testing.assert_close(matrix.sum(dim=1), torch.ones(len(centres)))
    signal = 2 + torch.cos(positions / 5)  # away from the ends a slow wave keeps its mean too
    blurred = linear_interpolation(centres, positions) @ (in_plane_average(positions, centres, 2.7, ringing) @ signal)
    assert (blurred - signal)[8:-8].abs().max() < 0.1


def test_gaussian_voxel_has_the_right_width():
    positions = torch.arange(61.0) * 0.1 - 3
    row = in_plane_average(positions, torch.tensor([0.0]), 2.0, 0.0)[0]
    above = positions[row >= row.max() / 2]
    assert float(above[-1] - above[0]) == pytest.approx(2.0, abs=0.11)


def test_only_the_unfiltered_voxel_rings():
    positions = torch.arange(64.0)
    edge = (positions > 31.5).float()
    centres = lattice(positions, 2.0, 0.0)
    overshoot = [float((in_plane_average(positions, centres, 2.0, r) @ edge).max()) - 1 for r in (0.0, 1.0)]
    assert overshoot[0] < 1e-5
    assert 0.03 < overshoot[1] < 0.15  # Gibbs: 9 % of the step, before tapering


def test_interpolation_equals_numpy():
    centres, positions = torch.arange(7.0) * 2.5 + 1, torch.arange(20.0) * 0.9
    values = torch.rand(7)
    expected = np.interp(positions.numpy(), centres.numpy(), values.numpy())
    np.testing.assert_allclose(linear_interpolation(centres, positions) @ values, expected, atol=1e-5)


def test_lattice_is_fixed_in_the_world():
    long = lattice(torch.arange(100.0) - 50, 3.3, 0.3)
    short = lattice(torch.arange(40.0) - 20, 3.3, 0.3)
    start = int((long - short[0]).abs().argmin())
    torch.testing.assert_close(short, long[start : start + len(short)])
    assert len(lattice(torch.arange(3.0) + 2, 50.0, 0.0)) == 1


def test_matrices_act_on_their_own_axes():
    volume = torch.rand(4, 5, 6)
    a, b = torch.rand(3, 4), torch.rand(2, 6)
    expected = np.einsum("px,xyz,qz->pyq", a, volume, b)
    np.testing.assert_allclose(along_axes(volume, (a, None, b)), expected, rtol=1e-5)


# Noise and artefacts


def test_noise_in_air_is_rayleigh_distributed():
    noise = rician(torch.zeros(50, 50, 50), 0.2, seed=3).flatten().numpy()
    reference = stats.rayleigh(scale=0.2)
    assert noise.mean() == pytest.approx(reference.mean(), rel=0.01)
    assert noise.var() == pytest.approx(reference.var(), rel=0.02)
    assert stats.kstest(noise[:5000], reference.cdf).pvalue > 1e-3


def test_noise_on_signal_is_rician_distributed():
    noise = rician(torch.full((50, 50, 50), 0.3), 0.2, seed=4).flatten().numpy()
    reference = stats.rice(0.3 / 0.2, scale=0.2)
    assert noise.mean() == pytest.approx(reference.mean(), rel=0.01)
    assert noise.var() == pytest.approx(reference.var(), rel=0.02)


def test_noise_is_decided_by_its_seed():
    image = torch.rand(8, 8, 8)
    assert torch.equal(rician(image, 0.1, 5), rician(image, 0.1, 5))
    assert not torch.equal(rician(image, 0.1, 5), rician(image, 0.1, 6))


def test_a_jump_before_the_first_line_is_a_shift():
    image = torch.zeros(16, 12, 10)
    image[4:9, 3:7, 2:6] = torch.rand(5, 4, 4)
    moved = move_during(image, Motion((0.0,), ((2.0, -1.5, 3.0),)), (1.0, 1.5, 3.0), phase_axis=1)
    torch.testing.assert_close(moved, image.roll((2, -1, 1), dims=(0, 1, 2)), atol=1e-5, rtol=0)


def test_jumps_equal_a_transform_line_by_line():
    image = torch.rand(8, 9, 6)
    motion = Motion((0.3, 0.7), ((0.8, 0.3, -0.4), (-1.1, 0.6, 0.2)))
    spectrum = np.fft.fftshift(np.fft.fftn(image.numpy().astype(np.float64)))
    kx, ky, kz = (np.fft.fftshift(np.fft.fftfreq(n)) for n in image.shape)
    for line in range(9):
        when = (line + 0.5) / 9
        shift = (0, 0, 0) if when < 0.3 else motion.shifts_mm[0] if when < 0.7 else motion.shifts_mm[1]
        for i, k in np.ndindex(8, 6):
            spectrum[i, line, k] *= np.exp(-2j * np.pi * np.dot((kx[i], ky[line], kz[k]), shift))
    expected = np.abs(np.fft.ifftn(np.fft.ifftshift(spectrum)))
    np.testing.assert_allclose(move_during(image, motion, (1, 1, 1), 1), expected, atol=1e-5)


def test_ghosts_lie_a_share_of_the_field_of_view_apart():
    image = torch.zeros(32, 8, 8)
    image[10, 4, 4] = 1.0
    ghosted = add_ghosts(image, Ghosts(count=2, strength=0.3), phase_axis=0)
    assert ghosted[26, 4, 4] == pytest.approx(0.15, abs=0.04)  # half of the field of view away
    assert ghosted[:, 4, 4].topk(2).indices.tolist() == [10, 26]
    torch.testing.assert_close(ghosted[:, 0, 0], torch.zeros(32))
    constant = torch.ones(32, 8, 8)
    torch.testing.assert_close(add_ghosts(constant, Ghosts(2, 0.3), 0), constant)


def test_spike_is_one_pair_of_lines_in_k_space():
    image = torch.full((16, 16, 16), 5.0)
    points = Grid((0, 0, 0), (1, 1, 1), (16, 16, 16)).points()
    spectrum = torch.fft.fftn(add_spike(image, Spike((0.25, 0.0, 0.125), 0.4, 0.5), points)).abs() / 16**3
    assert spectrum[4, 0, 2] == pytest.approx(0.25, abs=1e-5)
    spectrum[0, 0, 0] = spectrum[4, 0, 2] = spectrum[-4, 0, -2] = 0
    assert spectrum.max() < 1e-5


# Coil


def test_bias_averages_one_over_the_head_and_is_smooth():
    generator = torch.Generator().manual_seed(2)
    points = torch.rand(20000, 3) * 170 - 85
    points = points[points.norm(dim=1) < 85]
    for deviation in (0.05, 0.2, 0.3):
        coil = sample_bias(generator, deviation)
        for coefficients in (coil, sample_bias(generator, deviation, shared=coil)):
            field = bias_at(points, coefficients)
            assert field.mean().item() == pytest.approx(1, abs=0.03)
            assert (bias_at(points + 1.0, coefficients) / field - 1).abs().max() < 0.3 * deviation


def test_bias_on_axes_equals_bias_at_points_and_numpy():
    coefficients = sample_bias(torch.Generator().manual_seed(0), 0.3)
    on_axes = bias_on(GRID.axes(), coefficients)
    torch.testing.assert_close(on_axes, bias_at(GRID.points(), coefficients))
    cube = np.zeros((4, 4, 4))
    for powers, value in zip(TERMS, coefficients, strict=True):
        cube[powers] = value
    u = (GRID.points().numpy()) / 100
    expected = np.exp(np.polynomial.legendre.legval3d(u[..., 0], u[..., 1], u[..., 2], cube))
    np.testing.assert_allclose(on_axes, expected, rtol=1e-4)


# Position


def test_move_is_a_rotation_about_the_head_and_a_translation():
    points = torch.rand(50, 3) * 100
    rotation, translation = (3.0, -4.0, 5.0), (1.0, 2.0, -3.0)
    turned = Rotation.from_rotvec(rotation, degrees=True).apply(points.numpy())
    np.testing.assert_allclose(move(points, Misalignment(rotation, translation)), turned + translation, atol=1e-3)
    assert torch.equal(move(points, Misalignment()), points)


def test_distortion_stays_beside_the_air_cavities_and_along_y():
    points = torch.rand(2000, 3) * torch.tensor([140.0, 160.0, 130.0]) - torch.tensor([70.0, 100.0, 50.0])
    displaced = move(points, Misalignment(distortion_mm=4.0)) - points
    assert (displaced[:, [0, 2]] == 0).all()
    assert 3 < displaced[:, 1].max() < 4.6
    assert displaced[points[:, 2] > 40].abs().max() < 0.1


# Crops


def test_an_ideal_acquisition_changes_nothing():
    images = torch.rand(2, 5, *GRID.shape)
    torch.testing.assert_close(acquire(images, [GRID] * 2, [case_of(IDEAL)] * 2), images, atol=1e-4, rtol=0)


def test_batch_equals_single():
    grids = [GRID, Grid.centred((-20, 4, 30), 1.0, GRID.shape)]
    images, cases = torch.rand(2, 5, *GRID.shape), draw(2, "clinic")
    shifts = shifts_at_centre(grids, cases)
    together = acquire(images, grids, cases, shifts)
    for b in range(2):
        alone = acquire(images[b : b + 1], grids[b : b + 1], cases[b : b + 1], shifts[b : b + 1])
        assert torch.equal(together[b : b + 1], alone)


@pytest.mark.parametrize("axes", [(0, 1), (1, 2), (0, 1, 2)])
def test_sharpening_against_scipy(axes):
    image = 1 + torch.rand(9, 7, 8, generator=torch.Generator().manual_seed(3))
    blurred = image.numpy()
    for axis in axes:
        blurred = ndimage.correlate1d(blurred, [0.25, 0.5, 0.25], axis=axis, mode="nearest")
    expected = np.clip(image.numpy() + 0.7 * (image.numpy() - blurred), 0, None)
    np.testing.assert_allclose(sharpened(image, 0.7, axes).numpy(), expected, atol=1e-5)
    assert float(sharpened(torch.tensor([0.0, 0.0, 5.0]).reshape(3, 1, 1), 1.0, [0]).min()) == 0


def test_slices_are_sharpened_in_their_plane_only():
    edge = (torch.arange(24) >= 12).float()
    for plane, slice_mm, kept in (("axial", 4.0, 2), ("coronal", 4.0, 1), ("sagittal", 4.0, 0), ("axial", 1.0, None)):
        sequence = replace(IDEAL, plane=plane, slice_mm=slice_mm)
        for axis in range(3):
            shape = [1, 1, 1]
            shape[axis] = 24
            images = edge.reshape(shape).expand(1, 5, 24, 24, 24) + 1
            grid = Grid.centred((0.0, 0.0, 0.0), 1.0, (24, 24, 24))
            soft, sharp = (acquire(images, [grid], [case_of(replace(sequence, sharpening=s))]) for s in (0.0, 0.8))
            assert (float(sharp.max() - soft.max()) > 0.1) == (axis != kept)


def test_thick_slices_blur_only_through_plane():
    thick = replace(IDEAL, slice_mm=4.0)
    points = GRID.points()
    across, through = torch.sin(points[..., 0]), torch.sin(points[..., 2])
    images = (torch.stack([across, through, across, through, across]) + 2)[None]
    result = acquire(images, [GRID], [case_of(thick)])
    torch.testing.assert_close(result[0, 0], images[0, 0], atol=1e-4, rtol=0)
    assert result[0, 1].std() < 0.55 * images[0, 1].std()


def test_shift_of_a_crop_equals_moved_points():
    moved = replace(IDEAL, misalignment=Misalignment(translation_mm=(0.6, -0.8, 0.3)))
    case = case_of(moved)
    images = smooth(GRID.points()).expand(1, 5, -1, -1, -1)
    shifts = shifts_at_centre([GRID], [case])
    torch.testing.assert_close(shifts[0, 0], torch.tensor([0.6, -0.8, 0.3]))
    folded = acquire(images, [GRID], [case], shifts)[0, 0]
    exact = smooth(move(GRID.points(), moved.misalignment))
    assert (folded - exact)[2:-2, 2:-2, 2:-2].abs().max() < 5e-3


def test_gamma_scale_and_offset():
    stored = acquire(
        torch.full((1, 5, *GRID.shape), 2.0), [GRID], [case_of(replace(IDEAL, gamma=1.2, scale=300.0, offset=0.05))]
    )
    torch.testing.assert_close(stored, torch.full_like(stored, 300 * (2**1.2 + 0.05)), rtol=1e-4, atol=0)


def test_every_drawn_case_gives_finite_images():
    images = torch.rand(12, 5, *GRID.shape) * 3
    for mode in ("research", "clinic"):
        result = acquire(images, [GRID] * 12, draw(12, mode))
        assert torch.isfinite(result).all()
        assert (result >= 0).all()


# Native volumes


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_native_voxels_lie_where_the_affine_says(plane):
    sequence = replace(IDEAL, plane=plane, slice_mm=4.0, gap_mm=0.5, tilt_deg=(4.0, -3.0, 6.0))
    geometry = native_geometry(sequence, (-60, -80, -50), (60, 60, 70))
    affine = np.array(geometry.affine)
    points = geometry.points(2, 5, (0.0, 0.0, 0.0))
    for i, j, k in [(0, 0, 0), (3, 7, 1), (10, 2, 2)]:
        np.testing.assert_allclose(points[i, j, k], (affine @ (i, j, k + 2, 1))[:3], atol=1e-3)
    assert np.linalg.det(affine[:3, :3]) == pytest.approx(4.5)
    middle = affine @ (*((n - 1) / 2 for n in geometry.shape), 1)
    np.testing.assert_allclose(middle[:3], (0, -10, 10), atol=1e-3)
    normal = affine[:3, 2] / 4.5
    assert np.abs(normal).argmax() == {"axial": 2, "coronal": 1, "sagittal": 0}[plane]


def test_native_slices_average_what_they_cut():
    """Along z the exact mean of sin(z) over a slice of width w is sin(z) sin(w/2) / (w/2)."""
    sequence = replace(IDEAL, slice_mm=3.0, gap_mm=1.0)
    geometry = native_geometry(sequence, (-4, -4, -20), (4, 4, 20))
    volume = acquire_native(lambda points: 2 + torch.sin(points[..., 2] / 2), geometry, sequence)
    assert volume.shape == geometry.shape
    z = torch.tensor([geometry.affine[2][3] + k * geometry.affine[2][2] for k in range(geometry.shape[2])])
    expected = 2 + torch.sin(z / 2) * math.sin(0.75) / 0.75
    torch.testing.assert_close(volume[3, 3], expected, atol=0.015, rtol=0)


@pytest.mark.parametrize(("in_plane", "thickness"), [(1.0, 1.0), (0.7, 5.0), (2.0, 2.0), (2.2, 4.0), (4.0, 4.0)])
def test_samples_fill_their_voxel(in_plane, thickness):
    sequence = replace(IDEAL, in_plane_mm=in_plane, slice_mm=thickness)
    offsets = np.array(native_geometry(sequence, (-9, -9, -9), (9, 9, 9)).samples_in_voxel(1.0))
    np.testing.assert_allclose(offsets.mean(axis=0), 0, atol=1e-9)
    widths = np.array([in_plane if in_plane > 1.2 else 0.0, in_plane if in_plane > 1.2 else 0.0, thickness])
    assert (np.abs(offsets) <= widths * 0.75).all()
    if len(offsets) > 1:  # as wide as a uniform distribution over the voxel, about
        np.testing.assert_allclose(offsets.std(axis=0), widths / 12**0.5, rtol=0.25)
    assert len(offsets) <= max(4, thickness)


def test_native_equals_crop_where_both_can_be_had():
    """Axial slices of the crop's own lattice, read by matrices and by sampling inside voxels."""
    sequence = replace(IDEAL, slice_mm=4.0, gap_mm=0.0)
    geometry = native_geometry(sequence, (-12, -12, -22), (12, 12, 22))
    native = acquire_native(smooth, geometry, sequence).flip(0, 1)  # columns and rows run to L and P
    z = torch.tensor([geometry.affine[2][3] + k * geometry.affine[2][2] for k in range(geometry.shape[2])])
    grid = Grid((-11.5, -11.5, -21.5), (1.0, 1.0, 1.0), (24, 24, 44))
    image = smooth(grid.points())
    matrix = box_average(grid.axes()[2], z, 4.0)
    assert (native - along_axes(image, (None, None, matrix))).abs().max() < 5e-3


def test_native_is_moved_and_deterministic():
    sequence = draw(1, "clinic")[0].sequences[1]
    geometry = native_geometry(sequence, (-20, -20, -20), (20, 20, 20))
    first = acquire_native(smooth, geometry, sequence)
    assert torch.equal(first, acquire_native(smooth, geometry, sequence))
    still = replace(IDEAL, misalignment=Misalignment(translation_mm=(5.0, 0.0, 0.0)))
    geometry = native_geometry(still, (-5, -5, -5), (5, 5, 5))
    volume = acquire_native(lambda points: 10 + points[..., 0], geometry, still)
    torch.testing.assert_close(volume, 15 + geometry.points(0, 10, (0, 0, 0))[..., 0], atol=1e-4, rtol=0)


# Brain masks


def ball(radius: float = 12.0) -> tuple[torch.Tensor, torch.Tensor]:
    points = Grid.centred((0.0, 0.0, 0.0), 1.0, (40, 40, 40)).points()[None]
    return points, (points).norm(dim=-1) - radius


def test_faithful_mask_is_the_brain():
    points, distance = ball()
    assert torch.equal(strip(distance, points, [FAITHFUL]), distance <= 0)


@pytest.mark.parametrize("offset", [-2.0, 3.0])
def test_offset_erodes_and_dilates(offset):
    points, distance = ball()
    mask = strip(distance, points, [Stripping(offset, 0.0, 25.0, 0, ())])[0].numpy()
    expected = ndimage.distance_transform_edt(~(distance[0].numpy() <= 0)) - ndimage.distance_transform_edt(
        distance[0].numpy() <= 0
    )
    assert np.mean(mask != (expected <= offset)) < 0.02
    assert mask.sum() == pytest.approx(4 / 3 * math.pi * (12 + offset) ** 3, rel=0.05)


def test_patch_keeps_head_on_its_side_only():
    points, distance = ball()
    mask = strip(distance, points, [Stripping(0.0, 0.0, 25.0, 0, (Patch((1.0, 0.0, 0.0), 12.0, 6.0),))])
    added = points[mask & (distance > 0.2)]
    assert len(added) > 50
    assert (added[:, 0] > 0.8 * added.norm(dim=1)).all()
    assert not ((~mask) & (distance <= 0)).any()


def test_rough_border_goes_both_ways_and_batch_equals_single():
    points, distance = (tensor.expand(2, *tensor.shape[1:]) for tensor in ball(14.0))
    cases = [Stripping(0.0, 2.0, 25.0, 5, ()), Stripping(1.0, 0.5, 8.0, 6, (Patch((0.0, 0.0, 1.0), 20.0, -4.0),))]
    together = strip(distance, points, cases)
    assert (together[0] & (distance[0] > 0)).any()
    assert (~together[0] & (distance[0] <= 0)).any()
    for b in range(2):
        assert torch.equal(together[b : b + 1], strip(distance[b : b + 1], points[b : b + 1], cases[b : b + 1]))


def test_ragged_borders_turn_more_often_than_wavy_ones():
    """Area of the faces of a ball whose border wanders by 2 mm, in features of 7 mm or of 28."""
    points, distance = ball(15.0)
    areas = []
    for wavelength in (7.0, 28.0):
        mask = strip(distance, points, [Stripping(0.0, 2.0, wavelength, 4, ())])[0].numpy().astype(int)
        areas.append(sum(np.abs(np.diff(mask, axis=axis)).sum() for axis in range(3)) / mask.sum() ** (2 / 3))
    assert areas[0] > 1.1 * areas[1]
