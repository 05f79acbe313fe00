"""What the Python console and scripts call, in the words of Slicer; `MissingModalitySegLogic` passes it on.

Calls that wait keep the application alive: the window goes on, views can be scrolled. Those that end in `Async` return
at once and call back on the main thread. Options are those of the command line, by their names: `reference`,
`register`, `brain` (a word, or the node of a mask: a volume, a label map, a segmentation), `device`, `inference`,
`precision`, `synthesize`, `reconstructions`, `uncertainty`, `mirror`, `minimum_lesion_ml`, `threads`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import qt

from ..errors import InputError, MissingModalitySegError
from ..modalities import Modality
from ..options import Options
from ..scene import Earlier, PlacedRun
from .batch import Batch, Case, cases_of_folder
from .desk import State, Work, desk
from .study import SEGMENT, SYNTHESIZE, hand_in_study, models_for, raters_for

Nodes = Mapping[str, Any]
OnDone = Callable[[PlacedRun], None]
OnError = Callable[[MissingModalitySegError], None]
OnProgress = Callable[[float, str, float | None], None]


def segment(nodes: Nodes, model: str, *, keepEarlier: bool = False, **options: Any) -> PlacedRun:
    """Segment a study of the scene, and return when its results are there.

    >>> run = logic.segment({"T1": t1Node, "FLAIR": flairNode}, model="moe", synthesize=True)
    >>> run.segmentation, run.synthetic["T2"], run.table, run.report

    Raises what went wrong, with `code`, `message` and `hint`.
    """
    (run,) = desk().wait(*_hand_in(nodes, [model], SEGMENT, keepEarlier, options))
    return run


def synthesize(nodes: Nodes, model: str, *, keepEarlier: bool = False, **options: Any) -> PlacedRun:
    """Generate the missing sequences alone.

    >>> logic.synthesize({"T1": t1Node}, model="synthesis").synthetic["FLAIR"]
    """
    (run,) = desk().wait(*_hand_in(nodes, [model], SYNTHESIZE, keepEarlier, options))
    return run


def compare(nodes: Nodes, models: Sequence[str] | None = None, **options: Any) -> dict[str, PlacedRun]:
    """Segment a study with several models, all of them where none is named; the runs by model.

    >>> {name: run.report["volumes_ml"]["lesion"] for name, run in logic.compare({"T2": t2Node}).items()}
    """
    names = list(models or raters_for([Modality.parse(name) for name in nodes]))
    return dict(zip(names, desk().wait(*_hand_in(nodes, names, SEGMENT, False, options)), strict=True))


def segmentAsync(
    nodes: Nodes,
    model: str,
    onDone: OnDone | None = None,
    onError: OnError | None = None,
    onProgress: OnProgress | None = None,
    *,
    keepEarlier: bool = False,
    **options: Any,
) -> Work:
    """Begin to segment a study and return at once.

    >>> work = logic.segmentAsync({"T1": t1Node}, "moe", onDone=lambda run: print(run.report["volumes_ml"]))
    >>> work.state, work.fraction; logic.cancel(work)

    `onDone(run)` or `onError(error)` is called at the end, `onProgress(fraction, stage, secondsLeft)` on the way; a
    cancel is an error with the code `cancelled`. Callbacks may call whatever they like, these functions included.
    """
    (work,) = _hand_in(nodes, [model], SEGMENT, keepEarlier, options)
    work.listeners.append(lambda work: _call_back(work, onDone, onError, onProgress))
    return work


def models() -> list[str]:
    """Names of the models that find lesions.

    >>> logic.models()
    """
    return [listing.name for listing in models_for(())]


def cancel(*works: Work) -> None:
    """Stop what was begun, everything where nothing is named.

    >>> work = logic.segmentAsync({"T1": t1Node}, "moe")
    >>> logic.cancel(work)
    """
    desk().cancel(*works)


def segmentFolder(
    folder: str | Path,
    outputDir: str | Path,
    model: str,
    onCase: Callable[[Case], None] | None = None,
    **options: Any,
) -> list[Case]:
    """Segment every study below a folder (or of a BIDS data set, or of a data list), and return when all are done.

    >>> cases = logic.segmentFolder("/study/root", outputDir="/study/results", model="mome")
    >>> [(case.id, case.state, case.report["volumes_ml"]["lesion"]) for case in cases if case.report]

    Each study gets a folder of its own; `summary.csv` lists all. Called again it goes on where it stopped: cases with
    results of the same files, model and options are passed over. A case that fails does not stop the others; why it did
    is its `problem`. Raises what keeps the batch from beginning (folder, model, options).
    """
    batch = segmentFolderAsync(folder, outputDir, model, onCase, **options)
    batch.wait()
    return list(batch.cases)


def segmentFolderAsync(
    folder: str | Path,
    outputDir: str | Path,
    model: str,
    onCase: Callable[[Case], None] | None = None,
    **options: Any,
) -> Batch:
    """Begin a batch and return at once; `onCase(case)` is called whenever a case goes on.

    >>> batch = logic.segmentFolderAsync("/study/root", "/study/results", "moe", lambda case: print(case.state))
    >>> batch.is_over, batch.rows(); batch.cancel()
    """
    hint = "Give the path of a folder."
    if not _is_path(folder):
        raise InputError("no-such-folder", f"The folder {ascii(folder)[:60]} is no path.", hint)
    if not _is_path(outputDir):
        raise InputError("output-not-writable", f"The output folder {ascii(outputDir)[:60]} is no path.", hint)
    batch = Batch(cases_of_folder(folder), model, Options.from_dict(options), Path(outputDir).absolute())
    if onCase is not None:
        batch.on_change = lambda case: _later(lambda: onCase(case))
    batch.start(desk())
    return batch


def _hand_in(
    nodes: Nodes, models: Sequence[str], task: str, keep: bool, options: Mapping[str, Any]
) -> tuple[Work, ...]:
    values, mask = dict(options), None
    if "brain" in values and not isinstance(values["brain"], str):
        mask = values.pop("brain")
    chosen = Options.from_dict({"format": "nrrd"} | values)
    earlier = Earlier.KEEP if keep else Earlier.REPLACE
    return hand_in_study(desk(), nodes, models, chosen, earlier=earlier, brain_mask=mask, task=task)


def _is_path(value: Any) -> bool:
    """Whether a script gives something that can be a folder; an empty text is none, though Python takes it for one."""
    return isinstance(value, str | os.PathLike) and bool(str(value).strip()) and "\0" not in str(value)


def _call_back(work: Work, done: OnDone | None, error: OnError | None, progress: OnProgress | None) -> None:
    outcome, problem = work.outcome, work.error
    if work.state is State.DONE and done is not None:
        _later(lambda: done(outcome))
    elif work.is_over and problem is not None and error is not None:
        _later(lambda: error(problem))
    elif not work.is_over and progress is not None:
        fraction, stage, left = work.fraction, work.stage, work.eta_s
        _later(lambda: progress(fraction, stage, left))


def _later(function: Callable[[], None]) -> None:
    """Call when the desk has done its work: a callback that waits must not hold up what it waits for."""
    qt.QTimer.singleShot(0, function)
