"""Region probabilities for a prepared study, and the labels they mean.

The network is folded for the code of the study, put into the precision that pays on this machine and shown the box
around the brain: in one pass, or window by window where its intensities were scaled tile by tile in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from ..networks.network_probe import probe_network
from ..watch import Watch
from .dry_run import DryRun, dry_run
from .model import Model
from .progress import observed

if TYPE_CHECKING:
    from .prepare import Prepared

Inference = Literal["auto", "whole", "sliding-window"]
Precision = Literal["auto", "float32"]

THRESHOLD = 0.5
"""What is more probable than this belongs to a region."""


@dataclass(frozen=True)
class Way:
    """How a pass is made: on which `device`, by `windows` or in one, and on which device windows are `joined`."""

    device: torch.device
    windows: bool = False
    joined: torch.device | None = None

    def __str__(self) -> str:
        apart = self.windows and self.joined is not None and self.joined != self.device
        return f"{'windows' if self.windows else 'whole'} on {self.device}{f', joined on {self.joined}' * apart}"


@dataclass(frozen=True)
class Pass:
    """A pass that is ready to be made: the network folded for the code, in its precision, and what it will cost.

    `image_shape` (K, X, Y, Z) is that of the whole image, `shape` (1, K, X, Y, Z) what the network is shown at once.
    """

    network: probe.PreparedNetwork
    code: Code
    way: Way
    image_shape: tuple[int, ...]
    shape: tuple[int, ...]
    run: DryRun


def predict(
    model: Model,
    prepared: Prepared,
    inference: Inference = "auto",
    precision: Precision = "auto",
    watch: Watch | None = None,
) -> Tensor:
    """Probabilities (R, X, Y, Z) of the regions of the model's scheme, float32 on the CPU, zero outside the brain."""
    return predict_channels(model, prepared.channels, prepared.brain, prepared.code, inference, precision, watch)


@torch.inference_mode()
def predict_channels(
    model: Model,
    channels: Tensor,
    brain: Tensor,
    code: Code,
    inference: Inference = "auto",
    precision: Precision = "auto",
    watch: Watch | None = None,
) -> Tensor:
    """Probabilities (R, X, Y, Z) from `channels` (K, X, Y, Z), of which `code` says what is there; zero off `brain`.

    `channels` are z-scored over the brain, as preparation and caches have them; where the model wants another scale,
    it is made here. What the channels of missing modalities hold is not read. Exclusive classes (softmax) become
    regions: each class is a value of the label map, and a region has the probability of all of its values together.

    `inference`: one pass over the `whole`, a `sliding-window` of the model's tile, or what suits the model (`auto`).
    `precision`: `float32`, or the fastest that this machine's self-test found to be right (`auto`). The network stays
    on its device and is computed there. `watch` hears of progress and may stop the work within a pass.
    """
    return probabilities_of(model, network_output(model, channels, brain, code, inference, precision, watch), brain)


@torch.inference_mode()
def network_output(
    model: Model,
    channels: Tensor,
    brain: Tensor,
    code: Code,
    inference: Inference = "auto",
    precision: Precision = "auto",
    watch: Watch | None = None,
) -> Tensor:
    """What the network itself gives for every voxel, logits or intensities: (R, X, Y, Z), float32, on the CPU.

    Windows that show no brain are not computed; the result is 0 in voxels that lie in no other.
    """
    device = next(model.network.parameters()).device
    ready = plan(model, channels.shape, code, Way(device, by_windows(model, inference)), precision)
    return make(model, ready, channels, brain, watch)


def by_windows(model: Model, inference: Inference) -> bool:
    """Whether `inference` means windows; with `auto` where the model was trained on tiles scaled each for itself."""
    if inference not in ("auto", "whole", "sliding-window"):
        raise InputError(
            "unknown-inference", f"“{inference}” is no way of inference.", "Use auto, whole or sliding-window."
        )
    return inference == "sliding-window" or (inference == "auto" and model.normalisation.scope == "tile")


