"""The full-modality ratio: exact counts, stored truth, one draw per seed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MissingModalitySegLib.datalists import Case, Datalist, read_datalist, write_datalist
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Code
from MissingModalitySegTraining.data.simulate_missing import fingerprint, simulate_missing

FOUR = "T1+T1ce+T2+FLAIR"


def people(count: int, code: str = FOUR, visits: int = 1) -> Datalist:
    cases = [
        Case(
            f"s{i:03d}v{visit}",
            {modality: Path(f"/s{i}/{visit}/{modality}.nii.gz") for modality in Code.parse(code)},
            subject=f"s{i:03d}",
            brain_masks={Code.parse(code).available[0]: Path(f"/s{i}/{visit}/brain.nii.gz")},
        )
        for i in range(count)
        for visit in range(visits)
    ]
    return Datalist("people", tuple(cases), {"licence": "CC-BY"})


@pytest.mark.parametrize(("ratio", "full"), [(0, 0), (0.01, 2), (0.1, 22), (0.5, 110), (1, 219), (0.001, 1)])
def test_counts_are_exact(ratio: float, full: int) -> None:
    """219 subjects: 1 % is 2.19 → 2, 10 % 21.9 → 22, 50 % 109.5 → 110 (half up); never none above zero."""
    original = people(219)
    simulated = simulate_missing(original, ratio, 0)
    lost = [
        len(before.modalities) - len(after.modalities)
        for before, after in zip(original.cases, simulated.cases, strict=True)
    ]
    assert lost.count(0) == full
    assert set(lost) <= {0, 1, 2, 3}
    record = simulated.metadata["simulated_missing"]
    assert (record["full_ratio"], record["seed"], len(record["full_subjects"])) == (ratio, 0, full)
    assert simulated.metadata["licence"] == "CC-BY"


def test_one_to_three_modalities_are_dropped_and_all_equally() -> None:
    simulated = simulate_missing(people(3000), 0, 1)
    lost = Counter(len(case.metadata["dropped"]) for case in simulated.cases)
    which = Counter(name for case in simulated.cases for name in case.metadata["dropped"])
    assert set(lost) == {1, 2, 3}
    assert all(abs(count - 1000) < 4 * (3000 * 2 / 9) ** 0.5 for count in lost.values())  # four standard errors
    assert all(abs(count - 1500) < 4 * (3000 / 4) ** 0.5 for count in which.values())  # each goes with 6000 / 4
    codes = {str(case.code) for case in simulated.cases}
    assert len(codes) == 14  # all but the full one and none


@settings(max_examples=40, deadline=None)
@given(
    st.integers(2, 30),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.integers(0, 5),
    st.sampled_from(["T1+T2", FOUR, FOUR + "+DWI"]),
)
def test_the_truth_can_be_looked_up(count: int, ratio: float, seed: int, code: str) -> None:
    original = people(count, code, visits=2)
    simulated = simulate_missing(original, ratio, seed)
    for before, after in zip(original.cases, simulated.cases, strict=True):
        kept = {str(modality) for modality in after.modalities}
        assert kept
        assert kept.isdisjoint(after.metadata["dropped"])
        assert kept | set(after.metadata["dropped"]) == {str(modality) for modality in before.modalities}
        assert set(after.brain_masks) <= set(after.modalities)
        assert (after.metadata["dropped"] == []) == (
            after.subject in simulated.metadata["simulated_missing"]["full_subjects"]
        )
    for one, other in zip(simulated.cases[::2], simulated.cases[1::2], strict=True):
        assert one.metadata["dropped"] == other.metadata["dropped"]  # two visits of one subject
    assert simulate_missing(original, ratio, seed) == simulated


def test_one_seed_is_one_draw_whatever_the_order_and_the_ratio() -> None:
    original = people(200)
    few, many = simulate_missing(original, 0.1, 7), simulate_missing(original, 0.5, 7)
    turned = simulate_missing(replace(original, cases=original.cases[::-1]), 0.1, 7)
    assert {case.id: case.code for case in turned.cases} == {case.id: case.code for case in few.cases}
    assert set(few.metadata["simulated_missing"]["full_subjects"]) < set(
        many.metadata["simulated_missing"]["full_subjects"]
    )
    for one, other in zip(few.cases, many.cases, strict=True):
        assert other.metadata["dropped"] in ([], one.metadata["dropped"])
    assert [case.code for case in simulate_missing(original, 0.1, 8).cases] != [case.code for case in few.cases]


def test_subjects_that_lacked_something_before_keep_at_least_one() -> None:
    original = people(40)
    short = [replace(case, modalities=dict(list(case.modalities.items())[:1])) for case in original.cases[:10]]
    original = replace(original, cases=(*short, *original.cases[10:]))
    simulated = simulate_missing(original, 0.5, 0)
    assert all(case.modalities for case in simulated.cases)
    assert all(case.metadata["dropped"] == [] for case in simulated.cases[:10])
    assert set(simulated.metadata["simulated_missing"]["full_subjects"]).isdisjoint(case.subject for case in short)
    with pytest.raises(InputError, match="36 subjects"):
        simulate_missing(original, 0.9, 0)


def test_what_was_drawn_is_in_the_file(tmp_path: Path) -> None:
    original = people(20)
    simulated = simulate_missing(original, 0.1, 3)
    write_datalist(simulated, tmp_path / "simulated.json")
    again = read_datalist(tmp_path / "simulated.json")
    assert [case.metadata["dropped"] for case in again.cases] == [case.metadata["dropped"] for case in simulated.cases]
    assert [case.code for case in again.cases] == [case.code for case in simulated.cases]
    record = again.metadata["simulated_missing"]
    assert record["original"] == {"name": "people", "fingerprint": fingerprint(original)}
    assert fingerprint(people(21)) != fingerprint(original) != fingerprint(simulated)


def test_what_is_refused() -> None:
    for datalist, ratio, words in (
        (people(3), 1.5, "no ratio"),
        (people(3, "T1"), 0.5, "single modality"),
        (simulate_missing(people(3), 0.5, 0), 0.5, "dropped before"),
    ):
        with pytest.raises(InputError, match=words):
            simulate_missing(datalist, ratio, 0)
