"""`missing-modality-seg demo`: a generated patient, sequences hidden, every model asked; without data or network."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from shutil import which
from typing import Annotated, Any

import typer

from ..modalities import MODALITIES, Code
from ..output_folder import PAGE
from .output import PROGRAM, console, table, training_packages
from .tour import show_folding, show_networks, show_recognition


def demo(
    output: Annotated[Path, typer.Option("--output", help="Folder for the patient and the answers.")] = Path("demo"),
) -> None:
    """Generate a patient, hide sequences, let every model on this computer segment what is left, and score that."""
    out = console()
    out.print("Any subset of five sequences", style="bold")
    out.print(f"{', '.join(map(str, MODALITIES))}: {len(Code.all())} subsets, one model for all of them.\n")
    _show_patient(out, output)
    show_recognition(out)
    show_networks(out)
    show_folding(out)
    out.print(f"Next, with volumes of your own: {_command()} segment --help; all commands: {_command()} --help")


def _command() -> str:
    """What starts this very program: its script stands beside the Python of an environment that is not activated."""
    beside = Path(sys.executable).with_name(PROGRAM)
    if which(PROGRAM) or not beside.exists():
        return PROGRAM
    return str(beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside)


def _show_patient(out: Any, output: Path) -> None:
    from . import demo_case

    out.print("A generated patient, with sequences hidden", style="bold")
    with training_packages("Generating a patient"):
        case = demo_case.generate(output / "cases")
    out.print(f"{case.folder}: five sequences and the truth, {demo_case.KIND}", soft_wrap=True)
    out.print(f"Shown to the models: {demo_case.SHOWN}; hidden: {', '.join(demo_case.HIDDEN)}.")
    answers = demo_case.ask_all(case, output / "answers")
    if answers:
        _show_answers(out, answers)
    else:
        out.print(
            "No model is installed, so nothing is segmented here. Get a model "
            "with `missing-modality-seg models import FILE.zip`, or train one: docs/how-to/train.md."
        )
    picture, figures = output / "montage.png", output / "demo.json"
    demo_case.draw(case, answers, picture)
    figures.write_text(json.dumps(demo_case.figures_of(case, answers), indent=2) + "\n", encoding="utf-8")
    pages = [answer.folder / PAGE for answer in answers if not answer.error]
    out.print("Written:", picture, figures, *pages, sep="\n  ", soft_wrap=True)
    out.print()


def _show_answers(out: Any, answers: list[Any]) -> None:
    rows = table("Model", "Lesion, ml", "True, ml", "Dice", "Generated", "Seconds", "Remarks")
    for answer in answers:
        if answer.error:
            rows.add_row(answer.model, "-", f"{answer.true_ml:.1f}", "-", "-", "-", answer.error)
            continue
        lesion = "-" if answer.lesion_ml is None else f"{answer.lesion_ml:.1f}"
        dice = "-" if answer.dice is None else f"{answer.dice:.2f}"
        made = ", ".join(answer.generated) or "-"
        rows.add_row(answer.model, lesion, f"{answer.true_ml:.1f}", dice, made, f"{answer.seconds:.1f}", "")
    out.print(rows)
    out.print("One generated patient says that the path works, not how good a model is: see `evaluate`.")
