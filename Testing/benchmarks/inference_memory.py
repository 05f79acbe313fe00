"""Peak memory of whole processes, each doing one prediction one way: run as a script, it is such a process."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
WAYS = ("monai", "whole", "whole-float32", "windows-float32")


def measure(model: str | None, small: bool) -> list[dict[str, Any]]:
    """Rows for `reporting.report`."""
    from reporting import row

    peaks, foretold = {}, {}
    for way in WAYS:
        command = [
            sys.executable,
            __file__,
            way,
            *(["--model", model] if model else []),
            *(["--small"] if small else []),
        ]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        peaks[way], foretold[way] = float(answer[-2]), float(answer[-1])
    what = f"resident set of the process; MONAI's windows over the volume in float32: {peaks['monai'] / 1e9:.2f} GB"

    def ratio(name: str, way: str, bar: float) -> dict[str, Any]:
        how = f"{way}: {peaks[way] / 1e9:.2f} GB (foretold for the pass: {foretold[way] / 1e9:.2f} GB); {what}"
        return row(name, peaks[way] / peaks["monai"], bar=bar, better="lower", how=how)

    return [
        ratio("peak_memory_ratio", "whole", 1.6),
        ratio("peak_memory_ratio_float32", "whole-float32", 2.3),
        ratio("peak_memory_ratio_sliding_window", "windows-float32", 1.0),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--model")
    parser.add_argument("--small", action="store_true")
    arguments = parser.parse_args()
    sys.path[:0] = [str(HERE), str(HERE.parents[1]), str(HERE.parents[1] / "training")]
    import torch
    from inference_speed import exact, windows  # with MONAI, whichever way: what imports take is in all figures
    from inference_subject import subject, window

    made = subject(arguments.model, arguments.small)
    foretold = 0
    _forget_peak()
    if arguments.way == "monai":
        windows(made.image[None], window(arguments.small), exact(made))
    else:
        from MissingModalitySegLib.engine.execution import memory_of
        from MissingModalitySegLib.engine.predict import Way, make, plan

        crop, brain = made.crop.contiguous(), made.brain_crop.contiguous()
        model, code = made.model, made.code
        del made  # a prediction holds the crop; the volume is MONAI's input
        way = Way(torch.device("cpu"), windows=arguments.way.startswith("windows"))
        precision = "float32" if arguments.way.endswith("float32") else "auto"
        ready = plan(model, crop.shape, code, way, precision)
        foretold = memory_of(model, ready)
        make(model, ready, crop, brain)
    print(_peak(), foretold)


def _forget_peak() -> None:
    """Making up the image took more than anything that is measured; only Linux can forget it."""
    if Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """Bytes of this process at its largest. Linux' `ru_maxrss` would count what the parent had when it started us."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return 1024 * int(line.split()[1])
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
