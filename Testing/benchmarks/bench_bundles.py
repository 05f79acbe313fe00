"""Do the bundles that ship do what is expected of them? Run by `make bench-bundles`; minutes to an hour on two cores.

Measured on generated cases that nobody has trained on, and, with `--datalist`, on its real scans: how much better
sequences are synthesised than by a linear regression, how well the brain is found, and how much lesion is seen where
there is none (real cases whose `disease` is `none`). Dice of lesions is measured by `missing-modality-seg evaluate`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PARTS = ("synthesis", "brain", "alarms")


def main() -> int:
    sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "training")]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datalist", type=Path, help="real scans, as well")
    parser.add_argument("--cases", type=int, default=8, help="how many generated cases each part is measured on")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument(
        "--models", nargs="+", default=["ensemble", "moe", "universal", "mome"], help="whose false alarms are looked at"
    )
    arguments = parser.parse_args()
    import bundles_alarms
    import bundles_brain
    import bundles_synthesis
    from reporting import report

    from MissingModalitySegLib.datalists import read_datalist

    real = () if arguments.datalist is None else read_datalist(arguments.datalist).cases
    rows = []
    if "synthesis" in arguments.only:
        rows += bundles_synthesis.measure(real, arguments.cases)
    if "brain" in arguments.only:
        rows += bundles_brain.measure(real, arguments.cases)
    if "alarms" in arguments.only:
        rows += bundles_alarms.measure(real, arguments.cases, arguments.models)
    return 0 if report("bundles", rows) else 1


if __name__ == "__main__":
    sys.exit(main())
