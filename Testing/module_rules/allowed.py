"""The reviewed list of what Slicer, Qt, CTK and VTK offer to the module, and where each of them defines it.

`allowed.toml` has a table per place, `["Slicer: Base/Python/slicer/util.py"]`: the project, and the file in its sources
(for Qt, the class). What is listed there:

- `names`: dotted names as Python writes them, `slicer.util.loadUI`;
- `properties`: Q_PROPERTYs, attributes in Python, never called;
- `methods`: what is called (PythonQt: public slots, Q_INVOKABLEs and wrapped methods);
- `signals`: signatures as `connect` takes them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .uses import ROOTS, How, Use

LIST = Path(__file__).with_name("allowed.toml")
KINDS = ("names", "properties", "methods", "signals")
PREFIXES = ("slicer", "qt", "ctk")


@dataclass(frozen=True)
class Allowed:
    """The list: for each place, its tables by kind."""

    places: dict[str, dict[str, list[str]]]

    @classmethod
    def read(cls, path: Path = LIST) -> Allowed:
        return cls(tomllib.loads(path.read_text(encoding="utf-8")))

    def all_of(self, kind: str) -> frozenset[str]:
        return frozenset(name for tables in self.places.values() for name in tables.get(kind, ()))

    @cached_property
    def names(self) -> frozenset[str]:
        return self.all_of("names") | frozenset(ROOTS)

    @cached_property
    def properties(self) -> frozenset[str]:
        return self.all_of("properties")

    @cached_property
    def methods(self) -> frozenset[str]:
        return self.all_of("methods")

    @cached_property
    def signals(self) -> frozenset[str]:
        return self.all_of("signals")

    def problem(self, use: Use) -> str | None:
        """What is wrong with a use, as a sentence; None when it is on the list."""
        match use.how:
            case How.NAME:
                fine = use.name in self.names
            case How.CLASS:
                fine = any(f"{prefix}.{use.name}" in self.names for prefix in PREFIXES)
            case How.SIGNAL:
                fine = use.name in self.signals
            case How.SET:
                fine = use.name in self.properties
            case How.READ:
                fine = use.name in self.properties or use.name in self.methods
            case How.CALL:
                fine = use.name in self.methods
                if not fine and use.name in self.properties:
                    return f"{use.place}: {use.name} is a property: PythonQt has it as an attribute, not to be called"
        return (
            None if fine else f"{use.place}: {use.how} {use.name} is not on the list of what Slicer is known to offer"
        )

    def problems(self, uses: Iterable[Use]) -> list[str]:
        return [words for use in uses if (words := self.problem(use)) is not None]
