"""Which data a table is made on: data sets as in the papers, with phantoms that stand in for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from MissingModalitySegLib.modalities import Modality

from ..phantom.contrast import REALISTIC, ContrastMixture

ScaleName = Literal["smoke", "cpu", "gpu"]
STAND_IN = "phantom-"
"""Before the name of a data set: phantoms that stand in for it."""


@dataclass(frozen=True)
class Counts:
    """Cases for training, for looking on while it trains, and for the figures."""

    training: int
    validation: int
    test: int

    def __iter__(self):
        yield from (("training", self.training), ("validation", self.validation), ("test", self.test))


@dataclass(frozen=True)
class DataSet:
    """A data set of a paper: its name there, its modalities, and the phantoms that stand in for it.

    Cases cycle through `kinds`; `mixture` is how their scanners differ from those of other data sets. Of an unseen one
    no case is trained on, but by the models that are made for it alone.
    """

    name: str
    modalities: tuple[Modality, ...]
    kinds: tuple[str, ...]
    counts: Mapping[ScaleName, Counts]
    mixture: ContrastMixture = REALISTIC
    seen: bool = True

    @property
    def tasks(self) -> tuple[str, ...]:
        """`<data set> <modality>`: segmenting the images of one modality, where images are taken singly."""
        return tuple(f"{self.name} {modality}" for modality in self.modalities)


@dataclass(frozen=True)
class Cohort:
    """The data of a table. `single_images`: every image of a case is a sample of its own, as a data set of images."""

    name: str
    modalities: tuple[Modality, ...]
    labels: Literal["glioma", "lesion"]
    datasets: tuple[DataSet, ...]
    single_images: bool = False

    def tasks(self, seen: bool) -> tuple[str, ...]:
        """The tasks of the data sets that are trained on, or of the others."""
        return tuple(task for dataset in self.datasets if dataset.seen == seen for task in dataset.tasks)
