"""A combo box whose lines stand for words of a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slicer.parameterNodeWrapper import GuiConnector

Choices = Sequence[tuple[str, str]]
"""The word that is kept, and what the user reads."""


class ChoiceConnector(GuiConnector):
    """Binds a QComboBox to a text parameter; a word that is not among the choices shows as the first of them."""

    def __init__(self, box: Any, choices: Choices) -> None:
        super().__init__()
        self._box, self._words = box, [word for word, _ in choices]
        box.clear()
        for _, text in choices:
            box.addItem(text)

    @staticmethod
    def canRepresent(widget: Any, datatype: Any) -> bool:
        return False  # made by hand, since no data type tells what the user should read

    @staticmethod
    def create(widget: Any, datatype: Any) -> None:
        return None

    def _connect(self) -> None:
        self._box.connect("currentIndexChanged(int)", self._picked)

    def _disconnect(self) -> None:
        self._box.disconnect("currentIndexChanged(int)", self._picked)

    def _picked(self, index: int) -> None:
        self.changed()

    def widget(self) -> Any:
        return self._box

    def read(self) -> str:
        return self._words[max(self._box.currentIndex, 0)]

    def write(self, value: str) -> None:
        self._box.currentIndex = self._words.index(value) if value in self._words else 0
