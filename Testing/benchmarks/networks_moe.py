"""What the mixture of experts costs over the plain U-Net of equal widths: nothing folded, little in a training step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from reporting import row
from timing import paired_ratio
from torch import Tensor, nn

from MissingModalitySegLib.networks.onednn import convolutions
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegTraining.losses.segmentation import region_loss

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SIZE = 64 if DEVICE == "cpu" else 96
PRESET = "starter" if DEVICE == "cpu" else "paper"
PRECISIONS = {"": torch.float32, "_bfloat16": torch.bfloat16}


def measure() -> list[dict[str, Any]]:
    """Rows for `reporting.report`."""
    where = f"{PRESET}, {SIZE}³, {DEVICE} ({torch.get_num_threads()} threads), channels last, median of paired rounds"
    rows = []
    for suffix, precision in PRECISIONS.items():
        rows.append(
            row(
                f"moe_folded_ratio{suffix}",
                paired_ratio(folded("moe", precision), folded("unet", precision)),
                bar=1.05,
                better="lower",
                how=f"forward, moe folded for all modalities / plain U-Net folded for the same; {precision}, {where}",
            )
        )
        rows.append(
            row(
                f"moe_mixed_step_ratio{suffix}",
                paired_ratio(training_step("moe", precision), training_step("unet", precision)),
                bar=1.25,
                better="lower",
                how=f"training step on 2 samples of different codes, moe / plain U-Net; {precision}, {where}",
            )
        )
    return rows


def network(architecture: str) -> nn.Module:
    torch.manual_seed(0)
    return build({"architecture": architecture, "preset": PRESET}).to(DEVICE)


def image(batch: int) -> Tensor:
    return torch.randn(batch, 5, SIZE, SIZE, SIZE, device=DEVICE).contiguous(memory_format=torch.channels_last_3d)


def folded(architecture: str, precision: torch.dtype) -> Callable[[], Tensor]:
    """Inference as the program runs it."""
    plain = network(architecture).fold(torch.ones(5)).to(precision, memory_format=torch.channels_last_3d)
    x = image(1).to(precision)
    return torch.inference_mode()(lambda: plain(x))


def training_step(architecture: str, precision: torch.dtype) -> Callable[[], None]:
    """Forward, loss, backward and update."""
    trained = network(architecture).train().to(memory_format=torch.channels_last_3d)
    optimiser = torch.optim.Adam(trained.parameters(), lr=1e-4)
    x, code = image(2), torch.tensor([[1, 1, 1, 1, 1], [1, 0, 0, 1, 0]], device=DEVICE)
    target = (torch.rand(2, 3, SIZE, SIZE, SIZE, device=DEVICE) < 0.1).float()

    def step() -> None:
        optimiser.zero_grad()
        bfloat16 = precision == torch.bfloat16
        with torch.autocast(DEVICE, torch.bfloat16, enabled=bfloat16), convolutions(torch.device(DEVICE)):
            logits = trained(x, code)
        region_loss(logits, target).backward()
        optimiser.step()

    return step
