"""A study of the scene on its way to the worker and back: volumes written bit by bit, results placed in the scene."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import slicer

from .. import bundles
from ..errors import InputError, ResourceError
from ..jobs import Job, Result
from ..jobs.leftovers import make_temporary
from ..labels import GLIOMA, find_scheme
from ..modalities import Modality, by_modality
from ..options import Options
from ..scene import Earlier, PlacedRun, Sent, check_volumes, place, send, send_mask
from .desk import Desk, Work
from .pages import keep_page

SEGMENT, SYNTHESIZE = "segment", "synthesize"


def hand_in_study(
    desk: Desk,
    nodes: Mapping[Modality | str, Any],
    models: Sequence[str],
    options: Options,
    *,
    earlier: Earlier = Earlier.REPLACE,
    brain_mask: Any = None,
    task: str = SEGMENT,
) -> tuple[Work, ...]:
    """Have a study worked on by one or several models, whose results come into the scene one after the other.

    The choice of volumes and models is checked at once (`InputError`); the volumes are written while the window lives
    on. When the scene is closed the work is cancelled.
    """
    chosen = _volumes_of(nodes)
    check_volumes(chosen)
    scene = next(iter(chosen.values())).GetScene()
    used = "+".join(chosen)
    if not models:
        raise InputError(
            "no-model", f"There is no model for {used}.", "Give other sequences, or add a model that takes these."
        )
    luggage = _Luggage()
    works = tuple(Work(f"{model} on {used}", _placer(scene, luggage, earlier)) for model in models)
    guard = scene.AddObserver(scene.StartCloseEvent, lambda *_: desk.cancel(*works))

    def leave(_: Work) -> None:
        if all(work.is_over for work in works):
            scene.RemoveObserver(guard)
            luggage.drop()

    for work in works:
        work.listeners.append(leave)
    desk.hand_in(works, luggage.pack(chosen, models, options, brain_mask, task))
    return works


def _volumes_of(nodes: Any) -> dict[Modality, Any]:
    """What a script hands over as a study. Raises `InputError`."""
    if not isinstance(nodes, Mapping):
        raise InputError(
            "no-volume", "A study is a table of sequences and volumes.", 'Write {"T1": t1Node, "FLAIR": flairNode}.'
        )
    return by_modality(nodes)


class _Luggage:
    """The folder with the files of a study, while it is needed."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.sent: Sent | None = None
        self.keep = False

    def pack(
        self, chosen: Mapping[Modality, Any], models: Sequence[str], options: Options, brain_mask: Any, task: str
    ) -> Iterator[Job | None]:
        self.folder = _folder()
        sent = Sent({}, {}, {})
        for modality, node in chosen.items():
            one = send({modality: node}, self.folder / "in")
            sent = Sent(sent.nodes | one.nodes, sent.paths | one.paths, sent.grids | one.grids)
            yield None
        if brain_mask is not None:
            options = replace(options, brain=str(send_mask(brain_mask, self.folder / "in" / "brain.nrrd")))
            yield None
        self.sent = sent
        for number, model in enumerate(models):
            yield Job(sent.paths, model, self.folder / f"out{number}", options, task)

    def drop(self) -> None:
        """Remove the folder, unless somebody was told where the results are."""
        if self.folder is not None and not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None


def _placer(scene: Any, luggage: _Luggage, earlier: Earlier) -> Callable[[Result], PlacedRun]:
    def arrive(result: Result) -> PlacedRun:
        try:
            run = place(scene, luggage.sent, result.files, result.report, _scheme(result.report), earlier=earlier)
        except InputError:
            luggage.keep = True  # the message says where the files are
            raise
        if "page" in result.files:
            keep_page(run.run, result.files["page"])
        return run

    return arrive


def _scheme(report: Mapping[str, Any]) -> Any:
    name = (report.get("model") or {}).get("labels")
    return find_scheme(name) if name else GLIOMA


def _folder() -> Path:
    """A folder of its own in Slicer's folder for temporary files."""
    place = slicer.app.temporaryPath
    try:
        return make_temporary(Path(place))
    except OSError as error:
        raise ResourceError(
            "cannot-write",
            f"The folder for temporary files, “{place}”, cannot be written: {error.strerror or error}.",
            "Name another one in Slicer's settings (Edit, Application Settings, General).",
        ) from error


def models_for(modalities: Sequence[Modality]) -> tuple[bundles.Listing, ...]:
    """The models that find lesions and take at least one of the modalities (all of them where none is given)."""
    found = []
    for listing in bundles.available():
        if listing.used and listing.bundle.manifest.labels is not None:
            takes = listing.bundle.manifest.modalities
            if not modalities or any(modality in takes for modality in modalities):
                found.append(listing)
    return tuple(found)


def raters_for(modalities: Sequence[Modality]) -> list[str]:
    """The names of those that are to be compared: not ensembles, whose members would be heard twice."""
    return [listing.name for listing in models_for(modalities) if not listing.bundle.manifest.members]
