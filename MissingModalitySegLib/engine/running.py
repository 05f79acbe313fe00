"""A run under way: its stages and how long each took, what it was given, and the files that it writes."""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import SimpleITK as sitk  # noqa: N813

from ..disk import disk_errors
from ..errors import InputError
from ..labels import LabelScheme
from ..modalities import MODALITIES, Modality, by_modality
from ..options import BRAIN, Options
from ..output_folder import NAMES, PAGE, REPORT, staged
from ..watch import Notes, Watch
from .images import VolumeSource
from .report import Run, report_of
from .writing import write_volume

Source = str | Path | sitk.Image | VolumeSource
"""A volume: the file to read, what was read already, or what reads itself."""

ObjectMaker = Callable[[Path, sitk.Image, LabelScheme, Mapping[str, Any]], Mapping[str, str]]
"""Writes further files of a result into a folder, given the labels, their scheme and the report; their names by what
they are. May raise `InputError`, which becomes a warning (`dicom.sources` makes one)."""

PageMaker = Callable[[Run, Mapping[str, Any], Mapping[str, sitk.Image]], str]
"""Makes `report.html` of a run, its report and the volumes that it writes (`reports.from_run.page_of_run`)."""


class Running:
    """A run under way: its stages and how long each took, what it was given, and where it writes."""

    def __init__(
        self,
        stages: list[str],
        inputs: Mapping[Modality | str, Source],
        options: Options,
        output: Path | None,
        fresh: Path | None,
        watch: Watch,
    ) -> None:
        self.sources, self.options, self.watch = _sources(inputs), options, Notes(watch)
        self.paths = {name: Path(one) for name, one in self.sources.items() if isinstance(one, str | Path)}
        self._stages, self._output, self._fresh = stages, output, fresh
        self._timings: dict[str, float] = {}
        if output is not None:
            mask = [] if options.brain in BRAIN else [Path(options.brain)]
            _refuse_own_output(output, [*self.paths.values(), *mask])

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.watch.check()
        self.watch.stage(name, self._stages.index(name), len(self._stages))
        start = time.perf_counter()
        yield
        self._timings[name] = time.perf_counter() - start

    def write(
        self,
        volumes: Mapping[str, sitk.Image],
        known: Run,
        page: PageMaker | None = None,
        objects: Callable[[Path, Mapping[str, Any]], Mapping[str, str]] | None = None,
    ) -> tuple[dict[str, Any], dict[str, Path]]:
        """Write `volumes`, what `objects` makes of them, the report and its page, where anything is to be written;
        report and files as they are afterwards."""
        files: dict[str, Path] = {}
        for i, (name, image) in enumerate(volumes.items() if self._fresh is not None else ()):
            self.watch.check()
            file = f"{name}.{self.options.format}"
            write_volume(image, self._fresh / file)
            files[name] = self._output / file
            self.watch.progress((i + 1) / (len(volumes) + 2))
        sources = {name: one for name, one in self.sources.items() if isinstance(one, VolumeSource)}
        told = {"timings": self._timings, "files": dict(files), "sources": sources}
        run = Run(**{**vars(known), **told, "warnings": tuple(self.watch.warnings)})
        report = report_of(run)
        if self._fresh is not None and objects is not None:
            files |= self._objects(objects, report)
            run = Run(**{**vars(run), "files": dict(files), "warnings": tuple(self.watch.warnings)})
            report = report_of(run)
        if self._fresh is not None and page is not None:
            made = self._page(page, run, report, volumes)
            if made is None:
                report = report_of(Run(**{**vars(run), "warnings": tuple(self.watch.warnings)}))
            else:
                files["page"] = self._output / PAGE
                with disk_errors(self._output):
                    (self._fresh / PAGE).write_text(made, encoding="utf-8", newline="\n")
        if self._fresh is not None:
            files["report"] = self._output / REPORT
            text = json.dumps(report, indent=2, allow_nan=False) + "\n"
            with disk_errors(self._output):
                (self._fresh / REPORT).write_text(text, encoding="ascii")
        self.watch.check()
        return report, files

    def _objects(
        self, objects: Callable[[Path, Mapping[str, Any]], Mapping[str, str]], report: Mapping[str, Any]
    ) -> dict[str, Path]:
        """What was made, or nothing after a warning: volumes that are there must not be lost for another form."""
        self.watch.check()
        with disk_errors(self._output):
            try:
                made = objects(self._fresh, report)
            except InputError as error:
                self.watch.warn(error.code, error.message)
                return {}
        return {name: self._output / file for name, file in made.items()}

    def _page(
        self, page: PageMaker, run: Run, report: Mapping[str, Any], volumes: Mapping[str, sitk.Image]
    ) -> str | None:
        """The page, or None after a warning: a result that is there must not be lost for a picture of it."""
        self.watch.check()
        try:
            return page(run, report, volumes)
        except Exception as error:
            traceback.print_exception(error, file=sys.stderr)
            self.watch.warn("no-page", f"The report could not be made into a page: {type(error).__name__}: {error}")
            return None


@contextmanager
def begin(
    stages: list[str],
    inputs: Mapping[Modality | str, Source],
    options: Options,
    output: str | Path | None,
    watch: Watch | None,
) -> Iterator[Running]:
    """A run whose files take the place of an older set when the block ends well."""
    folder = None if output is None else Path(output).absolute()
    with ExitStack() as stack:
        fresh = None if folder is None else stack.enter_context(staged(folder))
        yield Running(stages, inputs, options, folder, fresh, watch or Watch())


def _sources(inputs: Mapping[Modality | str, Source]) -> dict[Modality, Source]:
    if not inputs:
        raise InputError(
            "no-volume", "No volume was given.", f"Give at least one of {', '.join(map(str, MODALITIES))}."
        )
    return by_modality(inputs)


def _refuse_own_output(output: Path, sources: list[Path]) -> None:
    """What would be replaced must not be what is read."""
    for source in sources:
        if source.name in NAMES and source.resolve().parent == output.resolve():
            raise InputError(
                "output-is-input",
                f"{source.name} is read, and would be replaced by the result of the same name.",
                "Choose another output folder.",
            )
