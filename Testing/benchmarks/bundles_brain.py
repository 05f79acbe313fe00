"""The brain that the bundle `brain` finds in each sequence alone, against masks."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import Any

import numpy as np
import torch
from reporting import row

from MissingModalitySegLib.bundles import find, load
from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.engine import load_model
from MissingModalitySegLib.engine.extraction import extract_brain
from MissingModalitySegLib.engine.geometry import resample_labels
from MissingModalitySegLib.engine.images import read_image, to_array
from MissingModalitySegLib.measures.overlap import dice
from MissingModalitySegLib.modalities import MODALITIES
from MissingModalitySegTraining.head_validation import find_brain
from MissingModalitySegTraining.phantom.contrast import REALISTIC
from MissingModalitySegTraining.phantom.heads import HeadSettings, HeadStream

SEED = 4_000_037
BAR, BAR_REAL, BAR_EACH = 0.97, 0.93, 0.90


def measure(cases: Sequence[Case], count: int) -> list[dict[str, Any]]:
    """Rows for `reporting.report`."""
    model = load_model(load(find("brain").folder))
    stream = HeadStream(HeadSettings(spacing=model.spacing, batch_size=1, mixture=REALISTIC, seed=SEED))
    generated = []
    with torch.inference_mode():
        for number in range(count):
            head = stream.sample(number)
            truth = head.regions[0, 0].numpy() > 0
            generated += [dice(find_brain(model.network, head.image[0, i]), truth) for i in range(len(MODALITIES))]
    how = f"Dice, {count} generated heads, each of five sequences alone; worst {min(generated):.3f}"
    rows = [row("brain", mean(generated), bar=BAR, better="higher", how=how)]
    scored = [(case, modality) for case in cases for modality in case.modalities if modality in case.brain_masks]
    if not scored:
        return rows
    found = []
    for case, modality in scored:
        image = read_image(case.modalities[modality])
        truth = to_array(resample_labels(read_image(case.brain_masks[modality]), image)) > 0
        found.append(dice(np.asarray(to_array(extract_brain(model, image))) > 0, truth))
        print(f"{case.id} {modality} {found[-1]:.3f}", flush=True)
    how = f"Dice, {len(found)} real heads with a mask, from one sequence"
    return [
        *rows,
        row("brain_real", mean(found), bar=BAR_REAL, better="higher", how=how),
        row("brain_real_worst", min(found), bar=BAR_EACH, better="higher", how=how),
    ]
