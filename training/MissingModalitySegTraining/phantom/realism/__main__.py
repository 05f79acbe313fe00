"""`python -m MissingModalitySegTraining.phantom.realism --datalist REAL.json --output DIR [--cases 40]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from MissingModalitySegLib.datalists import read_datalist
from MissingModalitySegLib.errors import InputError, MissingModalitySegError

from ..atlas import load_atlas
from .comparison import Measured, places
from .report import table, write_report
from .specimens import Specimen, phantom_specimen, real_specimen
from .statistics import measure


def main(arguments: list[str] | None = None) -> int:
    """Compare, write, print what is outside. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Statistics of real cases among those of phantoms.")
    parser.add_argument(
        "--datalist", type=Path, required=True, help="real cases; those not brain-extracted are skipped"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder of realism.json, realism.md and the plots")
    parser.add_argument("--cases", type=int, default=40, help="phantoms, cycling through the diseases of the data list")
    parser.add_argument("--mode", default="research", help="how phantoms are acquired")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    try:
        return _compare(options)
    except MissingModalitySegError as error:
        print(error, file=sys.stderr)
        return 2


def _compare(options: argparse.Namespace) -> int:
    real = []
    for case in read_datalist(options.datalist).cases:
        try:
            real.append(_measured(real_specimen(case)))
        except MissingModalitySegError as error:
            print(f"{case.id} is skipped: {error}", file=sys.stderr)
    if not real:
        raise InputError("no-case", f"No case of {options.datalist} can be measured.", "Give brain-extracted cases.")
    kinds = list(dict.fromkeys(case.kind for case in real if case.kind)) or ["none"]
    atlas = load_atlas()
    phantoms = []
    for number in range(options.cases):
        kind = kinds[number % len(kinds)]
        phantoms.append(_measured(phantom_specimen(options.seed + number, kind, atlas, options.mode)))
        print(f"\r{number + 1} of {options.cases} phantoms", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    found = places(real, phantoms)
    write_report(options.output, real, phantoms, found)
    print(table([place for place in found if not place.inside]))
    print(f"{sum(place.inside for place in found)} of {len(found)} figures of {len(real)} real cases lie inside.")
    return 0


def _measured(specimen: Specimen) -> Measured:
    return Measured(specimen.name, specimen.kind, measure(specimen))


if __name__ == "__main__":
    sys.exit(main())
