"""What to tell a user before a run: what to expect of the volumes at hand, and which sequence would help most.

All of it was measured when the model was made and stands in its manifest; nothing is computed here.
"""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Advice:
    """What is known about `code`, the modalities given of those that the model takes."""

    model: str
    code: Code
    metric: str
    figures: tuple[Performance, ...]
    """One per region, outermost first; regions that nobody measured are left out."""
    additions: tuple[Addition, ...]
    """What each missing modality should bring to the outermost region measured, the most helpful first."""
    unused: tuple[Modality, ...] = ()
    """Modalities given that the model does not take."""
    warning: str = ""
    """What the makers of the model say against taking it at its word."""

    @property
    def simulated(self) -> bool:
        """Whether any figure was measured on simulated scans only."""
        return any(figure.data == "simulated" for figure in self.figures)

    def sentences(self) -> tuple[str, ...]:
        """The advice in words, the most important first."""
        return tuple(_sentences(self))

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
            "sentences": list(self.sentences()),
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
    found = [manifest.expected(own, region, metric) for region in _regions(manifest)]
    figures = tuple(figure for figure in found if figure is not None)
    additions = manifest.best_additions(own, figures[0].region, metric) if figures else ()
    return Advice(manifest.name, own, metric, figures, additions, unused, manifest.warning)


def _regions(manifest: Manifest) -> tuple[str, ...]:
    """What figures may be about: the regions of the label scheme, else whatever was measured."""
    if manifest.labels is not None:
        return SCHEMES[manifest.labels].region_names
    return tuple(dict.fromkeys(row.region for row in manifest.performance))


def _sentences(advice: Advice):
    if advice.unused:
        verb = "is" if len(advice.unused) == 1 else "are"
        yield f"{_and(advice.unused)} {verb} not used by this model."
    if advice.figures:
        yield f"Expected from {_and(advice.code.available)}: {'; '.join(map(_figure, advice.figures))}."
    else:
        yield f"How well this model does from {_and(advice.code.available)} has not been measured."
    helpful = [addition for addition in advice.additions if _is_worth_telling(addition)]
    if helpful:
        best = helpful[0]
        yield (
            f"{best.modality} would help most: {_name(best.after.metric)} of the {best.after.region} "
            f"{best.before.mean:.2f} → {best.after.mean:.2f}{_on(best.after)}."
        )


def _is_worth_telling(addition: Addition) -> bool:
    metric = METRICS[addition.after.metric]
    errors = [row.standard_error or 0.0 for row in (addition.before, addition.after)]
    return addition.gain >= max(_WORTH_TELLING * min(metric.largest - metric.smallest, 100), *errors)


def _figure(row: Performance) -> str:
    error = "" if row.standard_error is None else f" ± {row.standard_error:.2f}"
    few = ", few" if row.n < _FEWEST_CASES else ""
    cases = "1 case" if row.n == 1 else f"{row.n} cases"
    return f"{_name(row.metric)} of the {row.region} {row.mean:.2f}{error} ({cases}{few}{_on(row)})"


def _on(row: Performance) -> str:
    return ", simulated scans only" if row.data == "simulated" else f", real scans of {row.dataset}"


def _name(metric: str) -> str:
    return {"dice": "Dice", "hd95": "HD95 in mm", "cscore": "CScore", "lesion_f1": "lesion F1"}.get(
        metric, metric.upper()
    )


def _and(modalities: tuple[Modality, ...]) -> str:
    names = [str(modality) for modality in modalities]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
