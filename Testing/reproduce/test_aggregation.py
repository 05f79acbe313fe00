"""From rows to figures, by hand and by the papers' own arithmetic."""

from __future__ import annotations

from math import sqrt

import pytest

from MissingModalitySegTraining.reproduce import mome
from MissingModalitySegTraining.reproduce.aggregation import figure, where_true
from MissingModalitySegTraining.reproduce.published import published
from MissingModalitySegTraining.reproduce.report import markdown
from MissingModalitySegTraining.reproduce.results import fill, orderings
from MissingModalitySegTraining.reproduce.tables import Arm, Cell, Line, TableDefinition

from .made_answers import data_of, row

TEST_IMAGES = {"BraTS2021": 836, "ATLAS2.0": 110, "WMH2017": 60, "OASIS": 100, "ISLES2022": 100, "MSSEG": 24}
"""Supplementary Table II: 1230 in all."""


def test_pooled_mean_and_standard_error_by_hand():
    rows = [row("a", "T1", 0.2), row("a", "FLAIR", 0.6), row("b", "T1", 0.4), row("b", "FLAIR", 0.8)]
    pooled = figure(rows, Cell("x"), data_of())
    # deviations from .5: .3 .1 .1 .3 → sum of squares .2 → variance .2/3 → se sqrt(.2/3)/2
    assert pooled.mean == pytest.approx(50.0)
    assert pooled.se == pytest.approx(100 * sqrt(0.2 / 3) / 2)
    assert (pooled.rows, pooled.subjects) == (4, 2)
    of_code = figure(rows, Cell("x", code="FLAIR", factor=1.0), data_of())
    assert of_code.mean == pytest.approx(0.7)
    assert of_code.se == pytest.approx(0.1)


def test_mean_over_regions_by_hand():
    rows = [row("a", "T1", {"lesion": 0.9, "core": 0.5}), row("b", "T1", {"lesion": 0.7, "core": 0.1})]
    both = figure(rows, Cell("x", regions=("core", "lesion"), factor=1.0), data_of())
    assert both.mean == pytest.approx((0.8 + 0.3) / 2)
    assert both.se == pytest.approx(sqrt(0.1**2 + 0.2**2) / 2)
    assert figure(rows, Cell("x", regions=("core", "enhancing")), data_of()) is None


def test_regions_without_truth_are_left_out_of_every_measure():
    empty = row("b", "T1", 1.0, true=0)
    rows = [where_true(each) for each in (row("a", "T1", 0.4), empty)]
    assert figure(rows, Cell("x", factor=1.0), data_of()).mean == pytest.approx(0.4)
    assert figure(rows, Cell("x", "hd95", factor=1.0), data_of()).mean == pytest.approx(4.0)
    assert figure([where_true(empty)], Cell("x"), data_of()) is None


def test_infinite_distances_are_counted_beside_the_mean_of_the_others():
    rows = [row("a", "T1", 0.2), row("b", "T1", 0.6), row("c", "T1", 0.0)]
    for one, distance in zip(rows, (4.0, 6.0, None), strict=True):
        one["hd95"] = {"lesion": distance}
    definition = TableDefinition(
        "moe", "table2", "a table", mome.COHORT, {"x": Arm(())}, [Line("one", {"arm": "x"})],
        [Line("HD95", {"measure": "hd95", "factor": 1.0})],
    )  # fmt: skip
    table = fill(definition, {"x": rows}, data_of(), _facts())
    assert (table.cells[0].ours.mean, table.cells[0].ours.infinite) == (5.0, 1)
    assert table.as_dict()["cells"][0]["ours"]["infinite"] == 1
    assert "5.00 ± 1.00 (1 infinite)" in markdown(table)
    assert figure(rows, Cell("x"), data_of()).infinite == 0  # Dice is never


def test_infinite_distances_are_left_out():
    lost = row("b", "T1", 0.0)
    lost["hd95"] = {"lesion": None}
    found = figure([row("a", "T1", 0.4), lost], Cell("x", "hd95", factor=1.0), data_of())
    assert found.mean == pytest.approx(4.0)
    assert found.se is None


