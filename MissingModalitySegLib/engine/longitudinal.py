"""What has become of each lesion between two time points of one patient: new, enlarging, shrinking, gone or unchanged.

Both label maps stay on their own grids, where volumes are measured; only places are moved from one to the other, by a
rigid transform between the heads. Nothing is interpolated that is counted.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813

from ..errors import InputError
from .geometry import millilitres, steps_of
from .lesions import components


class State(StrEnum):
    """What has become of a lesion."""

    NEW = "new"
    ENLARGING = "enlarging"
    UNCHANGED = "unchanged"
    SHRINKING = "shrinking"
    GONE = "gone"


@dataclass(frozen=True)
class Thresholds:
    """From when on a difference counts as a change; what each is good for is in docs/how-to/longitudinal.md."""

    share: float = 0.25
    """Of the earlier volume: less is within what two scans of one day differ by."""
    border_mm: float = 0.5
    """A difference that a border drawn so much further out or in would explain is none. Decides for small lesions."""
    smallest_ml: float = 0.015
    """A ball of 3 mm. What is smaller at both time points is counted and nothing else is said of it."""
    overlap: float = 0.1
    """Of the smaller of two lesions, that must lie in the other for both to be one."""
    reach_mm: float = 3.0
    """Two lesions without a partner whose middles are as near as this are one: small ones miss each other where heads
    are aligned to a millimetre or two. Large ones beside each other have their middles farther apart."""

    def __post_init__(self) -> None:
        limits = {"share": 10, "border_mm": 10, "smallest_ml": 100, "overlap": 1, "reach_mm": 20}
        for name, most in limits.items():
            value = getattr(self, name)
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
                raise InputError("bad-threshold", f"The threshold {name} is {value!r}.", f"Give 0 to {most}.")

    def least_change_ml(self, before_ml: float, after_ml: float) -> float:
        """By how much a lesion's volume must have changed: the larger of both reasons not to believe it.

        Of a ball of the mean volume V, a border d mm further out takes in about its surface, (36π)^⅓ V^⅔, times d.
        """
        mean_mm3 = 500 * (before_ml + after_ml)
        border = (36 * math.pi) ** (1 / 3) * mean_mm3 ** (2 / 3) * self.border_mm / 1000
        return max(self.share * before_ml, border)


@dataclass(frozen=True)
class Change:
    """One lesion at both time points, or several of one that are one at the other."""

    id: int
    """From 1: the largest difference first."""
    state: State
    before: tuple[int, ...]
    """Numbers of its lesions in the earlier report; empty where there was none."""
    after: tuple[int, ...]
    before_ml: float
    after_ml: float
    least_change_ml: float
    """By how much it had to change to count."""
    overlap: float
    """Share of the smaller that lies in the larger, 0 to 1."""
    point_lps_mm: tuple[float, float, float]
    """Where to look, in the later volume's coordinates."""

    @property
    def note(self) -> str:
        """What happened to the number of lesions."""
        if len(self.before) > 1 and len(self.after) == 1:
            return f"{len(self.before)} lesions have become one"
        if len(self.after) > 1 and len(self.before) == 1:
            return f"one lesion has become {len(self.after)}"
        if len(self.before) > 1:
            return f"{len(self.before)} lesions have become {len(self.after)}"
        return ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        left, back, top = self.point_lps_mm
        change = None if not self.before_ml else round(100 * (self.after_ml / self.before_ml - 1), 1)
        return {
            "id": self.id,
            "state": str(self.state),
            "before": list(self.before),
            "after": list(self.after),
            "before_ml": round(self.before_ml, 3),
            "after_ml": round(self.after_ml, 3),
            "difference_ml": round(self.after_ml - self.before_ml, 3),
            "difference_percent": change,
            "least_change_ml": round(self.least_change_ml, 3),
            "overlap": round(self.overlap, 3),
            "point_ras_mm": [round(-left, 1), round(-back, 1), round(top, 1)],
            "note": self.note,
        }


@dataclass(frozen=True)
class Changes:
    """All lesions of two time points, and those too small to say anything of."""

    lesions: tuple[Change, ...]
    too_small: int
    thresholds: Thresholds
    was: sitk.Image = field(repr=False)
    """uint8 on the later grid: where the lesions of the earlier scan lay, each with its value of `MAP_VALUES`."""
    now: sitk.Image = field(repr=False)
    """The same of the lesions of the later scan."""

    @property
    def map(self) -> sitk.Image:
        """Both in one: what is there now, and around it what is gone or was larger."""
        left = sitk.Mask(self.was, sitk.Or(self.was == MAP_VALUES[State.GONE], self.was == MAP_VALUES[State.SHRINKING]))
        return sitk.Maximum(self.now, sitk.Mask(left, self.now == 0))

    def count(self, state: State) -> int:
        return sum(one.state is state for one in self.lesions)

    def volume_ml(self, state: State) -> tuple[float, float]:
        """Before and after, of all lesions in one state."""
        chosen = [one for one in self.lesions if one.state is state]
        return sum(one.before_ml for one in chosen), sum(one.after_ml for one in chosen)


