"""Which cases are trained on and which are measured, and when two stages are the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from MissingModalitySegLib.datalists import Case, Datalist
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES, Code, Modality
from MissingModalitySegTraining.configs.reading import setup_of
from MissingModalitySegTraining.data.cache import REGIONS, Cache, CacheOptions
from MissingModalitySegTraining.data.source import open_prepared
from MissingModalitySegTraining.regimes.stages import find_method
from MissingModalitySegTraining.reproduce import moe, mome, universal
from MissingModalitySegTraining.reproduce.cohorts import Cohort, Counts, DataSet
from MissingModalitySegTraining.reproduce.datalist_data import _shows_tumour, _taken_apart, kind_of
from MissingModalitySegTraining.reproduce.experiments import Laboratory
from MissingModalitySegTraining.reproduce.phantoms import phantom_data, plan, truth_of_image
from MissingModalitySegTraining.reproduce.prepared import CohortData, read_record, split_subjects, write_record
from MissingModalitySegTraining.reproduce.scales import SCALES
from MissingModalitySegTraining.reproduce.sharing import fingerprint
from MissingModalitySegTraining.reproduce.tables import Training

from .made_answers import data_of

COHORTS = [moe.OPERA, moe.MSSEG, universal.BRATS2018, universal.BRATS2020, mome.COHORT]


@pytest.mark.parametrize("bias_correction", [False, True])
@pytest.mark.parametrize("scale", ["smoke", "cpu", "gpu"])
def test_every_training_of_a_table_takes_its_data_as_they_were_prepared(tmp_path, scale, bias_correction):
    options = CacheOptions(spacing=SCALES[scale].spacing, bias_correction=bias_correction)
    cache, names = Cache(tmp_path / "data", options), ("training", "validation", "test")
    image, brain = np.ones((len(MODALITIES), 4, 4, 4), np.float32), np.ones((4, 4, 4), bool)
    for name in names:
        cache.add(name, image, Code.full(), np.ones((4, 4, 4)), REGIONS, brain, {"subject": name})
    for table in (*moe.TABLES, *mome.TABLES, *universal.TABLES):
        data = CohortData(str(cache.folder), *((name,) for name in names), {}, (), "simulated", "made")
        laboratory = Laboratory(tmp_path, table.cohort, data, SCALES[scale], seed=0)
        for training in table.trainings:
            config = laboratory.config(replace(training, tasks=()))
            prepared = open_prepared(config.data, config.validation.ids, tmp_path)
            assert (prepared.training, prepared.validation) == (("training",), ("validation",))


@pytest.mark.parametrize("scale", ["smoke", "cpu", "gpu"])
def test_no_head_comes_twice(scale):
    planned = [one for cohort in COHORTS for one in plan(cohort, SCALES[scale], seed=3)]
    assert len({one.seed % 2**29 for one in planned}) == len(planned)  # all that torch's generator tells apart
    assert not {one.seed for one in planned} & {one.seed for one in plan(moe.OPERA, SCALES[scale], seed=4)}


def test_single_images_are_entries_with_their_own_truth(tmp_path):
    counts = {"smoke": Counts(1, 0, 1)}
    datasets = (
        DataSet("Seen", (Modality.T1, Modality.T1CE), ("glioma",), counts),
        DataSet("Unseen", (Modality.FLAIR,), ("ms",), counts, seen=False),
    )
    cohort = Cohort("made", mome.COHORT.modalities, "lesion", datasets, single_images=True)
    data = phantom_data(cohort, SCALES["smoke"], 0, tmp_path, lambda line: None)
    assert data.learned_from("training", ()) == ("Seen-training-000-T1", "Seen-training-000-T1ce")
    assert data.learned_from("training", ("Unseen FLAIR",)) == ("Unseen-training-000-FLAIR",)
    assert data.answered(()) == ("Seen-test-000-T1", "Seen-test-000-T1ce", "Unseen-test-000-FLAIR")
    cache = Cache(tmp_path)
    t1, t1ce = (cache[f"Seen-test-000-{name}"] for name in ("T1", "T1ce"))
    assert [str(case.code) for case in (t1, t1ce)] == ["T1", "T1ce"]
    assert set(t1.scored) == {"lesion"}
    whole, core = np.array(t1.regions) > 0, np.array(t1ce.regions) > 0
    assert core.sum() < whole.sum()
    assert not (core & ~whole).any()
    assert phantom_data(cohort, SCALES["smoke"], 0, tmp_path, lambda line: pytest.fail(line)) == data
    with pytest.raises(InputError, match="another reproduction"):
        phantom_data(cohort, SCALES["smoke"], 1, tmp_path, lambda line: None)


def test_only_tumours_have_a_core_on_contrast_images():
    labels, enhancing = np.array([[[0, 1, 2, 3]]]), np.array([[[0, 2, 2, 3]]])
    assert truth_of_image(labels, Modality.T1CE, tumour=True)[0].tolist() == [[[False, True, False, True]]]
    assert truth_of_image(labels, Modality.FLAIR, tumour=True)[0].tolist() == [[[False, True, True, True]]]
    assert truth_of_image(enhancing, Modality.T1CE, tumour=True)[0].tolist() == [[[False, False, False, True]]]
    assert truth_of_image(enhancing, Modality.T1CE, tumour=False)[0].tolist() == [[[False, True, True, True]]]


def test_a_data_set_with_cores_that_do_not_enhance_is_of_tumours(tmp_path):
    """Also for its cases whose core enhances altogether; another data set's enhancing plaques are lesions."""
    cache = Cache(tmp_path, CacheOptions(spacing=2.0))
    brain, images = np.ones((4, 1, 1), bool), np.ones((len(MODALITIES), 4, 1, 1), np.float32)
    t1ce = Code((Modality.T1CE,))
    for name, values in (("tumour", [0, 1, 2, 3]), ("ring", [0, 2, 2, 3]), ("plain", [0, 2, 2, 2])):
        labels = np.array(values).reshape(4, 1, 1)
        cache.add(name, images, t1ce, labels, REGIONS, brain, {})
    assert [_shows_tumour(cache[name]) for name in ("tumour", "ring", "plain")] == [True, False, False]
    parts = Cache(tmp_path / "parts", CacheOptions(spacing=2.0))
    for tumours, expected in ((True, [0, 0, 0, 1]), (False, [0, 1, 1, 1])):
        (entry,) = _taken_apart(cache["ring"], f"set-{tumours}", tumours, parts)
        assert (np.array(parts[entry].regions).ravel() > 0).tolist() == [bool(each) for each in expected]


