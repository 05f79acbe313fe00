"""Crops used more than once: how often, when, by which worker."""

from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MissingModalitySegTraining.phantom.schedule import Schedule


def schedule(**changes) -> Schedule:
    values = {"reuse": 4, "window": 48, "lanes": 2, "batch_size": 2, "crops_per_case": 2, "mirror_axes": (0,)}
    return Schedule(**values | {"seed": 3} | changes)


def uses(plan: Schedule, batches: int) -> list[tuple[int, int]]:
    """(batch, crop) of everything shown."""
    return [(index, use.crop) for index in range(batches) for use in plan.batch(index)]


@settings(max_examples=25, deadline=None)
@given(
    reuse=st.integers(1, 5),
    window=st.integers(1, 60),
    lanes=st.integers(1, 4),
    batch_size=st.integers(1, 3),
    crops_per_case=st.integers(1, 3),
)
def test_each_crop_is_used_exactly_as_often_as_asked(reuse, window, lanes, batch_size, crops_per_case):
    plan = schedule(reuse=reuse, window=window, lanes=lanes, batch_size=batch_size, crops_per_case=crops_per_case)
    places = 3 * plan.block * reuse * reuse  # of each lane
    count = Counter(crop for _, crop in uses(plan, lanes * -(-places // batch_size)))
    assert max(count.values()) == reuse
    # crops that were there at the start, or are still in use at the end, are those of at most `reuse` blocks each
    assert sum(n < reuse for n in count.values()) <= 2 * plan.kept
    finished = [crop for crop in range(plan.block * reuse * lanes) if crop in count]
    assert finished
    assert all(count[crop] == reuse for crop in finished[: plan.block])


def test_new_crops_come_evenly():
    """After the start, whichever 16 places of a lane one looks at, a quarter of them show something new."""
    plan = schedule()
    seen: set[int] = set()
    fresh = []
    for index in range(0, 400, 2):
        for use in plan.batch(index):
            fresh.append(use.crop not in seen)
            seen.add(use.crop)
    settled = fresh[plan.block * plan.reuse :]
    assert {sum(settled[start : start + 16]) for start in range(0, len(settled) - 16, 4)} == {4}


def test_uses_of_a_crop_lie_apart():
    plan = schedule(window=96)
    when = defaultdict(list)
    for index, crop in uses(plan, 800):
        when[crop].append(index)
    gaps = [later - earlier for places in when.values() for earlier, later in pairwise(places)]
    places_per_window = plan.window / plan.batch_size
    assert sum(gaps) / len(gaps) == pytest.approx(places_per_window, rel=0.1)
    assert sum(gap < places_per_window / 8 for gap in gaps) < 0.05 * len(gaps)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_workers_share_no_crop_and_no_case(workers):
    """Batches are dealt to workers in turn, as a data loader does."""
    plan = schedule(lanes=4)
    crops = [{crop for index, crop in uses(plan, 200) if index % workers == worker} for worker in range(workers)]
    cases = [{crop // plan.crops_per_case for crop in own} for own in crops]
    assert len(set().union(*crops)) == sum(map(len, crops))
    assert len(set().union(*cases)) == sum(map(len, cases))


@pytest.mark.parametrize(("reuse", "batch_size", "crops_per_case"), [(1, 2, 2), (1, 3, 2), (1, 4, 3), (2, 2, 2)])
def test_new_crops_of_a_case_come_in_neighbouring_batches_of_their_lane(reuse, batch_size, crops_per_case):
    plan = schedule(reuse=reuse, batch_size=batch_size, crops_per_case=crops_per_case, lanes=1)
    first: dict[int, int] = {}
    cases = defaultdict(list)
    for index, crop in uses(plan, 60):
        if crop >= 0 and crop not in first:
            first[crop] = index
            cases[crop // crops_per_case].append(index)
    complete = [batches for batches in cases.values() if len(batches) == crops_per_case]
    assert len(complete) > 8
    for batches in complete:
        assert all(1 <= later - earlier <= reuse for earlier, later in pairwise(batches))


def test_what_is_kept_suffices():
    """With the promised number of things in memory, the least recently used one leaving, nothing is made twice."""
    plan = schedule(lanes=1, reuse=3)
    memory: list[int] = []
    made = Counter()
    for _, crop in uses(plan, 600):
        if crop in memory:
            memory.remove(crop)
        else:
            made[crop] += 1
        memory = [*memory, crop][-plan.kept :]
    assert max(made.values()) == 1


def test_mirrored_along_the_named_axes_half_of_the_time():
    drawn = [use.mirrored for index in range(300) for use in schedule(mirror_axes=(0, 2)).batch(index)]
    share = [sum(axis) / len(drawn) for axis in zip(*drawn, strict=True)]
    assert share[1] == 0
    assert share[0] == pytest.approx(0.5, abs=0.08)
    assert share[2] == pytest.approx(0.5, abs=0.08)
    both = sum(first and last for first, _, last in drawn) / len(drawn)
    assert both == pytest.approx(0.25, abs=0.08)


def test_seeds_differ_and_repeat():
    first, again, other = ([schedule(seed=seed).batch(index) for index in range(20)] for seed in (1, 1, 2))
    assert first == again
    assert first != other
