"""Importing: find the cases, convert their labels, write the data list, say what was left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from MissingModalitySegLib.datalists import Case, Datalist, read_datalist, write_datalist
from MissingModalitySegLib.errors import InputError

from . import atlas_stroke, bids, brats, isles, msseg, nnunet, oasis, wmh
from .found import CONVERTED_LABELS, Found, Importer, Remark
from .label_copies import converted_label

IMPORTERS: dict[str, Importer] = {
    "brats2018": brats.importer("BraTS-2018"),
    "brats2020": brats.importer("BraTS-2020"),
    "brats2021": brats.importer("BraTS-2021"),
    "brats2023": brats.importer("BraTS-2023+"),
    "msseg2016": msseg.find,
    "wmh2017": wmh.find,
    "isles2022": isles.find,
    "atlas2": atlas_stroke.find,
    "oasis": oasis.find,
    "bids": bids.find,
    "nnunet": nnunet.find,
}


@dataclass(frozen=True)
class Imported:
    """The data list that was written, and what is to be said about what is not in it."""

    datalist: Datalist
    remarks: tuple[Remark, ...]

    @property
    def skipped(self) -> tuple[Remark, ...]:
        """What was left out, and why."""
        return tuple(remark for remark in self.remarks if not remark.kept)


def import_dataset(kind: str, root: str | Path, output: str | Path, name: str | None = None) -> Imported:
    """Write the data list `output` of the data below `root`; converted labels lie beside it, sources stay unchanged.

    Raises `InputError` for an unknown kind, a folder without a case of that kind, or an output that is something else.
    """
    root, output = Path(root).absolute(), Path(output).absolute()
    if kind not in IMPORTERS:
        raise InputError("unknown-dataset", f"“{kind}” is no data set layout.", f"Use one of {', '.join(IMPORTERS)}.")
    if not root.is_dir():
        raise InputError("no-such-folder", f"There is no folder {root}.")
    _refuse_to_overwrite(output)
    cases: dict[str, Case] = {}
    remarks: list[Remark] = []
    labels = output.parent / f"{output.stem}{CONVERTED_LABELS}"
    for found in IMPORTERS[kind](root):
        if isinstance(found, Remark):
            remarks.append(found)
        elif found.case.id.casefold() in cases:
            remarks.append(Remark(found.case.id, "is there a second time"))
        else:
            case, remark = _with_converted_label(found, labels)
            cases[case.id.casefold()] = case
            remarks += [remark] if remark else []
    if not cases:
        raise InputError(
            "nothing-to-import",
            f"No case of the layout “{kind}” was found below {root}.",
            remarks[0].where + " " + remarks[0].why + "." if remarks else "Check the folder and the kind.",
        )
    datalist = Datalist(name or root.name, tuple(cases.values()), {"layout": kind})
    write_datalist(datalist, output)
    return Imported(datalist, tuple(remarks))


def _with_converted_label(found: Found, folder: Path) -> tuple[Case, Remark | None]:
    case = found.case
    if found.conversion is None or case.label is None:
        return case, None
    try:
        label = converted_label(case.label, found.conversion, folder / f"{case.id}.nii.gz")
    except InputError as error:
        return replace(case, label=None, scheme=None), Remark(case.id, f"kept without its label: {error.message}", True)
    if label == case.label:
        return case, None
    return replace(case, label=label, metadata={**case.metadata, "label_converted": str(found.conversion)}), None


def _refuse_to_overwrite(output: Path) -> None:
    """Only an older datalist may be replaced: a data set's own dataset.json must not be."""
    if not output.exists():
        return
    try:
        read_datalist(output)
    except InputError:
        raise InputError(
            "would-overwrite", f"{output} exists and is no datalist.", "Choose another name for the datalist."
        ) from None
