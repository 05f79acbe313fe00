"""Do two workers do the work of two, and does none grow over a hundred cases? Run by `make bench-cohorts`.

Studies are balls of tissue with lesions, written as volumes of 1 mm; `batch` reads, aligns, segments and writes them as
it does those of a hospital. Without --model the network is an untrained one of few channels, so that reading,
preparing and writing weigh as much as the network.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EDGE = 160
"""Voxels of 1 mm along each edge of a study."""

CASES, CASES_OF_MEMORY = 24, 100
SAMPLE_S = 0.1


def main() -> int:
    sys.path[:0] = [str(HERE), str(ROOT), str(ROOT / "training")]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="a bundle's name or folder; by default a small untrained one")
    parser.add_argument("--small", action="store_true", help="few small cases, to try the bench itself")
    parser.add_argument("--only", choices=("speed", "memory"), nargs="+", default=("speed", "memory"))
    arguments = parser.parse_args()
    from reporting import report

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if "speed" in arguments.only:
            rows += speed(place, arguments.model, 6 if arguments.small else CASES, arguments.small)
        if "memory" in arguments.only:
            rows += memory(place, arguments.model, 8 if arguments.small else CASES_OF_MEMORY, arguments.small)
    return 0 if report("cohorts", rows) else 1


def speed(place: Path, model: str | None, count: int, small: bool) -> list[dict[str, Any]]:
    """Cases per minute of one worker and of two, with a thread each, once all of them are warm."""
    from reporting import row

    source = make_studies(place / "speed", count, small)
    paces = {jobs: pace(run(place, source, place / f"out-{jobs}", model, jobs)[0], jobs) for jobs in (1, 2)}
    cores = os.cpu_count()
    how = f"{count} studies of two sequences; {paces[1]:.2f} and {paces[2]:.2f} cases per minute on {cores} processors"
    return [
        row("speedup_of_two_workers", paces[2] / paces[1], bar=1.6, better="higher", how=how),
        row("cases_per_minute", paces[2], bar=None, better="higher", how="two workers of one thread"),
    ]


def memory(place: Path, model: str | None, count: int, small: bool) -> list[dict[str, Any]]:
    """The largest resident set of a worker's processes during the last fifth of the cases, against the first."""
    from reporting import row

    source = make_studies(place / "memory", count, small)
    events, samples = run(place, source, place / "out-memory", model, 1)
    done = [at for at, _ in finished(events)]
    fifth = max(len(done) // 5, 1)
    first = max(size for at, size in samples if at <= done[fifth - 1])
    last = max(size for at, size in samples if at >= done[-fifth - 1])
    how = f"{len(done)} cases, one worker with its engine: {first / 1e9:.2f} GB at first, {last / 1e9:.2f} GB at last"
    return [row("memory_growth", last / first, bar=1.1, better="lower", how=how)]


def make_studies(folder: Path, count: int, small: bool) -> Path:
    """`count` folders with a T1 and a FLAIR, no two alike."""
    import numpy as np
    import SimpleITK as sitk  # noqa: N813

    edge = 64 if small else EDGE
    axes = np.indices((edge,) * 3) - (edge - 1) / 2
    distance = np.sqrt((axes**2).sum(0)) / edge
    brain = distance < 0.42
    for number in range(count):
        generator = np.random.default_rng(number)
        lesion = (
            np.sqrt(((axes - generator.uniform(-0.15, 0.15, 3)[:, None, None, None] * edge) ** 2).sum(0)) < edge / 9
        )
        for name, tissue, spot in (("T1", 700, -200), ("FLAIR", 500, 300)):
            values = tissue + 200 * np.cos(9 * distance) + spot * lesion + generator.normal(0, 20, brain.shape)
            image = sitk.GetImageFromArray(np.where(brain, values, 0).astype(np.float32))
            image.SetDirection([-1, 0, 0, 0, -1, 0, 0, 0, 1])
            image.SetSpacing([160 / edge] * 3)
            target = folder / f"{number:03d}" / f"{name}.nii.gz"
            target.parent.mkdir(parents=True, exist_ok=True)
            sitk.WriteImage(image, str(target))
    return folder


def run(
    place: Path, source: Path, output: Path, model: str | None, jobs: int
) -> tuple[list[dict[str, Any]], list[tuple[float, int]]]:
    """Run `batch`: its journal, and the bytes of a worker and its engine over time."""
    from Testing.cohorts.cohort_runs import Batch, journal, write_models

    if not (place / "models").is_dir():
        write_models(place / "models")
    arguments = ["--folder", str(source), "--jobs", str(jobs), "--threads", "1", "--model", model or "one", "--report"]
    batch = Batch(place, *arguments, output=output)
    with watched(batch) as samples:
        code, _, told = batch.end()
    if code:
        raise SystemExit(told)
    return journal(output), samples


@contextmanager
def watched(batch: Any) -> Iterator[list[tuple[float, int]]]:
    """Moment and bytes of the largest worker with its engine, again and again."""
    from Testing.cohorts.cohort_runs import engines

    samples: list[tuple[float, int]] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(SAMPLE_S):
            sizes = [resident(worker) + sum(map(resident, engines(worker))) for worker in batch.workers()]
            if sizes:
                samples.append((time.time(), max(sizes)))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


def resident(process: int) -> int:
    """Bytes of a process in memory."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def pace(events: list[dict[str, Any]], jobs: int) -> float:
    """Cases per minute after every worker has had one."""
    done = [at for at, _ in finished(events)]
    warm = done[jobs - 1 :]
    return 60 * (len(warm) - 1) / (warm[-1] - warm[0])


def finished(events: list[dict[str, Any]]) -> list[tuple[float, str]]:
    """When each case was done, in seconds of the clock."""
    return [(datetime.fromisoformat(one["time"]).timestamp(), one["case"]) for one in events if one["event"] == "done"]


if __name__ == "__main__":
    sys.exit(main())
