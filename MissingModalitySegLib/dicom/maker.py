"""Who made an object: the program and the model, as DICOM tells them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import __version__
from ..terminology import Coded
from .packages import package

MANUFACTURER = "MissingModalitySeg"
_NAMESPACE = uuid.UUID("3d2f4f6b-6a57-5c1e-8a57-0f6a5e2f1c77")
_LONG_STRING = 64


@dataclass(frozen=True)
class Maker:
    """The model that answered."""

    name: str
    version: str
    family: str = ""

    @classmethod
    def of_report(cls, report: Mapping[str, Any]) -> Maker:
        """From `report.json`; a network without a bundle has no name."""
        model = report.get("model") or {}
        return cls(model.get("name") or "network", model.get("version") or "0", model.get("family") or "")

    @property
    def title(self) -> str:
        return f"{MANUFACTURER} {self.name}"[:_LONG_STRING]

    def equipment(self) -> dict[str, Any]:
        """The keyword arguments of highdicom that say which program wrote an object."""
        return {
            "manufacturer": MANUFACTURER,
            "manufacturer_model_name": self.title,
            "software_versions": (f"{MANUFACTURER} {__version__}", f"{self.name} {self.version}"[:_LONG_STRING]),
            "device_serial_number": __version__,
        }

    def device_uid(self) -> str:
        """The same for the same program and model."""
        return f"2.25.{uuid.uuid5(_NAMESPACE, f'{__version__}/{self.name}/{self.version}').int}"


def new_uid() -> str:
    """A UID that nothing else has."""
    return f"2.25.{uuid.uuid4().int}"


def coded(code: Coded) -> Any:
    """`code` as highdicom takes it."""
    return package("highdicom.sr").CodedConcept(code.value, code.scheme, code.meaning)
