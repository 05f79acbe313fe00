"""The page of a run that has just ended, from the volumes that it still holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import SimpleITK as sitk  # noqa: N813

from ..engine.report import Run
from ..labels import GLIOMA, Colour, LabelScheme, find_scheme
from ..modalities import MODALITIES
from .case import case_page
from .drawing import Layer, draw, marks_of, places_of
from .pictures import Kind, Pictures
from .view import view_of


def page_of_run(run: Run, report: Mapping[str, Any], volumes: Mapping[str, sitk.Image]) -> str:
    """The page. `volumes` are those that the run writes: segmentation, synthetic_T2, uncertainty."""
    return case_page(report, pictures_of_run(run, report, volumes))


def pictures_of_run(run: Run, report: Mapping[str, Any], volumes: Mapping[str, sitk.Image]) -> Pictures:
    """Everything that was given or made, on the grid of the reference."""
    alignments = run.prepared.alignments
    layers = []
    for modality in MODALITIES:
        if modality in run.study.images:
            alignment = alignments.get(modality)
            transform = None if alignment is None else alignment.transform
            used = modality in run.prepared.code.available
            note = "" if used else "not used"
            layers.append(Layer(str(modality), Kind.ACQUIRED, run.study.images[modality], transform, note=note))
    reference = run.study.images[run.prepared.frame.reference]
    return pictures_of(reference, layers, volumes, report)


def pictures_of(
    reference: sitk.Image, acquired: list[Layer], volumes: Mapping[str, sitk.Image], report: Mapping[str, Any]
) -> Pictures:
    """The pictures of `acquired` and of what a run wrote."""
    labels = volumes.get("segmentation")
    view = view_of(reference, labels)
    scheme = scheme_of(report)
    order = [str(modality) for modality in MODALITIES]
    layers = sorted([*acquired, *_generated(volumes, report)], key=lambda one: order.index(one.name))
    layers += _uncertainty(volumes)
    if labels is None:
        return draw(view, layers)
    lesions = report.get("lesions") or ()
    return draw(
        view,
        layers,
        [marks_of(view, labels, scheme)],
        legend_of(scheme),
        places_of(view, lesions, labels),
        {int(one["id"]): _caption(one) for one in lesions},
    )


def scheme_of(report: Mapping[str, Any]) -> LabelScheme:
    """What the values of the label map mean."""
    name = (report.get("model") or {}).get("labels")
    return find_scheme(name) if name else GLIOMA


def legend_of(scheme: LabelScheme) -> tuple[tuple[str, Colour], ...]:
    return tuple((label.title, label.colour) for label in scheme.labels)


def _generated(volumes: Mapping[str, sitk.Image], report: Mapping[str, Any]) -> Iterator[Layer]:
    told = (report.get("synthetic") or {}).get("sequences") or {}
    for modality in MODALITIES:
        image = volumes.get(f"synthetic_{modality}")
        if image is not None:
            one = told.get(str(modality)) or {}
            window = None
            if one.get("window") and one.get("level") is not None:
                window = (one["level"] - one["window"] / 2, one["level"] + one["window"] / 2)
            yield Layer(str(modality), Kind.GENERATED, image, window=window)


def _uncertainty(volumes: Mapping[str, sitk.Image]) -> Iterator[Layer]:
    image = volumes.get("uncertainty")
    if image is not None:
        most = float(sitk.GetArrayViewFromImage(image).max())
        note = f"black 0, white {max(most, 0.01):.2f}"
        yield Layer("Uncertainty", Kind.UNCERTAINTY, image, window=(0.0, max(most, 0.01)), note=note, marks=None)


def _caption(lesion: Mapping[str, Any]) -> str:
    side = f", {lesion['side']}" if lesion.get("side") else ""
    return f"Lesion {lesion['id']}: {lesion['volume_ml']:.2f} ml{side}"
