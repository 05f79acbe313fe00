"""Does the window stay responsive while a study is segmented? `make bench-module`.

A timer of the window asks for a turn every few milliseconds; what it waits beyond that is what a user's click would
wait. The volumes are of a clinical size, the worker is a real process, and results come into a real scene. Arguments:
voxels along an edge of the inputs.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EDGE = 240
"""Voxels of 1 mm: 240³ is an isotropic FLAIR of a whole head."""

EVERY_MS = 5
QUIET_S = 3.0
MEDIAN_MS, MOST_MS_99, WORST_MS = 10.0, 100.0, 1000.0


def main() -> int:
    sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "training")]
    from reporting import report

    edge = int(sys.argv[1]) if len(sys.argv) > 1 else EDGE
    with tempfile.TemporaryDirectory() as folder:
        return 0 if report("module", measure(Path(folder), edge)) else 1


def measure(folder: Path, edge: int) -> list[dict]:
    from Testing.slicer_harness import slicer_application

    app = slicer_application.install()
    from Testing.module.tiny_models import write_models

    os.environ["MISSING_MODALITY_SEG_MODELS"] = str(write_models(folder / "models"))
    os.environ["XDG_DATA_HOME"], os.environ["XDG_STATE_HOME"] = str(folder / "data"), str(folder / "state")
    app.begin(folder / "slicer")
    from Testing.slicer_harness.module_window import close_module, open_module

    nodes = [_volume(name, number, edge) for number, name in enumerate(("T1", "FLAIR"))]
    widget = open_module()
    try:
        widget.window.inputs.ui.guessButton.click()
        for name in ("synthesize", "uncertainty"):
            widget.window.parameters.setValue(name, True)
        widget.window.parameters.model = "one"  # the choice is an ensemble that ships, and has another grid
        widget.window.parameters.precision = "float32"
        quiet_until = time.monotonic() + QUIET_S
        idle = _lateness(lambda: time.monotonic() > quiet_until)
        began = time.monotonic()
        busy, worst_at = _while_segmenting(widget)
        seconds = time.monotonic() - began
        assert widget.window.results.run is not None, widget.window.run.ui.problemLabel.text
    finally:
        close_module(widget)
        _close_desk()
    return _rows(idle, busy, worst_at, seconds, len(nodes), edge)


def _volume(name: str, number: int, edge: int):
    """A ball of tissue as large as a head, with noise: as many voxels, and as hard to compress, as a real one."""
    import numpy as np
    import slicer

    places = np.indices((edge,) * 3, dtype=np.float32) - edge / 2
    inside = np.square(places).sum(0) < (0.36 * edge) ** 2
    noise = np.random.default_rng(number).normal(0, 20, inside.shape)
    array = np.where(inside, 400 + noise, np.abs(noise) / 4).astype(np.int16)
    array[edge // 2 : edge // 2 + 12, edge // 3 : edge // 3 + 12, edge // 2 : edge // 2 + 12] += 200
    node = slicer.util.addVolumeFromArray(array, np.eye(4), name)
    node.CreateDefaultDisplayNodes()
    return node


def _lateness(over) -> list[float]:
    """How late each turn of the timer came, in ms, until `over()`."""
    from PySide6 import QtCore, QtWidgets

    late: list[float] = []
    last = [time.perf_counter()]

    def turn() -> None:
        now = time.perf_counter()
        late.append(max(0.0, 1000 * (now - last[0]) - EVERY_MS))
        last[0] = now

    timer = QtCore.QTimer()
    timer.setTimerType(QtCore.Qt.PreciseTimer)
    timer.timeout.connect(turn)
    timer.start(EVERY_MS)
    while not over():
        QtWidgets.QApplication.processEvents(QtCore.QEventLoop.AllEvents | QtCore.QEventLoop.WaitForMoreEvents)
    timer.stop()
    return late


def _while_segmenting(widget) -> tuple[list[float], str]:
    """Press Segment; the lateness until the end, and what was going on at its worst."""
    ui = widget.window.run.ui
    stages: list[tuple[float, str]] = []
    from MissingModalitySegLib.ui.desk import desk

    desk().on_line.append(lambda line: stages.append((time.perf_counter(), line)))
    began = time.perf_counter()
    ui.segmentButton.click()
    late = _lateness(lambda: ui.segmentButton.text == "&Segment")
    at = began + sum(one + EVERY_MS for one in late[: late.index(max(late)) + 1]) / 1000
    before = [line for moment, line in stages if moment <= at]
    return late, before[-1] if before else "writing the volumes"


def _close_desk() -> None:
    from MissingModalitySegLib.ui import desk

    desk._close()


def _rows(idle: list[float], busy: list[float], worst_at: str, seconds: float, count: int, edge: int) -> list[dict]:
    import numpy as np
    from reporting import row

    how = f"{len(busy)} turns in {seconds:.0f} s; {count} volumes of {edge}³, synthesis and uncertainty"
    return [
        row("idle_p99_ms", float(np.percentile(idle, 99)), bar=None, better="lower", how="before anything runs"),
        row("latency_median_ms", float(np.median(busy)), bar=MEDIAN_MS, better="lower", how=how),
        row("latency_p99_ms", float(np.percentile(busy, 99)), bar=MOST_MS_99, better="lower", how=how),
        row("latency_worst_ms", max(busy), bar=WORST_MS, better="lower", how=f"after “{worst_at}”"),
    ]


if __name__ == "__main__":
    sys.exit(main())
