"""Do phantoms keep up with training? Run by `make bench-phantom`."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def main() -> int:
    sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "training")]
    import phantom_crops
    import training_data_wait
    from reporting import report

    return 0 if report("phantom", [*phantom_crops.measure(), training_data_wait.measure()]) else 1


if __name__ == "__main__":
    sys.exit(main())
