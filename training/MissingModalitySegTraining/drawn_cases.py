"""What a model makes of cases, ready to be drawn: during training, and for the card of a finished model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from MissingModalitySegLib.engine.model import Model
from MissingModalitySegLib.engine.predict import labels_from, network_output, predict_channels
from MissingModalitySegLib.modalities import Code

from .data.cache import CachedCase
from .pictures import Pictured


def segmented_case(model: Model, case: CachedCase, codes: Sequence[Code], title: str | None = None) -> Pictured:
    """`case` with its truth and what `model` finds from each of `codes`, which the case has."""
    channels, brain = volumes(model, case)
    everything = Code(tuple(m for m in model.modalities if m in case.code), model.modalities)
    answers = []
    for code in dict.fromkeys(codes):
        found = predict_channels(model, shown(channels, code), brain, code)
        words = "from all" if code == everything and len(code) > 1 else f"from {code}"
        answers.append((words, labels_from(found, model.scheme).numpy()))
    bits = np.array(case.regions) & (2 ** len(model.scheme.region_names) - 1)
    truth = np.array(model.scheme.lookup, np.uint8)[bits]
    return Pictured(title or case.id, list(model.modalities), channels.numpy(), truth, answers)


def synthesised_case(model: Model, case: CachedCase, title: str | None = None) -> Pictured:
    """`case`, which has every sequence of `model`, with each sequence as the model makes it of the others."""
    channels, brain = volumes(model, case)
    made = []
    for channel, modality in enumerate(model.modalities):
        code = Code(tuple(other for other in model.modalities if other != modality), model.modalities)
        output = network_output(model, shown(channels, code), brain, code)[channel]
        made.append((f"{modality} made", torch.where(brain, output, 0.0).numpy()))
    truth = np.array(case.regions) & 1
    return Pictured(title or case.id, list(model.modalities), channels.numpy(), truth, images=made)


def volumes(model: Model, case: CachedCase) -> tuple[Tensor, Tensor]:
    """(K, X, Y, Z) in the order of the model's modalities, zero where one is missing, and the brain."""
    channels = np.zeros((len(model.modalities), *case.shape), np.float32)
    for channel, modality in enumerate(model.modalities):
        if modality in case.code:
            channels[channel] = case.channels[case.code.available.index(modality)]
    return torch.from_numpy(channels), torch.from_numpy(np.array(case.brain))


def shown(channels: Tensor, code: Code) -> Tensor:
    return channels * torch.tensor(code.vector)[:, None, None, None]
