"""The sections of a training configuration: their keys, types, limits and defaults.

Sections that the loop and the phantoms read are derived from the settings of those rooms, so that a key exists once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model, field_validator
from pydantic_core import PydanticCustomError

from MissingModalitySegLib.modalities import MODALITIES, Modality

from ..loop.settings import CHOICES, LoopSettings
from ..phantom.stream import StreamSettings
from .checks import validated
from .documents import merge

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e9)]
Count = Annotated[int, Field(ge=1, le=10**9)]
Edge = Annotated[int, Field(ge=1, le=1024)]


class Section(BaseModel):
    """Keys that are not named here are refused; what was read does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


_LIMITS: dict[str, Any] = {
    "steps": Field(ge=1),
    "minutes": Field(gt=0),
    "learning_rate": Field(gt=0, le=10),
    "weight_decay": Field(ge=0, le=1),
    "patience": Field(ge=1),
    "warm_up": Field(ge=0, lt=1),
    "clip_norm": Field(gt=0),
    "accumulate": Field(ge=1, le=4096),
    "average_decay": Field(ge=0, lt=1),
    "workers": Field(ge=0, le=256),
    "checkpoint_minutes": Field(ge=0),
    "validate_every": Field(ge=1),
    "most_bad_steps": Field(ge=1),
    "crops_per_case": Field(ge=1, le=1024),
    "reuse": Field(ge=1, le=1024),
    "window": Field(ge=1),
    "lanes": Field(ge=1, le=1024),
}
"""Of keys in derived sections, by name; other keys have a type only."""


def section_of(name: str, settings: type, without: Collection[str] = (), **more: Any) -> type[Section]:
    """A section with the fields of a dataclass, their types and defaults, and `more` (type, default)."""
    hints = get_type_hints(settings)
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(settings):
        if field.name in without:
            continue
        given = field.default_factory if field.default is dataclasses.MISSING else None
        default = Field(default_factory=given) if given else field.default
        hint = hints[field.name]
        if settings is LoopSettings and field.name in CHOICES:
            hint = Literal[CHOICES[field.name]]
        limit = _LIMITS.get(field.name)
        fields[field.name] = (hint if limit is None else Annotated[hint, limit], default)
    return create_model(name, __base__=Section, **fields, **more)


LoopSection = section_of("LoopSection", LoopSettings, without={"seed"})
"""How long, how fast, how careful: the fields of `loop.LoopSettings`. The seed is that of the run."""

PhantomSection = section_of(
    "PhantomSection",
    StreamSettings,
    without={"crop", "batch_size", "on_lesion", "mirror_axes", "bias_correction", "seed"},
    device=(Literal["cpu", "accelerator"], "cpu"),
)
"""What heads are drawn and how their crops are used: the fields of `phantom.stream.StreamSettings`. On `accelerator`
they are made by the process and the device that train."""


class NormalisationSection(Section):
    """`scope: brain` keeps the scale of the whole brain, `tile` scales each crop for itself, as some papers do."""

    method: Literal["zscore", "minmax"] = "zscore"
    scope: Literal["brain", "tile"] = "brain"
    bias_correction: bool = False
    """Take out what the coil does to brightness before."""


class MissingSection(Section):
    """All-stage missing data: `full_ratio` of the subjects keep every modality, every other loses one to three."""

    full_ratio: Share = 1.0
    seed: Annotated[int, Field(ge=0)] = 0


class DataSection(Section):
    """Where samples come from and how they are cut."""

    source: Annotated[str, Field(min_length=1)] = "phantom"
    """`phantom`, `heads` (whole ones, whose region is the brain), a data list (`.json`), or the folder of a cache."""
    cache: str | None = None
    """Where a data list is prepared; in the run's folder if not said."""
    spacing: Annotated[float, Field(ge=0.3, le=8)] = 1.0
    """mm: of the grid that the model works on, of a cache, and of the phantoms that are kept for validation."""
    fold: Annotated[int, Field(ge=0)] | None = None
    """The fold that is kept for validation; the others are trained on."""
    ids: tuple[str, ...] | None = None
    """Only these cases are trained on."""
    crop: tuple[Edge, Edge, Edge] = (96, 96, 96)
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 2
    foreground: Share = 0.8
    """Share of crops centred on a lesion, where there is one."""
    normalisation: NormalisationSection = NormalisationSection()
    intensity_shift: Annotated[float, Field(ge=0, le=10)] = 0.0
    intensity_scale: Annotated[float, Field(ge=0, lt=1)] = 0.0
    flip: Share = 0.5
    flip_axes: tuple[Literal[0, 1, 2], ...] = (0, 1, 2)
    """Of x (left to right), y, z."""
    missing: MissingSection = MissingSection()
    phantom: PhantomSection = PhantomSection()