def test_an_edited_datalist_is_noticed(tmp_path):
    write_record(data := CohortData(str(tmp_path), ("a",), (), ("b",), {}, (), "real", "about"), {"content": "1"})
    assert read_record(tmp_path, {"content": "1"}) == data
    with pytest.raises(InputError, match="another reproduction; they differ in: content"):
        read_record(tmp_path, {"content": "2"})


def test_folds_decide_and_subjects_stay_together():
    subjects = {"a": ["a1", "a2"], "b": ["b1"], "c": ["c1"], "d": ["d1"], "e": ["e1"], "f": ["f1", "f2"]}
    folds = {"a1": 0, "a2": 0, "b1": 1, "c1": 2, "d1": 3, "e1": 3, "f1": 2, "f2": 2}
    chosen = split_subjects(subjects, folds, seed=0)
    assert {name for name, split in chosen.items() if split == "test"} == {"a1", "a2"}
    assert {name for name, split in chosen.items() if split == "validation"} == {"b1"}
    spread = split_subjects({"a": ["a1", "a2"], "b": ["b1"]}, {"a1": 1, "a2": 0, "b1": 1}, seed=0)
    assert spread == {"a1": "test", "a2": "test", "b1": "training"}  # no visit of who is tested is trained on
    drawn = split_subjects(subjects, dict.fromkeys(folds), seed=0)
    assert set(drawn) == set(folds)
    assert drawn["a1"] == drawn["a2"]
    assert drawn["f1"] == drawn["f2"]
    assert drawn == split_subjects(dict(reversed(subjects.items())), dict.fromkeys(folds), seed=0)
    with pytest.raises(InputError, match="No subject is left for training"):
        split_subjects({"a": ["a1"]}, {"a1": None}, seed=0)


