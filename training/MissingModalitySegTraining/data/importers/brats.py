"""BraTS: four sequences, brain extracted, aligned, 1 mm; two ways of naming files.

    2018  MICCAI_BraTS_2018_Data_Training/HGG/Brats18_TCIA08_167_1/Brats18_TCIA08_167_1_{flair,t1,t1ce,t2,seg}.nii.gz
    2020  MICCAI_BraTS2020_TrainingData/BraTS20_Training_001/BraTS20_Training_001_{…}.nii.gz
    2021  BraTS2021_00000/BraTS2021_00000_{…}.nii.gz
    2023+ BraTS-GLI-00000-000/BraTS-GLI-00000-000-{t1n,t1c,t2w,t2f,seg}.nii.gz

Up to 2021 enhancing tumour is 4 and becomes 3. With the newer names it is 3 already, and 4 (from 2024 on) is the cavity
that surgery left, which is no lesion and becomes background.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.modalities import MODALITIES, Modality

from .found import Found, Importer, Relabel, Remark, missing_sequences, natural, safe_id, stem, volumes

_OLD = {"t1": Modality.T1, "t1ce": Modality.T1CE, "t1gd": Modality.T1CE, "t2": Modality.T2, "flair": Modality.FLAIR}
_NEW = {"t1n": Modality.T1, "t1c": Modality.T1CE, "t2w": Modality.T2, "t2f": Modality.FLAIR}
_FILE = re.compile(rf"(?P<case>.+)[_-](?P<kind>{'|'.join([*_OLD, *_NEW])}|seg)", re.IGNORECASE)
_MISNAMED_LABEL = re.compile(r"seg(m|mentation)?$", re.IGNORECASE)  # 2020: BraTS20_Training_355/W39_1998.09.19_Segm.nii
_TIME_POINT = re.compile(r"(?P<subject>BraTS-[A-Za-z]+-\d+)-(?P<time>\d+)")
_SCAN_OF_2018 = re.compile(r"(?P<subject>Brats\d\d_.+)_(?P<time>\d+)")
_TABLE = {
    "age": "age",
    "survival": "survival_days",
    "survival_days": "survival_days",
    "resectionstatus": "resection",
    "extent_of_resection": "resection",
    "grade": "grade",
}


def importer(dataset: str) -> Importer:
    """The importer of one year; `dataset` is what its cases are said to come from."""

    def find(root: Path) -> Iterator[Found | Remark]:
        yield from _find(root, dataset)

    return find


def _find(root: Path, dataset: str) -> Iterator[Found | Remark]:
    cases: dict[tuple[Path, str], dict[str, Path]] = defaultdict(dict)
    strangers: dict[Path, list[Path]] = defaultdict(list)
    for path in volumes(root):
        match = _FILE.fullmatch(stem(path))
        if match is None:
            strangers[path.parent].append(path)
            continue
        kind, files = match["kind"].lower(), cases[path.parent, match["case"]]
        if kind in files:
            yield Remark(path.name, f"is there twice; {files[kind].name} was taken", kept=True)
        else:
            files[kind] = path
    tables = _tables(root, {case for _, case in cases})
    for (folder, name), files in sorted(cases.items(), key=lambda item: natural(item[0][1])):
        alone = sum(other == folder for other, _ in cases) == 1
        if "seg" not in files and alone:
            for path in [path for path in strangers[folder] if _MISNAMED_LABEL.search(stem(path))][:1]:
                strangers[folder].remove(path)
                files["seg"] = path
                yield Remark(name, f"has its label under another name, {path.name}", kept=True)
        yield from _case(root, folder, name, files, dataset, tables.get(name, {}))
    for path in [path for paths in strangers.values() for path in paths]:
        yield Remark(path.relative_to(root).as_posix(), "is not named as a BraTS sequence or label")


def _case(
    root: Path, folder: Path, name: str, files: dict[str, Path], dataset: str, table: dict[str, str]
) -> Iterator[Found | Remark]:
    new_names = any(kind in _NEW for kind in files)
    found = {modality: files[kind] for kind, modality in (_OLD | _NEW).items() if kind in files}
    if not found:
        yield Remark(name, "has a label but no sequence")
        return
    label = files.get("seg")
    if label is not None and re.match(r"BraTS-PED", name, re.IGNORECASE):
        yield Remark(name, "kept without its label: the values of BraTS-PED changed from year to year", kept=True)
        label = None
    elif label is None:
        yield Remark(name, "has no label", kept=True)
    time_point = _TIME_POINT.fullmatch(name) or _SCAN_OF_2018.fullmatch(name)
    metadata: dict[str, object] = {"disease": "brain tumour"} | table
    if time_point:
        metadata["time_point"] = time_point["time"]
    for grade in {"HGG", "LGG"} & set(folder.relative_to(root).parts):
        metadata["grade"] = grade
    case = Case(
        id=safe_id(name),
        modalities={modality: found[modality] for modality in MODALITIES if modality in found},
        label=label,
        scheme="glioma" if label else None,
        subject=time_point["subject"] if time_point else name,
        dataset=dataset,
        brain_extracted=True,
        aligned=True,
        metadata=metadata,
    )
    if remark := missing_sequences(case, ("T1", "T1ce", "T2", "FLAIR")):
        yield remark
    yield Found(case, Relabel({4: 0} if new_names else {4: 3}) if label else None)


def _tables(root: Path, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Age, survival, resection and grade from the tables beside the cases (survival_data.csv, name_mapping.csv, …)."""
    names = set(names)
    facts: dict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted(root.rglob("*.csv")):
        try:
            rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
        except (OSError, UnicodeDecodeError, csv.Error):
            continue  # a table is a bonus; the cases are there without it
        for row in rows:
            for name in names.intersection(value for value in row.values() if isinstance(value, str)):
                known = {
                    _TABLE[key.casefold()]: value for key, value in row.items() if (key or "").casefold() in _TABLE
                }
                facts[name] |= {key: value for key, value in known.items() if value not in (None, "", "NA")}
    return facts
