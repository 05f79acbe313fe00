"""Region probabilities for a prepared study, and the labels they mean.

The network is folded for the code of the study, put into the precision that pays on this machine and shown the box
around the brain: in one pass, or window by window where its intensities were scaled tile by tile in training.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from ..arrays.boxes import Box, cut, grow_to_multiple, paste
from ..arrays.normalise import normalise
from ..arrays.windows import gaussian_weights, windows
from ..errors import InputError
from ..labels import BACKGROUND, LabelScheme
from ..modalities import Code
from ..networks import probe
from .model import BRAIN_ZSCORE, Model

if TYPE_CHECKING:
    from .prepare import Prepared

Inference = Literal["auto", "whole", "sliding-window"]
Precision = Literal["auto", "float32"]
Network = Callable[[Tensor], Tensor]
"""A folded network: images (1, K, X, Y, Z) → logits (1, R, X, Y, Z)."""


def predict(model: Model, prepared: Prepared, inference: Inference = "auto", precision: Precision = "auto") -> Tensor:
    """Probabilities (R, X, Y, Z) of the regions of the model's scheme, float32 on the CPU, zero outside the brain."""
    return predict_channels(model, prepared.channels, prepared.brain, prepared.code, inference, precision)


@torch.inference_mode()
def predict_channels(
    model: Model,
    channels: Tensor,
    brain: Tensor,
    code: Code,
    inference: Inference = "auto",
    precision: Precision = "auto",
) -> Tensor:
    """Probabilities (R, X, Y, Z) from `channels` (K, X, Y, Z), of which `code` says what is there; zero off `brain`.

    `channels` are z-scored over the brain, as preparation and caches have them; where the model wants another scale,
    it is made here. What the channels of missing modalities hold is not read. Exclusive classes (softmax) become
    regions: each class is a value of the label map, and a region has the probability of all of its values together.

    `inference`: one pass over the `whole`, a `sliding-window` of the model's tile, or what suits the model (`auto`).
    `precision`: `float32`, or the fastest that this machine's self-test found to be right (`auto`).
    """
    logits = network_output(model, channels, brain, code, inference, precision)
    probabilities = _regions_of_classes(logits.softmax(0), model.scheme) if model.exclusive else logits.sigmoid()
    return torch.where(brain, probabilities, probabilities.new_zeros(()))


@torch.inference_mode()
def network_output(
    model: Model,
    channels: Tensor,
    brain: Tensor,
    code: Code,
    inference: Inference = "auto",
    precision: Precision = "auto",
) -> Tensor:
    """What the network itself gives for every voxel, logits or intensities: (R, X, Y, Z), float32, on the CPU.

    Windows that show no brain are not computed; the result is 0 in voxels that lie in no other.
    """
    if inference not in ("auto", "whole", "sliding-window"):
        raise InputError(
            "unknown-inference", f"“{inference}” is no way of inference.", "Use auto, whole or sliding-window."
        )
    code = Code(code.available, model.modalities)
    if tuple(channels.shape) != (len(model.modalities), *brain.shape):
        raise InputError(
            "wrong-channel-count",
            f"The model takes {len(model.modalities)} channels on the grid of the brain mask {tuple(brain.shape)}, "
            f"not shape {tuple(channels.shape)}.",
        )
    device = next(model.network.parameters()).device
    network = _ready(model, code, device, precision)
    image, mask = channels.float().unsqueeze(0).to(device), brain.unsqueeze(0).to(device)
    scale = model.normalisation
    tiled = inference == "sliding-window" or (inference == "auto" and scale.scope == "tile")
    if scale != BRAIN_ZSCORE and not (tiled and scale.scope == "tile"):
        image = normalise(image, mask, scale.method, scale.scope)
    output = _window_by_window(model, network, image, mask) if tiled else _in_one_pass(model, network, image)
    return output.float().cpu()


def labels_from(probabilities: Tensor, scheme: LabelScheme, threshold: float = 0.5) -> Tensor:
    """The label map (X, Y, Z) of region probabilities (R, X, Y, Z), with regions in the order of `scheme`."""
    bits = sum((probabilities[i] > threshold).to(torch.int64) << i for i in range(len(scheme.regions)))
    return torch.tensor(scheme.lookup, dtype=torch.uint8)[bits]


def _ready(model: Model, code: Code, device: torch.device, precision: Precision) -> Network:
    """The network folded for `code`, in the precision and layout to compute with."""
    if precision not in ("auto", "float32"):
        raise InputError("unknown-precision", f"“{precision}” is no precision.", "Use auto or float32.")
    choice = probe.probe(device) if precision == "auto" else probe.Choice()
    vector = torch.tensor(code.vector, dtype=torch.float32, device=device)
    return probe.prepare(model.network.fold(vector), choice)


def _in_one_pass(model: Model, network: Network, image: Tensor) -> Tensor:
    """(R, X, Y, Z): the image padded with zeros as the network needs it, and cut again."""
    own = Box((0, 0, 0), tuple(image.shape[2:]))
    padded = grow_to_multiple(own, model.multiple)
    inside = Box(
        tuple(-start for start in padded.start),
        tuple(size - start for size, start in zip(own.shape, padded.start, strict=True)),
    )
    return cut(network(cut(image, padded)), inside)[0]


def _window_by_window(model: Model, network: Network, image: Tensor, brain: Tensor) -> Tensor:
    """(R, X, Y, Z): the mean of the outputs of all windows that show brain, weighted by a Gaussian about their centres.

    In float32 this is MONAI's `sliding_window_inference` with Gaussian blending, wherever there is brain.
    """
    size, scale = model.tile.size, model.normalisation
    weights = gaussian_weights(size).to(image.device)
    shape = image.shape[2:]
    total, weight = None, torch.zeros(shape, device=image.device)
    for box in windows(shape, size, model.tile.overlap):
        mask = cut(brain, box)
        if not bool(mask.any()):
            continue
        window = cut(image, box)
        if scale.scope == "tile":
            window = normalise(window, mask, scale.method, scale.scope)
        output = network(window)[0]
        if total is None:
            total = torch.zeros(len(output), *shape, device=image.device)
        _add(output * weights, box, total)
        _add(weights, box, weight)
    if total is None:
        return torch.zeros(model.outputs, *shape)
    return total / weight.clamp(min=torch.finfo(weight.dtype).tiny)


def _add(part: Tensor, box: Box, total: Tensor) -> None:
    """Add `part` to `total` where `box` lies, in place; what lies beyond is dropped."""
    paste(part + cut(total, box), box, total)


def _regions_of_classes(classes: Tensor, scheme: LabelScheme | None) -> Tensor:
    """Probabilities of regions from those of exclusive classes (C, …), background first and values ascending."""
    if scheme is None:
        return classes[BACKGROUND + 1 :]
    return torch.stack(
        [sum(classes[scheme.values.index(value)] for value in sorted(region.values)) for region in scheme.regions]
    )
