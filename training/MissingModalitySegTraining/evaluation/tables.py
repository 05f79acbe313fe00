"""An evaluation as text: Markdown for people, LaTeX for papers. Every table says its data set, n and kind of scans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from MissingModalitySegLib.modalities import MODALITIES, Code, Modality

from .rows import Evaluation
from .scores import MEASURES
from .statistics import summarise

KINDS = {"simulated": "simulated scans only", "real": "real scans", None: "scans of unknown origin"}
_COLUMNS = {"dice": MEASURES["dice"], "dice_where_true": "Dice, truth not empty"} | MEASURES
_GRIDS = {"native": "the truth's own grid", "model": "the model's grid"}
_RULES = (
    "± is the standard error. Where truth and answer are both empty Dice, PPV, sensitivity and the lesion rates are "
    "perfect, where only one is they are worst; “truth not empty” leaves out the cases without truth. HD95 is averaged "
    "where it is finite; in brackets how often it is not. Over all codes the rows of a subject are pooled though they "
    "depend on each other: such errors are too small; results.json also holds the figures by subject."
)


def markdown(evaluation: Evaluation, comparison: Mapping[str, Any] | None = None) -> str:
    """The whole report."""
    cases = len({row["case"] for row in evaluation.rows})
    version = "" if evaluation.version in ("", "0") else f" {evaluation.version}"  # 0: a network without one
    counts = f"{count_of(cases, 'case')}, {count_of(len(evaluation.rows), 'row')} (one per case and code)"
    lines = [f"# {_cell(evaluation.model)}{version} on {_cell(evaluation.datalist)}", ""]
    lines += [f"{counts}, {len(evaluation.skipped)} skipped; compared on {_GRIDS[evaluation.grid]}.", ""]
    for dataset, tables in summarise(evaluation)["by_dataset"].items():
        lines += [f"## {_cell(dataset)}: {count_of(tables['cases'], 'case')}, {KINDS[tables['data']]}", ""]
        for region in tables["over_codes"]:
            lines += [f"### {region}", "", *_markdown_table(_header(tables), _body(tables, region)), ""]
    if evaluation.rows:
        lines += [_RULES, ""]
    if comparison is not None:
        lines += [*_comparison(comparison), ""]
    if evaluation.skipped:
        rows = [[_cell(entry["case"]), entry["code"], _cell(entry["why"])] for entry in evaluation.skipped]
        lines += ["## Skipped", "", *_markdown_table(["Case", "Code", "Why"], rows), ""]
    return "\n".join(lines)


def latex(evaluation: Evaluation) -> str:
    """A `table` per data set and region; needs no package."""
    return "\n".join(_latex_tables(evaluation))


def codes_in(tables: Mapping[str, Any]) -> tuple[Code, ...]:
    """The codes of a summary, fewer sequences first, then in channel order."""
    codes = [Code.parse(code) for code in tables["by_code"]]
    return tuple(sorted(codes, key=lambda code: (len(code), code.mask)))


def plus_minus(figure: Mapping[str, Any], digits: int = 3, sign: str = " ± ") -> str:
    """`0.812 ± 0.013`; the mean alone where there is no standard error, a dash where there is nothing."""
    if figure["mean"] is None:
        return "–"
    error = "" if figure["se"] is None else f"{sign}{figure['se']:.{digits}f}"
    return f"{figure['mean']:.{digits}f}{error}"


def _header(tables: Mapping[str, Any]) -> list[str]:
    return [*map(str, _modalities(tables)), "n", *_COLUMNS.values(), "Corr"]


def _body(tables: Mapping[str, Any], region: str, sign: str = " ± ") -> Iterator[list[str]]:
    """A line per code, then one over all codes where there are several."""
    modalities = _modalities(tables)
    codes = [code for code in codes_in(tables) if region in tables["by_code"][str(code)]]
    for code in codes:
        figures = tables["by_code"][str(code)][region]
        circles = ["●" if modality in code else "○" for modality in modalities]
        yield [*circles, *_cells(figures, sign), _correlation(figures)]
    if len(codes) > 1:
        first = ["all codes", *[""] * (len(modalities) - 1)] if modalities else []
        yield [*first, *_cells(tables["over_codes"][region], sign), ""]


def _cells(figures: Mapping[str, Any], sign: str) -> list[str]:
    cells = [str(figures["dice"]["n"])]
    for measure in _COLUMNS:
        text = plus_minus(figures[measure], 1 if measure == "hd95" else 3, sign)
        if measure == "dice_where_true" and figures["truth_empty"]:
            text += f" (n = {figures[measure]['n']})"
        if measure == "hd95" and figures["hd95_infinite"]:
            text += f" ({figures['hd95_infinite']} infinite)"
        cells.append(text)
    return cells


def _correlation(figures: Mapping[str, Any]) -> str:
    return "–" if figures["correlation"] is None else f"{figures['correlation']:.3f}"


def _modalities(tables: Mapping[str, Any]) -> tuple[Modality, ...]:
    used = {modality for code in codes_in(tables) for modality in code}
    return tuple(modality for modality in MODALITIES if modality in used)


def _comparison(comparison: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {_cell(comparison['ours'])} against {_cell(comparison['other'])}"
    yield ""
    header = [
        "Region",
        "Measure",
        "Pairs",
        "Equal",
        "Median difference",
        "Mean difference",
        "p",
        "Subjects",
        "p by subject",
    ]
    rows = []
    for region, measures in comparison["regions"].items():
        for measure, found in measures.items():
            if found is not None:
                rows.append(
                    [
                        region,
                        MEASURES[measure],
                        f"{found['pairs']} ({found['left_out']} left out)"
                        if found["left_out"]
                        else str(found["pairs"]),
                        str(found["zeros"]),
                        f"{found['median_difference']:+.4f}",
                        f"{found['mean_difference']:+.4f}",
                        _p(found["p"]),
                        str(found["by_subject"]["pairs"]),
                        _p(found["by_subject"]["p"]),
                    ]
                )
    yield from _markdown_table(header, rows)
    yield ""
    yield (
        "Wilcoxon signed-rank tests, two-sided, paired over (case, code), equal pairs dropped; the rows of a subject "
        "depend on each other, which makes p too low, so the last column tests one mean difference per subject. No "
        "correction for the number of tests. Left out are pairs in which a figure is infinite or does not exist. "
        f"{comparison['unpaired']} rows have no partner."
    )


def _p(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"


def _markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]] | Iterator[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'|'.join('---' for _ in header)}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _latex_tables(evaluation: Evaluation) -> Iterator[str]:
    for dataset, tables in summarise(evaluation)["by_dataset"].items():
        header = _header(tables)
        for region in tables["over_codes"]:
            circles = len(_modalities(tables))
            yield r"\begin{table}"
            yield (
                rf"\caption{{{_escaped(evaluation.model)} on {_escaped(dataset)} ($n = {tables['cases']}$, "
                rf"{KINDS[tables['data']]}): {_escaped(region)}, mean $\pm$ standard error.}}"
            )
            yield rf"\begin{{tabular}}{{{'c' * circles}{'r' * (len(header) - circles)}}}"
            yield r"\hline"
            yield " & ".join(map(_escaped, header)) + r" \\"
            yield r"\hline"
            for row in _body(tables, region, sign=r" $\pm$ "):
                cells = [cell.replace("●", r"$\bullet$").replace("○", r"$\circ$").replace("–", "--") for cell in row]
                if cells[0] == "all codes":
                    cells = [rf"\multicolumn{{{circles}}}{{l}}{{all codes}}", *cells[circles:]]
                    yield r"\hline"
                yield " & ".join(cells) + r" \\"
            yield r"\hline"
            yield r"\end{tabular}"
            yield r"\end{table}"
            yield ""


_ESCAPES = {character: "\\" + character for character in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in text)


def _cell(text: str) -> str:
    """Text inside a Markdown table or title: one line, no bar that would end the cell."""
    return " ".join(text.split()).replace("|", r"\|")


def count_of(number: int, what: str) -> str:
    """`1 case`, `3 cases`."""
    return f"{number} {what}" + ("" if number == 1 else "s")
