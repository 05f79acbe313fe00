"""Prediction layers made for each sample by a hyper-network (section 3.3, eq. 6)."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .backbone import NormReluConv, group_norm

EMBEDDING = 256
"""Length of the projected prompt and of the projected image vector."""
HIDDEN = 8
"""Channels between the dynamic convolutions."""


class HyperHead(nn.Module):
    """{wᵢ, bᵢ} = MLP(Z_m ⊕ Z_e), i = 1…3 (eq. 6), applied as 1x1x1 convolutions 8→8→8→regions behind a 16→8 pre-head.

    The two projections (prompt D_text→256; image by group norm, ReLU and global average pooling →256) with a ReLU are
    the MLP's hidden layer, one linear controller its output. The paper gives no sizes; these are ours, as is that every
    prompt embedding is brought to a mean square of one first: those of texts have length one, a binary
    code's is √n, and the encoders shall be exchangeable.
    """

    def __init__(self, prompt_size: int, image_width: int, decoder_width: int, regions: int, groups: int) -> None:
        super().__init__()
        self.prompt_size = prompt_size
        self.layers = ((HIDDEN, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, regions))
        self.prompt_projection = nn.Linear(prompt_size, EMBEDDING)
        self.image_norm = group_norm(image_width, groups)
        self.image_projection = nn.Linear(image_width, EMBEDDING)
        self.controller = nn.Linear(2 * EMBEDDING, sum((i + 1) * o for i, o in self.layers))
        self.pre_head = NormReluConv(decoder_width, HIDDEN, 1, groups)
        self._initialise()

    def forward(self, prompt: Tensor, encoded: Tensor, decoded: Tensor) -> Tensor:
        """Logits (B, regions, D, H, W) from prompt embeddings (B, D_text), the deepest encoder features and the
        decoder's features (B, C, D, H, W)."""
        hidden = torch.cat([self.project_prompt(prompt), self.project_image(encoded)], dim=1)
        return self.predict(self.controller(hidden), decoded)

    def project_prompt(self, prompt: Tensor) -> Tensor:
        """Z_m (B, 256)."""
        return F.relu(self.prompt_projection(F.rms_norm(prompt, (self.prompt_size,), eps=1e-12)))

    def project_image(self, encoded: Tensor) -> Tensor:
        """Z_e (B, 256)."""
        return F.relu(self.image_projection(F.relu(self.image_norm(encoded)).mean(dim=(2, 3, 4))))

    def predict(self, parameters: Tensor, decoded: Tensor) -> Tensor:
        """Apply the layers that `parameters` (B, P) hold, each as weight (out x in) and bias, to the decoder output."""
        y = self.pre_head(decoded)
        size = y.shape[2:]
        y = y.flatten(2)  # B C V
        start = 0
        for number, (channels_in, channels_out) in enumerate(self.layers):
            end = start + channels_in * channels_out
            weight = parameters[:, start:end].unflatten(1, (channels_out, channels_in))
            start = end + channels_out
            y = torch.baddbmm(parameters[:, end:start, None], weight, F.relu(y) if number else y)
        return y.unflatten(2, size)

    def fold(self, prompt: Tensor) -> FoldedHyperHead:
        """The head for one prompt embedding (D_text,)."""
        return FoldedHyperHead(self, prompt)

    @torch.no_grad()
    def _initialise(self) -> None:
        """Start like a static head: the controller's bias holds layers initialised as usual, its weight is small, so
        that prompt and image at first modulate them a little."""
        self.controller.weight.mul_(0.1)
        self.controller.bias.zero_()
        start = 0
        for channels_in, channels_out in self.layers:
            end = start + channels_in * channels_out
            bound = math.sqrt(6 / channels_in)
            self.controller.bias[start:end].uniform_(-bound, bound)
            start = end + channels_out


class FoldedHyperHead(nn.Module):
    """`HyperHead` for one prompt: its share of the controller has become part of the bias."""

    def __init__(self, head: HyperHead, prompt: Tensor) -> None:
        super().__init__()
        self.layers = head.layers
        for name in ("image_norm", "image_projection", "pre_head"):
            setattr(self, name, copy.deepcopy(getattr(head, name)))
        controller = head.controller
        self.controller = nn.Linear(EMBEDDING, controller.out_features).to(controller.weight)
        with torch.no_grad():
            of_prompt, of_image = controller.weight.split(EMBEDDING, dim=1)
            constant = head.project_prompt(prompt[None].to(controller.weight))[0]
            self.controller.weight.copy_(of_image)
            self.controller.bias.copy_(controller.bias + of_prompt @ constant)

    project_image = HyperHead.project_image
    predict = HyperHead.predict

    def forward(self, encoded: Tensor, decoded: Tensor) -> Tensor:
        return self.predict(self.controller(self.project_image(encoded)), decoded)
