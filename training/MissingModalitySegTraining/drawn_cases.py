"""What a model makes of cases, ready to be drawn: during training, and for the card of a finished model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from MissingModalitySegLib.engine.model import Model
from MissingModalitySegLib.engine.predict import labels_from, network_output, predict_channels
from MissingModalitySegLib.modalities import Code

from .data.cache import CachedCase
from .pictures import Pictured


def segmented_case(model: Model, case: CachedCase, codes: Sequence[Code], title: str | None = None) -> Pictured:
    """`case` with its truth and what `model` finds from each of `codes`, which the case has."""
    brain = torch.from_numpy(np.array(case.brain))
    everything = Code(tuple(one for one in model.modalities if one in case.code), model.modalities)
    answers = []
    for code in dict.fromkeys(codes):
        found = predict_channels(model, torch.from_numpy(case.shown(code)), brain, code)
        words = "from all" if code == everything and len(code) > 1 else f"from {code}"
        answers.append((words, labels_from(found, model.scheme).numpy()))
    bits = np.array(case.regions) & (2 ** len(model.scheme.region_names) - 1)
    truth = np.array(model.scheme.lookup, np.uint8)[bits]
    return Pictured(title or case.id, list(model.modalities), case.shown(everything), truth, answers)


def synthesised_case(model: Model, case: CachedCase, title: str | None = None) -> Pictured:
    """`case`, which has every sequence of `model`, with each sequence as the model makes it of the others."""
    brain = torch.from_numpy(np.array(case.brain))
    made = []
    for channel, modality in enumerate(model.modalities):
        code = Code(tuple(other for other in model.modalities if other != modality), model.modalities)
        output = network_output(model, torch.from_numpy(case.shown(code)), brain, code)[channel]
        made.append((f"{modality} made", torch.where(brain, output, 0.0).numpy()))
    truth, channels = np.array(case.regions) & 1, case.shown(Code.full(model.modalities))
    return Pictured(title or case.id, list(model.modalities), channels, truth, images=made)
