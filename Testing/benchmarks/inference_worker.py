"""The worker: from files to files against the bare forward pass, and how long it takes to say hello."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from inference_subject import DEVICE, Subject, file_of
from reporting import row
from timing import seconds

from MissingModalitySegLib.arrays.boxes import bounding_box, cut, grow_to_multiple
from MissingModalitySegLib.engine.predict import Way, plan
from MissingModalitySegLib.jobs import Job, Runner
from MissingModalitySegLib.options import Options
from MissingModalitySegTraining.export import Background, write_bundle

MARGIN = 4
"""Voxels of background that preparation keeps around a brain."""


def measure(subject: Subject, rounds: int) -> list[dict[str, Any]]:
    """Rows for `reporting.report`."""
    return [end_to_end(subject, rounds), cold_start(rounds)]


def end_to_end(subject: Subject, rounds: int) -> dict[str, Any]:
    """A warm worker's time for a job, aligned and brain-extracted files, over that of the network alone.

    Both run on the same voxels and with the same choice of precision, in turn.
    """
    box = grow_to_multiple(bounding_box(subject.brain, MARGIN), subject.model.multiple)
    crop = cut(subject.image, box)[None].to(DEVICE)
    ready = plan(subject.model, crop.shape[1:], subject.code, Way(DEVICE))
    with tempfile.TemporaryDirectory() as scratch, Runner() as runner:
        folder = Path(scratch)
        model = replace(subject.model, network=subject.model.network.cpu(), name="bench")
        write_bundle(folder / "bench", model, Background("moe", "Bench", "Apache-2.0", True))
        subject.model.network.to(DEVICE)
        # an ellipsoid of this size would pass for a head
        job = Job(file_of(subject, folder), str(folder / "bench"), folder / "output", Options(brain="extracted"))
        runner.run(job)  # warms the worker up
        ratios, whole, bare = [], [], []
        for _ in range(rounds):
            whole.append(seconds(lambda: runner.run(job)))
            bare.append(seconds(lambda: ready.network(crop)))
            ratios.append(whole[-1] / bare[-1])
    return row(
        "end_to_end_ratio",
        median(ratios),
        bar=3,
        better="lower",
        how=f"warm worker, {len(subject.model.modalities)} files of {'x'.join(map(str, subject.brain.shape))} in, "
        f"labels and report out: {median(whole):.1f} s; the network alone on {'x'.join(map(str, crop.shape[2:]))}: "
        f"{median(bare):.1f} s ({ready.network.choice}); medians of {rounds}",
    )


def cold_start(rounds: int) -> dict[str, Any]:
    """From the start of a worker to its hello, over `python -c "import torch"`."""
    ratios, hellos, imports = [], [], []
    for _ in range(rounds + 1):
        imports.append(seconds(lambda: subprocess.run([sys.executable, "-c", "import torch"], check=True)))
        with Runner() as runner:
            hellos.append(seconds(lambda runner=runner: _until_hello(runner)))
        ratios.append(hellos[-1] / imports[-1])
    return row(
        "cold_start_ratio",
        median(ratios[1:]),  # the first reads files that are in no cache
        bar=1.3,
        better="lower",
        how=f"worker to hello {median(hellos[1:]):.2f} s, import torch {median(imports[1:]):.2f} s; torch "
        f"{torch.__version__}, medians of {rounds}",
    )


def _until_hello(runner: Runner) -> None:
    runner.start()
    while runner.hello is None:
        time.sleep(0.002)
