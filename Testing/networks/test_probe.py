"""The probe on this machine, its memory on disk, and networks prepared by every choice it can make."""

import json
import os
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from MissingModalitySegLib.errors import ResourceError
from MissingModalitySegLib.networks import probe as probing
from MissingModalitySegLib.networks.probe import Choice, check_device, measure, prepare, probe
from MissingModalitySegLib.networks.registry import build

GOOD = Choice(torch.bfloat16, torch.channels_last_3d, "group", "instance", {"float32, contiguous": 2.5})


@pytest.fixture
def forgotten(monkeypatch):
    """As in a process that has not probed yet."""
    monkeypatch.setattr(probing, "_known", {})


def test_the_choice_is_the_best_of_what_was_measured():
    choice = measure("cpu")
    simplest = choice.measured["float32, contiguous"]
    name = str(choice).rsplit(",", 1)[0]
    assert name in choice.measured
    assert choice.measured[name] <= simplest
    assert all(value > 0 for value in choice.measured.values())
    assert torch.isfinite(prepare(nn.Conv3d(16, 16, 3), choice)(torch.ones(1, 16, 4, 4, 4))).all()


def test_measured_once_and_remembered_on_disk(tmp_path, forgotten, monkeypatch):
    first = probe("cpu", tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    assert json.loads(file.read_text())["choice"] == first.to_dict()
    monkeypatch.setattr(probing, "measure", lambda device: pytest.fail("measured again"))
    assert probe("cpu", tmp_path / "elsewhere") is first
    probing._known.clear()
    again = probe("cpu", tmp_path / "cache")
    assert (again, again.measured) == (first, first.measured)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: "",
        lambda data: "{",
        lambda data: "[" * 5000,
        lambda data: "null",
        lambda data: json.dumps([data]),
        lambda data: json.dumps(data | {"machine": "another"}),
        lambda data: json.dumps(data | {"choice": data["choice"] | {"dtype": "float128"}}),
        lambda data: json.dumps(data | {"choice": data["choice"] | {"norm": "layer"}}),
        lambda data: json.dumps(data | {"choice": data["choice"] | {"norm": ["group"]}}),
        lambda data: json.dumps(data | {"choice": data["choice"] | {"measured": None}}),
        lambda data: json.dumps({"machine": data["machine"]}),
    ],
)
def test_a_damaged_file_is_ignored_and_replaced(tmp_path, forgotten, monkeypatch, damage):
    monkeypatch.setattr(probing, "measure", lambda device: GOOD)
    probe("cpu", tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_text(damage(json.loads(file.read_text())))
    probing._known.clear()
    assert probe("cpu", tmp_path) is GOOD  # measured, not read
    assert json.loads(file.read_text())["choice"] == GOOD.to_dict()
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_cannot_be_written_is_no_problem(tmp_path, forgotten, monkeypatch):
    monkeypatch.setattr(probing, "measure", lambda device: GOOD)
    (tmp_path / "file").write_text("")
    assert probe("cpu", tmp_path / "file" / "cache") is GOOD


def test_binary_rubbish_is_ignored(tmp_path, forgotten, monkeypatch):
    monkeypatch.setattr(probing, "measure", lambda device: GOOD)
    probe("cpu", tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(os.urandom(64))
    probing._known.clear()
    assert probe("cpu", tmp_path) is GOOD


def test_another_number_of_threads_is_another_machine():
    before, threads = probing.machine(torch.device("cpu")), torch.get_num_threads()
    try:
        torch.set_num_threads(threads + 1)
        assert probing.machine(torch.device("cpu")) != before
    finally:
        torch.set_num_threads(threads)
    assert torch.__version__ in before


def test_choices_survive_json():
    again = Choice.from_dict(json.loads(json.dumps(GOOD.to_dict())))
    assert (again, again.measured) == (GOOD, GOOD.measured)


def test_a_wrong_kernel_is_not_acceptable():
    exact = torch.randn(1, 4, 8, 8, 8)
    assert probing._acceptable(exact.bfloat16(), exact)
    assert not probing._acceptable(exact.roll(1, 2), exact)
    assert not probing._acceptable(torch.full_like(exact, torch.nan), exact)


def test_simpler_unless_clearly_faster():
    plain, other, third = Choice(), replace(Choice(), norm="instance"), GOOD
    assert probing.best_choice({plain: 1.0, other: 0.95}) is plain
    assert probing.best_choice({plain: 1.0, other: 0.8, third: 0.79}) is other
    assert probing.best_choice({plain: 1.0, other: 1.2, third: 0.5}) is third


def test_a_device_that_is_not_there():
    check_device("cpu")
    if not torch.cuda.is_available():
        with pytest.raises(ResourceError, match=r"“cuda” cannot compute: .+"):
            probe("cuda")


def test_a_gpu_this_torch_has_no_kernels_for(monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device\nCUDA kernel errors …")

    monkeypatch.setattr(F, "conv3d", refuse)
    with pytest.raises(ResourceError) as caught:
        check_device("cpu")
    assert caught.value.code == "device-unusable"
    assert "no kernels for the device “cpu”" in caught.value.message
    assert "CUDA kernel errors" not in str(caught.value)


def test_a_device_that_computes_wrongly(monkeypatch):
    monkeypatch.setattr(F, "conv3d", lambda x, *_, **__: x * 0)
    with pytest.raises(ResourceError, match="4000"):
        check_device("cpu")


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last_3d])
@pytest.mark.parametrize("norm", ["group", "instance"])
@pytest.mark.parametrize("narrow_norm", ["group", "instance"])
@torch.no_grad()
def test_float32_gives_the_same_network(memory_format, norm, narrow_norm):
    torch.manual_seed(0)
    network = build({"architecture": "single_unet", "config": {"widths": [4, 16]}})
    x, code = torch.randn(1, 5, 8, 8, 8), torch.tensor([1.0, 0, 1, 0, 0])
    expected = network(x, code[None])
    prepared = prepare(network.fold(code), Choice(torch.float32, memory_format, norm, narrow_norm))
    kinds = {module.weight.numel(): type(module) for module in prepared.modules() if "Norm" in type(module).__name__}
    assert kinds[16] is (nn.GroupNorm if norm == "group" else nn.InstanceNorm3d)
    assert kinds[4] is (nn.GroupNorm if narrow_norm == "group" else nn.InstanceNorm3d)
    torch.testing.assert_close(prepared(x), expected, rtol=1e-4, atol=1e-4)
    assert prepared.network.state_dict().keys() == network.fold(code).state_dict().keys()


@pytest.mark.parametrize("name", ["mome", "single_unet", "modality_prior"])
@torch.no_grad()
def test_bfloat16_channels_last_is_close_to_float32(name):
    """Stated bounds: a probability is off by 0.01 (root mean square) and 0.1 (anywhere) at most."""
    torch.manual_seed(0)
    network = build({"architecture": name, "preset": "tiny", "config": {"widths": [8, 16, 16]}})
    x, code = torch.randn(1, 5, 16, 16, 16), torch.tensor([1.0, 0, 0, 1, 0])
    expected = network(x, code[None]).sigmoid()
    prepared = prepare(network.fold(code), Choice(torch.bfloat16, torch.channels_last_3d))
    answer = prepared(x)
    error = (answer.sigmoid() - expected).abs()
    assert answer.dtype == torch.float32
    assert error.square().mean().sqrt() < 0.01
    assert error.max() < 0.1
    assert all(parameter.dtype == torch.bfloat16 for parameter in prepared.parameters())


def test_a_true_group_norm_is_left_alone():
    network = nn.Sequential(nn.GroupNorm(2, 4), nn.InstanceNorm3d(4, affine=True, track_running_stats=True))
    prepared = prepare(network, Choice(norm="instance", narrow_norm="instance"))
    assert isinstance(prepared.network[0], nn.GroupNorm)
    prepared = prepare(network, Choice())
    assert isinstance(prepared.network[1], nn.InstanceNorm3d)


def test_a_prepared_network_has_no_gradient_and_is_in_evaluation_mode():
    prepared = prepare(nn.Sequential(nn.Conv3d(1, 1, 3), nn.Dropout(0.5)), Choice())
    answer = prepared(torch.ones(1, 1, 3, 3, 3))
    assert not answer.requires_grad
    assert not prepared.network.training
