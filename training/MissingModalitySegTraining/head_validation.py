"""Looking at a network that finds brains: what it finds from each sequence alone, on whole heads that it never sees."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from MissingModalitySegLib.engine.brain import largest_part
from MissingModalitySegLib.engine.model import Model
from MissingModalitySegLib.modalities import MODALITIES, Code

from .configs.schema import TrainingConfig
from .evaluation.journal import model_checksum
from .evaluation.rows import Evaluation, Row, make_row
from .evaluation.scores import add_cscores
from .phantom.contrast import REALISTIC
from .phantom.heads import HeadSettings, HeadStream
from .pictures import Pictured

REGION, DATASET = "brain", "phantom-heads"
"""What is scored, and what the heads are called in rows."""


@dataclass(frozen=True)
class HeldOutHead:
    """A head on the network's grid, as large as it is shown."""

    id: str
    channels: Tensor
    """(5, X, Y, Z) float16 as `normalise_head` leaves them; every sequence is there."""
    brain: np.ndarray
    """(X, Y, Z) bool, the true envelope."""


def held_out_heads(config: TrainingConfig, device: torch.device | str = "cpu") -> tuple[HeldOutHead, ...]:
    """The heads that `config` is validated with, made anew at every start: they take seconds and no disk.

    Head i is the same however many there are. Their contrasts exist; their fields of view are as in training.
    """
    wanted, phantom = config.validation, config.data.phantom
    settings = HeadSettings(
        kinds=phantom.kinds,
        shape=config.data.crop,
        spacing=config.data.spacing,
        batch_size=1,
        mixture=REALISTIC,
        lesion_masks=phantom.lesion_masks,
        seed=wanted.seed,
    )
    stream = HeadStream(settings, device)
    heads = []
    for number in range(wanted.cases):
        sample = stream.sample(number)
        name = f"head-{wanted.seed}-{number}"
        heads.append(HeldOutHead(name, sample.image[0].half().cpu(), (sample.regions[0, 0] > 0).cpu().numpy()))
    return tuple(heads)


def evaluate_heads(model: Model, heads: Sequence[HeldOutHead], codes: Sequence[Code]) -> Evaluation:
    """Rows by head and code; those of several modalities are left out, since the network sees one image at a time."""
    rows = [_row(model, head, code) for head in heads for code in codes if len(code) == 1]
    return Evaluation(
        model=model.name,
        datalist="validation",
        rows=tuple(add_cscores(rows)),
        kinds={DATASET: "simulated"},
        version=model.version,
        checksum=model_checksum(model),
        grid="model",
    )


@torch.inference_mode()
def find_brain(network: nn.Module, image: Tensor) -> np.ndarray:
    """The brain (X, Y, Z, bool) in one sequence of a head, as extraction has it before it leaves the network's grid."""
    device = next(network.parameters()).device
    logits = network.forward_image(image[None, None].float().to(device))[0, 0]
    return largest_part((logits > 0).cpu().numpy())


def pictured(model: Model, head: HeldOutHead) -> Pictured:
    """The head with the answers from each of the model's sequences."""
    shown = [_channel(head, modality) for modality in model.modalities]
    answers = [
        (f"from {modality}", find_brain(model.network, image).astype(np.uint8))
        for modality, image in zip(model.modalities, shown, strict=True)
    ]
    return Pictured(head.id, list(model.modalities), torch.stack(shown).numpy(), head.brain.astype(np.uint8), answers)


def _row(model: Model, head: HeldOutHead, code: Code) -> Row:
    started = time.monotonic()
    found = find_brain(model.network, _channel(head, code.available[0]))
    seconds = time.monotonic() - started
    case = {"case": head.id, "subject": head.id, "dataset": DATASET}
    return make_row(case, code, {REGION: found}, {REGION: head.brain}, (model.spacing,) * 3, seconds)


def _channel(head: HeldOutHead, modality: str) -> Tensor:
    return head.channels[MODALITIES.index(modality)].float()
