"""The file of an evaluation, its tables and its figures."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib.image
import pytest

from MissingModalitySegLib.errors import InputError
from MissingModalitySegTraining.evaluation.plots import box_plots, heat_map, save
from MissingModalitySegTraining.evaluation.results import document_of, read_results, write_results, write_whole
from MissingModalitySegTraining.evaluation.rows import Evaluation
from MissingModalitySegTraining.evaluation.statistics import compare
from MissingModalitySegTraining.evaluation.tables import latex, markdown

from .made_rows import evaluation, row, without


@pytest.fixture
def made() -> Evaluation:
    rows = [
        row(f"case{i}", code, {"lesion": 0.5 + i / 10, "core": 0.1})
        for i in range(3)
        for code in ("T1+FLAIR", "FLAIR", "T1")
    ]
    rows += [row("b|c", "FLAIR", 1.0, dataset="set_2 & co", lesions=without())]
    skipped = ({"case": "d|e", "code": "", "why": "two\nlines"},)
    return evaluation(*rows, model="mo_del", skipped=skipped, kinds={"made": "simulated", "set_2 & co": "real"})


def test_what_is_written_is_read_again(made: Evaluation, tmp_path: Path) -> None:
    path = write_results(made, tmp_path / "new" / "folder")
    assert read_results(path) == read_results(path.parent) == made
    document = json.loads(path.read_text(), parse_constant=pytest.fail)  # no NaN, no Infinity
    assert {"model", "datalist", "rows", "skipped", "summary"} <= set(document)
    assert [entry.name for entry in path.parent.iterdir()] == ["results.json"]


def test_what_is_no_result_is_refused(made: Evaluation, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_results(tmp_path / "absent.json")
    document = document_of(made)
    broken = {**document, "rows": [{"case": "a"}]}
    for content, match in (
        ("no", "no JSON"),
        ("[]", "no results"),
        (json.dumps(document | {"format": 1}), "no results"),
        (json.dumps(broken), "incomplete"),
        (json.dumps({key: value for key, value in document.items() if key != "skipped"}), "incomplete"),
    ):
        (tmp_path / "results.json").write_text(content)
        with pytest.raises(InputError, match=match):
            read_results(tmp_path)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "file", "old")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_whole(tmp_path / "folder", "text")
    with pytest.raises(InputError, match="cannot be written"):
        write_whole(path / "below", "text")
    assert path.read_text() == "old"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"]


def table_after(text: str, title: str) -> list[list[str]]:
    """The cells of the first Markdown table after a line."""
    lines = text.split(f"{title}\n", 1)[1].lstrip("\n").splitlines()
    rows = [line for line in lines[: lines.index("") if "" in lines else None] if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def test_markdown_holds_every_code_with_its_data(made: Evaluation) -> None:
    text = markdown(made)
    assert "## made: 3 cases, simulated scans only" in text
    assert "## set_2 & co: 1 case, real scans" in text
    header, _, *rows = table_after(text, "### lesion")
    assert header[:4] == ["T1", "FLAIR", "n", "Dice"]
    assert [row[:4] for row in rows] == [
        ["●", "○", "3", "0.600 ± 0.058"],
        ["○", "●", "3", "0.600 ± 0.058"],
        ["●", "●", "3", "0.600 ± 0.058"],
        ["all codes", "", "9", "0.600 ± 0.029"],
    ]
    assert all(len(row) == len(header) for row in rows)
    assert "| d\\|e |  | two lines |" in text
    other = text.split("## set_2 & co")[1]
    assert "| ● | 1 | 1.000 | – (n = 0) |" in other


def test_markdown_of_a_comparison(made: Evaluation) -> None:
    text = markdown(made, compare(made, made))
    header, _, *rows = table_after(text, "## mo_del against mo_del")
    assert rows[0] == ["lesion", "Dice", "10", "10", "+0.0000", "+0.0000", "1.000", "4", "1.000"]
    assert len(header) == 9
    assert "depend on each other" in text


def test_latex_is_balanced_and_escaped(made: Evaluation) -> None:
    text = latex(made)
    assert r"mo\_del on set\_2 \& co ($n = 1$, real scans)" in text
    assert r"$\bullet$ & $\circ$ & 3 & 0.600 $\pm$ 0.058" in text
    assert r"\multicolumn{2}{l}{all codes} & 9" in text
    assert not set("●○–±") & set(text)
    for environment in ("table", "tabular"):
        assert text.count(rf"\begin{{{environment}}}") == text.count(rf"\end{{{environment}}}") == 3
    for block in text.split(r"\begin{tabular}")[1:]:
        columns = block.split("{", 1)[1].split("}", 1)[0]
        for line in block.split(r"\end{tabular}")[0].splitlines()[1:]:
            if line.endswith(r"\\"):
                wide = 2 if r"\multicolumn" in line else 1
                assert line.replace(r"\&", "").count("&") + wide == len(columns)


def test_figures_tell_what_they_rest_on(made: Evaluation, tmp_path: Path) -> None:
    for make in (heat_map, box_plots):
        figure = make(made)
        titles = [axes.get_title() for axes in figure.axes]
        assert set(titles) == {"made: 3 cases, simulated scans only", "set_2 & co: 1 case, real scans"}
        image = matplotlib.image.imread(save(figure, tmp_path / "figure.png"))
        assert image.std() > 0.05  # something was drawn
    cells = [text.get_text() for text in heat_map(made).axes[0].texts]
    assert cells.count("0.60  n = 3") == 3
    assert cells.count("0.10  n = 3") == 3
    assert [text.get_text() for text in heat_map(made).axes[1].texts] == ["no truth"]  # its Dice of 1 is for nothing
    assert [tick.get_text() for tick in box_plots(made).axes[-1].get_yticklabels()] == ["FLAIR (n = 0)"]


def test_an_evaluation_without_rows_can_be_shown(tmp_path: Path) -> None:
    empty = Evaluation("model", "list", (), ({"case": "a", "code": "", "why": "it has no label"},))
    assert "0 cases, 0 rows (one per case and code), 1 skipped" in markdown(empty)
    assert latex(empty) == ""
    assert write_results(empty, tmp_path).exists()
    for make in (heat_map, box_plots):
        assert save(make(empty), tmp_path / "figure.png").stat().st_size > 1000
