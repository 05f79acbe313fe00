"""The rooms of the program and the path of the data through them, as docs/images/architecture.png.

    python Testing/screenshots/architecture.py

Which rooms there are is said here once; a test compares it with the folders.
"""

from __future__ import annotations

from pathlib import Path

TARGET = Path(__file__).resolve().parents[2] / "docs" / "images" / "architecture.png"

SLICER, WORKER, COMMAND, GROUND, TRAINING = "#4f7cac", "#b5651d", "#5d8a4c", "#6b6f76", "#7d5a94"

ROOMS = {
    # room: left, bottom, width, height, colour, words below its name
    "MissingModalitySeg": (0.2, 8.6, 4.3, 0.9, SLICER, "the module: wiring only"),
    "ui": (0.2, 7.3, 4.3, 0.9, SLICER, "panels (Qt)"),
    "scene": (0.2, 6.0, 4.3, 0.9, SLICER, "volumes out, results in (MRML)"),
    "jobs": (0.2, 3.6, 4.3, 1.0, SLICER, "job, events, runner"),
    "cli": (5.0, 8.6, 4.4, 0.9, COMMAND, "missing-modality-seg …"),
    "cohorts": (5.0, 7.3, 1.4, 0.9, COMMAND, "many studies"),
    "dicom": (6.5, 7.3, 1.4, 0.9, COMMAND, "series, SEG"),
    "reports": (8.0, 7.3, 1.4, 0.9, COMMAND, "pages"),
    "engine": (5.0, 4.9, 4.4, 1.0, WORKER, "prepare, predict, restore, summarise"),
    "networks": (5.0, 3.6, 1.4, 1.0, WORKER, "tensors only"),
    "arrays": (6.5, 3.6, 1.4, 1.0, WORKER, "normalise"),
    "measures": (8.0, 3.6, 1.4, 1.0, WORKER, "Dice, HD95"),
    "MissingModalitySegTraining": (9.9, 4.9, 3.9, 4.6, TRAINING, ""),
    "domain": (0.2, 1.7, 13.6, 1.5, GROUND, ""),
}
DOMAIN = ("bundles", "recognition")
"""Folders that belong to the domain, as its single files do."""

IN_TRAINING = ("phantom", "data", "prompts", "losses", "regimes", "loop", "evaluation", "reproduce", "configs")
"""Folders of the training package."""


def draw(target: Path) -> None:
    """Write the picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 7.9), dpi=110, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 14), ylim=(0, 10.1))
    axes.axis("off")
    _zone(axes, (0.05, 5.75, 4.6, 4.25), SLICER, "Slicer's process: no torch")
    _zone(axes, (4.85, 3.45, 4.7, 2.85), WORKER, "worker: no Slicer, no Qt")
    for name, room in ROOMS.items():
        _room(axes, name, *room)
    axes.text(
        11.85, 7.0, "\n".join(IN_TRAINING), ha="center", va="center", fontsize=10, color="#222222", linespacing=1.5
    )
    axes.text(
        7.0, 2.2, "modalities, codes, labels, options, data lists, errors  ·  bundles  ·  recognition\n"
        "standard library alone", ha="center", va="center", fontsize=10, color="#222222", linespacing=1.4,
    )  # fmt: skip
    for column in (2.35, 7.2):
        _arrow(axes, (column, 8.6), (column, 8.2))
    _arrow(axes, (2.35, 7.3), (2.35, 6.9))
    _arrow(axes, (2.35, 6.0), (2.35, 4.6))
    _arrow(axes, (7.2, 7.3), (7.2, 5.9))
    _arrow(axes, (2.35, 3.6), (2.35, 3.2))
    for column in (5.7, 7.2, 8.7):
        _arrow(axes, (column, 4.9), (column, 4.6))
    _arrow(axes, (7.2, 3.6), (7.2, 3.2))
    _arrow(axes, (9.9, 5.4), (9.4, 5.4))
    _arrow(axes, (9.4, 9.05), (9.9, 9.05))
    axes.plot([5.0, 4.75, 4.75], [9.05, 9.05, 3.85], color="#444444", linewidth=1.2)  # the command line goes around
    _arrow(axes, (4.75, 3.85), (4.45, 3.85))
    _arrow(axes, (11.85, 4.9), (11.85, 3.2))
    axes.annotate(
        "", (5.0, 5.15), (4.5, 4.3), arrowprops={"arrowstyle": "<->", "color": "#c0392b", "lw": 2, "ls": "--"}
    )
    axes.text(2.5, 5.2, "job and commands  →\n←  lines of JSON, volumes", ha="left", va="center", fontsize=8.5,
              color="#c0392b", bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5})  # fmt: skip
    steps = (
        "volumes",
        "prepare",
        "tensor + Frame",
        "predict",
        "probabilities",
        "restore",
        "labels",
        "summarise",
        "report",
    )
    axes.text(7.0, 0.95, "  →  ".join(steps), ha="center", va="center", fontsize=10.5, color="#222222")
    axes.text(7.0, 0.4, "the one path of the data: window, console, command line, batch, evaluation, validation",
              ha="center", va="center", fontsize=9.5, color="#555555")  # fmt: skip
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target)


def _room(axes, name, left, bottom, width, height, colour, words) -> None:
    from matplotlib.patches import FancyBboxPatch

    shape = FancyBboxPatch(
        (left + 0.05, bottom + 0.05), width - 0.1, height - 0.1,
        boxstyle="round,pad=0.03,rounding_size=0.1", facecolor=colour + "26", edgecolor=colour, linewidth=1.4,
    )  # fmt: skip
    axes.add_patch(shape)
    size = 11.5 if width > 2 else 10.5
    axes.text(
        left + width / 2,
        bottom + height - 0.33,
        name,
        ha="center",
        va="center",
        fontsize=size,
        weight="bold",
        color=colour,
    )
    axes.text(left + width / 2, bottom + 0.27, words, ha="center", va="center", fontsize=9, color="#222222")


def _zone(axes, place, colour, words) -> None:
    from matplotlib.patches import Rectangle

    left, bottom, width, height = place
    axes.add_patch(
        Rectangle((left, bottom), width, height, facecolor="none", edgecolor=colour, linestyle=":", linewidth=1.2)
    )
    axes.text(
        left + 0.15,
        bottom + height - 0.2,
        words,
        ha="left",
        va="center",
        fontsize=9,
        color=colour,
        style="italic",
    )


def _arrow(axes, start, end) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "#444444", "lw": 1.2})


if __name__ == "__main__":
    draw(TARGET)
