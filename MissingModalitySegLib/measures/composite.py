"""CScore: one figure from overlap, lesion-wise detection and volume correlation.

Dice, PPV, LTPR and LFPR are of one case; Corr is of a whole data set, the correlation of lesion volumes over its
subjects. The CScore of a case takes its own four and the Corr of the data set, so that it has a mean and a standard
error; that mean is the CScore of the data set. Without Corr (see `volumes.volume_correlation`) there is no CScore.
"""

from __future__ import annotations


def cscore(dice: float, ppv: float, ltpr: float, lfpr: float, correlation: float) -> float:
    """The overall score of the ISBI 2015 longitudinal MS lesion challenge (Carass et al., NeuroImage 2017).

    DSC/8 + PPV/8 + LTPR/4 + (1 - LFPR)/4 + Corr/4; the weights sum to 1.
    """
    return _without_correlation(dice, ppv, ltpr, lfpr) + correlation / 4


def cscore_as_printed(dice: float, ppv: float, ltpr: float, lfpr: float, correlation: float) -> float:
    """The formula as printed in Novosad et al. (MICCAI 2024), section 3.1, with Corr/8: perfect answers score 7/8.

    It cites the challenge's score, whose last weight is 1/4; see `cscore`.
    """
    return _without_correlation(dice, ppv, ltpr, lfpr) + correlation / 8


def _without_correlation(dice: float, ppv: float, ltpr: float, lfpr: float) -> float:
    return dice / 8 + ppv / 8 + ltpr / 4 + (1 - lfpr) / 4
