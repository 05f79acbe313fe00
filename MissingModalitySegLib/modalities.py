"""The five sequences and the codes that say which of them are there.

A *code* is the availability vector m ∈ {0,1}^K of the papers, here as an immutable set with an order: it prints as
`T1+FLAIR`, counts as a bit mask, and multiplies channels as a 0/1 vector. With K modalities there are 2^K - 1 codes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from .errors import InputError

Given = TypeVar("Given")


class Modality(StrEnum):
    """An MRI sequence; the value is the name used in files, on the command line and in the interface."""

    T1 = "T1"
    T1CE = "T1ce"
    T2 = "T2"
    FLAIR = "FLAIR"
    DWI = "DWI"

    @classmethod
    def parse(cls, text: str | Modality) -> Modality:
        """Return the modality called `text`; case and the usual spellings (`T1c`, `T1Gd`, `T2-FLAIR`) do not matter.

        This reads what a person typed where a modality was asked for. Guessing from the name of a series is
        `recognition.recognise`, which may be unsure; this is never unsure.
        """
        if isinstance(text, cls):
            return text
        key = re.sub(r"[\s_\-]+", "", str(text)).casefold()
        try:
            return _SPELLINGS[key]
        except KeyError:
            raise InputError(
                "unknown-modality",
                f"“{text}” is not a modality.",
                f"Use one of {', '.join(modality.value for modality in cls)}.",
            ) from None


_SPELLINGS = {modality.value.casefold(): modality for modality in Modality} | {
    "t1w": Modality.T1,
    "t1n": Modality.T1,
    "t1c": Modality.T1CE,
    "t1gd": Modality.T1CE,
    "t1post": Modality.T1CE,
    "t2w": Modality.T2,
    "t2flair": Modality.FLAIR,
    "t2f": Modality.FLAIR,
    "flr": Modality.FLAIR,
}

MODALITIES: tuple[Modality, ...] = tuple(Modality)
"""All modalities in channel order."""


@dataclass(frozen=True)
class Code:
    """Which of `modalities` are available, in channel order; never empty."""

    available: tuple[Modality, ...]
    modalities: tuple[Modality, ...] = MODALITIES

    def __post_init__(self) -> None:
        modalities = tuple(Modality.parse(modality) for modality in self.modalities)
        if len(set(modalities)) != len(modalities):
            raise InputError(
                "duplicate-modality",
                f"A modality is listed twice in {_join(modalities)}.",
                "List each modality once.",
            )
        wanted = [Modality.parse(modality) for modality in self.available]
        if len(set(wanted)) != len(wanted):
            raise InputError(
                "duplicate-modality",
                f"A modality is given twice in {_join(wanted)}.",
                "Give each modality once.",
            )
        foreign = [modality for modality in wanted if modality not in modalities]
        if foreign:
            raise InputError(
                "modality-not-in-model",
                f"{_join(foreign)} is not among the modalities {_join(modalities)}.",
                "Leave it out, or choose a model that uses it.",
            )
        if not wanted:
            raise InputError("empty-code", "No modality is available.", f"Give at least one of {_join(modalities)}.")
        object.__setattr__(self, "modalities", modalities)
        object.__setattr__(self, "available", tuple(modality for modality in modalities if modality in wanted))

    @classmethod
    def parse(cls, text: str, modalities: Sequence[Modality | str] = MODALITIES) -> Code:
        """Read `T1+FLAIR` (also separated by commas or blanks)."""
        names = [name for name in re.split(r"[+,\s]+", text.strip()) if name]
        return cls(tuple(Modality.parse(name) for name in names), tuple(modalities))

    @classmethod
    def from_mask(cls, mask: int, modalities: Sequence[Modality | str] = MODALITIES) -> Code:
        """Read a bit mask; bit i stands for channel i."""
        modalities = tuple(Modality.parse(modality) for modality in modalities)
        if not 0 <= mask < 2 ** len(modalities):
            raise InputError(
                "code-out-of-range",
                f"{mask} is no code over {len(modalities)} modalities.",
                f"Codes run from 1 to {2 ** len(modalities) - 1}.",
            )
        return cls(tuple(modality for i, modality in enumerate(modalities) if mask >> i & 1), modalities)

    @classmethod
    def from_vector(cls, vector: Iterable[float], modalities: Sequence[Modality | str] = MODALITIES) -> Code:
        """Read a 0/1 vector in channel order."""
        vector = list(vector)
        if len(vector) != len(modalities) or any(value not in (0, 1) for value in vector):
            raise InputError(
                "bad-code-vector",
                f"A code over {len(modalities)} modalities is as many zeros and ones, not {vector}.",
            )
        return cls.from_mask(sum(1 << i for i, value in enumerate(vector) if value), modalities)

    @classmethod
    def full(cls, modalities: Sequence[Modality | str] = MODALITIES) -> Code:
        return cls(tuple(modalities), tuple(modalities))

    @classmethod
    def all(cls, modalities: Sequence[Modality | str] = MODALITIES) -> tuple[Code, ...]:
        """Every code over `modalities`, in the order of their bit masks."""
        return tuple(cls.from_mask(mask, modalities) for mask in range(1, 2 ** len(modalities)))

    @property
    def mask(self) -> int:
        return sum(1 << i for i, modality in enumerate(self.modalities) if modality in self.available)

    @property
    def vector(self) -> tuple[int, ...]:
        return tuple(int(modality in self.available) for modality in self.modalities)

    @property
    def missing(self) -> tuple[Modality, ...]:
        return tuple(modality for modality in self.modalities if modality not in self.available)

    def issubset(self, other: Code) -> bool:
        return set(self.available) <= set(other.available)

    def __contains__(self, modality: Modality | str) -> bool:
        return Modality.parse(modality) in self.available

    def __iter__(self) -> Iterator[Modality]:
        return iter(self.available)

    def __len__(self) -> int:
        return len(self.available)

    def __str__(self) -> str:
        return "+".join(modality.value for modality in self.available)


def by_modality(named: Mapping[Modality | str, Given]) -> dict[Modality, Given]:
    """What was given under names of modalities, in the usual order. Raises `InputError` for a name that is none, and
    for a modality that is there twice, under two of its names."""
    found: dict[Modality, Given] = {}
    for name, one in named.items():
        modality = Modality.parse(name)
        if modality in found:
            raise InputError("duplicate-modality", f"{modality} is given twice.", "Give each modality once.")
        found[modality] = one
    return {modality: found[modality] for modality in MODALITIES if modality in found}


def _join(modalities: Iterable[Modality | str]) -> str:
    return ", ".join(str(modality) for modality in modalities)
