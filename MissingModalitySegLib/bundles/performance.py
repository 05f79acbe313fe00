"""What to expect of a model from a given subset of modalities, as measured before it was shipped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..errors import InputError
from ..modalities import Code, Modality
from . import fields


@dataclass(frozen=True)
class Metric:
    """A figure of merit: its range, and which end is good."""

    smallest: float
    largest: float
    higher_is_better: bool = True


METRICS: dict[str, Metric] = {
    "dice": Metric(0, 1),
    "hd95": Metric(0, 1000, higher_is_better=False),  # mm
    "cscore": Metric(-1, 1),
    "lesion_f1": Metric(0, 1),
    "psnr": Metric(-100, 200),  # dB
    "ssim": Metric(-1, 1),
}

DATA = ("simulated", "real")


@dataclass(frozen=True)
class Performance:
    """One measured figure: mean ± standard error over `n` cases of a data set.

    A figure is never shown without `data`: what holds on simulated scans is no promise about real ones.
    """

    code: Code
    region: str
    metric: str
    mean: float
    standard_error: float | None
    n: int
    dataset: str
    data: str

    @classmethod
    def read(cls, value: Any, where: str, modalities: tuple[Modality, ...]) -> Performance:
        row = fields.table(
            value, where, ("code", "region", "metric", "mean", "n", "dataset", "data"), ("standard_error",)
        )
        code_text = fields.text(row["code"], f"{where}.code")
        try:
            code = Code.parse(code_text, modalities)
        except InputError as error:
            raise fields.contradiction(f"{where}.code: {error.message}", error.hint) from None
        metric = fields.choice(row["metric"], f"{where}.metric", METRICS)
        error_value = row.get("standard_error")
        return cls(
            code,
            fields.text(row["region"], f"{where}.region", longest=40),
            metric,
            fields.number(row["mean"], f"{where}.mean", METRICS[metric].smallest, METRICS[metric].largest),
            None if error_value is None else fields.number(error_value, f"{where}.standard_error", 0, 1000),
            fields.whole(row["n"], f"{where}.n", smallest=1),
            fields.text(row["dataset"], f"{where}.dataset"),
            fields.choice(row["data"], f"{where}.data", DATA),
        )

    def to_dict(self) -> dict[str, Any]:
        row: dict[str, Any] = {"code": str(self.code), "region": self.region, "metric": self.metric, "mean": self.mean}
        if self.standard_error is not None:
            row["standard_error"] = self.standard_error
        return row | {"n": self.n, "dataset": self.dataset, "data": self.data}

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What this figure is about; two figures about the same thing contradict each other."""
        return str(self.code), self.region, self.metric, self.dataset, self.data


@dataclass(frozen=True)
class Addition:
    """What one more modality should bring: `gain` in units of the metric, positive when things get better."""

    modality: Modality
    gain: float
    before: Performance
    after: Performance


def measured(rows: Iterable[Performance], code: Code, region: str, metric: str = "dice") -> tuple[Performance, ...]:
    """One figure per data set of real scans, where there is none of simulated ones; that of the most cases first."""
    matching = [row for row in rows if (row.code, row.region, row.metric) == (code, region, metric)]
    real = [row for row in matching if row.data == "real"]
    return tuple(sorted(real or matching, key=lambda row: -row.n))


def expected(rows: Iterable[Performance], code: Code, region: str, metric: str = "dice") -> Performance | None:
    """The figure that best tells what to expect: real scans before simulated ones, then the most cases."""
    return next(iter(measured(rows, code, region, metric)), None)


def best_additions(rows: Iterable[Performance], code: Code, region: str, metric: str = "dice") -> tuple[Addition, ...]:
    """Each missing modality that should raise the performance, the most helpful first.

    Only figures from the same data set are compared: real cases and simulated ones differ by more than a modality.
    """
    rows = tuple(rows)
    before = expected(rows, code, region, metric)
    if before is None:
        return ()
    sign = 1 if METRICS[metric].higher_is_better else -1
    comparable = [row for row in rows if (row.dataset, row.data) == (before.dataset, before.data)]
    additions = []
    for modality in code.missing:
        after = expected(comparable, Code((*code.available, modality), code.modalities), region, metric)
        if after is not None and (gain := sign * (after.mean - before.mean)) > 0:
            additions.append(Addition(modality, gain, before, after))
    return tuple(sorted(additions, key=lambda addition: -addition.gain))
