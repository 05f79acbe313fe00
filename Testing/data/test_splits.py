"""Folds: disjoint by subject, balanced, the same for the same seed."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MissingModalitySegLib.datalists import Case, Datalist, read_datalist, write_datalist
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Code
from MissingModalitySegTraining.data.splits import lesion_loads, split

from .trees import labels, volume


def case(name: str, code: str = "T1+FLAIR", subject: str | None = None, dataset: str = "a") -> Case:
    modalities = {modality: Path(f"/{name}/{modality}.nii.gz") for modality in Code.parse(code)}
    return Case(name, modalities, Path(f"/{name}/label.nii.gz"), "lesion", subject, dataset)


people = st.lists(
    st.tuples(
        st.sampled_from("ab"), st.sampled_from(["T1", "T1+FLAIR"]), st.floats(0, 90) | st.none(), st.integers(1, 3)
    ),
    min_size=5,
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(people, st.integers(2, 5), st.integers(0, 3), st.randoms())
def test_folds_are_disjoint_balanced_and_independent_of_order(people, folds, seed, shuffler) -> None:
    cases, loads = [], {}
    for i, (dataset, code, load, visits) in enumerate(people):
        for visit in range(visits):
            cases.append(case(f"s{i}v{visit}", code, f"s{i}", dataset))
            loads[cases[-1].id] = load
    result = split(Datalist("x", tuple(cases)), folds, seed, loads)
    fold_of = defaultdict(set)
    for found in result.cases:
        fold_of[found.subject].add(found.fold)
    assert all(len(places) == 1 for places in fold_of.values())
    assert {fold for places in fold_of.values() for fold in places} <= set(range(folds))
    # Among the subjects of one data set, and of one data set, code and labelling, folds differ by at most one.
    for key in (lambda p: p[0], lambda p: (p[0], p[1], p[2] is None)):
        groups = defaultdict(lambda: Counter(dict.fromkeys(range(folds), 0)))
        for i, person in enumerate(people):
            groups[key(person)][next(iter(fold_of[f"s{i}"]))] += 1
        assert all(max(counts.values()) - min(counts.values()) <= 1 for counts in groups.values())
    shuffler.shuffle(cases)
    again = split(Datalist("x", tuple(cases)), folds, seed, loads)
    assert {c.id: c.fold for c in again.cases} == {c.id: c.fold for c in result.cases}


def test_every_fold_gets_small_and_large_lesions() -> None:
    """Of 50 subjects whose loads span a factor of 10^5, sorted in fifths, every fold has two of each fifth."""
    loads = {f"s{i:02d}": 10 ** (i / 10) for i in range(50)}
    result = split(Datalist("x", tuple(case(name) for name in loads)), 5, 0, loads)
    for fold in range(5):
        fifths = Counter(int(found.id[1:]) // 10 for found in result.cases if found.fold == fold)
        assert fifths == dict.fromkeys(range(5), 2)


def test_seeds_differ_and_are_stored() -> None:
    datalist = Datalist("x", tuple(case(f"s{i}") for i in range(30)), {"licence": "CC-BY"})
    loads = dict.fromkeys((c.id for c in datalist.cases), 1.0)
    one, same, other = (split(datalist, 3, seed, loads) for seed in (1, 1, 2))
    assert one == same
    assert [c.fold for c in one.cases] != [c.fold for c in other.cases]
    assert one.metadata == {"licence": "CC-BY", "split": {"folds": 3, "seed": 1}}


def test_what_a_split_refuses() -> None:
    datalist = Datalist("x", (case("a"), case("b", subject="s"), case("c", subject="s")))
    with pytest.raises(InputError, match="2 subjects cannot fill 3 folds"):
        split(datalist, 3, 0, {})
    with pytest.raises(InputError, match="no cross-validation"):
        split(datalist, 1, 0, {})


def test_loads_are_millilitres(tmp_path: Path) -> None:
    volume(tmp_path / "label.nii.gz", labels(1, 2), spacing=(1.0, 2.0, 5.0))  # 2 x 8 voxels of 10 mm³
    datalist = Datalist("x", (replace(case("a"), label=tmp_path / "label.nii.gz"), replace(case("b"), label=None)))
    assert lesion_loads(datalist) == {"a": pytest.approx(0.16), "b": None}


def test_a_split_survives_the_file(tmp_path: Path) -> None:
    datalist = split(Datalist("x", tuple(case(f"s{i}") for i in range(4))), 2, 0, {})
    write_datalist(datalist, tmp_path / "d.json")
    again = read_datalist(tmp_path / "d.json")
    assert [c.fold for c in again.cases] == [c.fold for c in datalist.cases]
