"""Weights on disk and back, compared with safetensors' own reader and plain arithmetic."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from MissingModalitySegLib.bundles import load, save
from MissingModalitySegLib.errors import BundleError, InputError
from MissingModalitySegLib.networks import registry
from MissingModalitySegLib.networks.mome.fusion import Fusion
from MissingModalitySegLib.networks.weights import load_network, read_weights, write_weights
from Testing.bundles.samples import description


class Small(nn.Module):
    """Parameters, a floating and a counting buffer, tied weights."""

    def __init__(self, width: int = 3, extra: bool = False) -> None:
        super().__init__()
        self.first = nn.Conv3d(1, width, 3)
        self.norm = nn.BatchNorm3d(width)  # running statistics, and a counter of integers
        self.last = nn.Conv3d(width, 1, 1)
        self.tied = self.last
        if extra:
            self.extra = nn.Linear(2, 2)


def test_half_precision_on_disk_and_float32_in_the_network(tmp_path: Path) -> None:
    torch.manual_seed(0)
    source, target = Small(), Small().double()
    source.norm.num_batches_tracked += 7
    write_weights(tmp_path / "w.safetensors", source)
    stored = load_file(tmp_path / "w.safetensors")
    assert stored["first.weight"].dtype == torch.float16
    assert stored["norm.num_batches_tracked"].dtype == torch.int64
    read_weights(tmp_path / "w.safetensors", target)
    for name, tensor in target.state_dict().items():
        expected = source.state_dict()[name]
        if tensor.is_floating_point():
            assert tensor.dtype == torch.float32
            torch.testing.assert_close(tensor, expected, rtol=2**-11, atol=1e-7)  # half a step of float16
        else:
            assert torch.equal(tensor, expected)
    assert source.first.weight.dtype == torch.float32  # untouched
    assert os.listdir(tmp_path) == ["w.safetensors"]


def test_float32_comes_back_exactly(tmp_path: Path) -> None:
    source, target = Small(), Small()
    write_weights(tmp_path / "w.safetensors", source, dtype=torch.float32)
    read_weights(tmp_path / "w.safetensors", target)
    assert all(torch.equal(a, b) for a, b in zip(source.parameters(), target.parameters(), strict=True))
    with safe_open(tmp_path / "w.safetensors", "pt") as stored:
        assert stored.metadata() == {"format": "pt"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["first.bias", "norm.running_var"])
def test_writing_refuses_what_is_not_finite(tmp_path: Path, value: float, name: str) -> None:
    network = Small()
    network.state_dict()[name][1] = value
    with pytest.raises(InputError) as caught:
        write_weights(tmp_path / "w.safetensors", network)
    assert caught.value.code == "weights-not-finite"
    assert name in caught.value.message
    assert os.listdir(tmp_path) == []


def test_writing_refuses_what_half_precision_cannot_hold(tmp_path: Path) -> None:
    network = Small()
    with torch.no_grad():
        network.first.weight[0, 0, 0, 0, 0] = 65504  # the largest of float16
        write_weights(tmp_path / "w.safetensors", network)
        network.first.weight[0, 0, 0, 0, 0] = 70000
    before = (tmp_path / "w.safetensors").read_bytes()
    with pytest.raises(InputError) as caught:
        write_weights(tmp_path / "w.safetensors", network)
    assert "first.weight" in caught.value.message
    assert "float16" in caught.value.message
    assert (tmp_path / "w.safetensors").read_bytes() == before
    write_weights(tmp_path / "w.safetensors", network, dtype=torch.bfloat16)


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (Small(extra=True), ["extra.bias", "extra.weight", "missing"]),
        (Small(width=4), ["first.weight is (3, 1, 3, 3, 3), not (4, 1, 3, 3, 3)"]),
        (nn.Conv3d(1, 1, 1), ["first.weight", "not expected", "bias, weight missing"]),
    ],
)
def test_weights_of_another_network(tmp_path: Path, network: nn.Module, words: list[str]) -> None:
    write_weights(tmp_path / "w.safetensors", Small())
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(BundleError) as caught:
        read_weights(tmp_path / "w.safetensors", network)
    assert caught.value.code == "weights-do-not-fit"
    for word in words:
        assert word in caught.value.message
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_a_long_list_of_names_is_cut(tmp_path: Path) -> None:
    save_file({}, tmp_path / "w.safetensors")
    with pytest.raises(BundleError, match=r"and \d+ more missing"):
        read_weights(tmp_path / "w.safetensors", Small())


def test_integers_where_numbers_are_due(tmp_path: Path) -> None:
    tensors = nn.Linear(2, 2).state_dict()
    save_file(tensors | {"bias": torch.ones(2, dtype=torch.int32)}, tmp_path / "w.safetensors")
    with pytest.raises(BundleError, match="bias of another kind of number"):
        read_weights(tmp_path / "w.safetensors", nn.Linear(2, 2))


def test_reading_refuses_what_is_not_finite(tmp_path: Path) -> None:
    tensors = nn.Linear(2, 2).state_dict()
    tensors["bias"][0] = math.nan
    save_file(tensors, tmp_path / "w.safetensors")
    with pytest.raises(BundleError) as caught:
        read_weights(tmp_path / "w.safetensors", nn.Linear(2, 2))
    assert caught.value.code == "weights-not-finite"
    assert "bias" in caught.value.message


def test_reading_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    write_weights(path, Small())
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BundleError) as caught:
        read_weights(path, Small())
    assert caught.value.code == "weights-header"


def save_network(folder: Path, network: nn.Module, **changes):
    write_weights(folder / "weights.safetensors", network)
    section = registry.describe(network)
    modalities = ["T1", "T1ce", "T2", "FLAIR", "DWI"]
    data = description(name="tiny", network=section, modalities=modalities, **changes)
    return save(folder / "tiny", data, {"weights.safetensors": folder / "weights.safetensors"})


def test_a_network_through_a_bundle(tmp_path: Path) -> None:
    """Described, written, loaded: the network gives the same logits within half precision of its weights."""
    torch.manual_seed(1)
    network = registry.build({"architecture": "moe", "preset": "tiny"}).eval()
    save_network(tmp_path, network)
    again = load_network(load(tmp_path / "tiny"))
    assert type(again) is type(network)
    assert again.config == network.config
    assert not again.training
    x = torch.randn(1, 5, 16, 16, 16)
    code = torch.tensor([[1.0, 0, 0, 1, 0]])
    with torch.no_grad():
        torch.testing.assert_close(again(x, code), network(x, code), rtol=2e-2, atol=2e-2)


def test_a_bundle_whose_manifest_describes_another_network(tmp_path: Path) -> None:
    bundle = save_network(tmp_path, registry.build({"architecture": "moe", "preset": "tiny"}))
    data = bundle.manifest.to_dict()
    data["network"] = {"architecture": "unet", "config": {}}
    data["family"] = "baseline"
    other = save(tmp_path / "other", data, {"weights.safetensors": bundle.weights})
    with pytest.raises(BundleError) as caught:
        load_network(other)
    assert caught.value.code == "weights-do-not-fit"
    assert caught.value.message.startswith("model “tiny”: ")
    data["network"] = {"architecture": "transformer", "config": {}}
    other = save(tmp_path / "unknown", data, {"weights.safetensors": bundle.weights})
    with pytest.raises(InputError) as caught:
        load_network(other)
    assert caught.value.code == "unknown-architecture"


def test_the_manifest_says_how_maps_are_fused(tmp_path: Path) -> None:
    network = registry.build({"architecture": "single_unet", "preset": "tiny"})
    weights = {"T1": 1.0, "T1ce": 0.0, "T2": 2.0, "FLAIR": 4.0, "DWI": 3.0}
    save_network(tmp_path, network, family="baseline", fusion={"method": "reliability", "weights": weights})
    again = load_network(load(tmp_path / "tiny"))
    assert again.fusion == Fusion("reliability", (1.0, 0.0, 2.0, 4.0, 3.0))


@pytest.mark.parametrize(
    ("architecture", "config", "changes", "words"),
    [
        ("unet", {"channels": 4}, {}, "4 channels for 5 modalities"),
        ("unet", {"regions": 2}, {}, "3 regions"),
        ("masked_autoencoder", {}, {}, "3 regions"),
        ("unet", {"widths": [2] * 7}, {}, "multiples of 64"),
        ("unet", {}, {"fusion": {"method": "max"}}, "nothing to fuse"),
        (
            "universal",
            {"prompt_encoder": "binary"},
            {"family": "universal", "prompts": {"encoder": "clip"}},
            "prompts are those of binary",
        ),
    ],
)
def test_a_manifest_that_contradicts_its_network(tmp_path: Path, architecture, config, changes, words) -> None:
    network = registry.build({"architecture": architecture, "preset": "tiny", "config": config})
    bundle = save_network(tmp_path, network, **{"family": "baseline"} | changes)
    with pytest.raises(BundleError, match=words) as caught:
        load_network(bundle)
    assert caught.value.code == "manifest-contradiction"


@pytest.mark.parametrize("name", registry.ARCHITECTURES)
def test_every_network_can_be_drawn_without_memory(name: str) -> None:
    for preset in ("tiny", "starter"):
        section = {"architecture": name, "preset": preset}
        with torch.device("meta"):
            drawn = registry.build(section).state_dict()
        built = registry.build(section).state_dict()
        assert {key: tensor.shape for key, tensor in drawn.items()} == {key: t.shape for key, t in built.items()}


def test_a_network_of_a_terabyte_is_not_built(tmp_path: Path) -> None:
    """The manifest is as short as any other; building what it says would take all memory before a weight is read."""
    bundle = save_network(tmp_path, registry.build({"architecture": "moe", "preset": "tiny"}))
    data = bundle.manifest.to_dict()
    data["network"]["config"] |= {"widths": [1024] * 8, "blocks_per_level": 16, "experts": 64}
    data["tile"] = {"size": [128] * 3, "multiple": 128, "overlap": 0.5}
    hostile = save(tmp_path / "hostile", data, {"weights.safetensors": bundle.weights})
    with pytest.raises(BundleError, match="numbers, the weights") as caught:
        load_network(hostile)
    assert caught.value.code == "weights-do-not-fit"
