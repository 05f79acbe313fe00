"""Novosad et al., “A task-conditional mixture-of-experts model for missing modality segmentation”, MICCAI 2024."""

from __future__ import annotations

from MissingModalitySegLib.modalities import Code, Modality

from ..phantom.contrast import ContrastMixture
from .cohorts import Cohort, Counts, DataSet
from .tables import Arm, Asked, Line, TableDefinition, Training, arm

MODALITIES = (Modality.T1, Modality.T2, Modality.FLAIR)
CODES = ("T1", "T2", "FLAIR", "T1+T2", "T2+FLAIR", "T1+FLAIR", "T1+T2+FLAIR")

OPERA = Cohort(
    "opera",
    MODALITIES,
    "lesion",
    (
        DataSet(
            "OPERA",
            MODALITIES,
            ("ms", "wmh"),
            {"smoke": Counts(4, 0, 3), "cpu": Counts(60, 3, 20), "gpu": Counts(240, 6, 60)},
        ),
    ),
)
MSSEG = Cohort(
    "msseg",
    MODALITIES,
    "lesion",
    (
        DataSet(
            "MSSEG-2016",
            MODALITIES,
            ("ms",),
            {"smoke": Counts(3, 0, 3), "cpu": Counts(18, 3, 20), "gpu": Counts(36, 6, 40)},
            ContrastMixture(physics=0.8, jittered=0.2, random=0.0),
        ),
    ),
)
"""A tenth of the subjects, from other scanners: what the paper's second data set is to its first."""

DROPOUT = arm("modality_dropout")
FULL = arm("moe", "full")
DEDICATED = Arm(
    tuple(Asked(Training("dedicated", None, (("options.code", str(Code.parse(code))),)), code) for code in CODES)
)

CSCORE_WEIGHTS = "CScore has the weights of ISBI 2015; as the paper prints them they sum to 7/8."

DSC = {"measure": "dice"}
CSCORE = {"measure": "cscore"}

TABLE1 = TableDefinition(
    "moe",
    "table1",
    "Impact of individual components of the proposed model, mean over the 7 codes",
    OPERA,
    {
        "modality dropout": DROPOUT,
        "dynamic stem": arm("moe", "dynamic_stem"),
        "MoE in stem, L_reg": arm("moe", "moe_stem_reg"),
        "MoE in stem and encoder, L_reg": arm("moe", "moe_stem_encoder_reg"),
        "MoE in stem and encoder": arm("moe", "moe_stem_encoder_no_reg"),
        "L_sd": arm("moe", "self_distillation_only"),
        "MoE in stem and encoder, L_reg, L_sd": FULL,
    },
    rows=[
        Line("modality dropout", {"arm": "modality dropout"}),
        Line("dynamic stem", {"arm": "dynamic stem"}),
        Line("MoE in stem, L_reg", {"arm": "MoE in stem, L_reg"}),
        Line("MoE in stem and encoder, L_reg", {"arm": "MoE in stem and encoder, L_reg"}),
        Line("MoE in stem and encoder", {"arm": "MoE in stem and encoder"}),
        Line("L_sd", {"arm": "L_sd"}),
        Line("MoE in stem and encoder, L_reg, L_sd", {"arm": "MoE in stem and encoder, L_reg, L_sd"}),
    ],
    columns=[Line("DSC", DSC), Line("CScore", CSCORE)],
    comparisons=[("MoE in stem and encoder, L_reg, L_sd", "modality dropout")],
    notes=[CSCORE_WEIGHTS],
)


def _against_dedicated(name: str, cohort: Cohort, title: str) -> TableDefinition:
    return TableDefinition(
        "moe",
        name,
        title,
        cohort,
        {"MD": DROPOUT, "Ours": FULL, "DM": DEDICATED},
        rows=[Line(code, {"code": code}) for code in CODES],
        columns=[
            *(Line(f"DSC {name}", {"arm": name, **DSC}) for name in ("MD", "Ours", "DM")),
            *(Line(f"CScore {name}", {"arm": name, **CSCORE}) for name in ("MD", "Ours", "DM")),
        ],
        comparisons=[("Ours", "MD"), ("DM", "MD"), ("DM", "Ours")],
        notes=[
            "MD: modality dropout. Ours: mixture of experts with self-distillation. DM: a dedicated model per code.",
            "All take the same number of steps; a step of MD and Ours shows two views of each crop (eq. 5), of DM one.",
            CSCORE_WEIGHTS,
        ],
    )


TABLE2 = _against_dedicated("table2", OPERA, "Results by code, the larger data set")
TABLE3 = _against_dedicated("table3", MSSEG, "Results by code, the smaller data set")

TABLES = (TABLE1, TABLE2, TABLE3)
