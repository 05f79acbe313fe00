"""nnU-Net raw: `dataset.json`, one file per channel, labels of the data set's own.

    Dataset137_BraTS/dataset.json   {"channel_names": {"0": "T1", …}, "labels": {…}, "file_ending": ".nii.gz"}
    Dataset137_BraTS/imagesTr/case_001_0000.nii.gz … _0003,  labelsTr/case_001.nii.gz,  imagesTs/…[, labelsTs/…]

Version 1 (`modality`, labels as number → name) is read as well. Label names decide what the values become: a single
foreground class is a lesion; oedema, necrosis or non-enhancing core and enhancing tumour (as classes or as nested
regions) become 2, 1 and 3. Channels are aligned by definition of the format.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES, Modality

from .found import Found, Relabel, Remark, missing_sequences, natural, safe_id

_CHANNEL = re.compile(r"(?P<case>.+)_(?P<channel>\d{4})")
_WHOLE = re.compile(r"whole|^wt$", re.IGNORECASE)
_CORE = re.compile(r"core|necro|non.?enhanc|^tc$|^n?et/?ncr|^ncr|^net", re.IGNORECASE)
_ENHANCING = re.compile(r"^(?!.*non.?enhanc).*enhanc|^et$", re.IGNORECASE)
_OEDEMA = re.compile(r"o?edema|snfh|^ed$", re.IGNORECASE)


def find(root: Path) -> Iterator[Found | Remark]:
    """The cases of the training and test folders of one data set."""
    description = _description(root)
    ending = description.get("file_ending", ".nii.gz")
    channels: dict[int, Modality] = {}
    for number, name in sorted((description.get("channel_names") or description.get("modality") or {}).items()):
        try:
            channels[int(number)] = Modality.parse(name)
        except (InputError, ValueError):
            yield Remark(f"channel {number}", f"is “{name}”, not one of the five sequences")
    if not channels:
        raise InputError(
            "nothing-to-import", f"No channel of {root / 'dataset.json'} is one of the program's sequences."
        )
    scheme, changes = _scheme(description.get("labels") or {})
    if scheme is None:
        yield Remark("labels", "cannot be understood from their names; the cases were kept without labels", kept=True)
    for part in ("Tr", "Ts"):
        files: dict[str, dict[int, Path]] = defaultdict(dict)
        for path in sorted((root / f"images{part}").glob(f"*{ending}"), key=lambda path: natural(path.name)):
            if match := _CHANNEL.fullmatch(path.name.removesuffix(ending)):
                files[match["case"]][int(match["channel"])] = path
            else:
                yield Remark(f"images{part}/{path.name}", "has no channel number")
        for name, paths in files.items():
            found = {channels[number]: path for number, path in paths.items() if number in channels}
            if not found:
                yield Remark(name, "has no channel the program knows")
                continue
            label = root / f"labels{part}" / f"{name}{ending}"
            if not label.is_file() and part == "Tr":
                yield Remark(name, "has no label", kept=True)
            if not label.is_file() or scheme is None:
                label = None
            case = Case(
                id=safe_id(name),
                modalities={modality: found[modality] for modality in MODALITIES if modality in found},
                label=label,
                scheme=scheme if label else None,
                subject=name,
                dataset=safe_id(root.name),
                aligned=True,
                metadata={"part": part},
            )
            if remark := missing_sequences(case, tuple(modality.value for modality in channels.values())):
                yield remark
            yield Found(case, Relabel(changes) if label and changes else None)


def _description(root: Path) -> Mapping[str, Any]:
    path = root / "dataset.json"
    try:
        description = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError(
            "nothing-to-import", f"There is no {path}.", "Name the folder that holds dataset.json and imagesTr."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("bad-dataset-description", f"{path} cannot be read: {error}.") from None
    if not isinstance(description, Mapping):
        raise InputError("bad-dataset-description", f"{path} is not an object.")
    return description


def _scheme(labels: Mapping[str, Any]) -> tuple[str | None, dict[int, int]]:
    """The product's scheme for these labels and which values change; (None, {}) where the names do not tell."""
    regions: dict[str, set[int]] = {}
    for key, value in labels.items():
        name, values = (value, key) if isinstance(value, str) else (key, value)  # version 1 has number → name
        try:
            regions[str(name)] = {int(entry) for entry in (values if isinstance(values, list) else [values])}
        except (TypeError, ValueError):
            return None, {}
    ignored = dict.fromkeys(regions.pop("ignore", set()), 0)
    regions = {name: values for name, values in regions.items() if values != {0}}
    if len(regions) == 1:
        new = dict.fromkeys(next(iter(regions.values())), 1)
        return "lesion", {old: value for old, value in new.items() if old != value} | ignored
    new = {}
    for pattern, value in ((_WHOLE, 2), (_OEDEMA, 2), (_CORE, 1), (_ENHANCING, 3)):  # from the outside in
        for name, values in regions.items():
            if pattern.search(name):
                new |= dict.fromkeys(values, value)
    if not regions or set(new) != set().union(*regions.values()) or 3 not in new.values():
        return None, {}
    return "glioma", {old: value for old, value in new.items() if old != value} | ignored