MAP_VALUES = {State.UNCHANGED: 1, State.NEW: 2, State.ENLARGING: 3, State.SHRINKING: 4, State.GONE: 5}
"""Values of the map of changes."""


def compare(
    before: sitk.Image,
    after: sitk.Image,
    transform: sitk.Transform | None = None,
    thresholds: Thresholds = Thresholds(),
) -> Changes:
    """Match the lesions of two label maps and say what has become of each.

    `transform` takes places of the later to places of the earlier scan (LPS mm); None: both are in one space. A lesion
    is what hangs together, all labels taken together, as in a report, and numbers are those of the reports.
    """
    there, here = _Lesions.of(before), _Lesions.of(after)
    back = transform or sitk.Transform(3, sitk.sitkIdentity)
    links = _links(there, here, back, thresholds)
    found, too_small = [], 0
    for earlier, later in _groups(links, there.count, here.count):
        one = _change(earlier, later, there, here, back, links, thresholds)
        if max(one.before_ml, one.after_ml) < thresholds.smallest_ml:
            too_small += 1
        else:
            found.append(one)
    found.sort(key=lambda one: (-abs(one.after_ml - one.before_ml), one.before, one.after))
    numbered = tuple(Change(**{**vars(one), "id": i}) for i, one in enumerate(found, start=1))
    moved = sitk.Resample(there.numbered(), after, back, sitk.sitkNearestNeighbor, 0)
    was, now = (_map(numbered, side, image) for side, image in (("before", moved), ("after", here.numbered())))
    return Changes(numbered, too_small, thresholds, was, now)


@dataclass(frozen=True)
class _Lesions:
    """The lesions of one label map: for each its voxels' places in LPS mm (N, 3), the largest first."""

    image: sitk.Image
    numbers: np.ndarray
    """(x, y, z): the number of the lesion at each voxel, from 1; 0 is none."""
    places: tuple[np.ndarray, ...]
    voxel_ml: float

    @property
    def count(self) -> int:
        return len(self.places)

    def volume_ml(self, numbers: Sequence[int]) -> float:
        return sum(len(self.places[number - 1]) for number in numbers) * self.voxel_ml

    @classmethod
    def of(cls, image: sitk.Image) -> _Lesions:
        array = sitk.GetArrayFromImage(image).transpose(2, 1, 0)
        numbers, places = np.zeros(array.shape, np.int32), []
        for number, one in enumerate(components(array), start=1):
            numbers[tuple(one.indices.T)] = number
            places.append(_to_world(image, one.indices))
        return cls(image, numbers, tuple(places), millilitres(1, image))

    def numbered(self) -> sitk.Image:
        """The numbers of the lesions as an image."""
        image = sitk.GetImageFromArray(np.ascontiguousarray(self.numbers.transpose(2, 1, 0)))
        image.CopyInformation(self.image)
        return image

    def at(self, places: np.ndarray) -> np.ndarray:
        """The numbers of the lesions at places (N, 3) in LPS mm."""
        indices = np.rint(_to_index(self.image, places)).astype(int)
        inside = np.all((indices >= 0) & (indices < self.numbers.shape), axis=1)
        found = np.zeros(len(places), np.int32)
        found[inside] = self.numbers[tuple(indices[inside].T)]
        return found


