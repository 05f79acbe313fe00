"""Samples as a configuration's data section asks for them: from a cache, from phantoms, thinned out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from MissingModalitySegLib.datalists import Case, Datalist
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES, Code, Modality
from MissingModalitySegTraining.configs import DataSection
from MissingModalitySegTraining.data.cache import Cache, CacheOptions
from MissingModalitySegTraining.data.missing import missing_in_cases, missing_in_phantom, shown_codes
from MissingModalitySegTraining.data.simulate_missing import simulate_missing
from MissingModalitySegTraining.data.source import open_prepared, open_samples

from ..training.small_caches import small_cache

FIELDS = ("image", "code", "regions", "scored", "brain")
FOUR = (Modality.T1, Modality.T1CE, Modality.T2, Modality.FLAIR)


def section(source: Path | str, **changes) -> DataSection:
    known = {"source": str(source), "spacing": 4.0, "crop": (8, 8, 8), "batch_size": 3}
    return DataSection(**{**known, **changes})


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return small_cache(tmp_path / "cache", 6, ("T1+T1ce+T2+FLAIR", "T1+FLAIR", "DWI"))


def test_a_batch_is_a_pure_function_of_section_and_number(cache: Cache, tmp_path: Path) -> None:
    data = section(cache.folder, intensity_shift=0.1, normalisation={"method": "zscore", "scope": "tile"})
    prepared = open_prepared(data, None, tmp_path)
    first = open_samples(data, FOUR, 3, 5, tmp_path, prepared)
    again = open_samples(data, FOUR, 3, 5, tmp_path, prepared)
    other = open_samples(data, FOUR, 3, 6, tmp_path, prepared)
    batches = [first[i] for i in range(3)]
    for i in (2, 0, 1):
        assert all(torch.equal(getattr(again[i], name), getattr(batches[i], name)) for name in FIELDS)
    assert not torch.equal(other[0].image, batches[0].image)


def test_batches_hold_the_runs_modalities_and_regions(cache: Cache, tmp_path: Path) -> None:
    data = section(cache.folder)
    pair = (Modality.T1, Modality.FLAIR)
    samples = open_samples(data, pair, 1, 0, tmp_path, open_prepared(data, None, tmp_path))
    seen = set()
    for i in range(12):
        batch = samples[i]
        assert batch.image.shape == (3, 2, 8, 8, 8)
        assert batch.regions.shape == (3, 1, 8, 8, 8)
        assert batch.scored.shape == (3, 1)
        assert batch.code.any(1).all()  # case-2 has DWI only and is left out
        seen |= {tuple(row) for row in batch.code.int().tolist()}
        assert not batch.image[batch.code == 0].any()
    assert seen == {(1, 1)}


def test_folds_and_ids_decide_who_is_trained_on(cache: Cache, tmp_path: Path) -> None:
    held = open_prepared(section(cache.folder, fold=1), None, tmp_path)
    assert held.training == ("case-0", "case-2", "case-4")
    assert held.validation == ("case-1", "case-3", "case-5")
    chosen = open_prepared(section(cache.folder, ids=("case-1", "case-4")), ["case-4"], tmp_path)
    assert (chosen.training, chosen.validation) == (("case-1",), ("case-4",))
    for data, wanted in (
        (section(cache.folder, fold=7), r"data\.fold: 7"),
        (section(cache.folder, ids=("nobody",)), "nobody"),
        (section(cache.folder, spacing=1.0), r"data\.spacing: 1"),
        (section(cache.folder, ids=()), "No case with a label"),
        (section(tmp_path / "nowhere"), "nowhere"),
    ):
        with pytest.raises(InputError, match=wanted):
            open_prepared(data, None, tmp_path)


def test_nobody_is_on_both_sides(tmp_path: Path) -> None:
    """Two visits of one person, and a person of the same name in another data set."""
    cache = Cache(tmp_path / "cache", CacheOptions(spacing=4.0))
    labels = np.zeros((8, 8, 8), np.uint8)
    for name, dataset in (("first-visit", "one"), ("second-visit", "one"), ("namesake", "other")):
        cache.add(name, np.ones((5, 8, 8, 8)), Code.full(), labels, metadata={"subject": "p1", "dataset": dataset})
    with pytest.raises(InputError, match="p1 are trained on"):
        open_prepared(section(cache.folder), ["second-visit"], tmp_path)
    apart = open_prepared(section(cache.folder), ["first-visit", "second-visit"], tmp_path)
    assert apart.training == ("namesake",)


@pytest.mark.parametrize(("ratio", "seed"), [(0.0, 1), (0.5, 2), (0.34, 7)])
def test_the_draw_is_that_of_simulate_missing(tmp_path: Path, ratio: float, seed: int) -> None:
    """The same subjects, ratio and seed give the same D_f and the same losses as on a datalist."""
    cache = small_cache(tmp_path / "cache", 9)
    cases = [cache[name] for name in cache.ids]
    record = missing_in_cases(cases, FOUR, ratio, seed)
    entries = [
        Case(name, {m: Path(f"/{name}/{m}.nii.gz") for m in FOUR}, subject=f"subject-{name[-1]}") for name in cache.ids
    ]
    by_datalist = simulate_missing(Datalist("files", tuple(entries)), ratio, seed)
    assert record["full_subjects"] == by_datalist.metadata["simulated_missing"]["full_subjects"]
    assert record["dropped"] == {case.id: case.metadata["dropped"] for case in by_datalist.cases}
    codes = shown_codes(record, cases)
    for case in by_datalist.cases:
        assert [m for m in codes[case.id] if m in FOUR] == list(case.modalities)


def test_what_is_missing_is_never_seen_and_is_written_down(tmp_path: Path) -> None:
    cache = small_cache(tmp_path / "cache", 6)
    data = section(cache.folder, missing={"full_ratio": 0.0, "seed": 4}, intensity_shift=0.1)
    prepared = open_prepared(data, None, tmp_path)
    samples = open_samples(data, FOUR, 3, 0, tmp_path, prepared)
    record = json.loads((tmp_path / "missing.json").read_text())
    assert (record["full_ratio"], record["seed"], record["full_subjects"]) == (0.0, 4, [])
    allowed = {tuple(int(m.value not in lost) for m in FOUR) for lost in record["dropped"].values()}
    for i in range(10):
        batch = samples[i]
        assert {tuple(row) for row in batch.code.int().tolist()} <= allowed
        assert not batch.image[batch.code == 0].any()
        assert batch.image[batch.code == 1].any()
    open_samples(data, FOUR, 3, 0, tmp_path, prepared)  # again: the same
    other = section(cache.folder, missing={"full_ratio": 0.0, "seed": 5})
    with pytest.raises(InputError, match=r"missing\.json"):
        open_samples(other, FOUR, 3, 0, tmp_path, prepared)


def test_phantoms_lose_modalities_for_good(tmp_path: Path) -> None:
    lost = [missing_in_phantom(number, FOUR, 0.25, 3) for number in range(2000)]
    assert lost == [missing_in_phantom(number, FOUR, 0.25, 3) for number in range(2000)]
    counts = np.bincount([len(one) for one in lost], minlength=4)
    assert abs(counts[0] - 500) < 4 * (2000 * 0.25 * 0.75) ** 0.5
    assert all(abs(count - 500) < 4 * (2000 * 0.25 * 0.75) ** 0.5 for count in counts[1:])
    data = section(
        "phantom",
        crop=(8, 8, 8),
        batch_size=2,
        missing={"full_ratio": 0.0},
        phantom={"spacings": {8.0: 1.0}, "crops_per_case": 2, "window": 8},
    )
    samples = open_samples(data, FOUR, 3, 0, tmp_path)
    batch = samples[0]
    assert batch.image.shape == (2, 4, 8, 8, 8)
    for row, use in enumerate(samples.raw.stream.schedule.batch(0)):
        gone = missing_in_phantom(use.crop // 2, FOUR, 0.0, 0)
        assert batch.code[row].tolist() == [float(modality not in gone) for modality in FOUR]
        assert not batch.image[row][batch.code[row] == 0].any()


def test_cases_without_truth_are_not_trained_on(tmp_path: Path) -> None:
    cache = small_cache(tmp_path / "cache", 2)
    cache.add("bare", np.zeros((len(MODALITIES), 8, 8, 8), np.float32), Code.full(), np.zeros((8, 8, 8)), scored=())
    assert open_prepared(section(cache.folder), None, tmp_path).training == ("case-0", "case-1")
