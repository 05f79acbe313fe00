"""One job in a worker process, as a command shows it: a bar with the time left, warnings, and how it ended."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from ..errors import CancelledError, InputError, MissingModalitySegError
from ..jobs import Job, Runner, events
from ..modalities import MODALITIES, Modality
from .dicom_study import inputs_of_study
from .edge import BUG
from .output import readable_time

STAGE_WORDS = {
    "read": "Reading",
    "prepare": "Preparing",
    "predict": "Segmenting",
    "synthesise": "Generating missing sequences",
    "summarise": "Measuring",
    "write": "Writing",
}


def inputs_of(*paths: Path | None, dicom: Path | None = None) -> dict[Modality, Path]:
    """The volumes that were named, in the order of the modalities, or those of the study in the folder `dicom`.

    Raises `InputError` when there is none.
    """
    given = {modality: path for modality, path in zip(MODALITIES, paths, strict=True) if path is not None}
    if dicom is not None:
        if given:
            names = ", ".join(f"--{modality.lower()}" for modality in given)
            raise InputError("two-sources", f"--dicom chooses the volumes, and {names} was given.", "Leave one out.")
        return inputs_of_study(dicom)
    if not given:
        options = ", ".join(f"--{modality.lower()}" for modality in MODALITIES)
        raise InputError("no-volume", "No volume was given.", f"Name at least one: {options}.")
    return given


def run(job: Job, runner: Runner | None = None) -> events.Result:
    """Run `job` in a worker, or in that of `runner`; its result. Raises what its error means.

    Ctrl-C cancels the job (`CancelledError`). What a bug left in the log is named in the hint of the error.
    """
    with ExitStack() as stack:
        runner = stack.enter_context(Runner()) if runner is None else runner
        bar = stack.enter_context(Bar())
        try:
            return runner.run(job, bar.take)
        except KeyboardInterrupt:
            raise CancelledError("cancelled", "Cancelled.", "What an older run left is as it was.") from None
        except MissingModalitySegError as error:
            log = runner.log.path
            if error.exit_code == BUG and log is not None and str(log) not in error.hint:
                error.hint = f"{error.hint} Details are in {log}".strip()
            raise


class Bar:
    """Shows the events of a job on stderr, so that stdout stays free for what a program reads."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, markup=False, emoji=False, highlight=False)
        self._columns = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,  # a log file has no use for it
        )
        self._task = self._columns.add_task("Starting", total=1.0, left="")
        self.error: events.Error | None = None

    def __enter__(self) -> Bar:
        self._columns.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._columns.stop()

    def take(self, event: events.Event) -> None:
        """Show an event."""
        match event:
            case events.Stage():
                self._columns.update(self._task, description=STAGE_WORDS.get(event.name, event.name))
            case events.Progress():
                left = "" if event.eta_s is None else f"{readable_time(event.eta_s)} left"
                self._columns.update(self._task, completed=event.fraction, left=left)
            case events.Warning():
                self._console.print(f"Warning: {event.message}", soft_wrap=True)
            case events.Error():
                self.error = event
