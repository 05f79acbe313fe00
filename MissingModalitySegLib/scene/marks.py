"""How the nodes that a run leaves in a scene are told from all others: attributes, which scenes save and restore."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..modalities import Modality

_PREFIX = "MissingModalitySeg."
ROLE = _PREFIX + "Role"
RUN = _PREFIX + "Run"
MODEL = _PREFIX + "Model"
NUMBER = _PREFIX + "Number"
"""Counts the runs of a model on the same volumes that were kept side by side, from 1."""

MODALITY = _PREFIX + "Modality"
SYNTHETIC = _PREFIX + "Synthetic"
"""“true” on every volume that was generated and not acquired."""

INPUT = _PREFIX + "Input."
"""Node references of a segmentation and a report to the volumes they were made from, by modality."""


class Role(StrEnum):
    """What a node is in a run."""

    SEGMENTATION = "segmentation"
    SYNTHETIC = "synthetic"
    RECONSTRUCTED = "reconstructed"
    DIFFERENCE = "difference"
    UNCERTAINTY = "uncertainty"
    LESIONS = "lesions"
    VOLUMES = "volumes"
    REPORT = "report"


_ROLES = {role.value: role for role in Role}
_MODALITIES = {modality.value: modality for modality in Modality}
GENERATED = (Role.SYNTHETIC, Role.RECONSTRUCTED, Role.DIFFERENCE)


@dataclass(frozen=True)
class RunMark:
    """What all nodes of a run have in common: its key, the model's name, its number among runs of that model."""

    key: str
    model: str
    number: int = 1


def mark(node: Any, role: Role, run: RunMark, modality: Modality | None = None) -> None:
    """Write on a node what it is."""
    for name, value in ((ROLE, role), (RUN, run.key), (MODEL, run.model), (NUMBER, run.number)):
        node.SetAttribute(name, str(value))
    if modality is not None:
        node.SetAttribute(MODALITY, str(modality))
    if role in GENERATED:
        node.SetAttribute(SYNTHETIC, "true")


def release(node: Any) -> None:
    """Let a node be part of no run any more; what it is, and that it was generated, stays on it."""
    for name in (RUN, MODEL, NUMBER):
        node.RemoveAttribute(name)


def role_of(node: Any) -> Role | None:
    """What a node is in a run; None for nodes of others."""
    return _ROLES.get(node.GetAttribute(ROLE) or "")


def modality_of(node: Any) -> Modality | None:
    """The modality written on a node of ours."""
    return _MODALITIES.get(node.GetAttribute(MODALITY) or "")


def run_mark_of(node: Any) -> RunMark:
    """The run a node of ours belongs to."""
    number = node.GetAttribute(NUMBER) or ""
    return RunMark(
        node.GetAttribute(RUN) or "", node.GetAttribute(MODEL) or "", int(number) if number.isdecimal() else 1
    )


def is_synthetic(node: Any) -> bool:
    """Whether a volume was generated; also true for what was made of generated volumes."""
    return node is not None and node.GetAttribute(SYNTHETIC) == "true"


def marked_nodes(scene: Any) -> Iterator[Any]:
    """All nodes of all runs in a scene, in its order."""
    nodes = [scene.GetNthNode(i) for i in range(scene.GetNumberOfNodes())]
    return (node for node in nodes if role_of(node) is not None and node.GetAttribute(RUN))


def refer_to_inputs(result: Any, nodes: Mapping[Modality, Any]) -> None:
    """Remember on a node which volumes it was made from; references outlive renaming, saving and loading."""
    for modality, node in nodes.items():
        result.SetNodeReferenceID(INPUT + modality, node.GetID())


def input_nodes(result: Any) -> dict[Modality, Any]:
    """The volumes a node was made from, as far as they are still there."""
    found = {modality: result.GetNodeReference(INPUT + modality) for modality in Modality}
    return {modality: node for modality, node in found.items() if node is not None}
