"""From a name to words with meanings, whatever its case, accents, alphabet and separators."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from .vocabulary import EXCLUDED_WORDS, PHRASES, STEMS, WORDS, Meaning

LONGEST_NAME = 400
"""Characters read of a name; what is longer is no name."""

_CJK = "\u2e80-\u30ff\u31f0-\u9fff\uac00-\ud7a3\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+|\+|\*")
_B_VALUE = re.compile(r"b(\d{1,5})t?")
_NUMBERS = re.compile(r"\d+|\d+(mm|iso|t|d|dir|scan|nex)|(te|tr|ti|p|s|fa)\d+")
_LONGEST_CUT = 40
_PREFIXES = frozenset({"r", "w", "m", "wr", "wm", "rr", "s", "e"})  # of registration programs and of Philips


@dataclass(frozen=True)
class Word:
    """A word of a name: its normalised text, what it means, and what it excludes; a b-value in s/mm² if it is one."""

    text: str
    meaning: Meaning | None = None
    excludes: str = ""
    b_value: int | None = None

    @property
    def known(self) -> bool:
        return self.meaning is not None or bool(self.excludes) or self.b_value is not None


def normalise(text: str) -> str:
    """Fold case, accents and full-width forms; a Cyrillic T before a 1 or 2 becomes a Latin one."""
    text = unicodedata.normalize("NFKD", text[:LONGEST_NAME].upper().lower()).upper().casefold()
    text = "".join(
        character for character in unicodedata.normalize("NFKD", text) if not unicodedata.combining(character)
    )
    return re.sub(r"т(?=\s?[12])", "t", unicodedata.normalize("NFKC", text))


def read_words(text: str) -> tuple[Word, ...]:
    """The words of a name, glued words cut apart, phrases joined."""
    pieces: list[str] = []
    for run in _WORD.findall(normalise(text)):
        pieces += _cut_cjk(run) if re.match(rf"[{_CJK}]", run) else _cut(run)
    return tuple(_join_phrases(pieces))


@cache
def _lexicon() -> dict[str, Word]:
    lexicon = {}
    for what, words in EXCLUDED_WORDS.items():
        for word in words.split():
            text = normalise(word.replace("+", " ")).strip()
            lexicon[text] = Word(text, excludes=what)
    for meaning, words in WORDS.items():
        for word in words.split():
            lexicon.setdefault(normalise(word), Word(normalise(word), meaning))
    for phrase, meaning in PHRASES.items():
        lexicon[normalise(phrase)] = Word(normalise(phrase), meaning)
    lexicon["+"] = Word("+", Meaning.PLUS)
    return lexicon


@cache
def _longest_phrase() -> int:
    return max(text.count(" ") + 1 for text in _lexicon())


def _look_up(text: str) -> Word:
    word = _lexicon().get(text)
    if word is not None:
        return word
    if match := _B_VALUE.fullmatch(text):
        value = int(match.group(1))
        if value == 0 or 50 <= value <= 10000:  # b1, b2, … are no b-values but the second half of something else
            return Word(text, b_value=value)
    if _NUMBERS.fullmatch(text):
        return Word(text, Meaning.FILLER)
    for stem, meaning in STEMS.items():
        if text.startswith(stem):
            return Word(text, meaning)
    return Word(text)


@lru_cache(maxsize=4096)
def _cut(run: str) -> list[str]:
    """Cut a run of letters and digits into known words if that works without remainder, with as few as possible."""
    if _look_up(run).known or len(run) > _LONGEST_CUT:
        return [run]
    best: list[list[str] | None] = [[], *[None] * len(run)]
    for end in range(1, len(run) + 1):
        for start in range(end):
            head, piece = best[start], run[start:end]
            if head is None or not _may_follow(head, piece, last=end == len(run)):
                continue
            if best[end] is None or len(head) + 1 < len(best[end]):
                best[end] = [*head, piece]
    cut = best[-1]
    if cut is None or not any(_look_up(piece).meaning is not Meaning.FILLER for piece in cut):
        return [run]
    return [piece for piece in cut if piece not in _PREFIXES]


def _may_follow(head: list[str], piece: str, last: bool) -> bool:
    if piece in _PREFIXES:
        return not head and not last
    if head and piece.isdigit() and head[-1][-1].isdigit():
        return False
    if head and piece[0].isdigit() and head[-1] in ("t1", "t2"):
        return piece in ("2d", "3d")  # T12 is a vertebra
    word = _look_up(piece)
    if not word.known:
        return False
    # Other short words are only safe when they stand alone: “object” and “distance” end in some.
    return len(piece) >= 3 or piece.isdigit() or word.b_value is not None or piece in _SHORT_PARTS


_SHORT_PARTS = frozenset({"t1", "t2", "pd", "fs", "gd", "se", "ax", "ir", "km", "2d", "3d", "3t", "7t", "to"})


def _cut_cjk(run: str) -> list[str]:
    """Find the known words of scripts that write no blanks, longest first; unknown characters are left out."""
    pieces, position = [], 0
    while position < len(run):
        for length in range(min(10, len(run) - position), 0, -1):
            if run[position : position + length] in _lexicon():
                pieces.append(run[position : position + length])
                break
        else:
            length = 1
        position += length
    return pieces


def _join_phrases(pieces: list[str]) -> list[Word]:
    words: list[Word] = []
    position = 0
    while position < len(pieces):
        for length in range(min(_longest_phrase(), len(pieces) - position), 1, -1):
            phrase = " ".join(pieces[position : position + length])
            if phrase in _lexicon():
                words.append(_lexicon()[phrase])
                break
        else:
            length = 1
            pair = pieces[position : position + 2]
            if (pair[0] == "b" and pair[-1].isdigit()) or (pair[0].isdigit() and pair[-1] == "dir"):
                length = 2  # “b = 1000”; “25 dir” counts directions, while “dir” alone is double inversion recovery
            words.append(_look_up("".join(pieces[position : position + length])))
        position += length
    return words
