"""Signal equations against the published contrast table, their limits, and a pulse-by-pulse simulation."""

import math

import pytest
import torch

from MissingModalitySegTraining.phantom import physics
from MissingModalitySegTraining.phantom.materials import AT_3_TESLA, Material
from MissingModalitySegTraining.phantom.sequences import (
    DiffusionWeighted,
    Flair,
    Mprage,
    SpinEcho,
    Tissue,
)

T1 = SpinEcho(600, 12)
MPRAGE = Mprage(2300, 1100, 9)
T2 = SpinEcho(5000, 95)
FLAIR = Flair(9000, 2450, 110)
DWI = DiffusionWeighted(6000, 85, 1000)
SEQUENCES = (T1, MPRAGE, T2, FLAIR, DWI)

# contrast to white matter: T1 spin echo, MPRAGE, T2, FLAIR, DWI
CONTRAST = {
    Material.WHITE_MATTER: (1, 1, 1, 1, 1),
    Material.GREY_MATTER: (0.86, 0.74, 1.55, 1.26, 1.40),
    Material.DEEP_GREY_MATTER: (0.93, 0.87, 1.15, 1.03, 1.11),
    Material.CSF: (0.44, 0.24, 3.67, 0.01, 0.37),
    Material.OEDEMA: (0.90, 0.71, 2.51, 2.00, 1.30),
    Material.NON_ENHANCING_TUMOUR: (0.81, 0.61, 2.51, 1.72, 1.52),
    Material.ENHANCING_TUMOUR: (0.87, 0.70, 2.04, 1.58, 1.45),
    Material.NECROSIS: (0.68, 0.45, 3.53, 1.63, 1.04),
    Material.PLAQUE: (0.94, 0.77, 2.45, 2.14, 1.54),
    Material.BLACK_HOLE: (0.79, 0.57, 3.20, 2.06, 1.55),
    Material.HYPERINTENSITY: (0.95, 0.82, 1.92, 1.76, 1.35),
    Material.ACUTE_INFARCT: (0.96, 0.84, 1.80, 1.58, 2.34),
    Material.CHRONIC_INFARCT: (0.58, 0.35, 3.74, 1.04, 0.82),
}
AFTER_AGENT = (2.07, 2.20, 1.66, 1.94, 1.19)  # enhancing tumour with 0.5 mM


def tissue(*materials: Material) -> Tissue:
    values = [AT_3_TESLA[material] for material in materials]
    return Tissue(
        *(
            torch.tensor([getattr(value, name) for value in values], dtype=torch.float64)
            for name in ("t1_ms", "t2_ms", "proton_density", "diffusivity")
        )
    )


def contrasts(values: Tissue) -> torch.Tensor:
    white = tissue(Material.WHITE_MATTER)
    return torch.stack([sequence.signal(values) / sequence.signal(white) for sequence in SEQUENCES])


def assert_as_published(measured: torch.Tensor, published: tuple[float, ...]) -> None:
    for value, target in zip(measured.tolist(), published, strict=True):
        assert abs(value - target) <= max(0.1 * target, 0.03)


@pytest.mark.parametrize("material", CONTRAST)
def test_contrast_to_white_matter(material):
    assert_as_published(contrasts(tissue(material))[:, 0], CONTRAST[material])


def test_contrast_after_gadolinium():
    before = tissue(Material.ENHANCING_TUMOUR)
    t1_ms, t2_ms = physics.with_gadolinium(before.t1_ms, before.t2_ms, torch.tensor(0.5))
    assert t1_ms.item() == pytest.approx(356, abs=1)
    assert t2_ms.item() == pytest.approx(89, abs=0.5)
    after = Tissue(t1_ms, t2_ms, before.proton_density, before.diffusivity)
    assert_as_published(contrasts(after)[:, 0], AFTER_AGENT)


def test_long_repetition_and_short_echo_leave_the_proton_density():
    values = tissue(*CONTRAST)
    args = values.proton_density, values.t1_ms, values.t2_ms
    torch.testing.assert_close(physics.spin_echo(*args, 1e6, 0), values.proton_density)
    torch.testing.assert_close(physics.inversion_recovery(*args, 1e6, 1e5, 0), values.proton_density)
    torch.testing.assert_close(physics.inversion_recovery(*args, 1e6, 0, 0), values.proton_density)
    still = physics.diffusion_weighted(*args, values.diffusivity, 1e6, 0, 0)
    torch.testing.assert_close(still, values.proton_density)


