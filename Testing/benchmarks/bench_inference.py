"""How fast, how exact and how frugal is a prediction? Run by `make bench-inference`, in one run, against others."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def main() -> int:
    sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "training")]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="a bundle's name or folder, or a training run; by default a bundled model")
    parser.add_argument("--datalist", type=Path, help="real labelled cases for the difference in Dice")
    parser.add_argument("--rounds", type=int, default=3, help="of which medians are taken")
    parser.add_argument("--small", action="store_true", help="a third of the size, to try the bench itself")
    parts = ("speed", "memory", "accuracy", "worker")
    parser.add_argument("--only", choices=parts, nargs="+", default=parts, help="parts of it")
    arguments = parser.parse_args()

    import inference_accuracy
    import inference_memory
    import inference_speed
    import inference_worker
    from inference_subject import subject
    from reporting import report

    made = subject(arguments.model, arguments.small)
    print(f"model: {made.model.name}, {'trained' if made.trained else 'moe starter with random weights'}")
    rows = []
    if "speed" in arguments.only:
        rows += inference_speed.measure(made, arguments.rounds, arguments.small)
    if "memory" in arguments.only:
        rows += inference_memory.measure(arguments.model, arguments.small)
    if "accuracy" in arguments.only:
        rows += inference_accuracy.measure(made, arguments.datalist, arguments.small)
    if "worker" in arguments.only:
        rows += inference_worker.measure(made, arguments.rounds)
    return 0 if report("inference", rows) else 1


if __name__ == "__main__":
    sys.exit(main())