@torch.inference_mode()
def plan(model: Model, image_shape: Sequence[int], code: Code, way: Way, precision: Precision = "auto") -> Pass:
    """The network for `code`, and what showing it an image of `image_shape` (K, X, Y, Z) that way will cost.

    Nothing of the image's size is allocated yet.
    """
    if precision not in ("auto", "float32"):
        raise InputError("unknown-precision", f"“{precision}” is no precision.", "Use auto or float32.")
    code = Code(code.available, model.modalities)
    if image_shape[0] != len(model.modalities):
        raise InputError(
            "wrong-channel-count",
            f"The model takes {len(model.modalities)} channels; the image has shape {tuple(image_shape)}.",
        )
    size = model.tile.size if way.windows else _padded(tuple(image_shape[1:]), model.multiple).shape
    shape = (1, image_shape[0], *size)
    vector = torch.tensor(code.vector, dtype=torch.float32, device=next(model.network.parameters()).device)
    folded = model.network.fold(vector).to(way.device)
    choice = probe_network(folded, shape[1], way.device) if precision == "auto" else probe.Choice()
    network = probe.prepare(folded, choice)
    return Pass(network, code, way, tuple(image_shape), shape, dry_run(network, shape))


@torch.inference_mode()
def make(model: Model, ready: Pass, channels: Tensor, brain: Tensor, watch: Watch | None = None) -> Tensor:
    """What the network gives for `channels` (K, X, Y, Z) as `network_output` does, by the pass that was planned."""
    if tuple(channels.shape) != ready.image_shape or tuple(brain.shape) != ready.image_shape[1:]:
        raise InputError(
            "wrong-channel-count",
            f"The pass was planned for {ready.image_shape[0]} channels on the grid {ready.image_shape[1:]}, not for "
            f"shape {tuple(channels.shape)} with a brain mask of {tuple(brain.shape)}.",
        )
    device, scale = ready.way.device, model.normalisation
    image, mask = channels.float().unsqueeze(0).to(device), brain.unsqueeze(0).to(device)
    if not scale.is_by_brain and not (ready.way.windows and scale.scope == "tile"):
        image = normalise(image, mask, scale.method, scale.scope)
    work = _window_by_window if ready.way.windows else _in_one_pass
    return work(model, ready, image, mask, watch or Watch()).float().cpu()


def probabilities_of(model: Model, output: Tensor, brain: Tensor) -> Tensor:
    """Probabilities (R, X, Y, Z) of the model's regions from its logits, zero off `brain`."""
    probabilities = _regions_of_classes(output.softmax(0), model.scheme) if model.exclusive else output.sigmoid()
    return torch.where(brain, probabilities, probabilities.new_zeros(()))


def labels_from(probabilities: Tensor, scheme: LabelScheme) -> Tensor:
    """The label map (X, Y, Z) of region probabilities (R, X, Y, Z), with regions in the order of `scheme`."""
    bits = sum((probabilities[i] > THRESHOLD).to(torch.int64) << i for i in range(len(scheme.regions)))
    return torch.tensor(scheme.lookup, dtype=torch.uint8)[bits]


def _in_one_pass(model: Model, ready: Pass, image: Tensor, mask: Tensor, watch: Watch) -> Tensor:
    """(R, X, Y, Z): the image padded with zeros as the network needs it, and cut again."""
    padded = _padded(tuple(image.shape[2:]), model.multiple)
    inside = Box(
        tuple(-start for start in padded.start),
        tuple(size - start for size, start in zip(image.shape[2:], padded.start, strict=True)),
    )
    with observed(ready.network, watch, ready.run.shares):
        return cut(ready.network(cut(image, padded)), inside)[0]


def _padded(shape: tuple[int, ...], multiple: int) -> Box:
    """The box around an image of `shape` whose sizes the network can take."""
    return grow_to_multiple(Box((0,) * len(shape), shape), multiple)


def _window_by_window(model: Model, ready: Pass, image: Tensor, brain: Tensor, watch: Watch) -> Tensor:
    """(R, X, Y, Z): the mean of the outputs of all windows that show brain, weighted by a Gaussian about their centres.

    In float32 this is MONAI's `sliding_window_inference` with Gaussian blending, wherever there is brain.
    """
    scale, shape = model.normalisation, image.shape[2:]
    joined = ready.way.joined or image.device
    weights = gaussian_weights(model.tile.size).to(joined)
    boxes = [box for box in windows(shape, model.tile.size, model.tile.overlap) if bool(cut(brain, box).any())]
    total = torch.zeros(model.outputs, *shape, device=joined)
    weight = torch.zeros(shape, device=joined)
    with observed(ready.network, watch, ready.run.shares, len(boxes)):
        for box in boxes:
            window = cut(image, box)
            if scale.scope == "tile":
                window = normalise(window, cut(brain, box), scale.method, scale.scope)
            output = ready.network(window)[0].to(joined)
            _add(output.mul_(weights), box, total)
            _add(weights, box, weight)
    return total.div_(weight.clamp_(min=torch.finfo(weight.dtype).tiny))


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
