"""Every case of a data list, every subset of its modalities: rows of figures, and what was skipped and why."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from MissingModalitySegLib.datalists import Case, Datalist
from MissingModalitySegLib.engine.model import Model
from MissingModalitySegLib.engine.predict import Inference, predict
from MissingModalitySegLib.errors import InputError, located
from MissingModalitySegLib.labels import LabelScheme, find_scheme
from MissingModalitySegLib.modalities import Code

from ..data.case_volumes import CaseVolumes, groups, known_of, restrict
from .journal import Journal, model_checksum, row_key
from .results import write_results
from .rows import Evaluation, Kind, Masks, Row, dataset_of, make_row, masks_of
from .scores import add_cscores

if TYPE_CHECKING:
    import SimpleITK as sitk  # noqa: N813

    from MissingModalitySegLib.engine import Prepared

Subsets = str | Sequence[Code]
"""`all` subsets of what a case has, `full` (all it has), or given codes."""


def evaluate(
    model: Model,
    datalist: Datalist,
    subsets: Subsets = "all",
    output: Path | None = None,
    inference: Inference = "auto",
    report: Callable[[Row], None] = lambda row: None,
) -> Evaluation:
    """Segment and score every labelled case for `subsets`, on the grid of its truth.

    A case or subset that cannot be read or prepared is skipped with its reason and never stops the evaluation. With
    `output`, rows are kept in a journal in that folder as they are finished and never computed twice for the same
    weights and files; at the end `results.json` is written there. `report` hears of each row. `seconds` of a row is
    what prediction and the way back to the native grid took: preparation is shared between codes. Raises `InputError`
    for a model that does not segment or a folder that cannot be written, `ResourceError` when memory or disk are full.
    """
    scheme = scheme_of(model)
    checksum = model_checksum(model)
    journal = Journal(output)
    rows: list[Row] = []
    skipped: list[dict[str, str]] = []
    for case in datalist.cases:
        for outcome in _case(model, scheme, case, subsets, inference, journal, checksum, report):
            (skipped if "why" in outcome else rows).append(outcome)
    evaluation = Evaluation(
        model=model.name,
        datalist=datalist.name,
        rows=tuple(add_cscores(rows)),
        skipped=tuple(skipped),
        kinds=kinds_of(rows, datalist),
        version=model.version,
        checksum=checksum,
    )
    if output is not None:
        write_results(evaluation, output)
    return evaluation


def count_rows(model: Model, datalist: Datalist, subsets: Subsets = "all") -> int:
    """How many rows there will be if nothing has to be skipped."""
    labelled = (_available(model, case) for case in datalist.labelled)
    return sum(why is None for available in labelled for _, why in codes_of(available, subsets, model))


def scheme_of(model: Model) -> LabelScheme:
    """The labels a model gives. Raises `InputError` for one that gives none."""
    if model.scheme is None:
        raise InputError(
            "not-a-segmenter",
            f"The model “{model.name}” finds no lesions.",
            "Choose a model that segments lesions.",
        )
    return model.scheme


def kinds_of(rows: Sequence[Row], datalist: Datalist) -> dict[str, Kind]:
    """Per data set, whether its scans are simulated: the program's phantoms say so, and a list may (`"data"`)."""
    kinds: dict[str, Kind] = {}
    stated = {case.id: case.metadata.get("data", datalist.metadata.get("data")) for case in datalist.cases}
    for row in rows:
        name = dataset_of(row, datalist.name)
        phantom = "phantom" in datalist.metadata or name.startswith("phantom")
        if phantom or stated[row["case"]] == "simulated" or kinds.get(name) == "simulated":
            kinds[name] = "simulated"
        else:
            kinds[name] = "real"
    return kinds


def codes_of(available: Code | None, subsets: Subsets, model: Model) -> Iterator[tuple[Code, str | None]]:
    """The codes to evaluate of a case that has `available` of the model's modalities; beside each why it cannot be."""
    if subsets in ("all", "full"):
        if available is not None:
            every = Code.all(model.modalities) if subsets == "all" else (available,)
            yield from ((code, None) for code in every if code.issubset(available))
        return
    for code in subsets:
        code = Code(code.available, model.modalities)
        if available is None:
            yield code, "it has none of the model's sequences"
        else:
            yield code, None if code.issubset(available) else f"it has {available} only"


