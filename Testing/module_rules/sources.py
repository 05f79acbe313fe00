"""Look every entry of the allow-list up in checkouts of Slicer and CTK, in the file that it names.

`python -m Testing.module_rules.sources --slicer FOLDER --ctk FOLDER [--pytorch FOLDER]` prints what is not found there.
Qt and VTK are compared in the tests, with PySide6 and slicer-core.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from .allowed import Allowed

SHOWN = {
    "properties": (r"Q_PROPERTY\([^)]*\b{name}\b", r"\b{name}\b"),
    "methods": (r"\b{name}\s*\(", r"Macro\(\w*{stem}\b", r"[\"']{name}[\"']", r"\b{name}\b"),
    "signals": (r"void\s+{name}\s*\(",),
    "names": (r"(def|class)\s+{name}\b", r"\b{name}\b", r"Macro\(\w*{stem}\b"),
}
"""What definitions look like, by kind. `stem` is what a macro of VTK makes Get…, Set… and …On of."""


def missing(checkouts: dict[str, Path], allowed: Allowed) -> Iterator[str]:
    """Entries whose file is not there or does not define them, for the projects that are checked out."""
    for place, tables in allowed.places.items():
        project, file = place.split(": ", 1)
        if project not in checkouts:
            continue
        path = checkouts[project] / file
        if not path.is_file():
            yield f"{place}: there is no such file"
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for kind, entries in tables.items():
            for entry in entries:
                name = entry.split("(")[0].rsplit(".", 1)[-1]
                stem = re.sub(r"^(Get|Set)|(On|Off)$", "", name)
                patterns = (pattern.format(name=re.escape(name), stem=re.escape(stem)) for pattern in SHOWN[kind])
                if not any(re.search(pattern, text) for pattern in patterns):
                    yield f"{place}: {kind} {entry}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--slicer", type=Path, required=True)
    parser.add_argument("--ctk", type=Path, required=True)
    parser.add_argument("--pytorch", type=Path)
    given = parser.parse_args()
    checkouts = {"Slicer": given.slicer, "CTK": given.ctk}
    if given.pytorch:
        checkouts["SlicerPyTorch"] = given.pytorch
    allowed = Allowed.read()
    found = list(missing(checkouts, allowed))
    looked = sum(
        len(entries)
        for place, tables in allowed.places.items()
        if place.split(": ", 1)[0] in checkouts
        for entries in tables.values()
    )
    print("\n".join([*found, f"{looked - len(found)} of {looked} entries found"]))
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
