"""Synthesised sequences against a voxel-wise linear regression of those that are there."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import Any

import numpy as np
import torch
from prepared_cases import PreparedCase, generated, real, synthesised
from reporting import row
from scipy import ndimage

from MissingModalitySegLib.bundles import find, load
from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.engine import Model, load_model
from MissingModalitySegLib.measures.synthesis import ssim
from MissingModalitySegLib.modalities import MODALITIES, Code, Modality

BAR = 0.6
"""Mean squared error over that of the regression."""

FEWEST = 3
"""Sequences that a real case must have: one is hidden."""

PER_CASE = 20_000
"""Voxels of each generated case that the regression is fitted on."""

SURROUNDINGS_MM = 6.0
FAINTEST = 0.3
"""Standard deviations of the brain: contrasts below are not asked to keep their sign."""


def measure(cases: Sequence[Case], count: int) -> list[dict[str, Any]]:
    """Rows for `reporting.report`."""
    model = load_model(load(find("synthesis").folder))
    phantoms = list(generated(model, count, ("glioma", "ms", "acute_stroke", "none")))
    sample = np.concatenate([_voxels(one) for one in phantoms])
    usable = [case for case in cases if len(case.modalities) >= FEWEST]
    rows = _rows("", phantoms[: max(1, count // 2)], model, sample, "generated cases")
    return rows + (_rows("_real", list(real(model, usable)), model, sample, "real scans") if usable else [])


def _rows(
    suffix: str, cases: Sequence[PreparedCase], model: Model, sample: np.ndarray, what: str
) -> list[dict[str, Any]]:
    ratios, similar, kept, told = [], [], [], []
    for one in cases:
        for hidden in one.code:
            code = Code(tuple(other for other in one.code if other != hidden), one.code.modalities)
            found = synthesised(model, one, code)[MODALITIES.index(hidden)].numpy()
            true, brain = one.channels[MODALITIES.index(hidden)].numpy(), one.brain.numpy()
            line = regression(sample, code, hidden, one.channels[:, one.brain].numpy())
            error = float(np.mean((found[brain] - true[brain]) ** 2))
            ratios.append(error / float(np.mean((line - true[brain]) ** 2)))
            span = float(np.subtract(*np.quantile(true[brain], (0.995, 0.005))))
            similar.append(ssim(found, true, brain, span))
            told.append(f"{one.name} {hidden} {ratios[-1]:.2f}")
            if one.lesion is not None and one.lesion.any():
                wanted, got = (contrast(array, one, model.spacing) for array in (true, found))
                if abs(wanted) > FAINTEST:
                    kept.append(wanted * got > 0)
            print(f"{told[-1]} ssim {similar[-1]:.3f}", flush=True)
    met = sum(ratio <= BAR for ratio in ratios)
    how = f"mean squared error in the brain over that of a linear regression fitted on generated cases, {what}; "
    how += f"mean {mean(ratios):.2f}, {met} of {len(ratios)} meet the bar"
    rows = [
        row(f"synthesis_worst{suffix}", max(ratios), bar=BAR, better="lower", how=how),
        row(f"synthesis_ssim{suffix}", mean(similar), bar=None, better="higher", how=f"mean over {what}"),
    ]
    if kept:
        how = f"share of {len(kept)} synthesised lesions brighter or darker than around them as in truth, {what}"
        rows.append(row(f"lesion_sign{suffix}", mean(kept), bar=1.0, better="higher", how=how))
    return rows


def regression(sample: np.ndarray, code: Code, hidden: Modality, values: np.ndarray) -> np.ndarray:
    """`hidden` in the voxels of `values` (K, N), from the sequences of `code` by least squares over `sample` (M, K)."""
    used = [MODALITIES.index(modality) for modality in code]
    design = np.column_stack([sample[:, used], np.ones(len(sample))])
    weights, *_ = np.linalg.lstsq(design, sample[:, MODALITIES.index(hidden)], rcond=None)
    return weights[:-1] @ values[used] + weights[-1]


def contrast(array: np.ndarray, case: PreparedCase, spacing: float) -> float:
    """The lesion's mean less that of the brain around it."""
    near = ndimage.distance_transform_edt(~case.lesion) * spacing <= SURROUNDINGS_MM
    around = near & ~case.lesion & case.brain.numpy()
    return float(array[case.lesion & case.brain.numpy()].mean() - array[around].mean())


def _voxels(case: PreparedCase) -> np.ndarray:
    values = case.channels[:, case.brain].T
    return values[torch.randperm(len(values), generator=torch.Generator().manual_seed(0))[:PER_CASE]].numpy()
