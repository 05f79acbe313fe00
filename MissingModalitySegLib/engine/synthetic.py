"""Synthesised sequences as images to look at: on the reference's grid, in intensities that display like the real ones.

A sequence that was never acquired has no unit. It is given the mean and the deviation of the reference volume over the
brain, so that a viewer shows both with one window, and the reference's value around the brain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813
import torch
from torch import Tensor

from ..errors import InputError
from ..measures.synthesis import psnr, ssim
from ..modalities import Code, Modality
from ..options import Options
from ..watch import Watch, part
from .brain import background_value
from .execution import Execution, descend, planned_for
from .images import to_array
from .model import Model
from .predict import Pass, make
from .prepare import Prepared, Scale
from .restore import restore_image
from .study import Study
from .summarise import significant

_SHOWN = (0.005, 0.995)
"""Quantiles over the brain that the window reaches from and to."""

_MOST_RANKED = 200_000
"""Voxels that quantiles are taken from."""


@dataclass(frozen=True)
class Sequence:
    """A synthesised volume (float32) and how to display it; window and level in the volume's own unit."""

    image: sitk.Image
    window: float
    level: float

    def to_dict(self) -> dict[str, Any]:
        return {"window": significant(self.window), "level": significant(self.level)}


@dataclass(frozen=True)
class Confidence:
    """How well a sequence that *is* there was rebuilt when it was hidden: what to expect of those that are not."""

    code: Code
    """What it was rebuilt from."""
    psnr: float
    """dB over the brain."""
    ssim: float
    """Over the brain, -1 to 1."""

    def to_dict(self) -> dict[str, Any]:
        return {"from": str(self.code), "psnr": round(self.psnr, 2), "ssim": round(self.ssim, 3)}


@dataclass(frozen=True)
class Synthesis:
    """Everything that was generated for a study."""

    model: str
    version: str
    missing: Mapping[Modality, Sequence]
    """Every sequence that the study lacks and the synthesiser makes."""
    confidence: Mapping[Modality, Confidence] = field(default_factory=dict)
    """Of every sequence that is there; empty where only one is, which nothing can be compared with."""
    reconstructions: Mapping[Modality, Sequence] = field(default_factory=dict)
    """Those that are there, rebuilt from the others; only on request."""
    execution: Execution | None = None
    """How the network was computed; None where there was nothing to generate."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, without the voxels."""
        return {
            "model": {"name": self.model, "version": self.version},
            "execution": None if self.execution is None else self.execution.to_dict(),
            "sequences": {str(modality): one.to_dict() for modality, one in self.missing.items()},
            "confidence": {str(modality): one.to_dict() for modality, one in self.confidence.items()},
            "reconstructions": {str(modality): one.to_dict() for modality, one in self.reconstructions.items()},
        }


def synthesise_missing(
    synthesiser: Model,
    prepared: Prepared,
    study: Study,
    options: Options = Options(),  # noqa: B008 (frozen)
    watch: Watch = Watch(),  # noqa: B008 (has no state)
    *,
    confidence: bool = True,
    reconstructions: bool = False,
) -> Synthesis:
    """Generate every sequence that `study` lacks, on the native grid of the reference.

    `confidence` also hides each sequence that is there in turn, rebuilds it from the others and compares: one more pass
    each. `reconstructions` gives these as images as well. Raises `InputError` where the synthesiser takes none of the
    volumes or works on another grid than `prepared` has.
    """
    own = _for(synthesiser, prepared)
    missing = [modality for modality in synthesiser.modalities if modality not in study.images]
    held_out = own.code.available if (confidence or reconstructions) and len(own.code) > 1 else ()
    wanted = [(own.code, missing)] * bool(missing)
    wanted += [(_without(modality, own.code), [modality]) for modality in held_out]
    if not wanted:
        return Synthesis(synthesiser.name, synthesiser.version, {})

    def work(ready: Pass) -> dict[Modality, Tensor]:
        found = {}
        for i, (code, modalities) in enumerate(wanted):
            with part(watch, i / len(wanted), (i + 1) / len(wanted)) as share:
                needed = planned_for(code, synthesiser, ready, options.precision)
                volumes = _scaled(synthesiser, own, make(synthesiser, needed, own.channels, own.brain, share))
            found |= {one: volumes[synthesiser.modalities.index(one)].clone() for one in modalities}
        return found

    # Windows scaled each for itself would not join, as a missing channel has no statistics to undo that.
    inference = "whole" if synthesiser.normalisation.scope == "tile" else options.inference
    found, execution = descend(synthesiser, own, options, watch, work, inference)
    reference = prepared.frame.reference
    background = background_value(to_array(study.images[reference])) or 0.0
    made = {one: _sequence(found[one], own, prepared.scales[reference], background) for one in missing}
    compared, rebuilt = {}, {}
    for code, (hidden, *_) in wanted[len(wanted) - len(held_out) :]:
        if confidence:
            real = own.channels[synthesiser.modalities.index(hidden)]
            compared[hidden] = _compare(found[hidden], real, own.brain, code)
        if reconstructions:
            rebuilt[hidden] = _sequence(found[hidden], own, prepared.scales[hidden], background)
    return Synthesis(synthesiser.name, synthesiser.version, made, compared, rebuilt, execution)