class ValidationSection(Section):
    """What is measured during and after training. Cases are the held-out fold, `ids`, or phantoms of their own seed."""

    cases: Annotated[int, Field(ge=0, le=10000)] = 8
    """How many; 0 turns validation off. Of more than that, some of each data set, code and lesion load are taken."""
    ids: tuple[str, ...] | None = None
    """These cases of the data list or the cache."""
    seed: Annotated[int, Field(ge=0)] = 1_000_000
    """Of phantoms for validation, and of the choice among the cases that are held out."""
    codes: tuple[str, ...] | Literal["few", "all"] = "few"
    """During training. `few`: each modality alone, and all."""
    final_codes: tuple[str, ...] | Literal["few", "all"] = "all"
    pictures: Annotated[int, Field(ge=0, le=100)] = 2
    """Cases drawn with their prediction, each time."""


OF_THE_RUN = frozenset({"source", "cache", "spacing", "fold", "ids", "missing"})
"""Keys of `data` that all stages share: cases are prepared, split and thinned out once."""


class StageSection(Section):
    """What differs in one stage of the method: keys of `loop` and `data`, but those in `OF_THE_RUN`."""

    loop: Mapping[str, Any] = Field(default_factory=dict)
    data: Mapping[str, Any] = Field(default_factory=dict)

    @field_validator("data")
    @classmethod
    def _of_the_stage(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        if shared := sorted(OF_THE_RUN & set(data)):
            keys = ", ".join(f"data.{key}" for key in shared)
            raise PydanticCustomError(
                "of_the_run", "All stages have the same {keys}; set it for the run", {"keys": keys}
            )
        return data


class NetworkSection(Section):
    """As in a manifest: `networks.registry` reads it. Channels and regions follow from modalities and labels."""

    architecture: str
    preset: str | None = None
    config: Mapping[str, Any] = Field(default_factory=dict)


class TrainingConfig(Section):
    """A whole configuration. `options` are the method's own numbers (`Method.options`)."""

    method: str
    network: NetworkSection
    options: Mapping[str, Any] = Field(default_factory=dict)
    start: Annotated[str, Field(min_length=1)] | None = None
    """A bundle, or the folder of a finished run, whose weights the training begins from; see `starting`."""
    experts: Mapping[Modality, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)
    """Of `mome`: what was trained for one modality alone, and its expert begins as; the rest as `start` says."""
    modalities: Annotated[tuple[Modality, ...], Field(min_length=1)] = MODALITIES
    labels: Literal["glioma", "lesion"] = "glioma"
    data: DataSection = DataSection()
    loop: LoopSection = LoopSection()
    stages: Mapping[str, StageSection] = Field(default_factory=dict)
    validation: ValidationSection = ValidationSection()
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0

    def loop_of(self, stage: str, share: float = 1.0) -> LoopSettings:
        """The loop's settings in a stage that takes `share` of the steps and the time of the training as a whole.

        A stage that names its own steps or minutes has those. Raises `InputError` where settings contradict each other.
        """
        own = self.stages.get(stage, StageSection()).loop
        section = validated(LoopSection, self.loop.model_dump(mode="json") | dict(own))
        values = {name: getattr(section, name) for name in LoopSection.model_fields}
        if "steps" not in own:
            values["steps"] = max(1, round(values["steps"] * share))
        if "minutes" not in own and values["minutes"] is not None:
            values["minutes"] *= share
        return LoopSettings(**values, seed=self.seed)

    def data_of(self, stage: str) -> DataSection:
        """Where the samples of a stage come from."""
        return validated(DataSection, self.merged_data(self.stages.get(stage, StageSection()).data))

    def merged_data(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """The data section with a stage's own keys over it, as plain data."""
        return merge(self.data.model_dump(mode="json"), own, "data")

    @property
    def regions(self) -> int:
        """R: how many nested regions there are to segment."""
        return 3 if self.labels == "glioma" else 1
