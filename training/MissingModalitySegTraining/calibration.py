"""Where the line between yes and no is drawn.

Crops that training prefers show more lesion than brains do, so a network that learned from them says yes too readily.
How sure it must be for most overlap is measured on the cases held out, one offset per region over all codes, and taken
off the bias of its last layer: whoever uses the model draws the line at a probability of one half. Overlap hardly
changes over a wide range, and does not count what is found in healthy heads: of offsets that are as good, the highest
gives the fewest false alarms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from scipy.special import logit
from torch import nn

from MissingModalitySegLib.engine.model import Model
from MissingModalitySegLib.engine.predict import predict_channels
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.measures.overlap import dice
from MissingModalitySegLib.modalities import Code

from .data.cache import Cache

SUREST, STEPS = 0.95, 20
"""The highest probability that may be asked for, and how many are tried from one half on."""

AS_GOOD = 0.005
"""How far below the best a mean Dice may lie and count as good as the best."""


def calibrate(model: Model, cache: Cache, ids: Sequence[str], codes: Sequence[Code]) -> dict[str, float]:
    """Change the last bias of the network of `model`; which probability, by region, counts as one half from now on.

    Regions that no case has stay as they are. Raises `InputError` for a network whose regions have no bias of their
    own: one that mixes the answers of experts, or has exclusive classes.
    """
    bias = _bias(model)
    offsets = best_offsets(_rows(model, cache, ids, codes), model.scheme.region_names)
    with torch.no_grad():
        for region, offset in offsets.items():
            bias[model.scheme.region_names.index(region)] -= offset
    return {region: round(1 / (1 + math.exp(-offset)), 3) for region, offset in offsets.items()}


def best_offsets(
    rows: Sequence[tuple[np.ndarray, Mapping[str, np.ndarray]]], regions: Sequence[str]
) -> dict[str, float]:
    """The logit, by region, from which on a yes gives the best mean Dice over `rows`; the highest of those as good.

    A row is the probabilities (R, …) in the order of `regions`, and the truth of those that the case has.
    """
    tried = np.linspace(0, math.log(SUREST / (1 - SUREST)), STEPS)
    offsets = {}
    for index, region in enumerate(regions):
        scores = []
        for probabilities, truth in rows:
            if region in truth:
                logits = logit(probabilities[index].astype(np.float64))
                scores.append([dice(logits > offset, truth[region]) for offset in tried])
        if scores:
            means = np.mean(scores, axis=0)
            offsets[region] = float(tried[means >= means.max() - AS_GOOD].max())
    return offsets


def _rows(
    model: Model, cache: Cache, ids: Sequence[str], codes: Sequence[Code]
) -> list[tuple[np.ndarray, dict[str, np.ndarray]]]:
    rows = []
    for name in ids:
        case = cache[name]
        brain = np.array(case.brain)
        bits = case.regions[brain]
        truth = {region: (bits >> i & 1).astype(bool) for i, region in enumerate(model.scheme.region_names)}
        truth = {region: mask for region, mask in truth.items() if region in case.scored and mask.any()}
        for code in codes:
            if code.issubset(case.code):
                found = predict_channels(model, torch.from_numpy(case.shown(code)), torch.from_numpy(brain), code)
                rows.append((found.numpy()[:, brain], truth))
    return rows


def _bias(model: Model) -> nn.Parameter:
    bias = getattr(getattr(model.network, "head", None), "bias", None)
    if model.scheme is None or not isinstance(bias, nn.Parameter) or len(bias) != len(model.scheme.region_names):
        raise InputError(
            "not-calibrated",
            f"The regions of “{model.name}” have no bias of their own to change.",
            "Export it as it is: plain U-Nets and `moe` can be calibrated.",
        )
    return bias
