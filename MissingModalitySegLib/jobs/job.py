"""What the worker is asked to do; a table of JSON on its way there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import InputError, located
from ..modalities import MODALITIES, Modality
from ..options import BRAIN, Options

TASKS = ("segment", "synthesize")
"""Everything that the options ask for; only the sequences that are missing."""

_REQUIRED, _OPTIONAL = ("inputs", "model", "output"), ("options", "task")


@dataclass(frozen=True)
class Job:
    """One study to work on. Raises `InputError` that names the key.

    `inputs` are the volumes' files by modality, `model` is a name or the path of a bundle's folder, `output` the folder
    for what is written. Paths become absolute here: the worker's own folder may be another.
    """

    inputs: Mapping[Modality, Path]
    model: str
    output: Path
    options: Options = field(default_factory=Options)
    task: str = "segment"

    def __post_init__(self) -> None:
        if not isinstance(self.inputs, Mapping):
            raise _bad("inputs", "is no table of modalities and files.")
        given: dict[Modality, Path] = {}
        for name, path in self.inputs.items():
            with located(f"inputs.{name}"):
                modality = Modality.parse(name)
                if modality in given:
                    raise InputError("duplicate-modality", f"{modality} is given twice.", "Give each modality once.")
                given[modality] = _absolute(path, f"inputs.{name}")
        if not given:
            hint = f"Give at least one of {', '.join(map(str, MODALITIES))}."
            raise InputError("no-volume", "inputs: there is no volume.", hint)
        object.__setattr__(self, "inputs", {modality: given[modality] for modality in MODALITIES if modality in given})
        object.__setattr__(self, "model", _model(self.model))
        object.__setattr__(self, "output", _absolute(self.output, "output"))
        if not isinstance(self.options, Options):
            raise _bad("options", "are not of the type Options.")
        if self.options.brain not in BRAIN:
            object.__setattr__(self, "options", replace(self.options, brain=os.path.abspath(self.options.brain)))
        if self.task not in TASKS:
            raise _bad("task", f"is {self.task!r}.", f"Use one of {', '.join(TASKS)}.")

    @classmethod
    def from_dict(cls, values: Any) -> Job:
        """Read what `to_dict` wrote; `options` and `task` may be left out."""
        if not isinstance(values, Mapping):
            raise InputError("bad-job", "The job is not a table of keys and values.")
        unknown = sorted(str(key) for key in values if key not in _REQUIRED + _OPTIONAL)
        if unknown:
            raise InputError(
                "bad-job",
                f"The job has the unknown key {', '.join(unknown)}.",
                f"Known: {', '.join(_REQUIRED + _OPTIONAL)}.",
            )
        for key in _REQUIRED:
            if key not in values:
                raise _bad(key, "is missing from the job.")
        with located("options"):
            options = Options.from_dict(values.get("options", {}))
        return cls(values["inputs"], values["model"], values["output"], options, values.get("task", "segment"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Job:
        """Read JSON text. Raises `InputError`."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError("bad-job", f"The job is not valid JSON: {error}.") from error
        return cls.from_dict(values)

    def to_dict(self) -> dict[str, Any]:
        """Texts, numbers and tables only."""
        return {
            "task": self.task,
            "inputs": {str(modality): str(path) for modality, path in self.inputs.items()},
            "model": self.model,
            "options": self.options.to_dict(),
            "output": str(self.output),
        }

    def to_json(self) -> str:
        """One line of ASCII, whatever letters the paths have."""
        return json.dumps(self.to_dict())


def _absolute(path: Any, key: str) -> Path:
    if not isinstance(path, str | os.PathLike) or not os.fspath(path) or "\0" in os.fspath(path):
        raise _bad(key, f"is {path!r}, not a path.")
    return Path(os.path.abspath(path))


def _model(model: Any) -> str:
    """A name as it is; a path made absolute."""
    if not isinstance(model, str | os.PathLike) or not os.fspath(model):
        raise _bad("model", f"is {model!r}, not the name or the folder of a model.")
    is_path = isinstance(model, os.PathLike) or "/" in model or os.sep in model
    return os.path.abspath(model) if is_path else model


def _bad(key: str, problem: str, hint: str = "") -> InputError:
    return InputError("bad-job", f"{key} {problem}", hint)
