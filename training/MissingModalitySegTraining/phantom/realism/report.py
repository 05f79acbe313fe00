"""The comparison as JSON, Markdown and two plots of statistics; no scan is shown."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from MissingModalitySegLib.modalities import MODALITIES

from .comparison import Measured, Place, population, share_inside
from .specimens import REGIONS
from .statistics import QUANTILES


def write_report(folder: Path, real: Sequence[Measured], phantoms: Sequence[Measured], found: Sequence[Place]) -> None:
    """Write `realism.json`, `realism.md`, `phantom_intensities.png` and `phantom_lesions.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "real": [dataclasses.asdict(case) for case in real],
        "phantoms": [dataclasses.asdict(case) for case in phantoms],
        "places": [dataclasses.asdict(place) | {"inside": place.inside} for place in found],
        "share_inside": share_inside(found),
    }
    (folder / "realism.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    (folder / "realism.md").write_text(table(found), encoding="utf-8")
    plot_intensities(folder / "phantom_intensities.png", real, phantoms)
    plot_lesions(folder / "phantom_lesions.png", real, phantoms)


def table(found: Sequence[Place]) -> str:
    """Markdown: a row per statistic; a real case outside the phantoms is named with its value.

    The mean rank of the real cases is 50 where phantoms are centred on them: cases that all lie inside, but on one
    side, show that the middle of the phantoms is off.
    """
    lines = [
        "| statistic | phantoms 5 … 50 … 95 % | real cases | mean rank | outside |",
        "|---|---|---|---|---|",
    ]
    groups: dict[tuple[str, str], list[Place]] = {}
    for place in found:
        groups.setdefault((place.statistic, place.kind or ""), []).append(place)
    for statistic, kind in sorted(groups, key=_order):
        rows = groups[statistic, kind]
        first, values = rows[0], [place.value for place in rows]
        span = _number(values[0]) if len(rows) == 1 else f"{_number(min(values))} … {_number(max(values))}"
        outside = ", ".join(f"{p.case} {_number(p.value)}" for p in rows if not p.inside) or "–"
        phantoms = f"{_number(first.low)} … {_number(first.median)} … {_number(first.high)} (n {first.phantoms})"
        rank = np.mean([place.rank for place in rows])
        name = f"{statistic} ({kind})" if kind else statistic
        lines.append(f"| {name} | {phantoms} | {span} (n {len(rows)}) | {rank:.0f} | {outside} |")
    return "\n".join(lines) + "\n"


def plot_intensities(path: Path, real: Sequence[Measured], phantoms: Sequence[Measured]) -> None:
    """Quantiles of brain brightness: the band of the phantoms, a line per real case."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(MODALITIES), figsize=(15, 3.6), sharey=True)
    ticks = np.arange(len(QUANTILES))
    for axis, modality in zip(axes, MODALITIES, strict=True):
        keys = [f"{modality.value}/quantile {q:g}" for q in QUANTILES]
        spread = np.array([np.percentile(population(phantoms, key), (5, 25, 50, 75, 95)) for key in keys])
        axis.fill_between(ticks, spread[:, 0], spread[:, 4], color="0.85", label="phantoms 5–95 %")
        axis.fill_between(ticks, spread[:, 1], spread[:, 3], color="0.65", label="phantoms 25–75 %")
        axis.plot(ticks, spread[:, 2], color="0.3", lw=1)
        for case in real:
            if keys[0] in case.figures:
                axis.plot(ticks, [case.figures[key] for key in keys], marker=".", lw=1, label=case.name)
        axis.set_title(modality.value)
        axis.set_xticks(ticks, [f"{q:g}" for q in QUANTILES], rotation=60)
        axis.set_xlabel("percentile of the brain")
        axis.legend(fontsize=6)
    axes[0].set_ylabel("brightness (standard deviations)")
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)


def plot_lesions(path: Path, real: Sequence[Measured], phantoms: Sequence[Measured]) -> None:
    """Contrast of lesions to the brain around them: a dot per phantom, a coloured mark per real case."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    kinds = [kind for kind in dict.fromkeys(p.kind for p in phantoms) if any(k.kind == kind for k in real)]
    panels = [
        (kind, region) for kind in kinds for region in (REGIONS if kind in ("glioma", "metastases") else REGIONS[:1])
    ]
    figure, axes = plt.subplots(1, max(len(panels), 1), figsize=(3.4 * max(len(panels), 1), 3.8), squeeze=False)
    jitter = np.random.default_rng(0)
    for axis, (kind, region) in zip(axes[0], panels, strict=False):
        keys = [f"{modality.value}/{region} contrast" for modality in MODALITIES]
        for place, key in enumerate(keys):
            values = population(phantoms, key, kind)
            axis.plot(place + jitter.uniform(-0.25, 0.25, len(values)), values, ".", color="0.6", ms=4)
        for number, case in enumerate(case for case in real if case.kind == kind):
            shown = [(place, case.figures[key]) for place, key in enumerate(keys) if key in case.figures]
            if shown:
                axis.plot(*zip(*shown, strict=True), "D", color=f"C{number}", ms=5, label=case.name)
        axis.axhline(0, color="0.8", lw=0.8, zorder=0)
        axis.set_xticks(range(len(keys)), [modality.value for modality in MODALITIES])
        axis.set_title(f"{kind}: {region}")
        if axis.get_legend_handles_labels()[0]:
            axis.legend(fontsize=6)
    axes[0, 0].set_ylabel("contrast (standard deviations of the brain)")
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)


def _order(key: tuple[str, str]) -> tuple[int, bool, float, str, str]:
    """Sequence by sequence, quantiles first and ascending."""
    sequence, _, statistic = key[0].partition("/")
    names = [modality.value for modality in MODALITIES]
    place = names.index(sequence) if sequence in names else len(names)
    quantile = float(statistic.split()[1]) if statistic.startswith("quantile") else None
    return place, quantile is None, quantile or 0.0, statistic, key[1]


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}"