@pytest.mark.parametrize("method", ["MoME", "nnU-Net", "Hermes", "Task-specific", "Multi-Talent"])
def test_levels_give_the_papers_levels_from_the_papers_tasks(method):
    """The published Dice of each task for as many images as the paper tested must give its three averages.

    That of SAM-Med3D is not among them: from its tasks follow .7240 at image level, .7322 is printed.
    """
    source = published("mome", "table1")
    tasks, rows = {}, []
    for dataset, images in TEST_IMAGES.items():
        own = [task for task in mome.SEEN if task.startswith(dataset)]
        for task in own:
            for number in range(images // len(own)):
                case = f"{task}-{number}"
                tasks[case] = task
                rows.append(row(case, task.rpartition(" ")[2], source.at(task, method).mean, dataset))
    tasks["other"] = "Tumour1 FLAIR"
    rows.append(row("other", "FLAIR", 0.0, "Tumour1"))
    data = data_of(tasks, unseen=("Tumour1",))
    for label, level in mome.LEVELS.items():
        got = figure(rows, Cell(method, seen=True, level=level, factor=1.0), data)
        assert got.mean == pytest.approx(source.at(label, method).mean, abs=2.1e-4), label
        assert got.rows == 1230
    assert figure(rows, Cell(method, seen=False, level="datasets"), data).mean == 0.0


def _table() -> TableDefinition:
    return TableDefinition(
        "moe",
        "table2",
        "made by hand",
        mome.COHORT,
        {"MD": Arm(()), "Ours": Arm(())},
        [Line("T1", {"code": "T1"}), Line("FLAIR", {"code": "FLAIR"})],
        [Line(f"DSC {name}", {"arm": name}) for name in ("MD", "Ours", "DM")],
        [("Ours", "MD")],
    )


def _facts() -> dict:
    return {
        "data": "made rows",
        "kind": "simulated",
        "scale": "smoke",
        "scale_about": "nothing",
        "seed": 4,
        "command": "reproduce",
        "version": "0",
    }


def test_a_table_made_by_hand_holds_ours_and_the_published_figures_apart():
    answers = {
        "MD": [row("a", "T1", 0.25), row("b", "T1", 0.35), row("a", "FLAIR", 0.7), row("b", "FLAIR", 0.5)],
        "Ours": [row("a", "T1", 0.45), row("b", "T1", 0.45), row("a", "FLAIR", 0.5), row("b", "FLAIR", 0.5)],
    }
    table = fill(_table(), answers, data_of(), _facts())
    text = markdown(table)
    lines = text.splitlines()
    header = next(line for line in lines if "DSC MD: reproduced" in line)
    assert header == (
        "|  | DSC MD: reproduced | DSC MD: published | DSC Ours: reproduced | DSC Ours: published "
        "| DSC DM: reproduced | DSC DM: published |"
    )
    expected = "| T1 | 30.00 ± 5.00 | 55.55 ± 0.62 | 45.00 ± 0.00 | 58.53 ± 0.61 | not trained | 60.42 ± 0.59 |"
    assert expected in lines
    assert "OPERA I, n = 682" in text
    assert "made rows" in text
    assert "absolute values cannot" in text
    # T1: MD < Ours in both; FLAIR: published the same way round, ours the other
    assert orderings(table.cells) == {"pairs": 2, "agreeing": 1}
    document = table.as_dict()
    first = document["cells"][0]
    assert first["ours"]["mean"] == pytest.approx(30.0)
    assert first["published"] == {"mean": 55.55, "se": 0.62}
    test = document["comparisons"][0]["regions"]["lesion"]["dice"]
    assert test["pairs"] == 4
    assert test["mean_difference"] == pytest.approx((0.2 + 0.1 - 0.2 + 0.0) / 4)


def test_tests_compare_what_stands_in_the_table():
    """Networks answer for seen and unseen data sets alike; a table of one kind tests that kind alone."""
    tasks = {"seen": "BraTS2021 T1", "unseen": "Tumour1 FLAIR"}
    data = data_of(tasks, unseen=("Tumour1",))

    def answers(seen: float, unseen: float) -> list:
        return [row("seen", "T1", seen, "BraTS2021"), row("unseen", "FLAIR", unseen, "Tumour1")]

    known = {"MoME": answers(0.9, 0.1), "nnU-Net": answers(0.5, 0.4), "without curriculum": answers(0.8, 0.3)}
    for table, pairs, difference in ((mome.TABLE1, 1, 0.4), (mome.TABLE2, 1, -0.3), (mome.TABLE3, 2, -0.05)):
        compared = fill(table, known, data, _facts()).comparisons[0]
        assert compared["pairs"] == pairs
        assert compared["regions"]["lesion"]["dice"]["mean_difference"] == pytest.approx(difference)
    nothing_unseen = {name: rows[:1] for name, rows in known.items()}
    assert not fill(mome.TABLE2, nothing_unseen, data, _facts()).comparisons


def test_an_unfinished_table_says_so():
    table = fill(_table(), {"MD": [row("a", "T1", 0.25)]}, data_of(), _facts())
    assert table.waiting == ["Ours"]
    assert "| T1 | 25.00 | 55.55 ± 0.62 | … | 58.53 ± 0.61 | not trained | 60.42 ± 0.59 |" in markdown(table)
    assert "| FLAIR | n/a | 64.73 ± 0.50 | … |" in markdown(table)


def test_trainings_by_different_programs_are_told():
    entry = {"run": "one", "stages": [("network", 4, False)], "minutes": 1.0, "losses": None, "commit": "abc"}
    rows = {"MD": [row("a", "T1", 0.25)]}
    for commits, told in ((("abc", "abc"), False), (("abc", None), True), (("abc", "abc+"), True)):
        facts = _facts() | {"trainings": [entry | {"commit": commit} for commit in commits]}
        assert ("2 different states of the program" in markdown(fill(_table(), rows, data_of(), facts))) == told
