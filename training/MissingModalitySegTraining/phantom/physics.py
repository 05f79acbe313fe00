"""Closed-form signals of the sequences.

Every function broadcasts: tissue values and sequence settings are tensors (or numbers) of any shapes that fit, so one
call serves all materials of all cases. Times are in ms; 1 is the signal of fully relaxed water without any decay.
The equations are those of Bernstein, King and Zhou, Handbook of MRI Pulse Sequences, 2004, chapters 14, 16 and 17.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def spin_echo(proton_density: Tensor, t1_ms: Tensor, t2_ms: Tensor, repetition_ms: float, echo_ms: float) -> Tensor:
    """S = PD (1 - exp(-TR/T1)) exp(-TE/T2), for TE much shorter than TR; a fast spin echo has its effective TE."""
    return proton_density * (1 - torch.exp(-repetition_ms / t1_ms)) * torch.exp(-echo_ms / t2_ms)


def inversion_recovery(
    proton_density: Tensor,
    t1_ms: Tensor,
    t2_ms: Tensor,
    repetition_ms: float,
    inversion_ms: float,
    echo_ms: float,
) -> Tensor:
    """S = PD |1 - 2 exp(-TI/T1) + exp(-TR/T1)| exp(-TE/T2): the magnitude image of an inversion-prepared spin echo."""
    longitudinal = 1 - 2 * torch.exp(-inversion_ms / t1_ms) + torch.exp(-repetition_ms / t1_ms)
    return proton_density * longitudinal.abs() * torch.exp(-echo_ms / t2_ms)


def nulling_inversion_ms(t1_ms: float, repetition_ms: float) -> float:
    """The TI at which a tissue of `t1_ms` vanishes from `inversion_recovery`: T1 (ln 2 - ln(1 + exp(-TR/T1)))."""
    return t1_ms * (math.log(2) - math.log1p(math.exp(-repetition_ms / t1_ms)))


def diffusion_weighted(
    proton_density: Tensor,
    t1_ms: Tensor,
    t2_ms: Tensor,
    diffusivity: Tensor,
    repetition_ms: float,
    echo_ms: float,
    b_value: float,
) -> Tensor:
    """A spin echo times exp(-b ADC): T2 shines through. `diffusivity` in 1e-3 mm²/s, `b_value` in s/mm²."""
    return spin_echo(proton_density, t1_ms, t2_ms, repetition_ms, echo_ms) * torch.exp(-b_value * 1e-3 * diffusivity)


def mprage(
    proton_density: Tensor,
    t1_ms: Tensor,
    repetition_ms: float,
    inversion_ms: float,
    flip_deg: float,
    lines: int,
    line_ms: float,
) -> Tensor:
    """Signal of the centre line of an inversion-prepared gradient-echo train, in its periodic steady state.

    One cycle is: inversion, recovery until the train begins, `lines` pulses of `flip_deg` every `line_ms` with TI at
    the middle one, recovery until TR. Each part maps Mz to a Mz + b; the steady state is the fixed point of the whole
    (Brant-Zawadzki et al., Radiology 182:769, 1992; Deichmann et al., NeuroImage 12:112, 2000). T2* decay is left out:
    the echo comes after 3 ms.
    """
    half_ms = lines // 2 * line_ms
    if inversion_ms < half_ms or repetition_ms < inversion_ms + half_ms:
        raise ValueError(f"a train of {lines} x {line_ms} ms does not fit TI {inversion_ms} and TR {repetition_ms} ms")
    cosine = math.cos(math.radians(flip_deg))
    before = _recovery(t1_ms, inversion_ms - half_ms)
    train = _pulse_train(t1_ms, lines // 2, line_ms, cosine)
    after = _recovery(t1_ms, repetition_ms - inversion_ms - half_ms)
    to_centre = _then(_then((-torch.ones_like(t1_ms), torch.zeros_like(t1_ms)), before), train)
    cycle = _then(_then(to_centre, train), after)
    steady = cycle[1] / (1 - cycle[0])
    centre = to_centre[0] * steady + to_centre[1]
    return proton_density * math.sin(math.radians(flip_deg)) * centre.abs()


def with_gadolinium(
    t1_ms: Tensor, t2_ms: Tensor, millimolar: Tensor, r1: float = 4.3, r2: float = 5.0
) -> tuple[Tensor, Tensor]:
    """Relaxation times after contrast agent at concentration C: 1/T + r C, relaxivities r in 1/(mM s)."""
    per_ms = millimolar * 1e-3
    return 1 / (1 / t1_ms + r1 * per_ms), 1 / (1 / t2_ms + r2 * per_ms)


_Affine = tuple[Tensor, Tensor]
"""What happens to the longitudinal magnetisation, as (a, b) of a Mz + b; equilibrium is 1."""


def _recovery(t1_ms: Tensor, duration_ms: float) -> _Affine:
    kept = torch.exp(-duration_ms / t1_ms)
    return kept, 1 - kept


def _pulse_train(t1_ms: Tensor, pulses: int, spacing_ms: float, cosine: float) -> _Affine:
    """`pulses` times (pulse, recovery), summed as a geometric series."""
    kept = torch.exp(-spacing_ms / t1_ms)
    ratio = kept * cosine
    return ratio**pulses, (1 - kept) * (1 - ratio**pulses) / (1 - ratio)


def _then(first: _Affine, second: _Affine) -> _Affine:
    return second[0] * first[0], second[0] * first[1] + second[1]
