"""`mome`: mixture of modality experts (Zhang et al., MICCAI 2024): first specialists, then a team.

Every row of Table 3; hierarchy is a key of the network, the rest are options:

| row | network | options |
|---|---|---|
| full | – | – |
| minus curriculum | – | `curriculum: false` |
| minus curriculum and hierarchy | `hierarchical: false` | `curriculum: false` |
| and random experts | `hierarchical: false` | `curriculum: false, specialised_start: false` |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.mome.network import ImageLevels, MixtureOfModalityExperts
from MissingModalitySegLib.networks.mome.single_image import SingleImageSegmenter

from ..data.batch import Batch, select
from ..losses.curriculum import curriculum_loss, specialisation_weight
from ..losses.deep_supervision import deep_supervision_loss
from .frozen import copy_of
from .single_image import NNUNET_LOOP, check_network, draw_modalities, image_of
from .stages import Method, Networks, Products, Setup, Stage, build_network
from .supervision import truth_for


@dataclass(frozen=True)
class ModalityExpertsOptions:
    """`curriculum`: eq. 2, else eq. 4 alone; `specialised_start`: experts begin trained on their modality, else random.

    `dice_of_empty` as in `losses.segmentation`.
    """

    curriculum: bool = True
    specialised_start: bool = True
    dice_of_empty: bool = False


class Specialisation:
    """The first training: “the expert networks are first trained separately to acquire the modality knowledge”.

    Every expert takes a step at every step, on the images of its modality, with eq. 3. The losses are summed, and no
    parameter belongs to two experts, so that each has the gradient it would have if it were trained alone; it is also
    clipped alone, or one expert's bad batch would slow the others down. The expert
    of a modality that no sample of the batch has gets no gradient, so that neither momentum nor weight decay moves it
    (`loop.processes` minds that other processes may have such samples). The gate waits: it takes no gradient.
    """

    def __init__(self, network: MixtureOfModalityExperts, dice_of_empty: bool = False) -> None:
        network.requires_grad_(False)
        network.experts.requires_grad_(True)
        self.network = network
        self.dice_of_empty = dice_of_empty

    def clipped_apart(self) -> Iterable[nn.Module]:
        return self.network.experts

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        terms = []
        for channel, expert in enumerate(self.network.experts):
            if bool((shown := batch.code[:, channel] > 0).any()):
                own = select(batch, shown)
                truth = truth_for(self.network, own, dice_of_empty=self.dice_of_empty)
                levels = expert(own.image[:, channel : channel + 1])
                terms.append(deep_supervision_loss(levels, truth.target, truth.loss))
        return {"loss": torch.stack(terms).sum()}


class Collaboration:
    """The second training: the gate joins the experts, with the curriculum of eq. 2 or eq. 4 alone.

    D: each sample shows one image, of a modality drawn from those it has. All experts and the gate take part in every
    step (the gate's gradient is zero at f = 1). The lower heads of the experts are the exception where the gate is not
    hierarchical: the curriculum asks those of the drawn modalities only, and the others get no gradient in that step;
    without curriculum nothing ever asks them, and they are not trained.
    """

    def __init__(self, network: MixtureOfModalityExperts, options: ModalityExpertsOptions) -> None:
        self.network = network
        self.options = options
        if not options.curriculum and not network.config.hierarchical:
            for expert in network.experts:
                expert.heads[1:].requires_grad_(False)

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        modality = draw_modalities(batch.code, generator)
        truth = truth_for(self.network, batch, dice_of_empty=self.options.dice_of_empty)
        levels = self.network.forward_image(image_of(batch, modality), levels=True)
        mixture = levels.mixture()
        if not self.options.curriculum:
            return {"loss": deep_supervision_loss(mixture, truth.target, truth.loss)}
        f = specialisation_weight(min(progress, 1.0), 1.0)
        loss = curriculum_loss(levels.specialist(modality), mixture, truth.target, truth.loss, f)
        return {"loss": loss, "specialisation": torch.tensor(f)}


class Specialists(SingleImageSegmenter):
    """The experts without a gate: every image is answered by the expert of its modality alone."""

    def __init__(self, network: MixtureOfModalityExperts) -> None:
        super().__init__(network.config)
        self.network = network

    def image_logits(self, image: Tensor, modality: Tensor) -> Tensor:
        return ImageLevels(self.network, image).specialist(modality)[0]


def stages(setup: Setup) -> list[Stage]:
    def fresh() -> nn.Module:
        network = build_network(setup, **_one_expert_per_modality(setup))
        check_network(network, MixtureOfModalityExperts)
        return network

    def specialise(networks: Networks) -> Specialisation:
        return Specialisation(fresh(), setup.options.dice_of_empty)

    def collaborate(networks: Networks) -> Collaboration:
        start = copy_of(networks["experts"]) if setup.options.specialised_start else fresh()
        return Collaboration(start, setup.options)

    experts = Stage("experts", specialise, share=0.5, defaults=NNUNET_LOOP, segmenter=Specialists)
    joint = Stage("joint", collaborate, share=0.5, defaults=NNUNET_LOOP | {"learning_rate": 1e-3})
    return [experts, joint] if setup.options.specialised_start else [joint]


def _one_expert_per_modality(setup: Setup) -> dict[str, int]:
    """Raises `InputError` where the network section says otherwise."""
    modalities = len(setup.modalities)
    experts = (setup.network.get("config") or {}).get("experts", modalities)
    if experts != modalities:
        raise InputError(
            "network-does-not-fit",
            f"network.config.experts is {experts}, but the run has {modalities} modalities.",
            "Leave the key out: every modality has one expert.",
        )
    return {"experts": modalities}


def products(networks: Networks) -> Products:
    return Products(networks["joint"])


METHOD = Method("mome", ModalityExpertsOptions, stages, products)
