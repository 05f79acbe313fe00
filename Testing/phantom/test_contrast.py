"""What is drawn for a case, and what it makes of the materials."""

import json
import math
from dataclasses import replace

import pytest
import torch

from MissingModalitySegTraining.phantom.contrast import (
    MINIMAL_DIFFERENCE,
    ContrastMixture,
    ContrastParameters,
    physical_signals,
    sample_contrast,
    signals,
)
from MissingModalitySegTraining.phantom.materials import AT_3_TESLA, ENHANCING, FLUIDS, LESIONS, Material
from MissingModalitySegTraining.phantom.physics import nulling_inversion_ms
from MissingModalitySegTraining.phantom.records import from_record, to_record
from MissingModalitySegTraining.phantom.sequences import DWI, FLAIR, T1, T1CE, T2, Mprage, SpinEcho
from MissingModalitySegTraining.phantom.texture import WATER, texture, texture_weights

PHYSICS = ContrastMixture(physics=1, jittered=0, random=0)
RANDOM = ContrastMixture(physics=0, jittered=0, random=1, keep_signs=1)
WHITE, GREY = Material.WHITE_MATTER, Material.GREY_MATTER


def draw(count: int, mixture: ContrastMixture | None = None, seed: int = 0) -> list[ContrastParameters]:
    generator = torch.Generator().manual_seed(seed)
    return [sample_contrast(generator, mixture) for _ in range(count)]


def test_draws_stay_in_their_ranges():
    for case in draw(80):
        scale = 1.0 if case.field_tesla == 3.0 else None
        for material, typical in AT_3_TESLA.items():
            if material in (Material.CHRONIC_INFARCT, Material.NECROSIS):  # anything from brain that melts to fluid
                assert 0.6 * typical.t1_ms <= case.t1_ms[material] <= 1.15 * AT_3_TESLA[Material.CSF].t1_ms
                continue
            t1_scale = (1, 1) if scale or material in FLUIDS else (0.75, 0.8)
            t2_scale = (1, 1) if scale else (1.05, 1.1)
            assert 0.85 * t1_scale[0] <= case.t1_ms[material] / typical.t1_ms <= 1.15 * t1_scale[1]
            assert 0.85 * t2_scale[0] <= case.t2_ms[material] / typical.t2_ms <= 1.15 * t2_scale[1]
            assert 0.85 * typical.diffusivity <= case.diffusivity[material] <= 1.15 * typical.diffusivity
            assert 0.85 * typical.proton_density <= case.proton_density[material] <= 1.15 * typical.proton_density
            assert case.proton_density[material] <= 1
        for sequence in (case.t1, case.t1ce):
            if isinstance(sequence, SpinEcho):
                assert 450 <= sequence.repetition_ms <= 750
                assert 8 <= sequence.echo_ms <= 20
            else:
                assert sequence.lines * sequence.line_ms == 1280
        assert 3000 <= case.t2.repetition_ms <= 7000
        assert 80 <= case.t2.echo_ms <= 120
        assert 800 <= case.dwi.b_value <= 1200
        assert 0.06 <= case.gadolinium_millimolar <= 0.8
        nulling = nulling_inversion_ms(case.t1_ms[Material.CSF], case.flair.repetition_ms)
        assert 0.95 <= case.flair.inversion_ms / nulling <= 1.05
        assert (case.gains is not None) == (case.way == "jittered")
        assert (case.means is not None) == (case.way == "random")


def test_shares_of_the_mixture_are_kept():
    cases = draw(400)
    for way, share in (("physics", 0.15), ("jittered", 0.35), ("random", 0.5)):
        count = sum(case.way == way for case in cases)
        assert abs(count - 400 * share) < 5 * math.sqrt(400 * share * (1 - share))
    assert {type(case.t1) for case in cases} == {SpinEcho, Mprage}


def test_json_replays_a_case_exactly():
    for case in draw(12):
        again = from_record(ContrastParameters, json.loads(json.dumps(to_record(case))))
        assert again == case
        assert torch.equal(signals([again]), signals([case]))


def test_same_seed_same_case_and_batch_equals_single():
    cases = draw(6)
    assert cases == draw(6)
    assert cases != draw(6, seed=1)
    batch = signals(cases)
    assert batch.shape == (6, 5, len(Material))
    assert torch.equal(batch, torch.cat([signals([case]) for case in cases]))


def test_scale_and_air():
    table = signals(draw(30))
    assert torch.isfinite(table).all()
    assert (table >= 0).all()
    torch.testing.assert_close(table[:, :, [WHITE, GREY]].mean(dim=2), torch.ones(30, 5))
    assert (table[:, :, Material.AIR] == 0).all()


def test_physical_cases_look_like_brains():
    table = signals(draw(60, PHYSICS))
    # the longest T1 of white matter and the shortest of grey may meet in a spin echo, rarely
    assert (table[:, T1, WHITE] > table[:, T1, GREY]).float().mean() > 0.9
    assert (table[:, T1, GREY] > table[:, T1, Material.CSF]).all()
    assert (table[:, T2, Material.CSF] > table[:, T2, GREY]).all()
    assert (table[:, FLAIR, Material.CSF] < 0.3).all()
    assert (table[:, FLAIR, Material.PLAQUE] > table[:, FLAIR, WHITE]).all()
    assert (table[:, DWI, Material.ACUTE_INFARCT] > table[:, DWI, GREY]).all()


def test_brain_stem_and_white_matter_have_no_border():
    """Physical ones differ as much as typical values do, give or take a tenth; jittered ones hardly more."""
    for mixture, most in ((PHYSICS, 0.12), (replace(PHYSICS, physics=0.0, jittered=1.0), 0.2)):
        table = signals(draw(60, mixture))[:, [T1, T2, FLAIR, DWI]]
        ratio = (table[..., Material.BRAIN_STEM] / table[..., WHITE]).log()
        assert ratio.std(dim=0).max() < most
        assert ratio.abs().quantile(0.95) < 0.3


