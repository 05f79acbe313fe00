"""From files to files: read → prepare → predict → synthesise → summarise → write.

The one path of every caller: worker, command line, batch, notebook.

>>> outcome = segment({"T1": "t1.nii.gz", "FLAIR": "flair.nii.gz"}, "moe", output="answer")
>>> outcome.labels, outcome.report["volumes_ml"]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import SimpleITK as sitk  # noqa: N813

from ..advice import Advice, advise
from ..bundles import Bundle
from ..errors import InputError, located
from ..labels import LabelScheme
from ..modalities import Code, Modality
from ..options import Options
from ..watch import Watch, part
from .checks import check_inputs, check_prepared
from .execution import run_network
from .images import VolumeSource, as_volume, read_image
from .model import Model
from .prepare import Prepared, prepare
from .ready import Ready, ready_model, ready_synthesiser
from .report import Run
from .restore import restore_image, restore_regions
from .running import ObjectMaker, PageMaker, Running, Source, begin
from .slots import check_names
from .study import Study
from .summarise import Summary, summarise
from .synthetic import Synthesis, synthesise_missing


@dataclass(frozen=True)
class Outcome:
    """What a run found, on the native grid of the reference volume; `files` are there where it wrote any.

    `labels` are None where only missing sequences were asked for; `reconstructions` are those that were given, as
    generated from the others.
    """

    labels: sitk.Image | None
    synthetic: Mapping[Modality, sitk.Image] = field(default_factory=dict)
    reconstructions: Mapping[Modality, sitk.Image] = field(default_factory=dict)
    uncertainty: sitk.Image | None = None
    report: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)


def segment(
    inputs: Mapping[Modality | str, Source],
    model: str | Path | Bundle | Model,
    options: Options | None = None,
    output: str | Path | None = None,
    watch: Watch | None = None,
    page: PageMaker | None = None,
    objects: ObjectMaker | None = None,
) -> Outcome:
    """Segment one study: any subset of the sequences that the model takes.

    Args:
        inputs: the volumes by modality.
        model: a name, the folder of a bundle, or what was loaded from one.
        options: see `Options`.
        output: the folder for `segmentation`, `synthetic_<M>`, `uncertainty` (as asked for) and `report.json`. They
            replace an older set when all of them are there. None: nothing is written.
        watch: told of the stages, their progress and of warnings; may stop the run.
        page: makes `report.html`, which becomes one of the files (`options.report` is for those who call).
        objects: makes further files of the labels (`options.dicom_seg` and `dicom_sr` are for those who call).

    Raises:
        InputError: volumes, model, options or folder cannot be used.
        ResourceError: memory, disk or device gave out.
        CancelledError: `watch` stopped the run. In each case the older set stays and nothing else is left.
    """
    options = options or Options()
    names = ["read", "prepare", "predict", *(["synthesise"] if options.synthesize else []), "summarise", "write"]
    with begin(names, inputs, options, output, watch) as run:
        with run.stage("read"):
            ready = ready_model(model)
            if ready.model.scheme is None:
                raise _no_labels(ready)
            synthesiser = ready_synthesiser(ready) if options.synthesize else None
            study = _read(run, ready.model)
            advice = _advise(ready, study)
        with run.stage("prepare"):
            prepared = _prepare(run, study, ready.model)
        with run.stage("predict"):
            prediction = run_network(ready.model, prepared, options, run.watch)
        synthesis = None
        if synthesiser is not None:
            with run.stage("synthesise"):
                synthesis = _synthesise(run, synthesiser, prepared, study)
        with run.stage("summarise"):
            scheme = ready.model.scheme
            labels = restore_regions(prediction.probabilities, scheme, prepared.frame)
            summary = summarise(labels, scheme, prepared, options.minimum_lesion_ml)
            _doubt_enhancement(summary, prepared, run.watch)
            uncertainty = None
            if prediction.uncertainty is not None:
                uncertainty = restore_image(prediction.uncertainty, prepared.frame)
        volumes = {"segmentation": summary.labels} | _volumes(synthesis)
        if uncertainty is not None:
            volumes["uncertainty"] = uncertainty
        with run.stage("write"):
            manifest = None if ready.bundle is None else ready.bundle.manifest
            known = Run(
                study, options, run.paths, manifest, ready.files, prepared, prediction, advice, summary, synthesis
            )
            made = None if objects is None else partial(_made, objects, summary.labels, scheme)
            report, files = run.write(volumes, known, page, made)
    return _outcome(summary.labels, synthesis, uncertainty, report, files)


def synthesize(
    inputs: Mapping[Modality | str, Source],
    model: str | Path | Bundle | Model,
    options: Options | None = None,
    output: str | Path | None = None,
    watch: Watch | None = None,
    page: PageMaker | None = None,
) -> Outcome:
    """Generate the sequences that a study lacks, and nothing else.

    `model` is a synthesiser, or one that names a synthesiser. Otherwise as `segment`. Raises `InputError`
    (`nothing-missing`) for a study that has everything.
    """
    options = options or Options()
    with begin(["read", "prepare", "synthesise", "write"], inputs, options, output, watch) as run:
        with run.stage("read"):
            ready = ready_model(model)
            generates = ready.bundle is None or ready.bundle.manifest.family == "synthesis"
            synthesiser = ready.model if generates else ready_synthesiser(ready)
            study = _read(run, synthesiser)
            if not _missing(synthesiser, study):
                raise InputError(
                    "nothing-missing",
                    f"Nothing is missing: {_and(study.images)} are all that “{synthesiser.name}” can generate.",
                    "Leave out the sequence that is to be generated.",
                )
        with run.stage("prepare"):
            prepared = _prepare(run, study, synthesiser)
        with run.stage("synthesise"):
            synthesis = _synthesise(run, synthesiser, prepared, study)
        with run.stage("write"):
            manifest = None if ready.bundle is None else ready.bundle.manifest
            known = Run(study, options, run.paths, manifest, ready.files, prepared, synthesis=synthesis)
            report, files = run.write(_volumes(synthesis), known, page)
    return _outcome(None, synthesis, None, report, files)


def _made(
    objects: ObjectMaker, labels: sitk.Image, scheme: LabelScheme, folder: Path, report: Mapping[str, Any]
) -> Mapping[str, str]:
    return objects(folder, labels, scheme, report)


def _read(run: Running, model: Model) -> Study:
    """The volumes as they are, looked at before anything is computed; those that the model does not take are told."""
    usable = [modality for modality in run.sources if modality in model.modalities]
    if not usable:
        raise InputError(
            "no-usable-modality",
            f"The model “{model.name}” takes {_and(model.modalities)}, not {_and(run.sources)}.",
            "Give one of these, or choose another model.",
        )
    for modality in run.sources:
        if modality not in usable:
            run.watch.warn("modality-not-used", f"The model “{model.name}” does not use {modality}; it is left out.")
    images = {}
    for i, (modality, source) in enumerate(run.sources.items()):
        share = 1 / (len(run.sources) + 1)
        with located(str(modality)), part(run.watch, i * share, (i + 1) * share) as watch:
            images[modality] = _image(source, watch)
    check_names({modality: run.paths[modality] for modality in usable if modality in run.paths}, run.watch)
    study = Study(images)
    check_inputs(study.only(Code(tuple(usable), model.modalities)), run.watch)
    return study


def _image(source: Source, watch: Watch) -> sitk.Image:
    if isinstance(source, VolumeSource):
        return as_volume(source.read(watch), "It")
    return as_volume(source, "It") if isinstance(source, sitk.Image) else read_image(source)


def _advise(ready: Ready, study: Study) -> Advice | None:
    return None if ready.bundle is None else advise(ready.bundle.manifest, study.code())


def _prepare(run: Running, study: Study, model: Model) -> Prepared:
    options = run.options
    prepared = prepare(
        study,
        model.spacing,
        model.modalities,
        options.reference,
        model.multiple,
        register=options.register,
        brain=options.brain,
        bias_correction=model.normalisation.bias_correction,
        watch=run.watch,
    )
    check_prepared(prepared, study, run.watch)
    return prepared


def _doubt_enhancement(summary: Summary, prepared: Prepared, watch: Watch) -> None:
    enhancing = summary.volumes_ml.get("enhancing", 0.0)
    if enhancing >= 0.005 and Modality.T1CE not in prepared.code.available:  # less is shown as 0.00
        watch.warn(
            "no-contrast-agent",
            f"{enhancing:.2f} ml are marked as enhancing, which only a T1ce shows, and there was none: take that "
            "region for a guess.",
        )


def _missing(synthesiser: Model, study: Study) -> list[Modality]:
    return [modality for modality in synthesiser.modalities if modality not in study.images]


def _synthesise(run: Running, synthesiser: Model, prepared: Prepared, study: Study) -> Synthesis:
    if not _missing(synthesiser, study):
        run.watch.warn("nothing-missing", "No sequence is missing, so none is generated.")
    options = run.options
    return synthesise_missing(synthesiser, prepared, study, options, run.watch, reconstructions=options.reconstructions)


def _volumes(synthesis: Synthesis | None) -> dict[str, sitk.Image]:
    if synthesis is None:
        return {}
    made = {f"synthetic_{modality}": one.image for modality, one in synthesis.missing.items()}
    return made | {f"reconstructed_{modality}": one.image for modality, one in synthesis.reconstructions.items()}


def _outcome(
    labels: sitk.Image | None,
    synthesis: Synthesis | None,
    uncertainty: sitk.Image | None,
    report: Mapping[str, Any],
    files: Mapping[str, Path],
) -> Outcome:
    made, rebuilt = (synthesis.missing, synthesis.reconstructions) if synthesis is not None else ({}, {})
    return Outcome(
        labels,
        {modality: one.image for modality, one in made.items()},
        {modality: one.image for modality, one in rebuilt.items()},
        uncertainty,
        report,
        files,
    )


def _no_labels(ready: Ready) -> InputError:
    family = "" if ready.bundle is None else ready.bundle.manifest.family
    what = {"synthesis": "generates sequences", "brain": "finds the brain"}.get(family, "has no label scheme")
    hint = "Have it `synthesize` instead of `segment`." if family == "synthesis" else "Choose another model."
    return InputError("no-labels", f"The model “{ready.model.name}” finds no lesions: it {what}.", hint)


def _and(modalities: Mapping[Modality, Any] | tuple[Modality, ...]) -> str:
    names = [str(modality) for modality in modalities]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
