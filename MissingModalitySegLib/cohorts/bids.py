"""The results of a BIDS data set as BIDS derivatives: their own names, sidecars and a description.

Every study's folder holds what `segment` writes; beside it, under `anat`, the same files have the names that BIDS gives
them (one file with two names where the disk allows that, else a copy). `.bidsignore` names what BIDS does not know.
"""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import __version__
from ..case_results import RECORDS, SUMMARY
from ..disk import disk_errors
from ..labels import find_scheme
from ..modalities import MODALITIES, Modality
from ..output_folder import NAMES
from ..study_folders import session_of
from .parquet import NAME as PARQUET
from .plan import CONVERTED, Plan, Planned

VERSION = "1.10.0"
DESCRIPTION = "dataset_description.json"
TABLE = "desc-lesions_dseg.tsv"
IGNORED = ".bidsignore"
HOME = "https://github.com/MissingModalitySeg/SlicerMissingModalitySeg"

SUFFIXES: dict[Modality, str] = {
    Modality.T1: "T1w",
    Modality.T1CE: "T1w",
    Modality.T2: "T2w",
    Modality.FLAIR: "FLAIR",
    Modality.DWI: "trace",
}
_CONTRAST = "ce-gadolinium"


def describe(plan: Plan) -> None:
    """Write what says that the output folder is a data set of derivatives. Raises as `disk_errors`."""
    regions = find_scheme(plan.manifest.labels)
    documents = {
        DESCRIPTION: _json(
            {
                "Name": f"Lesions by {plan.manifest.title}",
                "BIDSVersion": VERSION,
                "DatasetType": "derivative",
                "GeneratedBy": [
                    {
                        "Name": "MissingModalitySeg",
                        "Version": __version__,
                        "Description": f"Model {plan.manifest.name} {plan.manifest.version}",
                        "CodeURL": HOME,
                    }
                ],
                "DatasetLinks": {"raw": os.path.relpath(plan.place, plan.output).replace(os.sep, "/")},
            }
        ),
        TABLE: "index\tname\tabbreviation\n"
        + "".join(f"{label.value}\t{label.title}\tL{label.value}\n" for label in regions.labels),
        IGNORED: "".join(f"{line}\n" for line in _ignored()),
    }
    with disk_errors(plan.output):
        plan.output.mkdir(parents=True, exist_ok=True)
        for name, text in documents.items():
            _replace(plan.output / name, text)


def publish(plan: Plan, case: Planned, report: Mapping[str, Any]) -> list[Path]:
    """Give the results of a case their names in BIDS, and take those away that it no longer has; the files' new names.

    Raises as `disk_errors`.
    """
    reference = Modality(report["reference"])
    links = {modality: _uri(case.volumes[modality], plan.place) for modality in MODALITIES if modality in case.volumes}
    used = [links[modality] for modality in links if modality in report["code"].split("+")]
    start, space = "_".join(session_of(case.id)), f"space-{SUFFIXES[reference]}"
    folder, written = case.folder / "anat", []
    with disk_errors(case.folder):
        folder.mkdir(parents=True, exist_ok=True)
        for what, file in report["files"].items():
            name = _name(start, space, what)
            if name is None:
                continue
            target = folder / f"{name}.{file.split('.', 1)[1]}"
            _same_file(case.folder / file, target)
            facts: dict[str, Any] = {"Sources": used, "SpatialReference": links[reference]}
            if what == "segmentation":
                facts["Manual"] = False
            else:
                facts["Description"] = "Made by a network; nothing should be measured in it."
            _replace(folder / f"{name}.json", _json(facts))
            written += [target, folder / f"{name}.json"]
        for path in folder.glob(f"{start}_*"):
            if path not in written:
                path.unlink()
    return written


def _name(start: str, space: str, what: str) -> str | None:
    """What BIDS calls a file of a run, without its suffix."""
    if what == "segmentation":
        return f"{start}_{space}_desc-lesions_dseg"
    kind, _, modality = what.partition("_")
    if kind in ("synthetic", "reconstructed") and modality in set(MODALITIES):
        contrast = f"_{_CONTRAST}" if modality == Modality.T1CE else ""
        return f"{start}{contrast}_{space}_desc-{kind}_{SUFFIXES[Modality(modality)]}"
    return f"{start}_{space}_desc-uncertainty_map" if what == "uncertainty" else None


def _uri(path: Path, root: Path) -> str:
    return f"bids:raw:{os.path.relpath(path, root).replace(os.sep, '/')}"


def _ignored() -> list[str]:
    names = sorted({*NAMES, SUMMARY, PARQUET, "report.html", f"{CONVERTED}/", f"{RECORDS}/"})
    return [*names, "*_desc-uncertainty_map.*", "*_trace.*"]


def _same_file(source: Path, target: Path) -> None:
    """Make `target` the file that `source` is, or a copy of it."""
    if target.exists() and (os.path.samefile(source, target) or filecmp.cmp(source, target, shallow=False)):
        return
    unfinished = target.with_name(f".{os.getpid()}-{target.name}")
    unfinished.unlink(missing_ok=True)
    try:
        os.link(source, unfinished)
    except OSError:  # disks without links, limits of them
        shutil.copyfile(source, unfinished)
    os.replace(unfinished, target)


def _replace(target: Path, text: str) -> None:
    unfinished = target.with_name(f".{os.getpid()}-{target.name}")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, target)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
