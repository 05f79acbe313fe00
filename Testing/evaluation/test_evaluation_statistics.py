"""Summaries and tests against numpy, scipy and numbers worked out by hand."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import pearsonr

from MissingModalitySegLib.errors import InputError
from MissingModalitySegTraining.evaluation.statistics import compare, summarise, wilcoxon

from .made_rows import evaluation, row, without


def test_means_and_standard_errors_are_numpys() -> None:
    values = {"a": 0.9, "b": 0.5, "c": 0.4}
    made = evaluation(*(row(case, "T1", dice) for case, dice in values.items()), row("a", "FLAIR", 0.7))
    figures = summarise(made)["by_code"]["T1"]["lesion"]
    numbers = np.array(list(values.values()))
    assert figures["dice"] == {
        "mean": pytest.approx(numbers.mean()),
        "se": pytest.approx(numbers.std(ddof=1) / 3**0.5),
        "n": 3,
    }
    assert figures["hd95"]["mean"] == pytest.approx(10 * (1 - numbers).mean())
    assert summarise(made)["by_code"]["FLAIR"]["lesion"]["dice"] == {"mean": 0.7, "se": None, "n": 1}


def test_over_codes_pooled_by_code_and_by_subject() -> None:
    rows = [row("a", "T1", 0.9), row("b", "T1", 0.3), row("c", "T1", 0.6), row("a", "FLAIR", 0.5)]
    figures = summarise(evaluation(*rows))["over_codes"]["lesion"]
    pooled = np.array([0.9, 0.3, 0.6, 0.5])
    assert figures["dice"]["mean"] == pytest.approx(pooled.mean())
    assert figures["dice"]["se"] == pytest.approx(pooled.std(ddof=1) / 2)
    assert figures["dice"]["mean_of_codes"] == pytest.approx((0.6 + 0.5) / 2)
    subjects = np.array([0.7, 0.3, 0.6])
    assert figures["dice"]["by_subject"] == {
        "mean": pytest.approx(subjects.mean()),
        "se": pytest.approx(subjects.std(ddof=1) / 3**0.5),
        "n": 3,
    }
    assert (figures["codes"], figures["subjects"]) == (2, 3)


def test_cases_without_truth_are_counted_and_left_out_once_more() -> None:
    made = evaluation(
        row("a", "T1", 0.6),
        row("b", "T1", 1.0, lesions=without()),
        row("c", "T1", 0.0, lesions=without(found=2), hd95={"lesion": None}),
        row("d", "T1", 0.2),
    )
    figures = summarise(made)["by_code"]["T1"]["lesion"]
    assert figures["dice"]["mean"] == pytest.approx(0.45)
    assert figures["dice_where_true"]["mean"] == pytest.approx(0.4)
    assert figures["dice_where_true"]["n"] == 2
    assert (figures["truth_empty"], figures["both_empty"], figures["hd95_infinite"]) == (2, 1, 1)
    assert figures["hd95"]["n"] == 3
    assert summarise(made)["over_codes"]["lesion"]["dice_where_true"]["by_subject"]["n"] == 2


def test_cscore_takes_the_correlation_of_its_data_set_and_code() -> None:
    volumes = [(1.0, 2.0), (5.0, 3.0), (6.0, 9.0), (2.0, 2.5)]
    rows = [
        row(f"case{i}", "T1", 0.8, dataset="one", volume_ml={"lesion": {"found": found, "true": true}})
        for i, (found, true) in enumerate(volumes)
    ]
    made = evaluation(*rows, row("other", "T1", 0.8, dataset="two"), row("case0", "FLAIR", 0.8, dataset="one"))
    correlation = pearsonr(*zip(*volumes, strict=True)).statistic
    own = 0.8 / 8 + 0.8 / 8 + 0.5 / 4 + 0.5 / 4
    for each in made.rows[:4]:
        assert each["cscore"]["lesion"] == pytest.approx(own + correlation / 4, abs=1e-6)
        assert each["cscore_as_printed"]["lesion"] == pytest.approx(own + correlation / 8, abs=1e-6)
    assert [each["cscore"]["lesion"] for each in made.rows[4:]] == [None, None]
    tables = summarise(made)["by_dataset"]["one"]["by_code"]
    assert tables["T1"]["lesion"]["correlation"] == pytest.approx(correlation)
    assert tables["FLAIR"]["lesion"]["correlation"] is None
    assert summarise(made)["by_code"]["T1"]["lesion"]["correlation"] is None  # two data sets


def test_a_subject_is_one_point_of_the_correlation() -> None:
    volumes = [("s1", 1.0, 2.0), ("s1", 3.0, 6.0), ("s2", 5.0, 3.0), ("s3", 6.0, 9.0)]
    made = evaluation(
        *(
            row(f"c{i}", "T1", 0.5, subject=subject, volume_ml={"lesion": {"found": found, "true": true}})
            for i, (subject, found, true) in enumerate(volumes)
        )
    )
    expected = pearsonr([2.0, 5.0, 6.0], [4.0, 3.0, 9.0]).statistic
    assert summarise(made)["by_code"]["T1"]["lesion"]["correlation"] == pytest.approx(expected)
    assert summarise(made)["by_code"]["T1"]["lesion"]["subjects"] == 3


def signed_rank_p(differences: list[float]) -> float:
    """Wilcoxon's test by looking at every assignment of signs (no ties)."""
    ranks = {each: rank for rank, each in enumerate(sorted(differences, key=abs), start=1)}
    observed = sum(ranks[each] for each in differences if each > 0)
    sums = [sum(signs) for signs in itertools.product(*((0, rank) for rank in ranks.values()))]
    lower = sum(each <= observed for each in sums) / len(sums)
    upper = sum(each >= observed for each in sums) / len(sums)
    return min(1.0, 2 * min(lower, upper))