def test_echo_decays_with_t2_and_recovery_follows_t1():
    one = torch.tensor(1.0, dtype=torch.float64)
    assert physics.spin_echo(one, 1000 * one, 80 * one, 1e6, 80).item() == pytest.approx(math.exp(-1))
    assert physics.spin_echo(one, 1000 * one, 80 * one, 1000, 0).item() == pytest.approx(1 - math.exp(-1))


def test_diffusion_decays_with_b():
    values = tissue(*CONTRAST)
    args = values.proton_density, values.t1_ms, values.t2_ms, values.diffusivity
    low, high = (physics.diffusion_weighted(*args, 6000, 85, b) for b in (200, 1200))
    torch.testing.assert_close(torch.log(low / high), values.diffusivity * 1.0)


@pytest.mark.parametrize(("t1_ms", "repetition_ms"), [(4200, 9000), (4200, 8000), (3900, 10000), (250, 9000)])
def test_flair_nulls_its_target(t1_ms, repetition_ms):
    inversion_ms = physics.nulling_inversion_ms(t1_ms, repetition_ms)
    one = torch.tensor(1.0, dtype=torch.float64)
    residue = physics.inversion_recovery(one, t1_ms * one, 2000 * one, repetition_ms, inversion_ms, 110)
    assert residue.item() < 1e-12


def test_typical_inversion_time_is_the_one_that_nulls_csf():
    nulling = physics.nulling_inversion_ms(AT_3_TESLA[Material.CSF].t1_ms, FLAIR.repetition_ms)
    assert abs(FLAIR.inversion_ms / nulling - 1) < 0.05


@pytest.mark.parametrize("t1_ms", [250.0, 850.0, 1350.0, 4200.0])
@pytest.mark.parametrize("flip_deg", [7.0, 9.0, 12.0])
def test_mprage_equals_pulse_by_pulse_simulation(t1_ms, flip_deg):
    repetition, inversion, lines, spacing = 2100.0, 1000.0, 160, 8.0

    def relax(mz, duration):
        return 1 + (mz - 1) * math.exp(-duration / t1_ms)

    mz = 1.0
    for _ in range(60):  # cycles until the steady state
        mz = relax(-mz, inversion - lines // 2 * spacing)
        for line in range(lines):
            if line == lines // 2:
                centre = mz
            mz = relax(mz * math.cos(math.radians(flip_deg)), spacing)
        mz = relax(mz, repetition - inversion - lines // 2 * spacing)
    one = torch.tensor(1.0, dtype=torch.float64)
    signal = physics.mprage(0.8 * one, t1_ms * one, repetition, inversion, flip_deg, lines, spacing)
    assert signal.item() == pytest.approx(0.8 * math.sin(math.radians(flip_deg)) * abs(centre), rel=1e-9)


def test_mprage_train_without_inversion_time_approaches_the_ernst_signal():
    """A train far longer than T1 forgets the inversion and ends in the steady state of a spoiled gradient echo."""
    t1_ms, flip, spacing, lines = 300.0, math.radians(9), 8.0, 4000
    one = torch.tensor(1.0, dtype=torch.float64)
    signal = physics.mprage(one, t1_ms * one, lines * spacing, lines / 2 * spacing, 9.0, lines, spacing)
    kept = math.exp(-spacing / t1_ms)
    ernst = math.sin(flip) * (1 - kept) / (1 - math.cos(flip) * kept)
    assert signal.item() == pytest.approx(ernst, rel=1e-9)


def test_mprage_refuses_a_train_that_does_not_fit():
    with pytest.raises(ValueError, match="does not fit"):
        physics.mprage(torch.tensor(1.0), torch.tensor(850.0), 2300, 600, 9, 160, 8)


def test_agent_raises_t1_weighted_signal():
    before = tissue(Material.ENHANCING_TUMOUR, Material.PLAQUE, Material.GREY_MATTER)
    for sequence in (T1, MPRAGE):
        signal = sequence.signal(before)
        for concentration in (0.2, 0.4, 0.8):
            t1_ms, t2_ms = physics.with_gadolinium(before.t1_ms, before.t2_ms, torch.tensor(concentration))
            brighter = sequence.signal(Tissue(t1_ms, t2_ms, before.proton_density, before.diffusivity))
            assert (brighter > signal).all()
            signal = brighter


def test_settings_broadcast_over_cases():
    values = tissue(*CONTRAST)
    repetition = torch.tensor([[450.0], [600.0], [750.0]], dtype=torch.float64)
    args = values.proton_density, values.t1_ms, values.t2_ms
    together = physics.spin_echo(*args, repetition, 12)
    for row, value in zip(together, repetition.flatten().tolist(), strict=True):
        torch.testing.assert_close(row, physics.spin_echo(*args, value, 12))
