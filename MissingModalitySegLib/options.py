"""How a study is to be segmented: the choices a user has, the same in window, console, command line and job file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from .errors import InputError
from .modalities import Modality

CHOICES: dict[str, tuple[str, ...]] = {
    "register": ("auto", "off"),
    "inference": ("auto", "whole", "sliding-window"),
    "precision": ("auto", "float32"),
    "format": ("nii.gz", "nrrd"),
}
BRAIN = ("auto", "extracted", "none")
"""What `brain` may be besides the path of a mask: found or extracted as needed; the volumes hold nothing else; all of
the volume is worked on as it is."""

_SWITCHES = (
    "synthesize",
    "reconstructions",
    "uncertainty",
    "mirror",
    "report",
    "dicom_seg",
    "dicom_sr",
    "include_phi",
)

_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?")
THREADS = range(1, 1025)


@dataclass(frozen=True)
class Options:
    """All that may be chosen; the defaults are right for most. Raises `InputError` that names the option."""

    reference: Modality | None = None  # whose grid the labels lie on; None: the volume with the finest voxels
    register: str = "auto"  # auto, off
    brain: str = "auto"  # auto, extracted, none, or the path of a mask
    device: str = "auto"  # auto, cpu, mps, cuda, cuda:1
    inference: str = "auto"  # auto, whole, sliding-window
    precision: str = "auto"  # auto, float32
    synthesize: bool = False  # also generate the sequences that are missing
    reconstructions: bool = False  # … and those that are there, from the others, to compare with
    uncertainty: bool = False  # also say where mirrored views and smaller subsets disagree
    mirror: bool = False  # average over the left-right mirrored volume
    minimum_lesion_ml: float = 0.0  # smaller connected lesions are left out
    report: bool = True  # also write report.html, the report with pictures
    dicom_seg: bool = False  # also write segmentation.dcm, where the reference was read from DICOM
    dicom_sr: bool = False  # … and report.dcm, a measurement report
    include_phi: bool = False  # let the report say whom volumes read from DICOM show
    threads: int | None = None  # processors to use; None: as many as pay
    format: str = "nii.gz"  # of the volumes written

    def __post_init__(self) -> None:
        if self.reference is not None:
            object.__setattr__(self, "reference", Modality.parse(self.reference))
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise _bad(name, getattr(self, name), f"Use one of {', '.join(choices)}.")
        if not isinstance(self.brain, str) or not self.brain:
            raise _bad("brain", self.brain, f"Use one of {', '.join(BRAIN)}, or the path of a mask.")
        if not isinstance(self.device, str) or not _DEVICE.fullmatch(self.device):
            raise _bad("device", self.device, "Use auto, cpu, mps, cuda, or cuda:1 for the second card.")
        for name in _SWITCHES:
            if not isinstance(getattr(self, name), bool):
                raise _bad(name, getattr(self, name), "Use true or false.")
        size = self.minimum_lesion_ml
        if not isinstance(size, int | float) or isinstance(size, bool) or not 0 <= size <= 1000:
            raise _bad("minimum_lesion_ml", size, "Give a volume from 0 to 1000 ml.")
        if self.threads is not None and (type(self.threads) is not int or self.threads not in THREADS):
            raise _bad("threads", self.threads, f"Give a number from {THREADS[0]} to {THREADS[-1]}.")

    @classmethod
    def from_dict(cls, values: Any) -> Options:
        """Read what `to_dict` wrote, or a part of it. Raises `InputError` for keys that are no options."""
        known = [field.name for field in fields(cls)]
        if not isinstance(values, Mapping):
            raise InputError("bad-options", "The options are not a table of keys and values.")
        unknown = sorted(str(key) for key in values if key not in known)
        if unknown:
            raise InputError("unknown-option", f"{', '.join(unknown)} is no option.", f"Known are {', '.join(known)}.")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"reference": None if self.reference is None else str(self.reference)}


def _bad(name: str, value: Any, hint: str) -> InputError:
    shown = repr(value)
    return InputError("bad-option", f"The option {name} is {shown if len(shown) <= 60 else shown[:57] + '…'}.", hint)
