"""The figures of the papers: against each other, since the papers print many of them twice, and against the page."""

from __future__ import annotations

from statistics import fmean

import pytest

from MissingModalitySegTraining.reproduce import moe, mome, universal
from MissingModalitySegTraining.reproduce.published import Printed, published

CODES = ("T1", "T2", "FLAIR", "T1+T2", "T2+FLAIR", "T1+FLAIR", "T1+T2+FLAIR")
TABLES = [table for paper in (moe, universal, mome) for table in paper.TABLES]


@pytest.mark.parametrize(
    ("paper", "table", "row", "column", "mean", "se"),
    [
        ("moe", "table1", "dynamic stem", "CScore", 71.04, 0.16),
        ("moe", "table2", "T1", "DSC Ours", 58.53, 0.61),
        ("moe", "table2", "T2+FLAIR", "CScore DM", 76.25, 0.32),
        ("moe", "table3", "T1+T2", "DSC DM", 61.77, 1.17),
        ("universal", "table2", "10 % Meta", "TC DSC", 70.07, None),
        ("universal", "table3", "Ours 100 %", "ET DSC", 61.31, None),
        ("universal", "table5", "(c) model distillation with MAE", "WT DSC", 85.17, None),
        ("mome", "table1", "ISLES2022 DWI", "MoME", 0.7723, None),
        ("mome", "table2", "WMHsMix", "Task-specific", 0.7508, None),
        ("mome", "table3", "… and modality experts", "Task-level", 0.6529, None),
    ],
)
def test_figures_are_those_on_the_page(paper, table, row, column, mean, se):
    assert published(paper, table).at(row, column) == Printed(mean, se)


def test_what_cannot_be_read_is_not_there():
    assert published("universal", "table1").at("1 % RFNet", "ET DSC") is None
    assert published("universal", "table2").at("100 % Meta", "Avg. DSC") is None
    assert published("universal", "table4").at("MAE baseline", "WT HD95") is None


@pytest.mark.parametrize(("measure", "rows"), [("DSC", ("MD", "Ours")), ("CScore", ("MD", "Ours"))])
def test_means_over_codes_are_those_of_the_ablation(measure, rows):
    by_code, ablation = published("moe", "table2"), published("moe", "table1")
    whole = {"MD": "modality dropout", "Ours": "MoE in stem and encoder, L_reg, L_sd"}
    for name in rows:
        mean = fmean(by_code.at(code, f"{measure} {name}").mean for code in CODES)
        assert mean == pytest.approx(ablation.at(whole[name], measure).mean, abs=0.011)


@pytest.mark.parametrize("table", ["table2", "table3", "table4", "table5"])
def test_averages_over_regions_are_those_printed(table):
    source = published("universal", table)
    for row in {row for row, _ in source.cells}:
        regions = [source.at(row, f"{region} DSC").mean for region in ("ET", "TC", "WT")]
        assert fmean(regions) == pytest.approx(source.at(row, "Avg. DSC").mean, abs=0.012), row


def test_levels_of_experts_are_means_of_their_tasks():
    source = published("mome", "table1")
    for method in mome.METHODS:
        tasks = [source.at(task, method).mean for task in mome.SEEN]
        assert len(tasks) == 14
        assert fmean(tasks) == pytest.approx(source.at("Task-level", method).mean, abs=1e-4), method
    ablation = published("mome", "table3")
    for level in ("Image-level", "Task-level", "Dataset-level"):
        assert ablation.at("MoME", level) == source.at(level, "MoME")
    unseen = [published("mome", "table2").at(name, "MoME").mean for name in ("Tumour1", "Tumour2", "WMHsMix")]
    assert ablation.at("MoME", "Unseen").mean == pytest.approx(fmean(unseen), abs=1e-4)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{table.paper}-{table.name}")
def test_every_published_figure_has_a_place_in_its_table(table):
    places = {(row.label, column.label) for row, column, _ in table.cells()}
    assert set(published(table.paper, table.name).cells) <= places


@pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{table.paper}-{table.name}")
def test_every_arm_is_shown_and_compared_arms_exist(table):
    assert set(table.arms) <= {cell.arm for _, _, cell in table.cells()}
    assert {name for pair in table.comparisons for name in pair} <= set(table.arms)
