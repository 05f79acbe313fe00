"""Which volumes of a scene belong together, and which of them is which sequence."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import PurePath
from typing import Any

import slicer

from ..modalities import Modality
from ..recognition import Assignment, Recognition, assign, recognise
from ..study_folders import data_set_of, data_sets_by_session
from .checks import unfit
from .hierarchy import item_of, tree
from .marks import role_of

Attributes = Callable[[Any], Mapping[str, object]]
"""Gives the DICOM attributes of a volume node by keyword."""

_BIDS = re.compile(r"(?<![A-Za-z0-9])(sub-[A-Za-z0-9]+(?:_ses-[A-Za-z0-9]+)?)")

DICOM_TAGS = {
    "SeriesDescription": "0008,103E",
    "ProtocolName": "0018,1030",
    "SequenceName": "0018,0024",
    "Modality": "0008,0060",
    "ImageType": "0008,0008",
    "BodyPartExamined": "0018,0015",
    "ScanningSequence": "0018,0020",
    "EchoTime": "0018,0081",
    "RepetitionTime": "0018,0080",
    "InversionTime": "0018,0082",
    "DiffusionBValue": "0018,9087",
    "ContrastBolusAgent": "0018,0010",
}


@dataclass(frozen=True)
class SceneStudy:
    """Volumes that belong together, by node ID, and what they seem to be.

    `reason` says why they belong together. `assignment` holds what is certain, what has to be asked, and why the others
    are passed over; its keys are node IDs.
    """

    title: str
    reason: str
    volumes: tuple[str, ...]
    recognitions: Mapping[str, Recognition]
    assignment: Assignment[str]

    @property
    def chosen(self) -> Mapping[Modality, str]:
        """Node IDs by modality, as far as certain."""
        return self.assignment.chosen

    @property
    def reasons(self) -> dict[str, str]:
        """Why each volume was taken for what it was taken for, in words, by node ID."""
        return {volume: recognition.reason for volume, recognition in self.recognitions.items()}


def studies_in(scene: Any, attributes: Attributes | None = None) -> tuple[SceneStudy, ...]:
    """The studies of a scene, in the order of their first volumes; own results and what cannot be an input left out.

    Together belongs what lies in one DICOM study, else in one folder of the Data tree, else what one BIDS session or
    one folder on disk was loaded from; the rest is one study. Sessions of one name in several data sets stay apart.
    `attributes` adds what the DICOM headers say.
    """
    ask = attributes or series_attributes
    groups: dict[tuple[str | None, ...], list[Any]] = {}
    reasons: dict[tuple[str | None, ...], tuple[str, str]] = {}
    nodes = candidate_volumes(scene)
    for node, (key, title, reason) in zip(nodes, _belonging(nodes), strict=True):
        groups.setdefault(key, []).append(node)
        reasons.setdefault(key, (title, reason))
    return tuple(_study(*reasons[key], nodes, ask) for key, nodes in groups.items())


def study_titles(nodes: Iterable[Any]) -> tuple[str, ...]:
    """The studies that volumes of a scene belong to, each once; no header is looked at."""
    return tuple({key: title for key, title, _ in _belonging(nodes)}.values())


def candidate_volumes(scene: Any) -> tuple[Any, ...]:
    """Scalar volumes that a user could choose as input, in the order of the scene."""
    count = scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
    nodes = [scene.GetNthNodeByClass(i, "vtkMRMLScalarVolumeNode") for i in range(count)]
    return tuple(n for n in nodes if not n.GetHideFromEditors() and role_of(n) is None and unfit(n) is None)


def series_attributes(node: Any) -> dict[str, object]:
    """What is known of a volume's series: from the DICOM database where the application has it, and the Data tree."""
    known: dict[str, object] = {}
    item = item_of(node)
    for keyword in ("SeriesDescription", "Modality") if item else ():
        if text := tree(node.GetScene()).GetItemAttribute(item, f"DICOM.{keyword}"):
            known[keyword] = text
    database = getattr(slicer, "dicomDatabase", None)
    instances = (node.GetAttribute("DICOM.instanceUIDs") or "").split()
    if database is not None and instances:
        for keyword, tag in DICOM_TAGS.items():
            if text := database.instanceValue(instances[0], tag):
                known[keyword] = text
    return known


def _study(title: str, reason: str, nodes: list[Any], ask: Attributes) -> SceneStudy:
    recognitions = {node.GetID(): recognise(_names(node), ask(node)) for node in nodes}
    return SceneStudy(title, reason, tuple(recognitions), recognitions, assign(recognitions))


def _names(node: Any) -> str:
    """The name of the node; where that is a bare number or nothing, the name of its file."""
    name = node.GetName() or ""
    return name if re.search(r"[^\W\d_]", name) else _file_of(node).name


_Belonging = tuple[tuple[str | None, ...], str, str]
"""Key of a group, its title, and the reason in words."""


def _belonging(nodes: Iterable[Any]) -> list[_Belonging]:
    """The group of each node."""
    found = [_belongs(node) for node in nodes]
    homes = data_sets_by_session(key[1:] for key, _, _ in found if key[0] == "bids")
    return [_in_data_set(one, homes[one[0][1]]) if one[0][0] == "bids" else one for one in found]


def _in_data_set(one: _Belonging, homes: Collection[str]) -> _Belonging:
    """The group of a BIDS session whose name the data sets in `homes` have: each is a group of its own."""
    (kind, session, home), title, reason = one
    if home is None or len(homes) < 2:
        return (kind, session), title, reason
    levels = zip(*(PurePath(folder).parts for folder in homes), strict=False)
    shared = sum(1 for _ in takewhile(lambda names: len(set(names)) == 1, levels))
    title = "/".join((*PurePath(home).parts[shared:], session))
    return (kind, session, home), title, f"Their names begin with “{session}”, and they lie in “{home}”."


def _belongs(node: Any) -> _Belonging:
    """The group of a node by itself; of a BIDS session, the key holds its data set as well."""
    hierarchy, item = tree(node.GetScene()), item_of(node)
    if item:
        level = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMLevelStudy()
        parent = hierarchy.GetItemAncestorAtLevel(item, level) or hierarchy.GetItemParent(item)
        if parent and parent != hierarchy.GetSceneItemID():
            words = "one study" if hierarchy.IsItemLevel(parent, level) else "one folder"
            title = _path_of(hierarchy, parent)
            return ("item", str(parent)), title, f"They lie in {words} of the Data module, “{title}”."
    path = _file_of(node)
    for text in (node.GetName() or "", path.name):
        if match := _BIDS.search(text):
            home = data_set_of(path, match[1].partition("_")[0])
            return ("bids", match[1], home), match[1], f"Their names begin with “{match[1]}”."
    if path.name:
        return ("folder", str(path.parent)), path.parent.name, f"They were loaded from the folder “{path.parent}”."
    return ("loose", ""), "Volumes without a study", "They lie in no study, and no file says where they are from."


def _path_of(hierarchy: Any, item: int) -> str:
    """The names of an item and of the patient above it."""
    names = [hierarchy.GetItemName(item)]
    above = hierarchy.GetItemParent(item)
    while above and above != hierarchy.GetSceneItemID():
        names.insert(0, hierarchy.GetItemName(above))
        above = hierarchy.GetItemParent(above)
    return " / ".join(names)


def _file_of(node: Any) -> PurePath:
    storage = node.GetStorageNode()
    return PurePath((storage.GetFileName() if storage is not None else None) or "")
