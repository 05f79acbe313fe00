"""Do the networks cost what their papers promise? Run by `make bench-networks`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def main() -> int:
    sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "training")]
    from reporting import report

    families = sorted(path.stem for path in HERE.glob("networks_*.py"))  # each has `measure() -> list of rows`
    rows = [row for family in families for row in import_module(family).measure()]
    return 0 if report("networks", rows) else 1


if __name__ == "__main__":
    sys.exit(main())
