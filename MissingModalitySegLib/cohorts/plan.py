"""What each study comes to: where its results go, with which options, and what keeps it from being segmented."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import bundles
from ..bundles import Manifest
from ..case_results import RECORDS, case_options, result_folders
from ..errors import InputError
from ..modalities import Modality
from ..options import BRAIN, Options
from ..study_folders import Choice
from .objects import names_of
from .sources import Source, SourceStudy

if TYPE_CHECKING:
    from ..dicom import Stack

CONVERTED = "inputs"
"""The folder beside a study's results for the volumes made of its DICOM series."""


_NOT_SURE = "No series is surely one of the sequences. Name them in a data list, or to the command segment."


@dataclass(frozen=True)
class Planned:
    """A case: its files (those made of series do not exist yet), its options, its folder. `problem` keeps it from
    being segmented."""

    id: str
    folder: Path
    volumes: Mapping[Modality, Path]
    options: Options
    choice: Choice
    stacks: Mapping[Modality, Stack] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    """Files of DICOM that are to be made of the results."""
    problem: str = ""


@dataclass(frozen=True)
class Plan:
    """A run over a cohort. Workers find the model by its folder, where they see that, else by its name."""

    source: Source
    place: Path
    output: Path
    model: str
    model_folder: Path
    manifest: Manifest
    options: Options
    cases: tuple[Planned, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of what the model's answers depend on."""

    @property
    def records(self) -> Path:
        """The folder for the journal and for what else the run keeps for itself."""
        return self.output / RECORDS

    def settings(self) -> dict[str, Any]:
        """What the journal says of the run."""
        return {
            "source": str(self.source),
            "model": self.manifest.name,
            "version": self.manifest.version,
            "options": self.options.to_dict(),
            "cases": len(self.cases),
        }


def make_plan(
    source: Source, place: Path, studies: Sequence[SourceStudy], output: Path, model: str, options: Options
) -> Plan:
    """Plan a run; nothing is written. Raises `InputError`: no such model, one that finds no lesions, a mask for all."""
    bundle = bundles.find(model)
    manifest = bundle.manifest
    if manifest.labels is None:
        raise InputError("no-labels", f"The model “{manifest.name}” finds no lesions.", "Choose another model.")
    files = bundles.checksums(bundle)
    if options.synthesize and manifest.synthesiser is None:
        raise InputError(
            "no-synthesiser", f"The model “{manifest.name}” cannot generate missing sequences.", "Choose one that can."
        )
    if options.brain not in BRAIN:
        raise InputError(
            "one-mask", "One mask cannot fit all cases.", "Name a mask for each case in a data list (`brain_mask`)."
        )
    objects = names_of(options.dicom_seg, options.dicom_sr)
    if objects and source is not Source.DICOM:
        raise InputError(
            "no-dicom-input", "DICOM was asked for, but no volume comes from DICOM.", "Give the series with --dicom."
        )
    options = replace(options, dicom_seg=False, dicom_sr=False)  # made of what the engine has written
    output = Path(os.path.abspath(output))
    if source in (Source.BIDS, Source.DICOM) and output == Path(os.path.abspath(place)):
        raise InputError("output-is-input", "The results would lie among the volumes.", "Choose another output folder.")
    folders = result_folders(output, [study.id for study in studies])
    cases = tuple(
        _planned(study, folder, manifest, options, objects) for study, folder in zip(studies, folders, strict=True)
    )
    home = Path(os.path.abspath(bundle.folder))
    return Plan(source, Path(os.path.abspath(place)), output, model, home, manifest, options, cases, files)


def _planned(
    study: SourceStudy, folder: Path, manifest: Manifest, options: Options, objects: tuple[str, ...]
) -> Planned:
    made = {modality: folder / CONVERTED / f"{modality}.nii.gz" for modality in study.stacks}
    volumes = {modality: Path(os.path.abspath(path)) for modality, path in {**study.volumes, **made}.items()}
    taken = ", ".join(manifest.modalities)
    choice = study.choice.only(manifest.modalities, f"the model takes {taken}.")
    problem = ""
    if not choice.used:
        there = ", ".join(volumes)
        problem = f"The model takes none of {there}." if there else _NOT_SURE
    return Planned(
        id=study.id,
        folder=folder,
        volumes=volumes,
        options=case_options(options, volumes, study.known),
        choice=choice,
        stacks=study.stacks,
        notes=study.notes,
        objects=objects,
        problem=problem,
    )
