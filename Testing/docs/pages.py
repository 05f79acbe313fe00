"""The pages of the documentation and what is fenced in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]

_FENCED = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """What stands between two fences. `mark` is a comment above it: `long`, or `parsed: WHY`."""

    page: Path
    line: int
    language: str
    text: str
    mark: str

    @property
    def is_long(self) -> bool:
        return self.mark == "long"

    @property
    def is_parsed_only(self) -> bool:
        return self.mark.startswith("parsed: ")

    @property
    def commands(self) -> list[str]:
        """The lines of a shell block without comments, continued lines joined; what is fed to a command left out."""
        text = re.sub(r"<<'END'.*?^END$", "", self.text.replace("\\\n", " "), flags=re.MULTILINE | re.DOTALL)
        lines = (re.sub(r"(^|\s)#\s.*$", "", line).strip() for line in text.splitlines())
        return [line for line in lines if line]

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in _FENCED.finditer(text):
        line = text.count("\n", 0, match.start("language")) + 1
        yield Block(page, line, match["language"], match["text"], match["mark"] or "")


BLOCKS = [block for page in PAGES for block in blocks(page)]
