"""What is to be reproduced, and where its data and runs lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .cohorts import Cohort
from .datalist_data import datalist_data
from .experiments import Laboratory
from .phantoms import phantom_data
from .prepared import CohortData, Report
from .scales import Scale


@dataclass(frozen=True)
class Order:
    """What is to be reproduced, from which data, how large, and where."""

    paper: str
    name: str
    data: str = "phantom"
    """`phantom`, or the path of a datalist."""
    scale: str = "smoke"
    output: Path = Path("reproduction")
    seed: int = 0
    unseen: tuple[str, ...] = ()
    """Data sets of a data list that count as unseen (mome)."""


def place_of(order: Order) -> Path:
    """Where the tables and figures of an order go; its data and runs lie beside them."""
    source = "" if order.data == "phantom" else f"-{Path(order.data).stem}"
    return Path(order.output) / order.paper / f"{order.scale}-seed{order.seed}{source}"


def open_laboratory(order: Order, scale: Scale, cohort: Cohort, report: Report) -> Laboratory:
    """The data of a cohort, made if need be, and the place of its runs."""
    folder = place_of(order).absolute()
    data = open_data(order, scale, cohort, folder / f"data-{cohort.name}", report)
    runs = folder / f"runs-{cohort.name}"
    runs.mkdir(parents=True, exist_ok=True)
    return Laboratory(runs, cohort, data, scale, order.seed, report)


def open_data(order: Order, scale: Scale, cohort: Cohort, folder: Path, report: Report) -> CohortData:
    """Phantoms, or the cases of a datalist."""
    if order.data == "phantom":
        return phantom_data(cohort, scale, order.seed, folder, report)
    return datalist_data(Path(order.data), order.unseen, cohort, scale, order.seed, folder, report)
