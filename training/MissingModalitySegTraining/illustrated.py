"""A picture for a model's card: what it makes of a few simulated patients, its failures among them.

The patients are the same for all models and were not chosen by what comes out.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import torch
from PIL import Image

from MissingModalitySegLib.bundles import Bundle, load
from MissingModalitySegLib.engine.model import Model, load_model
from MissingModalitySegLib.labels import LESION
from MissingModalitySegLib.modalities import MODALITIES, Code

from .data.phantom_cases import phantom_cases
from .drawn_cases import segmented_case, synthesised_case
from .head_validation import HeldOutHead, pictured
from .measured import rewrite
from .model_card import PICTURES
from .phantom.contrast import REALISTIC
from .phantom.heads import HeadSettings, HeadStream
from .pictures import Pictured, mosaic

CASES = "cases.png"
T1, _, T2, FLAIR, DWI = MODALITIES
KINDS = {
    "glioma": ("a glioma", (T1, T2, FLAIR)),
    "ms": ("multiple sclerosis", (T1, T2, FLAIR)),
    "acute_stroke": ("a fresh infarct", (T2, FLAIR, DWI)),
    "none": ("healthy: whatever is found is a false alarm", (T1, T2, FLAIR)),
}
"""Title of each patient, and from which sequences alone it is segmented beside all of them."""

SEED = 2**41 + 700
"""Beyond the seeds that training draws, and apart from those that the benchmarks use."""

HEADS = 2
COLOURS = 64
ABOUT = "Simulated patients that no training saw, the same for every model, not chosen by the result."
CAPTIONS = {
    "segments": f"{ABOUT} The sequences, the truth and what the model finds, in the slice with most lesion; in the "
    "healthy one in that where most is found.",
    "synthesis": f"{ABOUT} The sequences, each as the model makes it of the others, and the lesion.",
    "brain": f"{ABOUT} Heads: the sequences, the true brain, what is found in each sequence alone.",
}


def illustrate(folder: Path) -> Bundle:
    """Draw the picture of the model in `folder` and put it into the bundle and its card, for an earlier one.

    Raises `InputError`, `BundleError`, `ResourceError`.
    """
    bundle = load(folder)
    model, family = load_model(bundle), bundle.manifest.family
    if family == "brain":
        drawn, kind = _heads(model), "brain"
    else:
        kind = "synthesis" if family == "synthesis" else "segments"
        drawn = _cases(model, kind)
    content = io.BytesIO()
    mosaic(drawn, model.scheme or LESION).quantize(COLOURS, dither=Image.Dither.NONE).save(
        content, format="png", optimize=True
    )
    description = bundle.manifest.to_dict()
    pictures = {**description["provenance"].get(PICTURES, {}), CASES: CAPTIONS[kind]}
    description["provenance"] = {**description["provenance"], PICTURES: pictures}
    return rewrite(bundle, description, {CASES: content.getvalue()})


def _cases(model: Model, kind: str) -> list[Pictured]:
    with tempfile.TemporaryDirectory() as folder:
        corrected = model.normalisation.bias_correction
        cache, ids = phantom_cases(
            Path(folder), len(KINDS), tuple(KINDS), SEED, model.spacing, bias_correction=corrected
        )
        drawn = []
        for name, (title, alone) in zip(ids, KINDS.values(), strict=True):
            if kind == "synthesis":
                drawn.append(synthesised_case(model, cache[name], title))
                continue
            codes = [Code((one,), model.modalities) for one in alone if one in model.modalities]
            drawn.append(segmented_case(model, cache[name], [Code.full(model.modalities), *codes], title))
        return drawn


def _heads(model: Model) -> list[Pictured]:
    settings = HeadSettings(spacing=model.spacing, batch_size=1, mixture=REALISTIC, seed=SEED)
    stream = HeadStream(settings)
    drawn = []
    for number in range(HEADS):
        sample = stream.sample(number)
        with torch.inference_mode():
            brain = (sample.regions[0, 0] > 0).numpy()
            drawn.append(pictured(model, HeldOutHead(f"head {number + 1}", sample.image[0].half(), brain)))
    return drawn
