"""The baseline of Table 4 (paper “all-stage missing modality”): masked autoencoder, then fine-tuning with dropout.

Also how M3AE is extended to training data with missing modalities: eq. 1 over those that are there.
"""

from __future__ import annotations

from dataclasses import dataclass

from .pretraining import Masking
from .stages import Method, Networks, Products, Setup, Stage
from .universal import fine_tuning, pretraining


@dataclass(frozen=True)
class AutoencoderBaselineOptions:
    """As the options of `universal` with the same names."""

    most_dropped: int = 3
    keep: float = 0.125
    token: int = 16
    cross_entropy: bool = True
    dice_of_empty: bool = False

    def __post_init__(self) -> None:
        Masking(self.most_dropped, self.keep, self.token)  # checks them


def stages(setup: Setup) -> list[Stage]:
    """D: the shares are those of the same stages in `universal`, so that the two compare step for step."""
    return [pretraining(setup), fine_tuning(setup, "student", "mae", share=0.3, head="static")]


def products(networks: Networks) -> Products:
    return Products(networks["student"], networks["mae"])


METHOD = Method("mae_baseline", AutoencoderBaselineOptions, stages, products)
