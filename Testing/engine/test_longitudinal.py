"""Pairs of label maps that differ in a known way: every lesion's fate can be said beforehand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st

from MissingModalitySegLib.engine.longitudinal import MAP_VALUES, State, Thresholds, compare
from MissingModalitySegLib.engine.report import rows_of, transform_of
from MissingModalitySegLib.engine.visits import register_visits
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Modality
from Testing.engine.made_studies import volume

SIZE = (60, 60, 60)


def blank(spacing: float = 1.0, origin: tuple[float, float, float] = (0.0, 0.0, 0.0), size=SIZE) -> sitk.Image:
    image = sitk.Image([round(n / spacing) for n in size], sitk.sitkUInt8)
    image.SetSpacing([spacing] * 3)
    image.SetOrigin([value + (spacing - 1) / 2 for value in origin])  # both grids begin at the same outer face
    return image


def balls(
    *spots: tuple[tuple[float, float, float], float], like: sitk.Image | None = None, value: int = 2
) -> sitk.Image:
    """Balls of a radius in mm around places in LPS mm."""
    like = blank() if like is None else like
    indices = np.indices(like.GetSize()).reshape(3, -1).T
    axes = np.array(like.GetDirection()).reshape(3, 3) * np.array(like.GetSpacing())
    places = indices @ axes.T + np.array(like.GetOrigin())
    array = np.zeros(like.GetSize(), np.uint8).reshape(-1)
    for centre, radius in spots:
        array[np.square(places - centre).sum(1) <= radius**2] = value
    made = sitk.GetImageFromArray(np.ascontiguousarray(array.reshape(like.GetSize()).transpose(2, 1, 0)))
    made.CopyInformation(like)
    return made


def states(changes) -> dict[tuple[tuple[int, ...], tuple[int, ...]], State]:
    return {(one.before, one.after): one.state for one in changes.lesions}


def ball_ml(radius: float) -> float:
    return 4 / 3 * math.pi * radius**3 / 1000


GROWN, SHRUNK, SAME, GONE, NEW = (15, 15, 15), (40, 15, 15), (15, 40, 15), (40, 40, 15), (30, 30, 45)


def test_every_fate_of_a_lesion() -> None:
    before = balls((GROWN, 4), (SHRUNK, 7), (SAME, 5), (GONE, 3))
    after = balls((GROWN, 6.5), (SHRUNK, 4.5), (SAME, 5), (NEW, 3.5))
    changes = compare(before, after)
    assert states(changes) == {
        ((3,), (1,)): State.ENLARGING,
        ((1,), (3,)): State.SHRINKING,
        ((2,), (2,)): State.UNCHANGED,
        ((4,), ()): State.GONE,
        ((), (4,)): State.NEW,
    }
    grown = next(one for one in changes.lesions if one.state is State.ENLARGING)
    assert grown.before_ml == pytest.approx(ball_ml(4), rel=0.1)
    assert grown.after_ml == pytest.approx(ball_ml(6.5), rel=0.1)
    assert grown.point_lps_mm == pytest.approx(GROWN, abs=1)
    assert grown.to_dict()["point_ras_mm"] == pytest.approx([-GROWN[0], -GROWN[1], GROWN[2]], abs=1)
    assert [one.id for one in changes.lesions] == [1, 2, 3, 4, 5]
    differences = [abs(one.after_ml - one.before_ml) for one in changes.lesions]
    assert differences == sorted(differences, reverse=True)
    assert changes.count(State.NEW) == 1
    assert changes.volume_ml(State.GONE) == (pytest.approx(ball_ml(3), rel=0.15), 0)


def test_the_map_shows_where() -> None:
    before, after = balls((GROWN, 4), (GONE, 3), (SHRUNK, 6)), balls((GROWN, 7), (NEW, 3), (SHRUNK, 3))
    changes = compare(before, after)
    values = {name: changes.map[place] for name, place in (("grown", GROWN), ("gone", GONE), ("new", NEW))}
    assert values == {
        "grown": MAP_VALUES[State.ENLARGING],
        "gone": MAP_VALUES[State.GONE],
        "new": MAP_VALUES[State.NEW],
    }
    assert changes.map[(45, 15, 15)] == MAP_VALUES[State.SHRINKING], "what it has left counts as well"
    assert changes.now[(45, 15, 15)] == 0
    assert changes.was[(45, 15, 15)] == MAP_VALUES[State.SHRINKING]
    counted = sitk.GetArrayFromImage(changes.now)
    assert np.array_equal(counted > 0, sitk.GetArrayFromImage(after) > 0)


@pytest.mark.parametrize("spacing", [1.0, 0.75, 1.5])
def test_moved_heads_and_other_voxels(spacing: float) -> None:
    """The later scan lies elsewhere, turned, and has voxels of its own: the same fates, the same volumes."""
    turn = sitk.Euler3DTransform((30.0, 30.0, 30.0), 0.12, -0.08, 0.1, (6.0, -4.0, 3.0))  # later to earlier
    back = turn.GetInverse()
    like = blank(spacing, (-10.0, -10.0, -10.0), (80, 80, 80))
    moved = [
        (back.TransformPoint([float(v) for v in place]), radius) for place, radius in ((GROWN, 6), (SAME, 5), (NEW, 4))
    ]
    before = balls((GROWN, 4), (SAME, 5), (GONE, 4))
    changes = compare(before, balls(*moved, like=like), turn)
    found = sorted((one.state, round(one.before_ml, 2)) for one in changes.lesions)
    assert [state for state, _ in found] == [State.ENLARGING, State.GONE, State.NEW, State.UNCHANGED]
    grown = next(one for one in changes.lesions if one.state is State.ENLARGING)
    assert grown.after_ml == pytest.approx(ball_ml(6), rel=0.08)
    assert grown.point_lps_mm == pytest.approx(moved[0][0], abs=1.5 * spacing)
    gone = next(one for one in changes.lesions if one.state is State.GONE)
    assert gone.point_lps_mm == pytest.approx(back.TransformPoint([float(v) for v in GONE]), abs=1.5)


def test_lesions_that_join_and_part() -> None:
    two = balls(((20, 30, 30), 4), ((32, 30, 30), 4))
    one = balls(((20, 30, 30), 4), ((32, 30, 30), 4), ((26, 30, 30), 4))
    (joined,), (parted,) = compare(two, one).lesions, compare(one, two).lesions
    assert (joined.before, joined.after, joined.note) == ((1, 2), (1,), "2 lesions have become one")
    assert (parted.before, parted.after, parted.note) == ((1,), (1, 2), "one lesion has become 2")
    assert (joined.state, parted.state) == (State.ENLARGING, State.SHRINKING)


def test_small_lesions_that_just_miss_each_other_are_one() -> None:
    near, far = balls(((30, 30, 30), 1.5)), balls(((33, 30, 30), 1.5))
    assert states(compare(near, far)) == {((1,), (1,)): State.UNCHANGED}
    assert set(states(compare(near, far, thresholds=Thresholds(reach_mm=2))).values()) == {State.NEW, State.GONE}
    beside = balls(((30, 30, 30), 1.5), ((34, 30, 30), 1.5))
    assert len(compare(near, beside).lesions) == 2
    assert sorted(states(compare(near, beside)).values()) == [State.NEW, State.UNCHANGED], "a partner is no one else's"


def test_what_touches_hardly_is_another_lesion() -> None:
    before, after = balls(((20, 30, 30), 5)), balls(((29, 30, 30), 5))
    assert set(states(compare(before, after)).values()) == {State.NEW, State.GONE}
    assert len(compare(before, after, thresholds=Thresholds(overlap=0.001)).lesions) == 1


def test_too_small_to_tell() -> None:
    before, after = balls(((20, 30, 30), 1)), balls(((40, 30, 30), 1))
    changes = compare(before, after)
    assert (changes.too_small, changes.lesions) == (2, ())
    assert not sitk.GetArrayFromImage(changes.map).any()
    assert len(compare(before, after, thresholds=Thresholds(smallest_ml=0)).lesions) == 2


def test_nothing_at_all() -> None:
    changes = compare(blank(), blank())
    assert (changes.lesions, changes.too_small) == ((), 0)


@given(st.floats(1, 20), st.floats(0, 1))
def test_a_border_moved_within_the_limit_is_no_change(radius: float, moved: float) -> None:
    """Of a ball, by its own volume: what a border moved by less than the limit takes in never counts."""
    limits = Thresholds(share=0, border_mm=1.0)
    before, after = ball_ml(radius), ball_ml(radius + moved)
    assert after - before <= limits.least_change_ml(before, after) * (1 + 1e-9)
    farther = ball_ml(radius + 1.4)
    assert farther - before > limits.least_change_ml(before, farther)
    assert Thresholds(share=0.25, border_mm=0).least_change_ml(8, 20) == 2


@settings(max_examples=15)
@given(st.lists(st.tuples(st.tuples(*[st.integers(8, 52)] * 3), st.floats(1, 6)), max_size=6), st.data())
def test_every_lesion_is_in_one_change_and_time_can_be_turned(spots, data) -> None:
    kept = data.draw(st.lists(st.sampled_from(spots), unique=True) if spots else st.just([]))
    before, after = balls(*spots), balls(*kept)
    forth, back = (compare(*pair, thresholds=Thresholds(smallest_ml=0)) for pair in ((before, after), (after, before)))
    for side, image in (("before", before), ("after", after)):
        numbers = [number for one in forth.lesions for number in getattr(one, side)]
        count = sitk.GetArrayFromImage(sitk.ConnectedComponent(image, True)).max()
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
        assert len(numbers) >= count
        total = sum(getattr(one, f"{side}_ml") for one in forth.lesions)
        assert total == pytest.approx((sitk.GetArrayFromImage(image) > 0).sum() / 1000)
    assert {(one.before, one.after) for one in forth.lesions} == {(one.after, one.before) for one in back.lesions}
    opposite = {State.NEW: State.GONE, State.GONE: State.NEW}
    for one in forth.lesions:
        other = next(two for two in back.lesions if (two.before, two.after) == (one.after, one.before))
        if one.state in opposite:
            assert other.state is opposite[one.state]


@pytest.mark.parametrize("changes", [{"share": -1}, {"border_mm": "x"}, {"overlap": 2}, {"reach_mm": True}])
def test_bad_thresholds(changes) -> None:
    with pytest.raises(InputError, match=next(iter(changes))):
        Thresholds(**changes)


def shifted(image: sitk.Image, transform: sitk.Transform, origin=(0.0, 0.0, 0.0)) -> sitk.Image:
    """The same head in another place: `transform` takes places there to places here."""
    grid = sitk.Image(image)
    grid.SetOrigin([o + v for o, v in zip(image.GetOrigin(), origin, strict=True)])
    return sitk.Resample(image, grid, transform, sitk.sitkLinear, 0)


@pytest.mark.parametrize("far", [0.0, 60.0])
def test_visits_are_brought_together(far: float) -> None:
    """Also where the coordinates of both scanners have nothing to do with each other."""
    image = sitk.Cast(volume(Modality.T1), sitk.sitkFloat32)
    image[20:30, 40:50, 30:38] = 180.0  # a head with two sides
    move = sitk.Euler3DTransform((0.0, 0.0, 0.0), 0.05, -0.04, 0.07, (4.0 - far, -3.0, 2.0))
    later = shifted(image, move, (far, 0.0, 0.0))
    found = register_visits({Modality.T1: image}, {Modality.T1: later, Modality.T2: later})
    assert (found.before, found.after) == (Modality.T1, Modality.T1)
    assert not found.is_doubtful
    for point in ((20.0, 30.0, 10.0), (-40.0, 0.0, 30.0), (0.0, -50.0, -20.0)):
        place = (point[0] + far, *point[1:])
        assert found.transform.TransformPoint(place) == pytest.approx(move.TransformPoint(place), abs=1.2)
    assert found.angle_deg == pytest.approx(5.4, abs=0.8)


def test_two_patients_are_doubted_and_none_is_refused() -> None:
    with pytest.raises(InputError, match="registered"):
        register_visits({}, {Modality.T1: volume(Modality.T1)})
    noise = sitk.GetImageFromArray(np.random.default_rng(0).normal(100, 30, (70, 90, 76)).astype(np.float32))
    noise.CopyInformation(volume(Modality.T1))
    assert register_visits({Modality.T1: volume(Modality.T1)}, {Modality.T1: noise}).is_doubtful


def test_transforms_as_rows() -> None:
    turn = sitk.Euler3DTransform((3.0, 30.0, 10.0), 0.12, -0.08, 0.1, (6.0, -4.0, 3.0))
    again = transform_of(rows_of(turn))
    for point in ((0.0, 0.0, 0.0), (50.0, -20.0, 70.0)):
        assert again.TransformPoint(point) == pytest.approx(turn.TransformPoint(point), abs=1e-6)
