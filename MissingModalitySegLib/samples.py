"""The generated patients that ship with the program: where their files are, and what they must hold."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from .errors import InputError
from .modalities import Modality
from .resources import resources

SCHEMA = 1


@dataclass(frozen=True)
class SampleFile:
    """A file and the SHA-256 of its content, in hexadecimal digits."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class Sample:
    """A generated patient: volumes, the truth as a label map (scheme `glioma`), and a picture of it."""

    name: str
    title: str
    description: str
    volumes: dict[Modality, SampleFile]
    truth: SampleFile
    thumbnail: Path

    def node_name(self, modality: Modality) -> str:
        """What a volume is called in a scene: as BIDS does, so that volumes of one patient are found together."""
        return f"sub-{self.name}_{modality}"


def samples(folder: Path | None = None) -> tuple[Sample, ...]:
    """All generated patients of the program, or those of another folder with a `samples.json`.

    Raises `InputError` when the list cannot be read. Whether the files are there is not looked at.
    """
    folder = folder or resources() / "samples"
    listing = folder / "samples.json"
    try:
        content = json.loads(listing.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise ValueError(f"schema {content['schema']}")
        return tuple(_sample(entry, folder) for entry in content["cases"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "samples-unreadable", f"The list of sample data, “{listing}”, cannot be used: {error}.", "Install again."
        ) from error


def _sample(entry: dict, folder: Path) -> Sample:
    return Sample(
        name=entry["name"],
        title=entry["title"],
        description=entry["description"],
        volumes={Modality.parse(one["modality"]): _file(one, folder) for one in entry["volumes"]},
        truth=_file(entry["truth"], folder),
        thumbnail=folder / entry["thumbnail"],
    )


def _file(entry: dict, folder: Path) -> SampleFile:
    return SampleFile(folder / entry["file"], entry["sha256"])
