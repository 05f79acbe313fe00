"""What the mixture of modality experts costs at inference, against the straightforward way to write it down.

The straightforward network does what the paper says and nothing else: float32 in torch's usual layout,
`InstanceNorm3d`, the gate's input concatenated, every level with its head computed though only the top is used. Both
have the same weights and see the same image.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
from timing import paired_ratio
from torch import Tensor, nn
from torch.nn import functional as F

from MissingModalitySegLib.networks.mome.network import MixtureOfModalityExperts
from MissingModalitySegLib.networks.probe import prepare, probe
from MissingModalitySegLib.networks.registry import build

SIZE = 96
ROUNDS = 7


class StraightforwardUNet(nn.Module):
    """nnU-Net's plain U-Net with its parts in the order of the paper."""

    def __init__(self, channels: int, outputs: int, widths: tuple[int, ...]) -> None:
        super().__init__()

        def block(before: int, after: int, stride: int) -> nn.Module:
            convolution = nn.Conv3d(before, after, 3, stride, 1)
            return nn.Sequential(convolution, nn.InstanceNorm3d(after, affine=True), nn.LeakyReLU(0.01))

        def stage(before: int, after: int, stride: int = 1) -> nn.Module:
            return nn.Sequential(block(before, after, stride), block(after, after, 1))

        inputs = (channels, *widths[:-1])
        self.encoder = nn.ModuleList(
            stage(a, b, 2 if level else 1) for level, (a, b) in enumerate(zip(inputs, widths, strict=True))
        )
        pairs = list(pairwise(widths))
        self.up = nn.ModuleList(nn.ConvTranspose3d(below, above, 2, 2) for above, below in pairs)
        self.decoder = nn.ModuleList(stage(2 * above, above) for above, _ in pairs)
        self.heads = nn.ModuleList(nn.Conv3d(above, outputs, 1) for above, _ in pairs)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """First-stage features, and the outputs of all levels from the top."""
        skips = []
        for stage in self.encoder:
            x = stage(x)
            skips.append(x)
        outputs = []
        for level in reversed(range(len(self.up))):
            x = self.decoder[level](torch.cat([self.up[level](x), skips[level]], 1))
            outputs.insert(0, self.heads[level](x))
        return skips[0], outputs


class StraightforwardMixture(nn.Module):
    """Eq. 1 at every level, from a concatenated input of the gate."""

    def __init__(self, experts: int, regions: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.experts = nn.ModuleList(StraightforwardUNet(1, regions, widths) for _ in range(experts))
        self.gate = StraightforwardUNet(1 + experts * widths[0], experts * regions, widths)

    def forward(self, image: Tensor) -> list[Tensor]:
        answers = [expert(image) for expert in self.experts]
        _, weights = self.gate(torch.cat([image, *(first for first, _ in answers)], 1))
        mixed = []
        for level, weight in enumerate(weights):
            parts = weight.chunk(len(self.experts), 1)
            mixed.append(sum(outputs[level] * part for (_, outputs), part in zip(answers, parts, strict=True)))
        return mixed


def straightforward(network: MixtureOfModalityExperts) -> StraightforwardMixture:
    """The straightforward network with the weights of `network`: their parameters come in the same order."""
    config = network.config
    twin = StraightforwardMixture(config.experts, config.regions, config.widths)
    theirs = dict(network.state_dict())
    names = {"conv": "0", "norm": "1"}
    state = {}
    for name, value in theirs.items():
        state[".".join(names.get(part, part) for part in name.replace("gate.unet.", "gate.").split("."))] = value
    twin.load_state_dict(state)
    return twin.eval().requires_grad_(False)


def has_amx() -> bool:
    """Whether this CPU multiplies bfloat16 matrices in AMX tiles."""
    try:
        return "amx_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def measure(size: int = SIZE, rounds: int = ROUNDS) -> list[dict]:
    """One modality at `size`³ voxels through the starter network, both ways."""
    torch.manual_seed(0)
    network = build({"architecture": "mome", "preset": "starter"}).eval()
    x = F.interpolate(torch.randn(1, 5, size // 4, size // 4, size // 4), scale_factor=4, mode="trilinear")
    code = torch.tensor([1.0, 0, 0, 0, 0])
    slow = straightforward(network)
    choice = probe()
    fast = prepare(network.fold(code), choice)
    with torch.inference_mode():
        exact, ours = slow(x[:, :1])[0], fast(x)
        difference = (exact.sigmoid() - ours.sigmoid()).abs()
        ratio = paired_ratio(lambda: fast(x), lambda: slow(x[:, :1]), rounds)
    bar = 0.5 if has_amx() else 0.85
    how = f"starter, one modality, {size}³, {choice}; median of {rounds} pairs, {torch.get_num_threads()} threads"
    return [
        {"name": "mome_ratio", "value": ratio, "bar": bar, "better": "lower", "ok": ratio <= bar, "how": how},
        {
            "name": "mome_difference",
            "value": (error := float(difference.square().mean().sqrt())),
            "bar": 1e-2,
            "better": "lower",
            "ok": error <= 1e-2,
            "how": f"root mean square difference of a probability; the largest is {difference.max():.4f}",
        },
    ]
