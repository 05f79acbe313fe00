"""What to tell a user before a run: what to expect of the volumes at hand, and which sequence would help most.

All of it was measured when the model was made and stands in its manifest; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from .bundles.manifest import Manifest
from .bundles.performance import METRICS, Addition, Performance
from .errors import InputError
from .labels import SCHEMES
from .modalities import Code, Modality

_WORTH_TELLING = 0.01
"""Of a metric's range: a smaller gain is no reason to look for another sequence."""

_FEWEST_CASES = 5
"""A mean over fewer says little about the next case."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "unused": "{modalities} is not used by this model.",
        "several unused": "{modalities} are not used by this model.",
        "expected": "Expected from {modalities}: {figures}.",
        "unmeasured": "How well this model does from {modalities} has not been measured.",
        "helpful": "{modality} would help most: {metric} of the {region} {before} → {after}{data}.",
        "figure": "{metric} of the {region} {mean} ({cases}{data})",
        "one case": "1 case",
        "cases": "{n} cases",
        "few": ", few",
        "simulated": ", simulated scans only",
        "real": ", real scans of {dataset}",
        "and": "{first} and {last}",
        "dice": "Dice",
        "hd95": "HD95 in mm",
        "cscore": "CScore",
        "lesion_f1": "lesion F1",
        "lesion": "lesion",
        "core": "core",
        "enhancing": "enhancing",
    }
)
"""The sentences with places for values, and names of metrics and regions; any other name stands for itself."""


@dataclass(frozen=True)
class Advice:
    """What is known about `code`, the modalities given of those that the model takes."""

    model: str
    code: Code
    metric: str
    figures: tuple[Performance, ...]
    """Of the outermost region one per data set, as a mean over tumours tells nothing of plaques; of each other region
    the most telling one. Regions that nobody measured are left out."""
    additions: tuple[Addition, ...]
    """What each missing modality should bring to the outermost region measured, the most helpful first."""
    unused: tuple[Modality, ...] = ()
    """Modalities given that the model does not take."""
    of_fewer: tuple[Performance, ...] = ()
    """Where nothing was measured from `code`: the figures of the largest part of it from which something was."""
    warning: str = ""
    """What the makers of the model say against taking it at its word."""

    @property
    def simulated(self) -> bool:
        """Whether any figure was measured on simulated scans only."""
        return any(figure.data == "simulated" for figure in self.figures)

    def sentences(self) -> tuple[str, ...]:
        """The advice in words, the most important first."""
        return tuple(self.worded().values())

    def worded(self, words: Mapping[str, str] = WORDS) -> dict[str, str]:
        """The sentences by what they tell: `unused`, `unmeasured`, `expected`, `helpful`. `words` may be those of
        another language, with the same keys and places for values."""
        return dict(_sentences(self, words))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "model": self.model,
            "code": str(self.code),
            "missing": [str(modality) for modality in self.code.missing],
            "unused": [str(modality) for modality in self.unused],
            "expected": [figure.to_dict() for figure in self.figures],
            "additions": [
                {"modality": str(addition.modality), "gain": round(addition.gain, 4), "after": addition.after.to_dict()}
                for addition in self.additions
            ],
            "warning": self.warning,
            "sentences": self.worded(),
        }


def advise(manifest: Manifest, code: Code, metric: str = "dice") -> Advice:
    """What to expect of the model from the modalities of `code`; those that it does not take are set apart.

    Raises `InputError` when it takes none of them.
    """
    used = tuple(modality for modality in code.available if modality in manifest.modalities)
    unused = tuple(modality for modality in code.available if modality not in manifest.modalities)
    if not used:
        raise InputError(
            "no-usable-modality",
            f"The model “{manifest.name}” takes {_and(manifest.modalities)}, not {_and(unused)}.",
            "Give one of these, or choose another model.",
        )
    own = Code(used, manifest.modalities)
    figures = _figures(manifest, own, metric)
    additions = manifest.best_additions(own, figures[0].region, metric) if figures else ()
    of_fewer = () if figures else _figures_of_fewer(manifest, own, metric)
    return Advice(manifest.name, own, metric, figures, additions, unused, of_fewer, manifest.warning)


def _figures(manifest: Manifest, code: Code, metric: str) -> tuple[Performance, ...]:
    found = [rows for region in _regions(manifest) if (rows := manifest.measured(code, region, metric))]
    return (*found[0], *(rows[0] for rows in found[1:])) if found else ()


def _figures_of_fewer(manifest: Manifest, code: Code, metric: str) -> tuple[Performance, ...]:
    """Real scans before simulated ones, then the most sequences, then the most cases, then the best."""
    better = 1 if METRICS[metric].higher_is_better else -1
    parts = {row.code for row in manifest.performance if set(row.code.available) < set(code.available)}
    told = [figures for part in sorted(parts, key=str) if (figures := _figures(manifest, part, metric))]
    return max(
        told,
        key=lambda figures: (
            figures[0].data == "real", len(figures[0].code.available), figures[0].n, better * figures[0].mean
        ),
        default=(),
    )  # fmt: skip


def _regions(manifest: Manifest) -> tuple[str, ...]:
    """What figures may be about: the regions of the label scheme, else whatever was measured."""
    if manifest.labels is not None:
        return SCHEMES[manifest.labels].region_names
    return tuple(dict.fromkeys(row.region for row in manifest.performance))


def _sentences(advice: Advice, words: Mapping[str, str]):
    if advice.unused:
        text = words["unused" if len(advice.unused) == 1 else "several unused"]
        yield "unused", text.format(modalities=_and(advice.unused, words))
    if not advice.figures:
        yield "unmeasured", words["unmeasured"].format(modalities=_and(advice.code.available, words))
    told = advice.figures or advice.of_fewer
    if told:
        figures = "; ".join(_figure(row, words) for row in told)
        yield "expected", words["expected"].format(modalities=_and(told[0].code.available, words), figures=figures)
    helpful = [addition for addition in advice.additions if _is_worth_telling(addition)]
    if helpful:
        best = helpful[0]
        text = words["helpful"].format(
            modality=best.modality,
            metric=_name(best.after.metric, words),
            region=words.get(best.after.region, best.after.region),
            before=f"{best.before.mean:.2f}",
            after=f"{best.after.mean:.2f}",
            data=_on(best.after, words),
        )
        yield "helpful", text


def _is_worth_telling(addition: Addition) -> bool:
    metric = METRICS[addition.after.metric]
    errors = [row.standard_error or 0.0 for row in (addition.before, addition.after)]
    return addition.gain >= max(_WORTH_TELLING * min(metric.largest - metric.smallest, 100), *errors)


def _figure(row: Performance, words: Mapping[str, str]) -> str:
    error = "" if row.standard_error is None else f" ± {row.standard_error:.2f}"
    cases = words["one case" if row.n == 1 else "cases"].format(n=row.n)
    return words["figure"].format(
        metric=_name(row.metric, words),
        region=words.get(row.region, row.region),
        mean=f"{row.mean:.2f}{error}",
        cases=cases + (words["few"] if row.n < _FEWEST_CASES else ""),
        data=_on(row, words),
    )


def _on(row: Performance, words: Mapping[str, str]) -> str:
    return words["simulated" if row.data == "simulated" else "real"].format(dataset=row.dataset)


def _name(metric: str, words: Mapping[str, str]) -> str:
    return words.get(metric, metric.upper())


def _and(modalities: tuple[Modality, ...], words: Mapping[str, str] = WORDS) -> str:
    names = [str(modality) for modality in modalities]
    return names[0] if len(names) == 1 else words["and"].format(first=", ".join(names[:-1]), last=names[-1])
