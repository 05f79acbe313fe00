"""The folder of one case: volumes, truth, the record that repeats it, a contact sheet, its entry in a datalist."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError
from scipy import ndimage

from MissingModalitySegLib import __version__
from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES, Modality

from ..engine import CaseParameters
from ..materials import Material
from ..records import from_record, to_record
from .contact_sheet import contact_sheet, settings_of
from .series_names import hospital_of
from .simulate import Rendered
from .volumes import FORMATS, Volume, write_volume

RECORD = "parameters.json"
SCHEMA = 1


@dataclass(frozen=True)
class Options:
    """How cases are rendered and written; the same for all of a run."""

    mode: str
    spacing_mm: float | None = None
    file_format: str = "nifti"
    dicom: bool = False

    @property
    def ending(self) -> str:
        return FORMATS[self.file_format]


def write_case(case: CaseParameters, rendered: Rendered, options: Options, case_id: str, folder: Path) -> None:
    """Write everything of a case into the existing, empty `folder`; the record comes last.

    Raises:
        OSError: something cannot be written.
    """
    paths = _write_volumes(rendered, options.ending, folder)
    facts = _facts(rendered)
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "about": "A synthetic phantom: computed, shows no patient. Repeat it with: phantom --replay.",
        "version": __version__,
        "id": case_id,
        "options": asdict(options),
        "files": paths,
        "reference": str(rendered.reference),
        **facts,
    }
    if options.dicom:
        from .dicom_series import write_series

        study = f"{__version__}/{case.seed}/{case.kind}/{options.mode}/{options.spacing_mm}"
        record["hospital"] = hospital_of(case.seed)
        record["series"] = {
            str(modality): name
            for modality, name in write_series(case, rendered, folder / "dicom", str(case.seed), study).items()
        }
    record["sequences"] = {str(modality): settings_of(case, modality) for modality in MODALITIES}
    record["case"] = to_record(case)
    title = f"{case_id}: {case.lesions.kind.replace('_', ' ')}, {options.mode}, seed {case.seed}"
    contact_sheet(case, rendered, title, _lines(case, facts)).save(folder / "contact.png", optimize=True)
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def read_record(path: Path) -> dict[str, Any]:
    """A record as it was written.

    Raises:
        InputError: there is none, or it is none.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError("unreadable-record", f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict) or record.get("schema") != SCHEMA or not isinstance(record.get("id"), str):
        raise InputError("bad-record", f"{path} is no record of a phantom.", f"Give the {RECORD} of a case.")
    return record


def replay_of(record: Mapping[str, Any]) -> tuple[CaseParameters, Options]:
    """What is needed to make the recorded case again.

    Raises:
        InputError: the record is incomplete, or of a version whose phantoms are others.
    """
    if record.get("version") != __version__:
        raise InputError(
            "other-version",
            f"The record was written by version {record.get('version')}; this is {__version__}.",
            "Its phantoms may differ. Replay the record with the version that wrote it.",
        )
    try:
        return from_record(CaseParameters, record["case"]), Options(**record["options"])
    except (KeyError, TypeError, ValidationError) as error:
        raise InputError(
            "bad-record", "The record does not describe a case.", f"Give an unchanged {RECORD}: {_first_line(error)}"
        ) from None


def datalist_entry(record: Mapping[str, Any], folder: Path) -> Case:
    """The case in `folder` as a data list names it. Truth with a core is of the scheme `glioma`."""
    files = {name: folder / path for name, path in record["files"].items()}
    case, research = record["case"], record["options"]["mode"] == "research"
    has_core = case["kind"] in ("glioma", "metastases") or record["volumes_ml"]["core"] > 0
    masks = {modality: files[f"brain_{modality}"] for modality in MODALITIES if f"brain_{modality}" in files}
    return Case(
        id=record["id"],
        modalities={modality: files[str(modality)] for modality in MODALITIES},
        label=files["label_glioma" if has_core else "label_lesion"],
        scheme="glioma" if has_core else "lesion",
        subject=f"phantom-{case['seed']}",
        dataset="phantom",
        brain_mask=files["brain"] if research else None,
        brain_masks={} if research else masks | {Modality(record["reference"]): files["brain"]},
        brain_extracted=research,
        aligned=research,
        metadata={
            "disease": case["lesions"]["kind"],
            "seed": case["seed"],
            "label_lesion": f"{folder.name}/{files['label_lesion'].name}",
            "label_glioma": f"{folder.name}/{files['label_glioma'].name}",
            "tissue": f"{folder.name}/{files['tissue'].name}",
        },
    )


def _write_volumes(rendered: Rendered, ending: str, folder: Path) -> dict[str, str]:
    """Names → files. Of masks that several sequences share there is one."""
    reference = rendered.sequences[rendered.reference]
    volumes: dict[str, Volume] = {str(modality): one.image for modality, one in rendered.sequences.items()}
    volumes |= {
        "label_glioma": rendered.labels,
        "label_lesion": rendered.labels.of((rendered.labels.array > 0).astype(np.uint8)),
        "tissue": rendered.tissue,
        "brain": reference.brain,
    }
    for modality, sequence in rendered.sequences.items():
        if sequence.brain is not reference.brain:
            volumes[f"brain_{modality}"] = sequence.brain
    for name, volume in volumes.items():
        write_volume(volume, folder / f"{name}{ending}")
    return {name: f"{name}{ending}" for name in volumes}


def _facts(rendered: Rendered) -> dict[str, Any]:
    """Volumes, counts and what the values of the tissue map mean."""
    labels = rendered.labels
    millilitres = float(np.prod(labels.spacing)) / 1000
    count = np.bincount(labels.array.ravel(), minlength=4)
    return {
        "volumes_ml": {
            "lesion": round(float(count[1:].sum()) * millilitres, 3),
            "core": round(float(count[1] + count[3]) * millilitres, 3),
            "enhancing": round(float(count[3]) * millilitres, 3),
            "brain": round(float((rendered.sequences[rendered.reference].brain.array > 0).sum()) * millilitres, 1),
        },
        "lesions": int(ndimage.label(labels.array > 0, np.ones((3, 3, 3)))[1]),
        "tissue_values": {material.name.lower(): int(material) for material in Material},
    }


def _lines(case: CaseParameters, facts: Mapping[str, Any]) -> list[str]:
    volumes = facts["volumes_ml"]
    parts = ", ".join(f"{name} {volumes[name]:.1f} ml" for name in ("lesion", "core", "enhancing"))
    contrast = f"{case.contrast.way} contrast, {case.contrast.field_tesla:g} T"
    agent = f"gadolinium {case.contrast.gadolinium_millimolar:.2f} mM"
    return [
        f"{parts}; {facts['lesions']} separate; brain {volumes['brain']:.0f} ml",
        f"{contrast}, {agent}, age {case.anatomy.age:.0f}. Synthetic.",
    ]


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
