"""Does training wait for its data, and do its methods cost what their arithmetic says? Run by `make bench-training`."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def main() -> int:
    sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "training")]
    import training_data_wait
    import training_steps
    from reporting import report

    return 0 if report("training", [training_data_wait.measure(), *training_steps.measure()]) else 1


if __name__ == "__main__":
    sys.exit(main())
