"""Whether a name says that contrast agent was given: prepositions decide, and they differ by language."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from .vocabulary import Meaning
from .words import Word


class Agent(Enum):
    """What a name says of the contrast agent."""

    UNSAID = auto()
    GIVEN = auto()
    PROBABLY_GIVEN = auto()
    PERHAPS_GIVEN = auto()
    NOT_GIVEN = auto()
    PROBABLY_NOT_GIVEN = auto()
    BOTH = auto()
    UNCLEAR = auto()
    """“post” or “pre” that belongs to an operation or a therapy."""


_YES = (Meaning.WITH, Meaning.AFTER, Meaning.WITH_OR_AFTER_IF_AGENT, Meaning.PLUS)
_NO = (Meaning.WITHOUT, Meaning.BEFORE)
_REACH = 3
"""How many words may stand between a preposition and the agent: “after injection of the agent”."""


def read_agent(words: Sequence[Word]) -> Agent:
    """What the words of a name say of the contrast agent."""
    signs = {sign for i, word in enumerate(words) for sign in _signs(words, i, word)}
    if Agent.GIVEN in signs and Agent.NOT_GIVEN in signs:
        return Agent.BOTH
    for sure in (Agent.GIVEN, Agent.NOT_GIVEN):
        if sure in signs:
            return sure
    if Agent.PROBABLY_GIVEN in signs and Agent.PROBABLY_NOT_GIVEN in signs:
        return Agent.BOTH
    for likely in (Agent.PROBABLY_GIVEN, Agent.PROBABLY_NOT_GIVEN, Agent.PERHAPS_GIVEN, Agent.UNCLEAR):
        if likely in signs:
            return likely
    return Agent.UNSAID


def _signs(words: Sequence[Word], i: int, word: Word) -> set[Agent]:
    if word.meaning is Meaning.T1_WITH_AGENT:
        return {Agent.GIVEN}
    if word.meaning in (Meaning.T1_WITHOUT_AGENT, Meaning.NO_AGENT):
        return {Agent.NOT_GIVEN}
    if word.meaning is Meaning.AGENT:
        return _before_agent(words, i)
    if word.meaning is Meaning.LETTER_C:
        return _letter_c(words, i)
    if word.meaning is Meaning.TIMING:
        return {Agent.UNCLEAR}
    if word.meaning in (Meaning.AFTER, Meaning.BEFORE, Meaning.WITH_OR_AFTER_IF_AGENT):
        return _alone(words, i, word)
    if word.meaning is Meaning.PLUS and i == len(words) - 1:
        return {Agent.PROBABLY_GIVEN}
    if word.meaning is Meaning.WITHOUT and _ends(words, i):
        return {Agent.PROBABLY_NOT_GIVEN}
    return set()


def _before_agent(words: Sequence[Word], i: int) -> set[Agent]:
    """The nearest preposition decides; several in a row (“with and without”) all count."""
    polarities: set[Agent] = set()
    gap = 0
    for word in reversed(words[:i]):
        if word.meaning in _YES:
            polarities.add(Agent.GIVEN)
        elif word.meaning in _NO:
            polarities.add(Agent.NOT_GIVEN)
        elif polarities and word.meaning is not Meaning.AND:
            break
        elif not polarities:
            gap += 1
            if gap >= _REACH or word.meaning is Meaning.AGENT:
                break
    return polarities or {Agent.GIVEN}


def _letter_c(words: Sequence[Word], i: int) -> set[Agent]:
    """“+C” and “C+” are the agent; a lone C beside a T1 may be it (or the rest of “C-”)."""
    neighbours = [words[j].meaning for j in (i - 1, i + 1) if 0 <= j < len(words)]
    if Meaning.PLUS in neighbours:
        return {Agent.GIVEN}
    if i and words[i - 1].meaning is Meaning.WITHOUT:
        return {Agent.PROBABLY_NOT_GIVEN}
    return {Agent.PERHAPS_GIVEN}


def _alone(words: Sequence[Word], i: int, word: Word) -> set[Agent]:
    """“post” and “pre” without an agent behind them."""
    following = words[i + 1].meaning if i + 1 < len(words) else None
    preceding = words[i - 1].meaning if i else None
    if following is Meaning.TREATMENT or preceding is Meaning.SESSION:
        return {Agent.UNCLEAR}
    if any(later.meaning is Meaning.AGENT for later in words[i + 1 : i + 2 + _REACH]):
        return set()  # the agent itself has its say
    if word.meaning is Meaning.WITH_OR_AFTER_IF_AGENT:  # also “to”, “on” and “towards”: alone it says nothing
        return set()
    return {Agent.PROBABLY_GIVEN if word.meaning is Meaning.AFTER else Agent.PROBABLY_NOT_GIVEN}


def _ends(words: Sequence[Word], i: int) -> bool:
    return all(word.meaning in (Meaning.FILLER, Meaning.AND, Meaning.WITH) for word in words[i + 1 :])
