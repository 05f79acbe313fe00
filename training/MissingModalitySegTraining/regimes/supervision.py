"""What a network's outputs are held against: nested regions, or background and lesion as exclusive classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from ..data.batch import Batch
from ..losses.attachment import attached_zero
from ..losses.segmentation import class_loss, region_dice_loss, region_loss


@dataclass(frozen=True)
class Truth:
    """The truth of a batch with the loss that compares: `loss(logits, target)`, a scalar, at any resolution."""

    target: Tensor
    loss: Callable[[Tensor, Tensor], Tensor]

    def compare(self, logits: Tensor) -> Tensor:
        return self.loss(logits, self.target)


def truth_for(network: nn.Module, batch: Batch, *, dice_of_empty: bool = True, cross_entropy: bool = True) -> Truth:
    """The truth as `network` answers.

    Sigmoid regions: Dice plus cross-entropy (Dice alone without `cross_entropy`) of the regions that the truth of each
    sample can tell (`batch.scored`). Softmax (`activation` in its configuration): Dice of the lesion plus cross-entropy
    of background and lesion, over the samples whose truth tells the lesion; D: the background has no Dice of its own,
    as in nnU-Net. `dice_of_empty`, for both, as in `region_loss`.
    """
    if getattr(network.config, "activation", "sigmoid") == "softmax":
        told = batch.scored[:, 0] > 0
        return Truth(batch.regions[:, 0], partial(_lesion_loss, told=told, dice_of_empty=dice_of_empty))
    compare = region_loss if cross_entropy else region_dice_loss
    return Truth(batch.regions, partial(compare, region_weights=batch.scored, dice_of_empty=dice_of_empty))


def _lesion_loss(logits: Tensor, target: Tensor, *, told: Tensor, dice_of_empty: bool) -> Tensor:
    if not bool(told.any()):
        return attached_zero([logits])
    return class_loss(logits[told], target[told], include_background=False, dice_of_empty=dice_of_empty)
