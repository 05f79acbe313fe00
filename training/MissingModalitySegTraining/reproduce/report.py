"""A filled table as Markdown: ours and the published figures side by side, never in one column."""

from __future__ import annotations

from collections.abc import Iterator

from .published import Printed, published
from .results import FilledCell, FilledTable, orderings

SIDES = ("reproduced", "published")
"""Of every column; methods that the papers call ours are theirs."""
NOTHING = "n/a"
NOT_OURS = "not trained"
WAITING = "…"
MEASURES = ("dice", "hd95", "cscore")
"""What the tests of a report compare; the JSON file holds all measures."""

HD95_RULE = (
    "HD95 is averaged where it is finite; in brackets how often it is not, since nothing was found. Whoever finds "
    "nothing more often may look better by it."
)


def markdown(table: FilledTable) -> str:
    """The whole report."""
    definition, facts = table.definition, table.facts
    source = published(definition.paper, definition.name)
    lines = [f"# {definition.paper}, {definition.name}: {definition.title}", ""]
    lines += [f"Published: {source.citation} Data: {source.data or NOTHING}.", ""]
    lines += [
        f"Reproduced: {facts['data']}. Scale `{facts['scale']}`: {facts['scale_about']}. Seed {facts['seed']}.",
        "",
    ]
    if facts["kind"] == "simulated":
        lines += [
            "The reproduced figures are from simulated scans alone: orderings can be compared, absolute values cannot.",
            "",
        ]
    if table.waiting:
        lines += [f"Unfinished: {', '.join(table.waiting)} still to be trained ({WAITING}).", ""]
    lines += [*_table(table), ""]
    lines += ["± is the standard error; of pooled codes it takes the rows of a subject for independent.", ""]
    if any(cell.ours is not None and cell.ours.infinite for cell in table.cells):
        lines += [HD95_RULE, ""]
    counted = orderings(table.cells)
    if counted["pairs"]:
        same = f"{counted['agreeing']} have the same one ahead"
        lines += [f"Orderings: of {counted['pairs']} pairs of methods that both columns hold, {same}.", ""]
    if table.comparisons:
        lines += [*_comparisons(table), ""]
    if facts.get("trainings"):
        lines += [*_trainings(table), ""]
    lines += [f"- {note}" for note in (*definition.notes, *facts.get("notes", ()))]
    lines += ["", f"Made by `{facts['command']}` (program {facts['version']}).", ""]
    return "\n".join(lines)


def ours(cell: FilledCell) -> str:
    """Our figure as text."""
    if not cell.trained:
        return NOT_OURS
    if cell.ours is None:
        return NOTHING
    left_out = f" ({cell.ours.infinite} infinite)" if cell.ours.infinite else ""
    return _number(cell, cell.ours.mean, cell.ours.se) + left_out


def printed(cell: FilledCell) -> str:
    """The published figure as text."""
    figure: Printed | None = cell.printed
    return NOTHING if figure is None else _number(cell, figure.mean, figure.se)


def _number(cell: FilledCell, mean: float, se: float | None) -> str:
    digits = 4 if cell.cell.factor == 1.0 and cell.cell.measure != "hd95" else 2
    return f"{mean:.{digits}f}" + ("" if se is None else f" ± {se:.{digits}f}")


def _table(table: FilledTable) -> Iterator[str]:
    columns = [column.label for column in table.definition.columns]
    header = ["", *(f"{column}: {side}" for column in columns for side in SIDES)]
    yield f"| {' | '.join(header)} |"
    yield "|".join(["", "---", *["---:"] * (len(header) - 1), ""])
    by_place = {(cell.row, cell.column): cell for cell in table.cells}
    for row in table.definition.rows:
        cells = [by_place[row.label, column] for column in columns]
        texts = []
        for cell in cells:
            texts += [WAITING if cell.cell.arm in table.waiting else ours(cell), printed(cell)]
        yield f"| {row.label} | {' | '.join(texts)} |"


def _comparisons(table: FilledTable) -> Iterator[str]:
    yield "| compared (reproduced) | region | measure | pairs | mean difference | p | subjects | p by subject |"
    yield "|---|---|---|---:|---:|---:|---:|---:|"
    for found in table.comparisons:
        for region, measures in found["regions"].items():
            for measure in MEASURES:
                test = measures.get(measure)
                if test is None:
                    continue
                by_subject = test["by_subject"]
                pairs = f"{test['pairs']} ({test['left_out']} left out)" if test["left_out"] else test["pairs"]
                pooled = f"{pairs} | {test['mean_difference']:+.4f} | {_p(test['p'])}"
                subjects = f"{by_subject['pairs']} | {_p(by_subject['p'])}"
                yield f"| {found['ours']} against {found['other']} | {region} | {measure} | {pooled} | {subjects} |"
    yield ""
    yield (
        "Wilcoxon signed-rank tests, two-sided, paired over (case, code) as in the papers; the last column tests one "
        "mean difference per subject, since the rows of a subject depend on each other. Every method was trained once: "
        "a small p says that these networks differ on such cases, not that the next trainings would."
    )


def _trainings(table: FilledTable) -> Iterator[str]:
    yield "| training | stages (steps) | minutes | loss, fourth and last fifth |"
    yield "|---|---|---:|---:|"
    for entry in table.facts["trainings"]:
        stages = ", ".join(f"{name} ({steps}{', shared' if shared else ''})" for name, steps, shared in entry["stages"])
        losses = " → ".join(f"{loss:.3f}" for loss in entry["losses"] or ()) or NOTHING
        yield f"| {entry['run']} | {stages} | {entry['minutes']:.1f} | {losses} |"
    yield ""
    yield (
        "The losses are means over the fourth and the last fifth of the last stage's steps: where they still fall, the "
        "network had not finished learning. Methods add up different terms, so only one row's can be compared."
    )
    commits = {entry["commit"] or "unknown" for entry in table.facts["trainings"]}
    if len(commits) > 1:
        yield ""
        yield (
            f"They were trained by {len(commits)} different states of the program ({', '.join(sorted(commits))}): what "
            "differs may be its, and not the methods'."
        )


def _p(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"
