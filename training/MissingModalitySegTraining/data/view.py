"""What a run sees of a batch: its own modalities, in their order, and the regions of its labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from MissingModalitySegLib.modalities import Modality

from .batch import Batch


def view(batch: Batch, held: Sequence[Modality], modalities: Sequence[Modality], regions: int) -> Batch:
    """`batch` over the channels `held`, reduced to `modalities` (all of them among `held`) and the first `regions`.

    Regions are outermost first, so that one region is the lesion as a whole.
    """
    if tuple(held) == tuple(modalities) and batch.regions.shape[1] == regions:
        return batch
    channels = [list(held).index(modality) for modality in modalities]
    return replace(
        batch,
        image=batch.image[:, channels],
        code=batch.code[:, channels],
        regions=batch.regions[:, :regions],
        scored=batch.scored[:, :regions],
    )
