"""Label schemes: which values a label map holds, and which regions they make up.

A network answers with one probability per *region*; regions nest (lesion ⊃ core ⊃ enhancing). A label map holds one
*value* per voxel. A scheme is the table between the two. It is data: `label_json.scheme_from_dict` reads one from
JSON.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from .errors import InputError
from .terminology import ENHANCING_TERM, LESION_TERM, MASS_TERM, Terminology

BACKGROUND = 0
LARGEST_VALUE = 255
"""Label maps are written as unsigned bytes."""

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Region:
    """A part of the lesion that a network predicts and an evaluation scores: a set of label values."""

    name: str
    title: str
    values: frozenset[int]
    colour: Colour
    terminology: Terminology | None = None


@dataclass(frozen=True)
class Label:
    """What one value of the label map is called and looks like."""

    value: int
    title: str
    colour: Colour
    terminology: Terminology | None = None


@dataclass(frozen=True)
class LabelScheme:
    """Regions, outermost first, over the values of a label map; 0 is background in every scheme.

    Raises `InputError` when the tables contradict themselves.
    """

    name: str
    title: str
    regions: tuple[Region, ...]
    labels: tuple[Label, ...]
    scored: tuple[str, ...]
    """Names of the regions that a truth map of this scheme can score."""

    def __post_init__(self) -> None:
        problems = list(_contradictions(self))
        if problems:
            raise InputError(
                "bad-label-scheme", f"The label scheme “{self.name}” does not hold: {'; '.join(problems)}."
            )

    @cached_property
    def values(self) -> tuple[int, ...]:
        """The values a label map of this scheme may hold, background first."""
        return (BACKGROUND, *sorted(label.value for label in self.labels))

    @cached_property
    def region_names(self) -> tuple[str, ...]:
        return tuple(region.name for region in self.regions)

    def region(self, name: str) -> Region:
        """The region called `name`; `InputError` when the scheme has none."""
        for region in self.regions:
            if region.name == name:
                return region
        raise InputError(
            "unknown-region",
            f"The label scheme “{self.name}” has no region “{name}”.",
            f"It has {', '.join(self.region_names)}.",
        )

    def label(self, value: int) -> Label:
        """The label with this value; `InputError` when the scheme has none."""
        for label in self.labels:
            if label.value == value:
                return label
        raise InputError(
            "unknown-label",
            f"The label scheme “{self.name}” has no label {value}.",
            f"It has {', '.join(map(str, self.values[1:]))}.",
        )

    def regions_of(self, value: int) -> tuple[str, ...]:
        """Names of the regions a voxel of this value lies in, outermost first; none for background."""
        if value not in self.values:
            self.label(value)
        return tuple(region.name for region in self.regions if value in region.values)

    def label_of(self, flags: Mapping[str, bool]) -> int:
        """The value of a voxel whose regions are switched on in `flags`; regions not named are off.

        An inner region brings the outer ones along: sigmoids are independent, and a voxel may be called enhancing
        without being called core. Where two regions cannot hold together, the one listed later wins.
        """
        unknown = sorted(set(flags) - set(self.region_names))
        if unknown:
            self.region(unknown[0])
        on = frozenset[str]()
        for region in reversed(self.regions):
            if flags.get(region.name):
                wider = on | self._with_outer(region)
                if wider in self._value_of_regions:
                    on = wider
        return self._value_of_regions[on]

    @cached_property
    def lookup(self) -> tuple[int, ...]:
        """`label_of` as a table: entry Σ 2^i over the regions i that are on holds the value. For array code."""
        table = []
        for bits in range(2 ** len(self.regions)):
            flags = {name: bool(bits >> i & 1) for i, name in enumerate(self.region_names)}
            table.append(self.label_of(flags))
        return tuple(table)

    def check_values(self, found: Iterable[float], where: str = "The label map") -> None:
        """Raise `InputError` when a truth map holds other values than those of the scheme."""
        foreign = sorted({float(value) for value in found} - set(map(float, self.values)))
        if not foreign:
            return
        shown = ", ".join(f"{value:g}" for value in foreign[:8]) + (", …" if len(foreign) > 8 else "")
        allowed = ", ".join(map(str, self.values))
        if any(not value.is_integer() for value in foreign):
            hint = "Values between the labels come from interpolation: resample label maps with nearest neighbour."
        elif foreign == [4.0] and self.name == "glioma":
            hint = "BraTS up to 2021 writes enhancing tumour as 4; importing the data set changes it to 3."
        elif self.name == "lesion":
            hint = "Use the scheme “glioma” for tumours with parts, or make every lesion voxel 1."
        else:
            hint = "Choose the scheme the map was drawn in, or change its values."
        raise InputError(
            "unexpected-label-values",
            f"{where} holds {shown}; the scheme “{self.name}” has {allowed}.",
            hint,
        )

    def _with_outer(self, region: Region) -> frozenset[str]:
        return frozenset(other.name for other in self.regions if region.values <= other.values)

    @cached_property
    def _value_of_regions(self) -> dict[frozenset[str], int]:
        return {frozenset(self.regions_of(value)): value for value in self.values}


def _contradictions(scheme: LabelScheme) -> Iterable[str]:
    names = [region.name for region in scheme.regions]
    values = [label.value for label in scheme.labels]
    if not names:
        yield "it has no region"
        return
    yield from (f"the region “{name}” is listed twice" for name in sorted({n for n in names if names.count(n) > 1}))
    yield from (f"the label {value} is listed twice" for value in sorted({v for v in values if values.count(v) > 1}))
    yield from (f"the label {v} is not within 1 … {LARGEST_VALUE}" for v in values if not 1 <= v <= LARGEST_VALUE)
    yield from (f"“{name}” is scored but no region" for name in scheme.scored if name not in names)
    for region in scheme.regions:
        if not region.values:
            yield f"the region “{region.name}” has no values"
        yield from (f"the region “{region.name}” has the unlisted value {v}" for v in region.values - set(values))
    covered = frozenset[int]().union(*(region.values for region in scheme.regions))
    yield from (f"the label {value} belongs to no region" for value in values if value not in covered)
    for inner, outer in itertools.permutations(scheme.regions, 2):
        if inner.values < outer.values and names.index(inner.name) < names.index(outer.name):
            yield f"“{inner.name}” lies inside “{outer.name}” but is listed before it"
    memberships: dict[frozenset[str], int] = {}
    for value in values:
        members = frozenset(region.name for region in scheme.regions if value in region.values)
        if members in memberships:
            yield f"the labels {memberships[members]} and {value} lie in the same regions"
        memberships[members] = value
    for region in scheme.regions:
        chain = frozenset(other.name for other in scheme.regions if region.values <= other.values)
        if region.values and chain not in memberships:
            yield f"no label is “{region.name}” without a further region"


_LESION_COLOUR: Colour = (111, 184, 210)
_CORE_COLOUR: Colour = (216, 101, 79)
_ENHANCING_COLOUR: Colour = (241, 214, 69)

GLIOMA = LabelScheme(
    name="glioma",
    title="Lesion, core, enhancing",
    regions=(
        Region("lesion", "Lesion", frozenset({1, 2, 3}), _LESION_COLOUR, LESION_TERM),
        Region("core", "Core", frozenset({1, 3}), _CORE_COLOUR, MASS_TERM),
        Region("enhancing", "Enhancing", frozenset({3}), _ENHANCING_COLOUR, ENHANCING_TERM),
    ),
    labels=(
        Label(1, "Core, not enhancing", _CORE_COLOUR, MASS_TERM),
        Label(2, "Lesion outside the core", _LESION_COLOUR, LESION_TERM),
        Label(3, "Enhancing", _ENHANCING_COLOUR, ENHANCING_TERM),
    ),
    scored=("lesion", "core", "enhancing"),
)
"""The product's own scheme, and that of glioma data: whole tumour, tumour core, enhancing tumour.

Its terms name no disease (label 2 is oedema around a tumour but a plaque in MS); whoever knows the disease can put
`terminology.EDEMA_TERM`, `DEMYELINATION_TERM` or `INFARCT_TERM` in their place.
"""

LESION = LabelScheme(
    name="lesion",
    title="Lesion or not",
    regions=(Region("lesion", "Lesion", frozenset({1}), _LESION_COLOUR, LESION_TERM),),
    labels=(Label(1, "Lesion", _LESION_COLOUR, LESION_TERM),),
    scored=("lesion",),
)
"""Truth that says lesion or not: MS, white matter hyperintensities, stroke."""

SCHEMES: dict[str, LabelScheme] = {scheme.name: scheme for scheme in (GLIOMA, LESION)}


def find_scheme(name: str) -> LabelScheme:
    """The built-in scheme called `name`."""
    if name not in SCHEMES:
        raise InputError(
            "unknown-scheme", f"“{name}” is not a label scheme.", f"Use one of {', '.join(sorted(SCHEMES))}."
        )
    return SCHEMES[name]
