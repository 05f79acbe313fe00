"""What the tests of the U-Net family share: tiny networks, images, codes, and properties all of them must have."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from MissingModalitySegLib.modalities import MODALITIES, Code
from MissingModalitySegLib.networks.registry import build

ALL_CODES = [torch.tensor(code.vector) for code in Code.all(MODALITIES)]


def tiny(architecture: str, seed: int = 0, **config) -> nn.Module:
    """A tiny network in evaluation mode with every parameter away from its special values (norms of 1 and 0)."""
    torch.manual_seed(seed)
    network = build({"architecture": architecture, "preset": "tiny", "config": config})
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
    return network.eval()


def image(batch: int = 2, size: tuple[int, int, int] = (8, 6, 4), seed: int = 1) -> Tensor:
    return torch.randn(batch, 5, *size, generator=torch.Generator().manual_seed(seed))


def relative_difference(found: Tensor, expected: Tensor) -> float:
    """Largest difference over the largest value expected."""
    return ((found.float() - expected.float()).abs().max() / expected.float().abs().max()).item()


def largest_fold_difference(network: nn.Module) -> float:
    """Folded against unfolded over all 31 codes, the unfolded one seeing all codes as one mixed batch."""
    x = image(batch=1)
    with torch.no_grad():
        mixed = network(x.expand(len(ALL_CODES), -1, -1, -1, -1), torch.stack(ALL_CODES))
        return max(relative_difference(network.fold(code)(x), mixed[i : i + 1]) for i, code in enumerate(ALL_CODES))


def leaks(network: nn.Module, poison: float) -> bool:
    """Whether any output depends on what a missing channel holds."""
    x = image(batch=1)
    with torch.no_grad():
        for code in ALL_CODES[:-1]:
            poisoned = torch.where(code.bool()[None, :, None, None, None], x, poison)
            clean = torch.where(code.bool()[None, :, None, None, None], x, 0.0)
            if not torch.equal(network(poisoned, code[None]), network(clean, code[None])):
                return True
            if not torch.equal(network.fold(code)(poisoned), network.fold(code)(clean)):
                return True
    return False


def training_step(network: nn.Module, seed: int = 0) -> dict[str, Tensor]:
    """Gradients of one step on a batch of the full code and one of two modalities."""
    torch.manual_seed(seed)
    network.train().zero_grad()
    code = torch.tensor([[1, 1, 1, 1, 1], [0, 1, 0, 1, 0]])
    network(image(), code).square().mean().backward()
    return {
        name: parameter.grad.clone() for name, parameter in network.named_parameters() if parameter.grad is not None
    }


def without_gradient(network: nn.Module) -> list[str]:
    """Parameters that one training step leaves without a finite gradient other than zero."""
    gradients = training_step(network)
    return [
        name
        for name, _ in network.named_parameters()
        if name not in gradients or not torch.isfinite(gradients[name]).all() or not gradients[name].any()
    ]
