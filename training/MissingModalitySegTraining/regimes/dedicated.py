"""The dedicated model: one fixed code, the upper bound that Novosad et al. (MICCAI 2024, Table 2) compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from MissingModalitySegLib.errors import located
from MissingModalitySegLib.modalities import Code

from ..data.batch import Batch, select
from ..losses.attachment import attached_zero
from .modality_dropout import PAPER_LOOP
from .stages import Method, Networks, Products, Setup, Stage, build_network
from .supervision import truth_for


@dataclass(frozen=True)
class DedicatedOptions:
    """`code` as in `T1+FLAIR`, all modalities of the run by default; `dice_of_empty` as in `losses.segmentation`."""

    code: str | None = None
    dice_of_empty: bool = False


class Dedicated:
    """Trains on the samples that have every modality of `code` (K,), shown with these and no other.

    D: a sample that lacks one of them is left out, since a dedicated model could not be asked about it either.
    """

    def __init__(self, network: nn.Module, code: Tensor, dice_of_empty: bool = False) -> None:
        self.network = network
        self.code = code
        self.dice_of_empty = dice_of_empty

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        code = self.code.to(batch.code)
        complete = (batch.code >= code).all(dim=1)
        if not bool(complete.any()):
            return {"loss": attached_zero(self.network.parameters())}
        chosen = select(batch, complete)
        logits = self.network(chosen.image, code.expand(len(chosen), -1))
        return {"loss": truth_for(self.network, chosen, dice_of_empty=self.dice_of_empty).compare(logits)}


def stages(setup: Setup) -> list[Stage]:
    given = setup.options.code
    with located("options.code"):
        code = Code.full(setup.modalities) if given is None else Code.parse(given, setup.modalities)

    def regime(networks: Networks) -> Dedicated:
        return Dedicated(build_network(setup), torch.tensor(code.vector), setup.options.dice_of_empty)

    return [Stage("network", regime, defaults=PAPER_LOOP)]


def products(networks: Networks) -> Products:
    return Products(networks["network"])


METHOD = Method("dedicated", DedicatedOptions, stages, products)
