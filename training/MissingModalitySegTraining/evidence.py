"""Does training on phantoms alone carry over to real scans? One U-Net, one hour, measured on labelled real cases.

`python -m MissingModalitySegTraining.evidence --datalist REAL.json --output RUN [--minutes 60]` trains (or goes on
with) the run and writes `results.json`. The report lies in docs/explanation/training-on-phantoms.md.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from MissingModalitySegLib.datalists import read_datalist
from MissingModalitySegLib.engine.model import Model
from MissingModalitySegLib.modalities import Code
from MissingModalitySegLib.networks.registry import build

from .evaluation.evaluate import evaluate
from .loop import LoopSettings, Progress, fit
from .phantom.contrast import ContrastMixture
from .phantom.stream import PhantomStream, StreamSettings
from .regimes.modality_dropout import ModalityDropout

NETWORK = {"architecture": "unet", "config": {"widths": [16, 32, 48, 64, 96]}}
"""Multiples of 16 channels: bfloat16 is up to twice as fast as float32 with them, and slower with any others."""

MIXTURE = ContrastMixture(physics=0.2, jittered=0.5, random=0.3)
"""Fewer random contrasts than by default: an hour is too short to learn from them."""

STREAM = StreamSettings(
    crop=(64, 80, 64),
    spacings={2.2: 0.4, 1.0: 0.6},
    batch_size=1,
    crops_per_case=1,
    mixture=MIXTURE,
    reuse=2,
)
"""Whole brains at 2.2 mm teach where lesions lie and how much of a brain they are, crops at 1 mm what their borders and
the small ones look like; an hour is short for either alone."""

SPACING = 1.3
"""mm, of the evaluation: between the two scales of the training, so that less of what is seen is new."""

SUBSETS = ("T1ce+FLAIR", "FLAIR", "T1ce", "T1+T1ce+T2+FLAIR", "T2", "T1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datalist", type=Path, required=True, help="labelled real cases")
    parser.add_argument("--output", type=Path, required=True, help="folder of the run")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument(
        "--steps",
        type=int,
        default=10**6,
        help="an end by steps, whichever comes first",
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    settings = LoopSettings(
        steps=arguments.steps,
        minutes=arguments.minutes,
        learning_rate=1.5e-3,
        precision="bf16-mixed",
        seed=arguments.seed,
        workers=arguments.workers,
    )
    stream = PhantomStream(replace(STREAM, seed=arguments.seed))
    regime = ModalityDropout(build(NETWORK), full_view=False)
    network = fit(regime, stream, settings, arguments.output, watchers=[Progress()])
    cases = read_datalist(arguments.datalist)
    model = Model(network, spacing=SPACING, name="evidence")
    subsets = [Code.parse(subset) for subset in SUBSETS]
    evaluate(model, cases, subsets, arguments.output, report=_show)


def _show(row: dict) -> None:
    dice = " ".join(f"{region} {value:.3f}" for region, value in row["dice"].items())
    print(f"{row['case']:12} {row['code']:20} {dice}", flush=True)


if __name__ == "__main__":
    main()