def _without(modality: Modality, code: Code) -> Code:
    return Code(tuple(other for other in code if other != modality), code.modalities)


def _for(synthesiser: Model, prepared: Prepared) -> Prepared:
    """`prepared` with the channels of the synthesiser: other models may take fewer, or in another order."""
    spacing = prepared.frame.grid.GetSpacing()
    if not np.allclose(spacing, synthesiser.spacing, rtol=0.02):
        raise InputError(
            "synthesiser-of-another-grid",
            f"The synthesiser “{synthesiser.name}” works on voxels of {synthesiser.spacing:g} mm, the model on such of "
            f"{spacing[0]:g} mm.",
            "Use a synthesiser made for the model's grid.",
        )
    given = prepared.code.modalities
    if given == synthesiser.modalities:
        return prepared
    usable = tuple(modality for modality in prepared.code if modality in synthesiser.modalities)
    if not usable:
        raise InputError(
            "no-usable-modality",
            f"The synthesiser “{synthesiser.name}” takes none of {prepared.code}.",
            f"It takes {', '.join(map(str, synthesiser.modalities))}.",
        )
    empty = torch.zeros_like(prepared.channels[0])
    channels = torch.stack(
        [prepared.channels[given.index(one)] if one in usable else empty for one in synthesiser.modalities]
    )
    return replace(prepared, channels=channels, code=Code(usable, synthesiser.modalities))


def _scaled(synthesiser: Model, prepared: Prepared, output: Tensor) -> Tensor:
    """All modalities (K, X, Y, Z) of the network's `output`, z-scored over the brain.

    A network that learned on that scale answers on it. Others answer on their own, and their own mean and deviation
    take the place of those.
    """
    volumes = torch.where(prepared.brain, output, 0.0)
    if synthesiser.normalisation.is_by_brain:
        return volumes
    values = volumes[:, prepared.brain]
    mean, deviation = values.mean(1), values.std(1, correction=0).clamp(min=1e-6)
    scaled = (volumes - mean.view(-1, 1, 1, 1)) / deviation.view(-1, 1, 1, 1)
    return torch.where(prepared.brain, scaled, scaled.new_zeros(()))


def _sequence(volume: Tensor, prepared: Prepared, scale: Scale, background: float) -> Sequence:
    """A z-scored volume in the unit of `scale`, and the window that shows its brain.

    Where nothing in the brain would be darker than 0 in the real volume, nothing is here: a viewer, or the next
    program, may take negative values for something else.
    """
    native = volume * scale.deviation + scale.mean
    if scale.mean > 2 * scale.deviation and background >= 0:
        native = native.clamp(min=0)
    values = native[prepared.brain]
    values = values[:: max(1, len(values) // _MOST_RANKED)]
    low, high = torch.quantile(values, torch.tensor(_SHOWN)).tolist() if len(values) else (0.0, 1.0)
    native = torch.where(prepared.brain, native, torch.full_like(native, background))
    image = restore_image(native, prepared.frame, background)
    return Sequence(image, max(high - low, 1e-6), (high + low) / 2)


def _compare(found: Tensor, true: Tensor, brain: Tensor, code: Code) -> Confidence:
    """PSNR and SSIM over the brain; the range is that from the 0.5th to the 99.5th percentile of the true volume.

    Largest minus smallest would be that of a few vessels.
    """
    values = np.quantile(true[brain].numpy(), _SHOWN)
    span = max(float(values[1] - values[0]), 1e-6)
    arrays = [one.numpy() for one in (found, true)]
    return Confidence(code, psnr(*arrays, brain.numpy(), span), ssim(*arrays, brain.numpy(), span))
