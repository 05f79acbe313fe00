"""Zhao et al., “Dealing with all-stage missing modality: towards a universal model …”, 2024."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from MissingModalitySegLib.modalities import Modality

from ..phantom.contrast import REALISTIC, ContrastMixture
from .cohorts import Cohort, Counts, DataSet
from .tables import Arm, Asked, Line, TableDefinition, Training

MODALITIES = (Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR)


def _brats(name: str, counts: Mapping[str, Counts], mixture: ContrastMixture) -> Cohort:
    return Cohort(name.lower(), MODALITIES, "glioma", (DataSet(name, MODALITIES, ("glioma",), counts, mixture),))


BRATS2018 = _brats(
    "BraTS2018",
    {"smoke": Counts(4, 0, 2), "cpu": Counts(100, 3, 16), "gpu": Counts(199, 6, 57)},
    REALISTIC,
)
BRATS2020 = _brats(
    "BraTS2020",
    {"smoke": Counts(4, 0, 2), "cpu": Counts(110, 3, 16), "gpu": Counts(219, 6, 100)},
    ContrastMixture(physics=0.1, jittered=0.9, random=0.0),
)
"""The subjects of both years overlap in reality; the phantoms that stand in for them do not."""


def at(percent: int, method: str, variant: str | None = None) -> Arm:
    """An arm whose training data have a full-modality ratio of so many percent."""
    missing = (("data.missing.full_ratio", percent / 100),)
    return Arm((Asked(Training(method, variant, missing)),))


DSC = {
    "ET": ("enhancing",),
    "TC": ("core",),
    "WT": ("lesion",),
    "Avg.": ("enhancing", "core", "lesion"),
}
COLUMNS = [
    *(Line(f"{name} DSC", {"measure": "dice", "regions": regions}) for name, regions in DSC.items()),
    *(Line(f"{name} HD95", {"measure": "hd95", "regions": regions, "factor": 1.0}) for name, regions in DSC.items()),
]
NOTES = [
    "HD95 in mm, averaged where it is finite; the paper gives it in a supplement that was not at hand.",
    "ET, TC, WT: enhancing, core and whole lesion; Avg.: their mean.",
]


def _rows(labels: Sequence[str]) -> list[Line]:
    return [Line(label, {"arm": label}) for label in labels]


def _ratios(name: str, cohort: Cohort, percents: Sequence[int]) -> TableDefinition:
    """M3AE and the proposed method at several full-modality ratios; the methods in between are not trained here."""
    arms, labels = {}, []
    for percent in percents:
        arms[f"{percent} % M3AE"] = at(percent, "mae_baseline")
        arms[f"{percent} % Ours"] = at(percent, "universal", "full")
        labels += [f"{percent} % {method}" for method in ("RFNet", "M3AE", "Meta", "Ours")]
    return TableDefinition(
        "universal",
        name,
        "Comparison under different full-modality (FM) ratios, mean over the 15 codes",
        cohort,
        arms,
        _rows(labels),
        COLUMNS,
        [(f"{percent} % Ours", f"{percent} % M3AE") for percent in percents],
        [*NOTES, "RFNet and Meta are not part of this program. M3AE: masked autoencoder, then fine-tuning (Table 4)."],
    )


TABLE1 = _ratios("table1", BRATS2018, (1, 10, 50))
TABLE2 = _ratios("table2", BRATS2020, (1, 10, 50, 100))
TABLE3 = TableDefinition(
    "universal",
    "table3",
    "Comparison with methods that need complete training data, mean over the 15 codes",
    BRATS2018,
    {
        "M3AE": at(100, "mae_baseline"),
        "Ours 1 %": at(1, "universal", "full"),
        "Ours 100 %": at(100, "universal", "full"),
    },
    _rows(["HeMIS", "U-HVED", "ACN", "SMU-Net", "RFNet", "M3AE", "Ours 1 %", "Ours 100 %"]),
    COLUMNS,
    [("Ours 100 %", "M3AE"), ("Ours 1 %", "M3AE")],
    [*NOTES, "HeMIS, U-HVED, ACN, SMU-Net and RFNet are not part of this program."],
)

BASELINE = at(1, "mae_baseline")
APPROXIMATION = at(1, "universal", "distribution_approximation")
HYPER_NETWORK = at(1, "universal", "clip_hypernetwork")

TABLE4 = TableDefinition(
    "universal",
    "table4",
    "Ablation study of key components at 1 % FM, mean over the 15 codes",
    BRATS2018,
    {
        "MAE baseline": BASELINE,
        "+ distribution approximation": APPROXIMATION,
        "+ CLIP-driven hyper-network": HYPER_NETWORK,
        "+ data-model co-distillation": at(1, "universal", "full"),
    },
    _rows(
        [
            "MAE baseline",
            "+ distribution approximation",
            "+ CLIP-driven hyper-network",
            "+ data-model co-distillation",
        ]
    ),
    COLUMNS,
    [
        ("+ distribution approximation", "MAE baseline"),
        ("+ CLIP-driven hyper-network", "+ distribution approximation"),
        ("+ data-model co-distillation", "+ CLIP-driven hyper-network"),
        ("+ data-model co-distillation", "MAE baseline"),
    ],
    NOTES,
)
TABLE5 = TableDefinition(
    "universal",
    "table5",
    "Ablation study of data-model co-distillation at 1 % FM, binary codes, mean over the 15 codes",
    BRATS2018,
    {
        "(a) distribution approximation": APPROXIMATION,
        "(b) model distillation without MAE": at(1, "universal", "model_distillation_without_mae"),
        "(c) model distillation with MAE": at(1, "universal", "model_distillation_with_mae"),
        "(d) co-distillation without hyper-teacher": at(1, "universal", "co_distillation_without_hyper_teacher"),
        "(e) data-model co-distillation": at(1, "universal", "data_model_co_distillation"),
    },
    _rows(
        [
            "(a) distribution approximation",
            "(b) model distillation without MAE",
            "(c) model distillation with MAE",
            "(d) co-distillation without hyper-teacher",
            "(e) data-model co-distillation",
        ]
    ),
    COLUMNS,
    [("(e) data-model co-distillation", "(a) distribution approximation")],
    NOTES,
)
FIG5 = TableDefinition(
    "universal",
    "fig5",
    "Ablation study of the CLIP-driven hyper-network at 1 % FM, mean over the 15 codes",
    BRATS2018,
    {
        "baseline": APPROXIMATION,
        "hyper-network, binary code": at(1, "universal", "binary_hypernetwork"),
        "hyper-network, CLIP": HYPER_NETWORK,
    },
    _rows(["baseline", "hyper-network, binary code", "hyper-network, CLIP"]),
    COLUMNS,
    [("hyper-network, CLIP", "baseline"), ("hyper-network, CLIP", "hyper-network, binary code")],
    NOTES,
)

TABLES = (TABLE1, TABLE2, TABLE3, TABLE4, TABLE5, FIG5)