def _available(model: Model, case: Case) -> Code | None:
    """What a case has of the model's modalities."""
    usable = tuple(modality for modality in model.modalities if modality in case.modalities)
    return Code(usable, model.modalities) if usable else None


def _case(
    model: Model,
    scheme: LabelScheme,
    case: Case,
    subsets: Subsets,
    inference: Inference,
    journal: Journal,
    checksum: str,
    report: Callable[[Row], None],
) -> Iterator[Row | dict[str, str]]:
    """The rows of a case in the order of its codes, then what was skipped; `report` hears of rows as they come."""
    skipped: dict[str, str] = {}
    if case.label is None:
        yield {"case": case.id, "code": "", "why": "it has no label"}
        return
    available = _available(model, case)
    if available is None and isinstance(subsets, str):
        yield {"case": case.id, "code": "", "why": "it has none of the model's sequences"}
        return
    keys: dict[Code, str] = {}
    for code, why in codes_of(available, subsets, model):
        if why is None:
            keys[code] = row_key(checksum, case, code, inference)
        else:
            skipped[str(code)] = why
    for key in keys.values():
        if key in journal.rows:
            report(journal.rows[key])
    due = [code for code, key in keys.items() if key not in journal.rows]
    for code, outcome in _new_rows(model, scheme, case, due, inference) if due else ():
        if isinstance(outcome, InputError):
            skipped["" if code is None else str(code)] = str(outcome)
        else:
            journal.add(keys[code], outcome)
            report(outcome)
    yield from (journal.rows[key] for key in keys.values() if key in journal.rows)
    yield from ({"case": case.id, "code": code, "why": why} for code, why in skipped.items())


def _new_rows(
    model: Model, scheme: LabelScheme, case: Case, codes: Sequence[Code], inference: Inference
) -> Iterator[tuple[Code | None, Row | InputError]]:
    """Code and row, or code and what was wrong with it; None stands for the case itself."""
    from MissingModalitySegLib.engine import prepare

    volumes = CaseVolumes(case)
    try:
        truth_image = _read_truth(volumes, case)
    except InputError as error:
        yield None, error
        return
    truth = _truth_masks(truth_image, case)
    studies = {}
    for code in codes:
        try:
            studies[code] = volumes.study(code)
        except InputError as error:
            yield code, error
    for study, group in groups(studies, case.aligned):
        try:
            prepared = prepare(
                study,
                model.spacing,
                model.modalities,
                multiple=model.multiple,
                extract=False,
                **known_of(case),
                bias_correction=model.normalisation.bias_correction,
            )
        except InputError as error:
            yield from ((code, error) for code in group)
            continue
        for code in group:
            started = time.monotonic()
            found = _segment(model, scheme, restrict(prepared, code), truth_image, inference)
            seconds = time.monotonic() - started
            facts = {"case": case.id, "subject": case.subject, "dataset": case.dataset}
            yield code, make_row(facts, code, found, truth, truth_image.GetSpacing(), seconds)


def _read_truth(volumes: CaseVolumes, case: Case) -> sitk.Image:
    import SimpleITK as sitk  # noqa: N813

    with located("label"):
        image = volumes.read(case.label)
    values = np.unique(sitk.GetArrayViewFromImage(image))
    find_scheme(case.scheme).check_values(values.tolist(), f"The label of {case.id}")
    return image


def _truth_masks(image: sitk.Image, case: Case) -> Masks:
    """The masks of the regions that the truth can score."""
    from MissingModalitySegLib.engine.images import to_array

    scheme = find_scheme(case.scheme)
    masks = masks_of(to_array(image), scheme)
    return {name: masks[name] for name in scheme.scored}


def _segment(model: Model, scheme: LabelScheme, prepared: Prepared, grid: sitk.Image, inference: Inference) -> Masks:
    """The masks that the model finds, on the reference volume's native grid and from there on the truth's."""
    from MissingModalitySegLib.engine import restore_regions
    from MissingModalitySegLib.engine.geometry import resample_labels
    from MissingModalitySegLib.engine.images import to_array

    labels = restore_regions(predict(model, prepared, inference), scheme, prepared.frame)
    return masks_of(to_array(resample_labels(labels, grid)), scheme)
