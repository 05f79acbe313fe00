"""Zhang et al., “A foundation model for brain lesion segmentation with mixture of modality experts”, MICCAI 2024."""

from __future__ import annotations

from collections.abc import Sequence

from MissingModalitySegLib.modalities import MODALITIES, Modality

from ..phantom.contrast import ContrastMixture
from .cohorts import Cohort, Counts, DataSet
from .tables import Arm, Asked, Line, TableDefinition, Training, arm

T1, T1CE, T2, FLAIR, DWI = MODALITIES
SPIN_ECHO = ContrastMixture(physics=0.5, jittered=0.5, random=0.0, mprage=0.0)
GRADIENT_ECHO = ContrastMixture(physics=0.5, jittered=0.5, random=0.0, mprage=1.0)
ELSEWHERE = ContrastMixture(physics=0.0, jittered=1.0, random=0.0, jitter=0.25)
"""Contrasts that vary more than in any data set that is trained on."""


def _dataset(
    name: str,
    modalities: Sequence[Modality],
    kinds: Sequence[str],
    training: int,
    mixture: ContrastMixture = GRADIENT_ECHO,
    seen: bool = True,
) -> DataSet:
    """`training`: cases at the scale `cpu`, roughly in the proportions of the paper's supplementary Table II."""
    counts = {"smoke": Counts(1, 0, 1), "cpu": Counts(training, 1, 8), "gpu": Counts(4 * training, 2, 24)}
    return DataSet(name, tuple(modalities), tuple(kinds), counts, mixture, seen)


COHORT = Cohort(
    "mome",
    MODALITIES,
    "lesion",
    (
        _dataset("BraTS2021", (T1, T2, T1CE, FLAIR), ("glioma",), 28),
        _dataset("ATLAS2.0", (T1,), ("chronic_stroke",), 24),
        _dataset("WMH2017", (FLAIR, T1), ("wmh",), 12, SPIN_ECHO),
        _dataset("OASIS", (T1, FLAIR), ("wmh",), 16),
        _dataset("ISLES2022", (DWI,), ("acute_stroke",), 20, SPIN_ECHO),
        _dataset("MSSEG", (T1, T2, T1CE, FLAIR), ("ms",), 12, SPIN_ECHO),
        _dataset("Tumour1", (FLAIR,), ("glioma",), 12, ELSEWHERE, seen=False),
        _dataset("Tumour2", (T2,), ("glioma",), 12, ELSEWHERE, seen=False),
        _dataset("WMHsMix", (FLAIR,), ("wmh", "ms"), 12, ELSEWHERE, seen=False),
    ),
    single_images=True,
)
SEEN, UNSEEN = COHORT.tasks(seen=True), COHORT.tasks(seen=False)

SINGLE, PRIOR, FULL = arm("single_unet"), arm("modality_prior"), arm("mome", "full")
WITHOUT_CURRICULUM = arm("mome", "minus_curriculum")


def _task_specific(tasks: Sequence[str]) -> Arm:
    """One network per task, trained on that task's images alone: also for unseen data sets, as in the paper."""
    return Arm(tuple(Asked(Training("single_unet", tasks=(task,)), tasks=(task,)) for task in tasks))


METHODS = ("nnU-Net", "SAM-Med3D", "Multi-Talent", "Hermes", "MoME", "Task-specific")
SHARE = {"factor": 1.0}
LEVELS = {"Image-level": "rows", "Task-level": "tasks", "Dataset-level": "datasets"}
NOTES = [
    "nnU-Net: one U-Net for all images. Hermes: the same, told the modality. Task-specific: one U-Net per task.",
    "SAM-Med3D and Multi-Talent are not part of this program.",
    "On T1ce the truth is the core of a tumour, on all else the whole lesion, as in the paper's data.",
]

TABLE1 = TableDefinition(
    "mome",
    "table1",
    "Average Dice score on seen data sets (with supplementary Table I: by task)",
    COHORT,
    {"nnU-Net": SINGLE, "Hermes": PRIOR, "MoME": FULL, "Task-specific": _task_specific(SEEN)},
    rows=[
        *(Line(task, {"tasks": (task,)}) for task in SEEN),
        *(Line(label, {"seen": True, "level": level}) for label, level in LEVELS.items()),
    ],
    columns=[Line(method, {"arm": method, **SHARE}) for method in METHODS],
    comparisons=[("MoME", "nnU-Net"), ("MoME", "Hermes"), ("MoME", "Task-specific")],
    notes=NOTES,
)
TABLE2 = TableDefinition(
    "mome",
    "table2",
    "Average Dice scores on unseen data sets",
    COHORT,
    {"nnU-Net": SINGLE, "Hermes": PRIOR, "MoME": FULL, "Task-specific": _task_specific(UNSEEN)},
    rows=[Line(task.rpartition(" ")[0], {"tasks": (task,)}) for task in UNSEEN],
    columns=[
        Line(method, {"arm": method, **SHARE}) for method in ("nnU-Net", "SAM-Med3D", "Hermes", "MoME", "Task-specific")
    ],
    comparisons=[("MoME", "nnU-Net"), ("MoME", "Hermes"), ("MoME", "Task-specific")],
    notes=[
        *NOTES,
        "Tables I and II of the supplement exchange the modalities of Tumour1 and Tumour2; here it is as in Table I.",
    ],
)
TABLE3 = TableDefinition(
    "mome",
    "table3",
    "Ablation study: contributions left out one after the other",
    COHORT,
    {
        "MoME": FULL,
        "without curriculum": WITHOUT_CURRICULUM,
        "… and hierarchical gating": arm("mome", "minus_curriculum_and_hierarchy"),
        "… and modality experts": arm("mome", "and_random_expert_initialisation"),
    },
    rows=[
        Line("MoME", {"arm": "MoME"}),
        Line("without curriculum", {"arm": "without curriculum"}),
        Line("… and hierarchical gating", {"arm": "… and hierarchical gating"}),
        Line("… and modality experts", {"arm": "… and modality experts"}),
    ],
    columns=[
        *(Line(label, {"seen": True, "level": level, **SHARE}) for label, level in LEVELS.items()),
        Line("Unseen", {"seen": False, "level": "datasets", **SHARE}),
    ],
    comparisons=[
        ("MoME", "without curriculum"),
        ("without curriculum", "… and hierarchical gating"),
        ("… and hierarchical gating", "… and modality experts"),
    ],
    notes=["Every row but the last shares the training of its experts.", NOTES[-1]],
)

TABLES = (TABLE1, TABLE2, TABLE3)