def test_agent_brightens_what_it_enters_and_nothing_else():
    for case in draw(20, PHYSICS):
        before, after = physical_signals(replace(case, gadolinium_millimolar=0.0)), physical_signals(case)
        entered = torch.tensor(case.uptake) > 0
        assert (after[T1CE, entered] > before[T1CE, entered]).all()
        assert torch.equal(after[:, ~entered], before[:, ~entered])
        assert torch.equal(after[[T1, T2, FLAIR, DWI]], before[[T1, T2, FLAIR, DWI]])
        assert {Material.ENHANCING_TUMOUR, Material.ENHANCING_PLAQUE, Material.VESSEL} <= set(
            entered.nonzero().flatten().tolist()
        )


@pytest.mark.parametrize("keep_signs", [0.0, 1.0])
def test_random_lesions_can_be_told_from_healthy_matter(keep_signs):
    table = signals(draw(60, replace(RANDOM, keep_signs=keep_signs)))[:, [T1, T2, FLAIR, DWI]]
    around = table[:, :, [WHITE, GREY]]  # averages 1
    for material in LESIONS:
        apart = (table[:, :, [material]] - around).abs().amin(dim=2).amax(dim=1)
        assert (apart >= MINIMAL_DIFFERENCE * 0.999).all()


def test_random_cases_keep_the_side_of_lesions_and_enhancement():
    cases = draw(60, RANDOM)
    table = signals(cases)
    real = torch.stack([physical_signals(case) for case in cases])
    for material in LESIONS:
        for sequence in (T1, T2, FLAIR, DWI):
            if sequence == T1 and material in ENHANCING:
                continue  # as bright as the part that does not enhance
            brighter = (real[:, sequence, material] > real[:, sequence, [WHITE, GREY]].amax(dim=1)).numpy()
            healthy = table[:, sequence, [WHITE, GREY]].amax(dim=1)
            assert (table[:, sequence, material] > healthy)[brighter].all()
    for material in ENHANCING:
        assert (table[:, T1CE, material] > table[:, T1CE, [WHITE, GREY]].amax(dim=1)).all()


def test_random_cases_hide_enhancement_before_the_agent():
    table = signals(draw(30, RANDOM))
    for enhancing, plain in (
        (Material.ENHANCING_TUMOUR, Material.NON_ENHANCING_TUMOUR),
        (Material.ENHANCING_PLAQUE, Material.PLAQUE),
    ):
        torch.testing.assert_close(table[:, T1, enhancing], table[:, T1, plain])


def test_old_cavities_are_darker_on_flair_than_their_rims_and_than_white_matter():
    table = signals(draw(60, PHYSICS))[:, FLAIR]
    assert (table[:, Material.CHRONIC_INFARCT] < table[:, Material.HYPERINTENSITY]).all()
    assert (table[:, Material.CHRONIC_INFARCT] < table[:, WHITE]).float().mean() > 0.8


def test_jitter_without_noise_is_a_power_of_the_contrast():
    for case in draw(10, ContrastMixture(physics=0, jittered=1, random=0, jitter=0.0)):
        shown, real = signals([case])[0].double(), physical_signals(case)
        fluid = {Material.CSF, Material.EYE, Material.NECROSIS, Material.CHRONIC_INFARCT}
        healthy = set(Material) - set(LESIONS) - fluid - {Material.AIR, Material.BONE}  # these hit the floor
        for sequence in (T1, T2, FLAIR, DWI):
            for materials, low, high in ((healthy, 0.0, 1.2), (set(LESIONS) - fluid, 0.35, 1.2), (fluid, 0.7, 1.35)):
                matter = sorted(materials)
                before = (real[sequence, matter] / real[sequence, WHITE]).clamp(min=0.02).log()
                after = (shown[sequence, matter] / shown[sequence, WHITE]).log()
                raised = real[sequence, matter] / real[sequence, WHITE] >= 0.02
                before, after = before[raised], after[raised]
                exponent = (before @ after) / (before @ before)
                torch.testing.assert_close(after, exponent * before, atol=1e-5, rtol=0)
                assert low <= exponent <= high


def test_random_healthy_contrast_takes_both_signs():
    table = signals(draw(60, RANDOM))
    for sequence in (T1, T2, FLAIR, DWI):
        share = (table[:, sequence, WHITE] > table[:, sequence, GREY]).float().mean()
        assert 0.25 < share < 0.75


def test_texture_fluctuates_by_its_amplitude_and_the_sign_of_water():
    case = draw(1, PHYSICS)[0]
    axes = torch.arange(24.0)
    points = torch.stack(torch.meshgrid(3 * axes, 3 * axes, 3 * axes, indexing="ij"), dim=-1)[None]
    fractions = torch.zeros(1, len(Material), 24, 24, 24)
    fractions[:, Material.MUSCLE] = 1.0
    table = signals([case])
    added = texture(points, fractions, table, [case.texture])
    amplitude = math.hypot(*(amplitudes[Material.MUSCLE] for amplitudes in case.texture.amplitudes))
    for sequence, water in enumerate(WATER):
        expected = amplitude * abs(water) * table[0, sequence, Material.MUSCLE].item()
        assert added[0, sequence].std().item() == pytest.approx(expected, rel=0.35)
    assert torch.corrcoef(added[0, [T1, T2]].flatten(1))[0, 1] < -0.99
    assert texture_weights([case.texture]).shape == (1, 2, 5, len(Material))
