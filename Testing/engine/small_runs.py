"""Bundles and volumes so small that a whole run takes a second, for the tests of runs and of the commands."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813
import torch

from MissingModalitySegLib.bundles import save
from MissingModalitySegLib.networks.registry import build, describe
from MissingModalitySegLib.networks.weights import write_weights
from Testing.bundles.samples import description
from Testing.evaluation.boxes import brain, tissue

SPACING = 2.0
MODALITIES = ("T1", "T2", "FLAIR")
"""Of the models here: T1ce and DWI are those that they do not take."""


def write_segmenter(folder: Path, config: dict[str, Any] | None = None, **changes: Any) -> Path:
    """An untrained network of the unet family, in a bundle."""
    sizes = {"channels": 3, "regions": 3} | (config or {})
    network = _seeded({"architecture": "unet", "preset": "tiny", "config": sizes})
    return _write(
        folder, network, {"name": "one", "family": "baseline", "synthesiser": None, "performance": []} | changes
    )


def write_synthesiser(folder: Path, **changes: Any) -> Path:
    """An untrained masked autoencoder, in a bundle."""
    network = _seeded({"architecture": "masked_autoencoder", "preset": "tiny", "config": {"channels": 3}})
    own = {"name": "synthesis", "family": "synthesis", "labels": None, "synthesiser": None, "performance": []}
    return _write(folder, network, own | changes)


def write_inputs(folder: Path, *modalities: str) -> dict[str, Path]:
    """Volumes of a ball in a box of 56 mm, by modality; each with a bright spot of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for number, modality in enumerate(modalities):
        paths[modality] = folder / f"{modality}.nii.gz"
        sitk.WriteImage(volume(number), str(paths[modality]))
    return paths


def volume(number: int = 0) -> sitk.Image:
    """One of them; float32, 28³ voxels of 2 mm."""
    array = tissue(number)
    array[10 + number : 14 + number, 10:15, 12:16] *= 1.1
    return image(np.where(brain(), array, 0).astype(np.float32))


def image(array: np.ndarray, spacing: float = SPACING) -> sitk.Image:
    """An array (x, y, z) as a volume that lies in a head's usual position."""
    made = sitk.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0)))
    made.SetDirection([-1, 0, 0, 0, -1, 0, 0, 0, 1])
    made.SetSpacing([spacing] * 3)
    return made


def _seeded(described: dict[str, Any]) -> torch.nn.Module:
    torch.manual_seed(5)
    return build(described)


def _write(folder: Path, network: torch.nn.Module, changes: dict[str, Any]) -> Path:
    manifest = description(
        **{
            "modalities": list(MODALITIES),
            "grid": {"spacing": [SPACING] * 3, "orientation": "RAS"},
            "tile": {"size": [32, 32, 32], "multiple": network.multiple, "overlap": 0.5},
            "network": describe(network),
        }
        | changes
    )
    with tempfile.TemporaryDirectory() as place:
        write_weights(Path(place) / "weights.safetensors", network)
        return save(folder, manifest, {"weights.safetensors": Path(place) / "weights.safetensors"}, replace=True).folder
