"""Stacks: the slices of a series that make one volume.

A series may hold several: two b-values, two echoes, one volume per moment, three planes of a localiser. Each becomes a
stack of its own, and those that are no input say why.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..recognition import Recognition, recognise
from .slices import Slice
from .spacing import Spacing, in_order, measure_spacing, place_of

FEWEST_SLICES = 6
LEAST_COVERAGE_MM = 40.0
MOST_VOLUMES = 6
"""A series with more volumes of the same place and kind is one over time or over directions."""

MOST_MISSING = 0.1
"""Share of the slices that may be missing."""
LARGEST_GAP_MM = 15.0
"""Across a larger gap nothing can be filled in."""

_SAME_DIRECTION = 0.003
"""Cosines that differ by less belong to one orientation; 0.2°."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Slices that make one volume, in order along their normal, and what their series is called."""

    study_uid: str = field(repr=False)
    series_uid: str = field(repr=False)
    frame_of_reference: str = field(repr=False)
    series_number: int
    description: str
    """Of the series, without what identifies the patient."""
    slices: tuple[Slice, ...] = field(repr=False)
    part: str = ""
    """Which of several volumes of its series this is, as in “b = 1000”; empty where it is the only one."""
    left_out: str = ""
    """Why it cannot serve, as in “it has 3 slices”; empty where it can."""
    notes: tuple[str, ...] = ()
    """What was noticed about slices that are missing, repeated or slanted; sentences."""

    @property
    def name(self) -> str:
        """For people: series 4 “T2 FLAIR” (b = 1000)."""
        described = f" “{self.description}”" if self.description else ""
        return f"series {self.series_number}{described}" + (f" ({self.part})" if self.part else "")

    @property
    def attributes(self) -> dict[str, object]:
        """Of the slice in the middle, by DICOM keyword: what `recognition.recognise` asks for."""
        return dict(self.slices[len(self.slices) // 2].attributes)

    @cached_property
    def recognition(self) -> Recognition:
        """Which sequence it is, by its header."""
        return recognise(attributes=self.attributes)

    @cached_property
    def spacing(self) -> Spacing | None:
        """How its slices lie; None for a single one."""
        return measure_spacing(self.slices) if len(self.slices) > 1 else None

    @property
    def size(self) -> tuple[int, int, int]:
        """Columns, rows, slices that are there."""
        return (*self.slices[0].size, len(self.slices))

    @property
    def voxel_mm(self) -> tuple[float, float, float]:
        step = self.spacing.step if self.spacing is not None else self.slices[0].thickness
        return (*self.slices[0].spacing, step)

    @property
    def files(self) -> tuple[Any, ...]:
        """The files behind it, each once, in the order of the slices."""
        return tuple(dict.fromkeys(one.path for one in self.slices))


def stacks_of(whole: Stack) -> list[Stack]:
    """Divide what one series holds (`whole`, in any order) into volumes, each judged."""
    slices, copies = _without_copies(whole.slices)
    groups = _by_plane(slices)
    found: list[Stack] = []
    for group in groups:
        parts = _by_volume(group)
        for words, members in parts:
            stack = replace(whole, slices=tuple(in_order(members)), part=words)
            found.append(_judged(stack, len(groups), len(parts)))
    if copies:
        note = f"{copies} of its images are there more than once; the copies are not used."
        found = [replace(one, notes=(note, *one.notes)) for one in found]
    return found


def _without_copies(slices: Sequence[Slice]) -> tuple[list[Slice], int]:
    """Each picture once: by its UID, and by its number, place and times where copies were given new UIDs."""
    seen: set[Hashable] = set()
    kept = []
    for one in slices:
        names = [(one.instance, one.frame)]
        if one.number and one.times[0]:
            attributes = tuple(sorted((name, str(value)) for name, value in one.attributes.items()))
            names.append((one.number, one.position, one.orientation, one.times, attributes))
        if not any(name in seen for name in names):
            kept.append(one)
        seen.update(names)
    return kept, len(slices) - len(kept)


def _by_plane(slices: Sequence[Slice]) -> list[list[Slice]]:
    """Slices of the same orientation, size and pixels; the largest group first."""
    groups: list[list[Slice]] = []
    for one in slices:
        for group in groups:
            first = group[0]
            if (
                one.size == first.size
                and np.allclose(one.orientation, first.orientation, atol=_SAME_DIRECTION)
                and np.allclose(one.spacing, first.spacing, rtol=1e-3)
            ):
                group.append(one)
                break
        else:
            groups.append([one])
    return sorted(groups, key=lambda group: -len(group))


_KINDS = (
    ("EchoTime", "TE = {} ms"),
    ("DiffusionBValue", "b = {}"),
    ("InversionTime", "TI = {} ms"),
    ("ImageType", "{}"),
)
"""What differs between volumes that show different things."""
_MOMENTS = ("TemporalPositionIdentifier", "DiffusionGradientOrientation", "AcquisitionNumber")
"""What differs between volumes that show the same thing at another moment or in another direction."""


def _by_volume(group: list[Slice]) -> list[tuple[str, list[Slice]]]:
    """Divide slices of one plane until no two of a volume lie at the same place; each with what tells it apart."""
    parts = [("", group)]
    for keyword, words in _KINDS:
        parts = [part for one in parts for part in _divided(*one, keyword, words)]
    for keyword in _MOMENTS:
        parts = [part for one in parts for part in _divided(*one, keyword, "")]
    return [part for one in parts for part in _dealt(*one)]


def _divided(told: str, slices: list[Slice], keyword: str, words: str) -> list[tuple[str, list[Slice]]]:
    """By the values of an attribute, where places repeat and the attribute is not just different in every slice."""
    if _each_place_once(slices):
        return [(told, slices)]
    values: dict[Hashable, list[Slice]] = {}
    for one in slices:
        values.setdefault(_hashable(one.attributes.get(keyword)), []).append(one)
    if len(values) == 1 or len(values) > len(slices) // 2:
        return [(told, slices)]
    return [(_joined(told, words.format(_shown(value)) if words else ""), part) for value, part in values.items()]


def _dealt(told: str, slices: list[Slice]) -> list[tuple[str, list[Slice]]]:
    """By how often a place has come up so far, in the order of the images."""
    if _each_place_once(slices):
        return [(told, slices)]
    normal = slices[0].normal
    counts: dict[int, int] = {}
    hands: dict[int, list[Slice]] = {}
    for one in sorted(slices, key=lambda one: one.number):
        place = place_of(one, normal)
        counts[place] = counts.get(place, 0) + 1
        hands.setdefault(counts[place], []).append(one)
    return [(_joined(told, f"repetition {turn}"), hand) for turn, hand in hands.items()]


def _each_place_once(slices: Sequence[Slice]) -> bool:
    normal = slices[0].normal
    return len({place_of(one, normal) for one in slices}) == len(slices)


def _hashable(value: object) -> Hashable:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else value


def _shown(value: Hashable) -> str:
    if isinstance(value, tuple):
        return "\\".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _joined(*texts: str) -> str:
    return ", ".join(text for text in texts if text)


def _judged(stack: Stack, planes: int, volumes: int) -> Stack:
    """`stack` with what is to be said of it."""
    count = len(stack.slices)
    excluded = stack.recognition.excluded
    if excluded:
        return replace(stack, left_out=f"it is {excluded}")
    if count < FEWEST_SLICES:
        what = f"it has {count} slice{'s' if count > 1 else ''} of its plane"
        return replace(stack, left_out=what + (", as localisers have" if planes > 1 else ""))
    if volumes > MOST_VOLUMES:
        return replace(stack, left_out=f"it is one of {volumes} volumes of a series over time or directions")
    spacing = stack.spacing
    coverage = spacing.places[-1] + spacing.step
    if coverage < LEAST_COVERAGE_MM:
        return replace(stack, left_out=f"it covers {coverage:.0f} mm, a part of a head")
    if spacing.missing_count > MOST_MISSING * count or (spacing.missing_count and spacing.largest_gap > LARGEST_GAP_MM):
        lost = f"{spacing.missing_count} of its {spacing.missing_count + count} slices are missing"
        return replace(stack, left_out=f"{lost}, the largest gap is {spacing.largest_gap:.0f} mm")
    return replace(stack, notes=tuple(_notes(spacing)))


def _notes(spacing: Spacing) -> list[str]:
    notes = []
    if spacing.missing_count:
        lost = spacing.missing_count
        which = "1 slice is" if lost == 1 else f"{lost} slices are"
        notes.append(f"{which} missing inside the stack; filled in from the neighbours.")
    elif not spacing.even:
        notes.append("Its slices are not evenly spaced; brought to even distances.")
    if spacing.tilted:
        notes.append(f"Its slices are slanted by {spacing.tilt_deg:.1f}° (gantry tilt); straightened.")
    return notes
