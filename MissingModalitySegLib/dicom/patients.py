"""Who a header is about: to tell patients apart, and to keep them out of everything that is printed or reported."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

_SHORTEST_NAME, _SHORTEST_NUMBER = 3, 4
"""Shorter words of a name and shorter numbers are too common to be taken out of a text."""

_HIDDEN = "…"
_IDEOGRAM = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True)
class Patient:
    """The patient of a study. Nothing of it shows when an object that holds it is printed."""

    name: str = field(default="", repr=False)
    id: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    other: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """Further texts that lead to the patient: accession number, other IDs."""

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells this patient from others: the ID, else name and date of birth."""
        return (self.id,) if self.id else ("", self.name.casefold(), self.birth_date)

    def hidden_in(self, text: str) -> str:
        """`text`, in which the patient's name, numbers and date of birth are replaced by “…”."""
        for word in sorted(self._words(), key=len, reverse=True):
            # Where words are not divided by spaces, a name stands amid others.
            pattern = (
                re.escape(word) if _IDEOGRAM.search(word) and len(word) > 1 else rf"(?<!\w){re.escape(word)}(?!\w)"
            )
            text = re.sub(pattern, _HIDDEN, text, flags=re.IGNORECASE)
        return text

    def _words(self) -> set[str]:
        names = re.split(r"[\^=\s,_]+", self.name)
        words = {part for part in names if len(part) >= (_SHORTEST_NAME if part.isascii() else 1)}
        words |= {"".join(one.split("^")) for one in self.name.split("=") if _IDEOGRAM.search(one)}
        return words | {number for number in (self.id, self.birth_date, *self.other) if len(number) >= _SHORTEST_NUMBER}


def patient_of(header: Any) -> Patient:
    """The patient of a pydicom dataset; what cannot be decoded is taken as it is."""
    others = [_text(header, keyword) for keyword in ("AccessionNumber", "OtherPatientIDs", "StudyID")]
    return Patient(
        name=_text(header, "PatientName"),
        id=_text(header, "PatientID"),
        birth_date=_text(header, "PatientBirthDate"),
        other=tuple(text for text in others if text),
    )


def pseudonym(*parts: str) -> str:
    """Twelve letters and digits that stand for `parts`, always the same ones, and do not lead back to them."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _text(header: Any, keyword: str) -> str:
    try:
        value = header.get(keyword)
        return "" if value is None else str(value).strip()
    except Exception:  # pydicom decodes when asked, and fails in as many ways as there are broken files
        return ""
