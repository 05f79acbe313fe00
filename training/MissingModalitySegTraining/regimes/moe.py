"""`moe`: task-conditional mixture of experts with online self-distillation (Novosad et al., MICCAI 2024).

Every row of Table 1, by network section and options (the first two are methods of their own as well):

| row | network | options |
|---|---|---|
| baseline | `unet` | `balance_weight: 0, distillation_weight: 0` |
| dynamic stem | `dynamic_stem` | `balance_weight: 0, distillation_weight: 0` |
| MoE in stem | `moe`, `moe_encoder: false` | `distillation_weight: 0` |
| MoE in stem and encoder | `moe` | `distillation_weight: 0` |
| the same without regulariser | `moe` | `balance_weight: 0, distillation_weight: 0` |
| self-distillation alone | `unet` | `balance_weight: 0` |
| both | `moe` | – |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.configs import require

from ..data.batch import Batch
from ..losses.expert_balance import every_code, expert_balance
from ..losses.self_distillation import ramp_up, self_distillation_loss
from .codes import draw_codes
from .modality_dropout import PAPER_LOOP
from .stages import Method, Networks, Products, Setup, Stage, build_network
from .supervision import truth_for


@dataclass(frozen=True)
class MixtureOfExpertsOptions:
    """α (`balance_weight`), β (`distillation_weight`) and τ (`temperature`) of eq. 4, 6 and 7; 0 switches a term off.

    `as_printed` takes eq. 4 to the letter, `soft_target` the Dice whose minimum is agreement: see the losses.
    """

    balance_weight: float = 0.1
    as_printed: bool = False
    distillation_weight: float = 1.0
    temperature: float = 2.0
    soft_target: bool = False
    dice_of_empty: bool = False

    def __post_init__(self) -> None:
        for key in ("balance_weight", "distillation_weight"):
            require(getattr(self, key) >= 0, key, "a weight is zero or more.")
        require(self.temperature > 0, "temperature", "it must be more than 0.")


class MixtureOfExperts:
    """Eq. 7: 𝓛_total = 𝓛_seg + α·𝓛_reg + w(t)·β·𝓛_sd, where x̃ is x with a random code.

    The full view x of a sample is what it has: where modalities are missing from the training data, x̃ drops from the
    others, and the view that teaches is the most complete one there is.
    """

    def __init__(self, network: nn.Module, options: MixtureOfExpertsOptions) -> None:
        if options.balance_weight and not hasattr(network, "gates"):
            raise InputError(
                "no-experts",
                "balance_weight is above zero, but the network has no experts whose gates could be balanced.",
                "Set it to 0, or use the architecture “moe”.",
            )
        self.network = network
        self.options = options

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        options = self.options
        truth = truth_for(self.network, batch, dice_of_empty=options.dice_of_empty)
        full = self.network(batch.image, batch.code)  # f(x)
        dropped = self.network(batch.image, draw_codes(batch.code, generator))  # f(x̃)
        parts = {"full": truth.compare(full), "dropped": truth.compare(dropped)}
        total = parts["full"] + parts["dropped"]  # eq. 5
        if options.balance_weight:
            parts["balance"] = self._balance(batch)
            total = total + options.balance_weight * parts["balance"]
        if options.distillation_weight:
            parts["distillation"] = self_distillation_loss(
                full, dropped, temperature=options.temperature, soft_target=options.soft_target
            )
            total = total + ramp_up(progress, 1.0) * options.distillation_weight * parts["distillation"]
        return {"loss": total, **parts}

    def _balance(self, batch: Batch) -> Tensor:
        """Eq. 4 over all codes; in full precision, for the coefficients of near-uniform gates are small numbers."""
        with torch.autocast(batch.image.device.type, enabled=False):
            gates = self.network.gates(every_code(batch.code.shape[1]).to(batch.image.device))
            return expert_balance(gates.values(), as_printed=self.options.as_printed)


def stages(setup: Setup) -> list[Stage]:
    def regime(networks: Networks) -> MixtureOfExperts:
        return MixtureOfExperts(build_network(setup), setup.options)

    return [Stage("network", regime, defaults=PAPER_LOOP)]


def products(networks: Networks) -> Products:
    return Products(networks["network"])


METHOD = Method("moe", MixtureOfExpertsOptions, stages, products)
