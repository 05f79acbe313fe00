"""What a dry run foretells against counting by hand and against what a real pass does."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from MissingModalitySegLib.engine.dry_run import beats, dry_run
from MissingModalitySegLib.networks import streaming
from MissingModalitySegLib.networks.probe import Choice, prepare
from MissingModalitySegLib.networks.registry import ARCHITECTURES, build


def test_operations_and_bytes_by_hand() -> None:
    network = nn.Sequential(nn.Conv3d(2, 4, 3, padding=1), nn.ReLU(), nn.ConvTranspose3d(4, 3, 2, stride=2))
    run = dry_run(network.eval(), (1, 2, 8, 8, 8))
    voxels = 8**3
    convolution, transposed = 2 * voxels * 4 * 2 * 27, 2 * voxels * 4 * 3 * 8
    assert run.operations == convolution + transposed
    # nn.Sequential keeps its last input until the next module has answered; the caller keeps the image.
    image, features, answer = 4 * 2 * voxels, 4 * 4 * voxels, 4 * 3 * 8 * voxels
    assert run.peak_bytes == image + max(2 * features, features + answer)
    assert run.largest_bytes == features
    assert len(run.shares) == 3
    assert run.shares[-1] == 1


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
@pytest.mark.parametrize("slab", [2**30, 20_000])
def test_a_real_pass_beats_as_foretold(architecture: str, slab: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "SLAB_BYTES", slab)
    torch.manual_seed(0)
    folded = build({"architecture": architecture, "preset": "tiny"}).eval().fold(torch.tensor([0.0, 1, 0, 1, 0]))
    network = prepare(folded, Choice())
    run = dry_run(network, (1, 5, 32, 16, 16))
    heard: list[None] = []
    with beats(network, lambda: heard.append(None)):
        network(torch.zeros(1, 5, 32, 16, 16))
    assert len(heard) == len(run.shares)
    assert list(run.shares) == sorted(run.shares)
    assert 0.7 < run.shares[-1] <= 1  # joining the maps of modalities is no layer
    assert all(not parameter.is_meta for parameter in network.parameters())


def test_half_precision_takes_half_the_memory() -> None:
    def peak(dtype: torch.dtype) -> int:
        folded = build({"architecture": "unet", "preset": "tiny"}).eval().fold(torch.ones(5))
        return dry_run(prepare(folded, Choice(dtype)), (1, 5, 32, 32, 32)).peak_bytes

    image = 4 * 5 * 32**3  # stays as it is, in float32
    assert 0.4 < (peak(torch.bfloat16) - image) / (peak(torch.float32) - image) < 0.75