def test_wilcoxon_is_the_definition() -> None:
    differences = [0.3, -0.1, 0.25, 0.4, 0.05, -0.02, 0.6]
    assert wilcoxon(differences) == (pytest.approx(signed_rank_p(differences)), 0)
    assert wilcoxon([0.0, *differences, 0.0]) == (pytest.approx(signed_rank_p(differences)), 2)
    assert wilcoxon([0.0, 0.0]) == (1.0, 2)


def test_comparison_pairs_cases_and_codes() -> None:
    gains = [0.1, 0.2, -0.05, 0.0, 0.16, 0.3]
    cases = [("a", "T1"), ("a", "FLAIR"), ("b", "T1"), ("b", "FLAIR"), ("c", "T1"), ("d", "T1")]
    other = evaluation(*(row(*place, 0.5) for place in cases), row("only", "T1", 0.1), model="other")
    ours = evaluation(*(row(*place, 0.5 + gain) for place, gain in zip(cases, gains, strict=True)))
    compared = compare(ours, other)
    assert (compared["pairs"], compared["unpaired"]) == (6, 1)
    dice = compared["regions"]["lesion"]["dice"]
    assert (dice["pairs"], dice["zeros"], dice["left_out"]) == (6, 1, 0)
    assert (dice["better"], dice["worse"]) == (4, 1)
    assert dice["median_difference"] == pytest.approx(np.median(gains))
    assert dice["mean_difference"] == pytest.approx(np.mean(gains))
    assert dice["p"] == pytest.approx(signed_rank_p([gain for gain in gains if gain]))
    assert dice["by_subject"]["pairs"] == 4
    assert dice["by_subject"]["p"] == pytest.approx(signed_rank_p([0.15, -0.025, 0.16, 0.3]))
    hd95 = compared["regions"]["lesion"]["hd95"]
    assert (hd95["better"], hd95["worse"]) == (4, 1)  # smaller is better
    assert hd95["median_difference"] == pytest.approx(-10 * np.median(gains))
    back = compare(other, ours)["regions"]["lesion"]["dice"]
    assert (back["better"], back["worse"], back["p"]) == (1, 4, dice["p"])


def test_infinite_distances_are_left_out_of_comparisons() -> None:
    ours = evaluation(row("a", "T1", 0.5, hd95={"lesion": None}), row("b", "T1", 0.6))
    other = evaluation(row("a", "T1", 0.4), row("b", "T1", 0.4), model="other")
    found = compare(ours, other)["regions"]["lesion"]["hd95"]
    assert (found["pairs"], found["left_out"]) == (1, 1)
    ours = evaluation(row("a", "T1", 0.5, hd95={"lesion": None}))
    assert compare(ours, other)["regions"]["lesion"]["hd95"] is None


def test_what_cannot_be_compared_is_refused() -> None:
    ours = evaluation(row("a", "T1", 0.5))
    with pytest.raises(InputError, match="no common case"):
        compare(ours, evaluation(row("a", "T2", 0.5), model="other"))
    with pytest.raises(InputError, match="grid"):
        compare(ours, replace(ours, grid="model"))
    redrawn = row("a", "T1", 0.5, volume_ml={"lesion": {"found": 1.0, "true": 99.0}})
    with pytest.raises(InputError, match="another truth"):
        compare(ours, evaluation(redrawn, model="other"))


def test_nothing_scored_is_no_error() -> None:
    summary = summarise(evaluation())
    assert summary == {"by_code": {}, "over_codes": {}, "by_dataset": {}}
