"""The task-conditional mixture-of-experts convolution (Novosad et al., MICCAI 2024, section 2.2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from .conditional import ConditionalConv3d


class MixtureConv3d(ConditionalConv3d):
    """N convolutions E₁ … E_N, weighted by a gate φ that sees the modality code m only.

    Eq. 3, x_out = Σₙ φ(m)ₙ Eₙ(x_in). A convolution is linear in its kernel, so the experts' weights and biases are
    mixed first and one convolution follows: Wₘ = Σₙ φ(m)ₙ Wₙ, bₘ = Σₙ φ(m)ₙ bₙ.

    In training the gate sees m + ε, ε ~ N(0, `code_noise`²). D: fresh for every layer and sample; the mask that zeroes
    the image never sees it.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, modalities: int, experts: int, code_noise: float
    ) -> None:
        super().__init__()
        self.code_noise = code_noise
        self.weight = nn.Parameter(torch.empty(experts, out_channels, in_channels, 3, 3, 3))  # N out in 3 3 3
        self.bias = nn.Parameter(torch.empty(experts, out_channels))
        self.gate = nn.Linear(modalities, experts)
        for weight in self.weight:  # each expert starts as torch starts a convolution of its own
            nn.init.kaiming_uniform_(weight, a=math.sqrt(5))
        bound = 1 / math.sqrt(in_channels * 27)
        nn.init.uniform_(self.bias, -bound, bound)

    def gates(self, code: Tensor) -> Tensor:
        """φ(m) (B, N) for `code` (B, K), free of noise: positive, each row sums to one."""
        return self.gate(code.to(self.gate.weight.dtype)).softmax(dim=1)

    def kernels(self, code: Tensor) -> tuple[Tensor, Tensor]:
        gates = self.gates(code)  # B N
        weight = gates @ self.weight.flatten(1)
        return weight.unflatten(1, self.weight.shape[1:]), gates @ self.bias

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        if self.training and self.code_noise:
            code = code + self.code_noise * torch.randn(code.shape, device=code.device)
        return super().forward(x, code)
