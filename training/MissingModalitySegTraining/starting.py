"""Training that begins from weights that exist: a bundle that is to learn a clinic's own scans, or an earlier run."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from torch import Tensor, nn

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.networks.mome.network import MixtureOfModalityExperts

GATE = re.compile(r"(^|\.)gate\.")
"""What a mixture of experts has, and the network that it begins from has not: which expert answers when."""

EXPERT = re.compile(r"^experts\.\d+\.")
SINGLE = "unet."
"""A modality expert is the network of `single_unet`, which answers images of every modality."""


def weights_for(
    start: str, stage: str, stages: Sequence[str], modalities: Sequence[Modality]
) -> Mapping[str, Tensor] | None:
    """The weights that `stage` of a training with `stages` begins from; None if only from what stages before it made.

    `start` names a bundle, its folder, or the folder of a run. A training of several stages begins its first from the
    network that all stages of a run have trained, or each from the same stage of a run. A training of one stage for
    one of the `modalities` begins from the expert for it where `start` has modality experts. Raises `InputError`.
    """
    from .evaluation.find_model import find_model
    from .runs import is_run, open_run

    if len(stages) == 1:
        model = find_model(start)
        experts = isinstance(model.network, MixtureOfModalityExperts)
        if experts and len(modalities) == 1 and modalities[0] in model.modalities:
            expert = model.network.experts[model.modalities.index(modalities[0])]
            return {SINGLE + name: value for name, value in expert.state_dict().items()}
        return model.network.state_dict()
    if not is_run(Path(start)):
        return find_model(start).network.state_dict() if stage == stages[0] else None
    networks = open_run(start).networks()
    if _is_one_network(networks.values()):
        return list(networks.values())[-1].state_dict() if stage == stages[0] else None
    if stage not in networks:
        raise InputError(
            "start-does-not-fit",
            f"{start} holds no finished stage called {stage} to begin from.",
            f"A training of several stages ({', '.join(stages)}) begins from a finished run of the same method.",
        )
    return networks[stage].state_dict()


def _is_one_network(stages: Collection[nn.Module]) -> bool:
    """Whether every stage went on with what the one before had left, so that the last is the finished one."""
    shapes = [{name: value.shape for name, value in stage.state_dict().items()} for stage in stages]
    return len(shapes) > 0 and all(each == shapes[0] for each in shapes)


def begin_from(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Set the parameters of `network` to `weights`.

    An expert begins as the plain network's kernel: with all of them alike, and gates that sum to 1, the mixture answers
    as that network did, whatever the code, and they part in training since each code weighs them differently. Modality
    experts begin as the one network that answers images of every modality. Gates that are not among `weights` stay as
    they were drawn. Raises `InputError` for weights of another network.
    """
    own = network.state_dict()
    source = {name: name if name in weights else EXPERT.sub(SINGLE, name) for name in own}
    adopted = {name: _adopted(value, weights.get(source[name])) for name, value in own.items()}
    wrong = [name for name, value in adopted.items() if value is None and not GATE.search(name)]
    wrong += [name for name in weights if name not in source.values()]
    if wrong:
        raise InputError(
            "start-does-not-fit",
            f"The weights to begin from belong to another network: {len(wrong)} do not fit, {wrong[0]} among them.",
            "Choose the same network section, or for a mixture of experts that of the plain network.",
        )
    network.load_state_dict(own | {name: value for name, value in adopted.items() if value is not None})


def replace_experts(network: nn.Module, trained: Mapping[Modality, str], modalities: Sequence[Modality]) -> None:
    """Let experts for modalities begin as networks that were `trained` for these alone (`single_unet`).

    What is trained names a bundle or the folder of a run. Raises `InputError` for a network without modality experts,
    and for one that was not trained for its modality alone.
    """
    from .evaluation.find_model import find_model

    for modality, start in trained.items():
        model = find_model(start)
        fits = isinstance(network, MixtureOfModalityExperts) and modality in modalities
        if not fits or model.modalities != (modality,):
            raise InputError(
                "start-does-not-fit",
                f"{start} cannot be what an expert for {modality} begins as.",
                f"`mome` alone has such experts; each begins as a network for its modality alone (single_unet with "
                f"modalities: [{modality}]).",
            )
        weights = {name.removeprefix(SINGLE): value for name, value in model.network.state_dict().items()}
        begin_from(network.experts[modalities.index(modality)], weights)


def _adopted(own: Tensor, given: Tensor | None) -> Tensor | None:
    """`given` in the shape of `own`, repeated for every expert if need be; None where it does not fit."""
    if given is None or given.shape not in (own.shape, own.shape[1:]):
        return None
    return given.to(own).expand_as(own).clone()
