"""The page of a run that ended long ago, from what it left in its folder and the volumes it was given."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import SimpleITK as sitk  # noqa: N813

from ..checksums import sha256_of
from ..disk import disk_errors
from ..engine.images import read_image
from ..engine.report import transform_of
from ..errors import InputError
from ..modalities import Modality
from ..output_folder import PAGE, REPORT
from .case import case_page
from .changes import longitudinal_section
from .drawing import Layer
from .from_run import pictures_of
from .pictures import Kind, Pictures

COMPARISON = "longitudinal.json"
"""What a comparison of two visits leaves in its folder."""


def write_case_report(
    folder: Path | str, search: Iterable[Path | str] = (), case: str = "", changes: Path | str | None = None
) -> Path:
    """Write `report.html` into the folder of a finished run again.

    Its volumes are looked for, by name and checksum, in the folder, beside it and below the folders of `search`; where
    the reference is not found, the page has no pictures. `changes` is the folder of a comparison with an earlier visit,
    which then has a section. Raises `InputError` where there is no report, or the comparison is of another run, and as
    `disk_errors`.
    """
    folder = Path(folder)
    report = read_report(folder)
    compared = None if changes is None else read_changes(Path(changes), report)
    with as_written(folder):
        page = case_page(report, pictures_of_folder(folder, report, search), case, compared)
    with disk_errors(folder):
        unfinished = folder / f".{PAGE}.{os.getpid()}.part"
        unfinished.write_text(page, encoding="utf-8", newline="\n")
        os.replace(unfinished, folder / PAGE)
    return folder / PAGE


def read_report(folder: Path) -> dict[str, Any]:
    """What a run left in its folder. Raises `InputError`."""
    try:
        report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            "no-report", f"There is no {REPORT} in {folder}.", "Name the output folder of a finished run."
        ) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(folder, error) from error
    if not isinstance(report, dict) or not isinstance(report.get("inputs"), dict):
        raise InputError("bad-report", f"{REPORT} in {folder} is no report of a run.", "Do the run again.")
    return report


def read_changes(folder: Path, report: Mapping[str, Any]) -> dict[str, Any]:
    """The comparison in `folder`, whose later visit is the run of `report`. Raises `InputError`."""
    try:
        found = json.loads((folder / COMPARISON).read_text(encoding="utf-8"))
        later = found["second"]
        longitudinal_section(found)
        same = all(later[name] == report.get(name) for name in ("created", "code", "lesion_count"))
        model = report.get("model") or {}
        same = same and (later["model"] or {}).get("name") == model.get("name")
    except OSError as error:
        words = f"There is no {COMPARISON} in {folder}."
        raise InputError("no-comparison", words, "Name the output folder of `longitudinal`.") from error
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        words = f"{COMPARISON} in {folder} is no comparison of two visits."
        raise InputError("bad-comparison", words, "Compare the visits again.") from error
    if not same:
        raise InputError(
            "other-comparison",
            f"The comparison in {folder} is not with this run: its later visit is another one.",
            "The section belongs to the report of the later visit; after a new run compare again.",
        )
    return found


@contextmanager
def as_written(folder: Path) -> Iterator[None]:
    """Turn what fails inside over a report that lacks something, or holds something else, into one sentence.

    Any program may have written to the file: checking every field before would be the same code once more.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: Exception) -> InputError:
    why = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
    return InputError("bad-report", f"{REPORT} in {folder} is damaged: {why}.", "Do the run again.")


def find_inputs(folder: Path, report: Mapping[str, Any], search: Iterable[Path | str] = ()) -> dict[Modality, Path]:
    """The volumes that a run was given, as far as they can be found: the same name and the same contents."""
    wanted = {one["file"]: (Modality.parse(name), one.get("sha256")) for name, one in report["inputs"].items()}
    found: dict[Modality, Path] = {}
    places = [*folder.iterdir(), *folder.parent.iterdir()]
    for path in (*places, *(path for root in search for path in sorted(Path(root).rglob("*")))):
        modality, checksum = wanted.get(path.name, (None, None))
        if modality is not None and modality not in found and path.is_file() and checksum == sha256_of(path):
            found[modality] = path
    return found


def pictures_of_folder(folder: Path, report: Mapping[str, Any], search: Iterable[Path | str] = ()) -> Pictures | None:
    """The pictures of a finished run; None without its reference volume."""
    inputs = {modality: read_image(path) for modality, path in find_inputs(folder, report, search).items()}
    reference = inputs.get(report.get("reference"))
    if reference is None:
        return None
    layers = []
    for modality, image in inputs.items():
        told = report["inputs"][str(modality)]
        note = "" if told.get("used", True) else "not used"
        layers.append(Layer(str(modality), Kind.ACQUIRED, image, alignment_of(told), note=note))
    return pictures_of(reference, layers, volumes_in(folder, report), report)


def alignment_of(told: Mapping[str, Any]) -> sitk.Transform | None:
    """From places in the reference to places in an input, as its entry in the report has it."""
    rows = (told.get("alignment") or {}).get("transform_lps")
    return None if rows is None else transform_of(rows)


def volumes_in(folder: Path, report: Mapping[str, Any]) -> dict[str, sitk.Image]:
    """What a run wrote, by what it is."""
    files = report.get("files") or {}
    return {name: read_image(folder / Path(str(file)).name) for name, file in files.items()}
