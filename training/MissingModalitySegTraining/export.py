"""From a finished training to a model that anyone can load: a bundle with weights, manifest and model card."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from torch import nn

from MissingModalitySegLib.bundles import Bundle, save
from MissingModalitySegLib.bundles.names import BUNDLE_NAME, MANIFEST
from MissingModalitySegLib.engine.model import Model
from MissingModalitySegLib.errors import BundleError, InputError
from MissingModalitySegLib.networks.mome.fusion import Fusion
from MissingModalitySegLib.networks.mome.single_image import SingleImageSegmenter
from MissingModalitySegLib.networks.registry import describe
from MissingModalitySegLib.networks.weights import write_weights

from .expected_performance import Figure, expected_performance, reliabilities
from .model_card import NAME as CARD
from .model_card import PICTURES, model_card
from .model_words import EXAMINED, INTENDED_USE, METHOD_WORDS, NO_DEVICE, SIMULATED, SYNTHESISER_TITLE
from .origins import averaged_with, origin_of, saw_only_simulated
from .provenance import now
from .regimes.stages import Products
from .training_curves import picture

if TYPE_CHECKING:
    from .runs import Run

WEIGHTS, SYNTHESISER = "weights.safetensors", "synthesiser.safetensors"
CURVES = "curves.png"
CURVES_CAPTION = "Loss by step: of the stages of this training, then of what it began from, the latest first."
Product = Literal["model", "synthesiser"]


@dataclass(frozen=True)
class Background:
    """What a model's manifest says beside what the model itself is."""

    method: str
    title: str
    licence: str
    simulated: bool
    """Whether it saw simulated scans only."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    performance: tuple[Figure, ...] = ()


def export(
    run_folder: str | os.PathLike[str],
    target: str | os.PathLike[str],
    name: str | None = None,
    title: str | None = None,
    version: str = "1.0.0",
    licence: str | None = None,
    *,
    by_reliability: bool = False,
    synthesiser: str | None = None,
    replace_existing: bool = False,
    what: Product = "model",
    calibrated: bool = False,
    averaged: Sequence[str] = (),
) -> Bundle:
    """Write the bundle of a finished run into the folder `target`: all of it, or nothing.

    Args:
        run_folder: what `train` wrote.
        target: an empty place, or with `replace_existing` another bundle.
        name: by default that of the folder, where a model can be called so, else the method's.
        title: for people; by default the method's.
        version: of the model.
        licence: of the weights; by default that of the program where all data were simulated, those of what the
            training began from included, else “unspecified”.
        by_reliability: weigh the answers of a model that sees one sequence at a time by what each alone reached in
            validation. Figures of codes with several sequences, which were measured with other weights, are left out.
        synthesiser: the bundle that generates missing sequences, instead of the network that a training may leave.
        replace_existing: whether a bundle that is there makes way.
        what: the `model` with all that belongs to it, or its `synthesiser` alone, as a model of its own that others
            can name. What a synthesiser generates was not measured, so it has no figures.
        calibrated: ask for the probability that gave most overlap in validation, and measure anew.
        averaged: runs or bundles of the same network; the model gets the mean of their weights and its own, and is
            measured anew on what the run held out.

    Raises:
        InputError: no run, or an unfinished one; a choice that does not suit the model.
        BundleError: the folder is taken, or the texts cannot stand in a manifest.
        ResourceError: the disk is full.
    """
    from .runs import open_run
    from .validation import model_of

    run = open_run(run_folder)
    target = Path(target)
    method = run.config.method
    products = run.products()
    alone = what == "synthesiser"
    more = by_reliability or synthesiser is not None or bool(averaged)
    network = _generator(products, more) if alone else products.network
    model = replace(model_of(run.config, network, name or _name_of(target, method)), version=version)
    validation = run.validation()
    figures = expected_performance(validation, model.modalities) if validation and not alone else []
    origin = origin_of(run)
    if averaged:
        from .averaging import average

        average(model, averaged)
        origin = averaged_with(origin, averaged)
    if calibrated:
        origin["calibration"] = _calibrate(run, model)
    if averaged or calibrated:
        figures = _measured_anew(run, model)
    if by_reliability:
        figures = _weigh_by_reliability(model, figures)
    simulated = saw_only_simulated(origin)
    background = Background(
        method,
        title or (SYNTHESISER_TITLE if alone else METHOD_WORDS[method].title),
        licence or ("Apache-2.0" if simulated else "unspecified"),
        simulated,
        {**origin, "exported": now()},
        tuple(figures),
    )
    own = None if alone else synthesiser or products.synthesiser
    return write_bundle(target, replace(model, scheme=None) if alone else model, background, own, replace_existing)


def _generator(products: Products, more: bool) -> nn.Module:
    """The synthesiser of a run. Raises `InputError` where it left none, or `more` is asked for than it can have."""
    if products.synthesiser is None:
        raise InputError(
            "no-synthesiser",
            "The training left no network that generates missing sequences.",
            "The methods universal and mae_baseline leave one.",
        )
    if more:
        raise InputError(
            "nothing-to-fuse",
            "A synthesiser alone has no answers to weigh, is averaged with none, and needs no other synthesiser.",
            "Export it without these choices.",
        )
    return products.synthesiser


def write_bundle(
    target: Path,
    model: Model,
    background: Background,
    synthesiser: nn.Module | str | None = None,
    replace_existing: bool = False,
) -> Bundle:
    """Write `model` as a bundle, weights in half precision.

    `synthesiser` is a network for the same channels on the same scale, or the name of another bundle. Raises
    `BundleError`, `InputError` (weights that half precision cannot hold), `ResourceError`.
    """
    target = Path(target).absolute()
    if replace_existing and target.exists() and not (target / MANIFEST).is_file():
        raise BundleError(
            "not-a-bundle",
            f"{target} is no model, so it is not replaced.",
            "Choose a folder that does not exist yet, or that of a model.",
        )
    description = _description(model, background)
    with tempfile.TemporaryDirectory() as scratch:
        weights = Path(scratch) / WEIGHTS
        write_weights(weights, model.network)
        sources: dict[str, Path | bytes] = {WEIGHTS: weights}
        if isinstance(synthesiser, str):
            description["synthesiser"] = {"bundle": synthesiser}
        elif synthesiser is not None:
            sources[SYNTHESISER] = Path(scratch) / SYNTHESISER
            write_weights(sources[SYNTHESISER], synthesiser)
            description["synthesiser"] = {"file": SYNTHESISER, "network": describe(synthesiser)}
        if drawn := picture(background.provenance):
            sources[CURVES] = drawn
            description["provenance"][PICTURES] = {CURVES: CURVES_CAPTION}
        sources[CARD] = model_card(description).encode()
        return save(target, description, sources, replace_existing)


def family_of(network: nn.Module, method: str = "") -> str:
    """The family in which a network is listed: that of its method, else a baseline."""
    section = describe(network)
    architecture = section["architecture"]
    if method == "brain":
        return "brain"
    if architecture in ("synthesiser", "masked_autoencoder"):
        return "synthesis"
    if architecture in ("moe", "mome") or (architecture == "universal" and section["config"]["head"] == "hyper"):
        return architecture
    return "baseline"


def _description(model: Model, background: Background) -> dict[str, Any]:
    """The manifest's data, without files and synthesiser."""
    network = model.network
    family = family_of(network, background.method)
    words = METHOD_WORDS[background.method]
    segments = family not in ("brain", "synthesis")
    description: dict[str, Any] = {
        "schema_version": 1,
        "name": model.name,
        "title": background.title,
        "version": model.version,
        "family": family,
        "labels": model.scheme.name if segments and model.scheme is not None else None,
        "modalities": [str(modality) for modality in model.modalities],
        "grid": {"spacing": [float(model.spacing)] * 3, "orientation": "RAS"},
        "normalisation": model.normalisation.to_dict(),
        "tile": model.tile.to_dict(),
        "network": describe(network),
        "weights": WEIGHTS,
        "provenance": dict(background.provenance),
        "licence": background.licence,
        "citation": "\n".join(words.papers),
        "intended_use": INTENDED_USE.get(family, INTENDED_USE[None]),
        "warning": f"{SIMULATED if background.simulated else EXAMINED} {NO_DEVICE}",
        "performance": list(background.performance),
    }
    if family == "universal":
        description["prompts"] = {"encoder": network.config.prompt_encoder}
    if isinstance(network, SingleImageSegmenter) and segments:
        description["fusion"] = _fusion(network.fusion, description["modalities"])
    return {key: value for key, value in description.items() if value is not None}