def test_a_datalist_is_taken_at_its_word_that_it_is_simulated():
    case = Case("a", {Modality.T1: Path("a.nii.gz")}, dataset="elsewhere")
    assert kind_of(Datalist("mine", (case,))) == "real"
    assert kind_of(Datalist("mine", (case,), metadata={"data": "simulated"})) == "simulated"
    assert kind_of(Datalist("mine", (case, replace(case, dataset="phantom-1")))) == "real"
    assert kind_of(Datalist("mine", (replace(case, dataset="phantom-1"),))) == "simulated"


def _laboratory(folder: Path, cohort: Cohort, scale: str, seed: int = 0, ids: tuple[str, ...] = ("a",)) -> Laboratory:
    """Of data that are said to be there, in a cache without any."""
    Cache(folder, CacheOptions(spacing=SCALES[scale].spacing))
    return Laboratory(folder, cohort, replace(data_of(), folder=str(folder), training=ids), SCALES[scale], seed)


def _fingerprints(tmp_path, training: Training, cohort: Cohort, seed: int = 0, ids: tuple[str, ...] = ("a",)) -> list:
    """Of the first two stages, with networks as they are before any training."""
    config = _laboratory(tmp_path, cohort, "smoke", seed, ids).config(training)
    networks, keys = {}, []
    for number, stage in enumerate(find_method(config.method).stages(setup_of(config))[:2]):
        keys.append(fingerprint(config, stage, number, networks))
        networks[stage.name] = stage.regime(networks).network
    return keys


def test_stages_are_the_same_only_where_all_that_decides_is(tmp_path):
    first = universal.BASELINE.asked[0].training
    other = universal.APPROXIMATION.asked[0].training
    base = _fingerprints(tmp_path, first, universal.BRATS2018)
    assert _fingerprints(tmp_path, other, universal.BRATS2018)[0] == base[0]  # one autoencoder for all rows
    assert _fingerprints(tmp_path, other, universal.BRATS2018)[1] != base[1]
    assert _fingerprints(tmp_path, first, universal.BRATS2018, seed=1)[0] != base[0]
    assert _fingerprints(tmp_path, first, universal.BRATS2018, ids=("a", "b"))[0] != base[0]
    ratio = universal.at(10, "mae_baseline").asked[0].training
    assert _fingerprints(tmp_path, ratio, universal.BRATS2018)[0] != base[0]
    masked = replace(first, overrides=(*first.overrides, ("options.keep", 0.5)))
    assert _fingerprints(tmp_path, masked, universal.BRATS2018)[0] != base[0]


def test_a_gate_that_waits_does_not_tell_experts_apart(tmp_path):
    full, flat = (mome.TABLE3.arms[name].asked[0].training for name in ("MoME", "… and hierarchical gating"))
    one, other = (_fingerprints(tmp_path, training, mome.COHORT) for training in (full, flat))
    assert one[0] == other[0]
    assert one[1] != other[1]


@pytest.mark.parametrize("scale", ["cpu", "gpu"])
def test_last_stages_take_equal_steps_in_every_arm(tmp_path, scale):
    for table in (*moe.TABLES, *universal.TABLES, mome.TABLE1, mome.TABLE3):
        laboratory = _laboratory(tmp_path, table.cohort, scale)
        steps = set()
        for arm in table.arms.values():
            config = laboratory.config(arm.asked[0].training)
            last = find_method(config.method).stages(setup_of(config))[-1]
            steps.add(config.loop_of(last.name, last.share).steps)
            assert config.data.spacing == SCALES[scale].spacing
        assert len(steps) == 1, (table.paper, table.name, steps)