def _links(
    there: _Lesions, here: _Lesions, back: sitk.Transform, thresholds: Thresholds
) -> dict[tuple[int, int], float]:
    """Which earlier lesion (first) is which later one (second), and the share of the smaller that they have in common.

    The common volume is counted from both sides, as grids may be as different as their voxels, and the mean is taken.
    """
    forth = back.GetInverse()
    moved = [_moved(places, back) for places in here.places]  # of the later, in the earlier's space
    common: dict[tuple[int, int], float] = {}
    for later, places in enumerate(moved, start=1):
        for earlier, count in _counted(there.at(places)):
            common[earlier, later] = common.get((earlier, later), 0.0) + count * here.voxel_ml / 2
    for earlier, places in enumerate(there.places, start=1):
        for later, count in _counted(here.at(_moved(places, forth))):
            common[earlier, later] = common.get((earlier, later), 0.0) + count * there.voxel_ml / 2
    shares = {
        pair: min(volume / min(there.volume_ml(pair[:1]), here.volume_ml(pair[1:])), 1.0)
        for pair, volume in common.items()
    }
    links = {pair: share for pair, share in shares.items() if share >= thresholds.overlap}
    alone_there = sorted(set(range(1, there.count + 1)) - {earlier for earlier, _ in links})
    alone_here = sorted(set(range(1, here.count + 1)) - {later for _, later in links})
    near = []
    for earlier, later in itertools.product(alone_there, alone_here):
        distance = np.linalg.norm(there.places[earlier - 1].mean(axis=0) - moved[later - 1].mean(axis=0))
        if distance <= thresholds.reach_mm:
            near.append((distance, earlier, later))
    for _, earlier, later in sorted(near):  # the nearest first, each once
        if earlier in alone_there and later in alone_here:
            links[earlier, later] = shares.get((earlier, later), 0.0)
            alone_there.remove(earlier)
            alone_here.remove(later)
    return links


def _groups(
    links: Mapping[tuple[int, int], float], there: int, here: int
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Lesions that hang together over both time points, as numbers before and after."""
    partners: dict[tuple[str, int], set[tuple[str, int]]] = {}
    for earlier, later in links:
        partners.setdefault(("before", earlier), set()).add(("after", later))
        partners.setdefault(("after", later), set()).add(("before", earlier))
    seen: set[tuple[str, int]] = set()
    for start in [*(("after", i) for i in range(1, here + 1)), *(("before", i) for i in range(1, there + 1))]:
        if start in seen:
            continue
        group, waiting = set(), [start]
        while waiting:
            one = waiting.pop()
            if one not in group:
                group.add(one)
                waiting += partners.get(one, ())
        seen |= group
        yield (
            tuple(sorted(number for side, number in group if side == "before")),
            tuple(sorted(number for side, number in group if side == "after")),
        )


def _change(
    earlier: tuple[int, ...],
    later: tuple[int, ...],
    there: _Lesions,
    here: _Lesions,
    back: sitk.Transform,
    links: Mapping[tuple[int, int], float],
    thresholds: Thresholds,
) -> Change:
    before, after = there.volume_ml(earlier), here.volume_ml(later)
    least = thresholds.least_change_ml(before, after)
    if not earlier:
        state = State.NEW
    elif not later:
        state = State.GONE
    elif abs(after - before) < least:
        state = State.UNCHANGED
    else:
        state = State.ENLARGING if after > before else State.SHRINKING
    places = here.places[later[0] - 1] if later else _moved(there.places[earlier[0] - 1], back.GetInverse())
    point = places[np.square(places - places.mean(axis=0)).sum(axis=1).argmin()]
    overlap = max((links[pair] for pair in links if pair[0] in earlier and pair[1] in later), default=0.0)
    return Change(0, state, earlier, later, before, after, least, overlap, tuple(float(value) for value in point))


def _map(changes: Sequence[Change], side: str, numbered: sitk.Image) -> sitk.Image:
    """The states of the lesions whose numbers an image holds; 0 where they are too small to tell."""
    numbers = sitk.GetArrayViewFromImage(numbered)
    most = max(int(numbers.max()), max((number for one in changes for number in getattr(one, side)), default=0))
    table = np.zeros(most + 1, np.uint8)
    for one in changes:
        table[list(getattr(one, side))] = MAP_VALUES[one.state]
    image = sitk.GetImageFromArray(table[numbers])
    image.CopyInformation(numbered)
    return image


def _counted(numbers: np.ndarray) -> Iterator[tuple[int, int]]:
    found, counts = np.unique(numbers[numbers > 0], return_counts=True)
    return zip(found.tolist(), counts.tolist(), strict=True)


def _moved(places: np.ndarray, transform: sitk.Transform) -> np.ndarray:
    """Places (N, 3) through an affine transform."""
    columns = np.array([transform.TransformPoint(point) for point in (*np.eye(3).tolist(), [0.0, 0.0, 0.0])])
    return places @ (columns[:3] - columns[3]) + columns[3]


def _to_world(image: sitk.Image, indices: np.ndarray) -> np.ndarray:
    return indices @ steps_of(image).T + np.array(image.GetOrigin())


def _to_index(image: sitk.Image, places: np.ndarray) -> np.ndarray:
    return (places - np.array(image.GetOrigin())) @ np.linalg.inv(steps_of(image)).T