def _fusion(fusion: Fusion, modalities: list[str]) -> dict[str, Any]:
    if not fusion.weights:
        return {"method": fusion.method}
    return {"method": fusion.method, "weights": dict(zip(modalities, fusion.weights, strict=True))}


def _calibrate(run: Run, model: Model) -> dict[str, float]:
    """Calibrate the network of `model` on the cases that `run` held out; how sure it has to be from then on."""
    from .calibration import calibrate
    from .validation import HeldOut, codes_of

    cases = run.held_out()
    if not isinstance(cases, HeldOut):
        raise InputError(
            "not-calibrated",
            "Nothing with lesions was held out, so nobody knows how sure the model has to be.",
            "Train with cases held out, or export the model as it is.",
        )
    return calibrate(model, cases.cache, cases.ids, codes_of(run.config.validation.final_codes, run.config))


def _measured_anew(run: Run, model: Model) -> list[Figure]:
    """The figures of a network that is no longer the one that `run` left, on the cases that it held out."""
    from .evaluation.results import document_of
    from .validation import evaluate_network

    cases = run.held_out()
    if cases is None:
        return []
    measured = evaluate_network(run.config, model.network, cases, run.config.validation.final_codes)
    return expected_performance(document_of(measured), model.modalities)


def _weigh_by_reliability(model: Model, figures: list[Figure]) -> list[Figure]:
    """Set the fusion of the network; the figures that still hold."""
    if not isinstance(model.network, SingleImageSegmenter) or model.scheme is None:
        raise InputError(
            "nothing-to-fuse",
            "The model sees all sequences at once, or finds no lesions: it has no answers to weigh.",
            "Export it without reliabilities.",
        )
    weights = reliabilities(figures, model.modalities, model.scheme.region_names[0])
    model.network.fusion = Fusion("reliability", weights)
    alone = {str(modality) for modality in model.modalities}
    return [figure for figure in figures if figure["code"] in alone]


def _name_of(target: Path, method: str) -> str:
    name = target.absolute().name
    return name if BUNDLE_NAME.fullmatch(name) else method.replace("_", "-")
