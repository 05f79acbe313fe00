"""Two finished runs of one patient held against each other: table, map and page."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import SimpleITK as sitk  # noqa: N813

from .. import __version__
from ..disk import disk_errors
from ..engine.geometry import resample
from ..engine.images import read_image
from ..engine.longitudinal import MAP_VALUES, Changes, State, Thresholds, compare
from ..engine.visits import Registration, register_visits
from ..engine.writing import write_volume
from ..errors import InputError, located
from ..modalities import MODALITIES, Modality
from .changes import COLOURS, changes_page
from .drawing import Layer, Marks, draw
from .from_folder import COMPARISON, alignment_of, as_written, find_inputs, read_report
from .pictures import Kind, Pictures, Place
from .view import view_of

SCHEMA = 1
RESULT, PAGE, MAP = COMPARISON, "longitudinal.html", "changes.nii.gz"


@dataclass(frozen=True)
class Visit:
    """A finished run: its report, its label map, and its volumes as they lie on one another."""

    report: Mapping[str, Any]
    labels: sitk.Image
    images: Mapping[Modality, sitk.Image]


def read_visit(folder: Path | str, search: Iterable[Path | str] = ()) -> Visit:
    """A run from its folder; its volumes as far as they are found (`from_folder.find_inputs`). Raises `InputError`."""
    folder = Path(folder)
    report = read_report(folder)
    with as_written(folder):
        _touch(report)
        name = (report.get("files") or {}).get("segmentation")
        if not name:
            raise InputError("no-labels", f"{folder} holds no segmentation.", "Segment the study first.")
        labels = read_image(folder / Path(str(name)).name)
        images = {}
        for modality, path in find_inputs(folder, report, search).items():
            image, transform = read_image(path), alignment_of(report["inputs"][str(modality)])
            images[modality] = image if transform is None else resample(image, labels, transform)
    return Visit(report, labels, images)


def _touch(report: Mapping[str, Any]) -> None:
    """Use everything that a comparison takes from a report, so that what is damaged is told of its own visit."""
    model = report.get("model") or {}
    json.dumps([model.get("name"), model.get("version"), report.get("code"), report.get("created")], allow_nan=False)
    json.dumps([report.get("lesion_count"), len(report.get("warnings") or ())], allow_nan=False)
    for value in (report.get("volumes_ml") or {}).values():
        round(value - value, 3)
    hash(report.get("reference"))


def write_comparison(
    first: Path | str,
    second: Path | str,
    output: Path | str,
    search: Iterable[Path | str] = (),
    *,
    register: str = "auto",
    thresholds: Thresholds = Thresholds(),  # noqa: B008 (frozen)
) -> dict[str, Any]:
    """Compare the finished runs of two visits, the earlier one first; what `longitudinal.json` holds.

    Writes that, `changes.nii.gz` on the grid of the later one, and `longitudinal.html`. With `register` off both are
    taken to be in one space. Raises `InputError` where a run or the volumes to register by are missing.
    """
    output, search = Path(output), tuple(search)
    visits = []
    for name, folder in (("first", first), ("second", second)):
        with located(f"the {name} visit"):
            visits.append(read_visit(folder, search))
    before, after = visits
    registration = None if register == "off" else register_visits(before.images, after.images)
    transform = None if registration is None else registration.transform
    changes = compare(before.labels, after.labels, transform, thresholds)
    result = comparison(before, after, registration, changes)
    page = changes_page(result, _pictures(before, after, transform, changes))
    with disk_errors(output):
        output.mkdir(parents=True, exist_ok=True)
    _write(output / MAP, lambda path: write_volume(changes.map, path))
    _write(output / PAGE, lambda path: path.write_text(page, encoding="utf-8", newline="\n"))
    _write(output / RESULT, lambda path: path.write_text(json.dumps(result, indent=2) + "\n", encoding="ascii"))
    return result


def comparison(before: Visit, after: Visit, registration: Registration | None, changes: Changes) -> dict[str, Any]:
    """The comparison as plain JSON data; its fields are described in docs/how-to/longitudinal.md."""
    return {
        "schema": SCHEMA,
        "program": {"name": "MissingModalitySeg", "version": __version__},
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "first": _visit(before),
        "second": _visit(after),
        "registration": None if registration is None else registration.to_dict(),
        "thresholds": vars(changes.thresholds),
        "volumes_ml": _volumes(before.report, after.report),
        "states": {
            str(state): {
                "count": changes.count(state),
                "before_ml": round(changes.volume_ml(state)[0], 3),
                "after_ml": round(changes.volume_ml(state)[1], 3),
            }
            for state in State
        },
        "too_small": changes.too_small,
        "lesions": [one.to_dict() for one in changes.lesions],
        "warnings": [{"code": code, "message": message} for code, message in _warnings(before, after, registration)],
        "files": {"changes": MAP},
    }


def _visit(visit: Visit) -> dict[str, Any]:
    report = visit.report
    model = report.get("model") or {}
    return {
        "created": report.get("created"),
        "model": {name: model.get(name) for name in ("name", "version")} if model else None,
        "code": report.get("code"),
        "reference": report.get("reference"),
        "spacing_mm": [round(value, 4) for value in visit.labels.GetSpacing()],
        "lesion_count": report.get("lesion_count"),
        "warnings": len(report.get("warnings") or ()),
    }


def _volumes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    earlier, later = before.get("volumes_ml") or {}, after.get("volumes_ml") or {}
    return {
        name: {
            "before": earlier[name],
            "after": later[name],
            "difference": round(later[name] - earlier[name], 3),
            "percent": round(100 * (later[name] / earlier[name] - 1), 1) if earlier[name] else None,
        }
        for name in earlier
        if name in later
    }


def _warnings(before: Visit, after: Visit, registration: Registration | None) -> Iterable[tuple[str, str]]:
    """What else than the patient may have made a difference."""
    one, other = before.report, after.report
    models = [tuple((report.get("model") or {}).get(name) for name in ("name", "version")) for report in (one, other)]
    if models[0] != models[1]:
        names = [" ".join(str(part) for part in model if part) or "a network without a bundle" for model in models]
        yield "another-model", f"Different models: {names[0]}, then {names[1]}. They draw borders differently."
    if one.get("code") != other.get("code"):
        yield "other-sequences", f"Different sequences: {one.get('code')}, then {other.get('code')}."
    volumes = [visit.labels.GetSpacing() for visit in (before, after)]
    sizes = [x * y * z for x, y, z in volumes]
    if max(sizes) > 1.5 * min(sizes):
        told = " and ".join(" × ".join(f"{value:.3g}" for value in spacing) for spacing in volumes)
        yield "other-voxels", f"Voxels differ in size ({told} mm): small lesions are drawn larger in larger ones."
    if registration is not None and registration.is_doubtful:
        words = f"The heads agree little after registration ({registration.agreement:.2f}): they are perhaps of two "
        yield "perhaps-two-patients", words + "patients, or one scan is poor. Look at the pictures first."


def _pictures(before: Visit, after: Visit, transform: sitk.Transform | None, changes: Changes) -> Pictures | None:
    """Each sequence of both visits, the earlier ones moved; None where the later visit has no volume."""
    reference = after.images.get(after.report.get("reference"))
    if reference is None:
        return None
    view = view_of(reference, after.labels)
    layers = []
    for modality in MODALITIES:
        if modality in before.images:
            image = before.images[modality]
            layers.append(Layer(str(modality), Kind.ACQUIRED, image, transform, note="first visit", marks=0))
        if modality in after.images:
            layers.append(Layer(str(modality), Kind.ACQUIRED, after.images[modality], note="second visit", marks=1))
    colours = {MAP_VALUES[state]: COLOURS[state] for state in State}
    marks = [Marks(view.slices_of_labels(one), colours) for one in (changes.was, changes.now)]
    places = {}
    for one in changes.lesions:
        slice_, x, y = view.place_of(one.point_lps_mm)
        places[one.id] = Place(slice_, round(x, 1), round(y, 1))
    captions = {
        one.id: f"Lesion {one.id}, {one.state}: {one.before_ml:.2f} → {one.after_ml:.2f} ml" for one in changes.lesions
    }
    legend = [(str(state), COLOURS[state]) for state in State]
    return draw(view, layers, marks, legend, places, captions)


def _write(path: Path, write: Callable[[Path], Any]) -> None:
    """A file that is there whole or not at all."""
    unfinished = path.with_name(f".{os.getpid()}.{path.name}")
    with disk_errors(path.parent):
        try:
            write(unfinished)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
