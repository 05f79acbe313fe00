"""One network from several of a family: the mean of their weights.

Networks that began from the same weights and went on in different ways, or for longer, often lie in one valley of the
loss: the mean of their weights errs less than either, at the price of one (Wortsman et al. 2022, “Model soups”).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from MissingModalitySegLib.engine.model import Model
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.registry import describe

from .evaluation.find_model import find_model

ALIKE = ("modalities", "scheme", "spacing", "normalisation")


def average(model: Model, others: Sequence[str]) -> None:
    """Change the weights of `model` to the mean of its own and those of `others`, as `find_model` reads their names.

    Raises `InputError` for another network, and for one that learned to see scans in another way.
    """
    states = [model.network.state_dict()]
    for name in others:
        other = find_model(name)
        differing = [key for key in ALIKE if getattr(other, key) != getattr(model, key)]
        if describe(other.network) != describe(model.network):
            differing.append("network")
        if differing:
            raise InputError(
                "not-averaged",
                f"{name} differs in {', '.join(differing)}: the mean of weights would be no network.",
                "Average trainings that began from the same weights.",
            )
        states.append(other.network.state_dict())
    model.network.load_state_dict({key: _mean([state[key] for state in states]) for key in states[0]})


def _mean(values: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.stack([value.double() for value in values]).mean(0).to(values[0].dtype)
