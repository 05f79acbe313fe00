"""The regulariser of the experts' gates (Novosad et al., MICCAI 2024, eq. 4)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

VARIANCE_FLOOR = 1e-8
"""Below the square root, whose slope at the uniform gates that training starts near would otherwise be infinite."""


def expert_balance(gates: Iterable[Tensor], *, as_printed: bool = False) -> Tensor:
    """Σₗ cv(E_m[φˡ(m)]) - E_m[cv(φˡ(m))]; a scalar.

    `gates` holds φˡ(m), free of noise, for every code m as a tensor (M, N) per layer l: what
    `MixtureOfExpertsUNet.gates(every_code(K)).values()` gives. The first term makes the experts equally busy over all
    codes, the second, subtracted, makes them differ for a single code.

    Deviation: eq. 4 *adds* the second term, against the sentence that explains it, "encourages expert specialization by
    promoting high variance among expert weights": adding it makes every gate uniform. `as_printed` is eq. 4 to the
    letter.
    """
    total = torch.zeros(())
    for phi in gates:  # M N
        balance = coefficient_of_variation(phi.mean(0))
        specialisation = coefficient_of_variation(phi).mean()
        total = total.to(phi.device) + (balance + specialisation if as_printed else balance - specialisation)
    return total


def coefficient_of_variation(values: Tensor) -> Tensor:
    """Standard deviation over mean along the last axis. D: the population's, with a floor (`VARIANCE_FLOOR`)."""
    deviation = (values.var(-1, correction=0) + VARIANCE_FLOOR).sqrt()
    return deviation / values.mean(-1)


def every_code(modalities: int) -> Tensor:
    """All 2^K - 1 codes over K `modalities` as rows (M, K) of zeros and ones, in the order of `Code.all`."""
    masks = torch.arange(1, 2**modalities)
    return (masks[:, None] >> torch.arange(modalities) & 1).float()
