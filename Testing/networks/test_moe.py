from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.moe import MixtureConfig, MixtureOfExpertsUNet
from MissingModalitySegLib.networks.moe_layers import MixtureConv3d
from MissingModalitySegLib.networks.unet import ResidualUNet

from .segmenters import (
    ALL_CODES,
    image,
    largest_fold_difference,
    leaks,
    relative_difference,
    tiny,
    training_step,
    without_gradient,
)


def layer(noise: float = 0.2) -> MixtureConv3d:
    torch.manual_seed(0)
    mixture = MixtureConv3d(6, 4, modalities=5, experts=4, code_noise=noise)
    torch.nn.init.normal_(mixture.gate.weight, std=2)
    return mixture.eval()


def sum_of_experts(mixture: MixtureConv3d, x: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
    """Eq. 3 as it is printed: N convolutions, weighted afterwards, in float64."""
    scores = code.double() @ mixture.gate.weight.double().T + mixture.gate.bias.double()
    gates = scores.exp() / scores.exp().sum(1, keepdim=True)
    weight, bias = mixture.weight.double(), mixture.bias.double()
    return sum(
        gates[:, n, None, None, None, None] * F.conv3d(x.double(), weight[n], bias[n], padding=1) for n in range(4)
    )


@pytest.mark.parametrize("size", [(6, 6, 4), (64, 64, 3)])  # both ways of `convolve_each`
def test_mixed_kernels_are_the_weighted_sum_of_experts(size):
    mixture = layer()
    x = torch.randn(3, 6, *size)
    code = torch.stack([ALL_CODES[0], ALL_CODES[12], ALL_CODES[30]])
    with torch.no_grad():
        torch.testing.assert_close(mixture(x, code).double(), sum_of_experts(mixture, x, code), rtol=1e-4, atol=1e-5)


def test_one_code_for_the_whole_batch_is_the_same_thing():
    mixture, x, code = layer(), torch.randn(3, 6, 5, 5, 5), ALL_CODES[9].expand(3, 5)
    with torch.no_grad():
        torch.testing.assert_close(mixture(x, code).double(), sum_of_experts(mixture, x, code), rtol=1e-4, atol=1e-5)


def test_the_gate_sees_noise_of_the_stated_size_in_training_only():
    mixture = layer(noise=0.2).train()
    seen = []
    mixture.gate.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    code, x = ALL_CODES[10].expand(500, 5).float(), torch.zeros(500, 6, 2, 2, 2)
    with torch.no_grad():
        mixture(x, code)
        mixture.eval()(x, code)
    noise = seen[0] - code
    assert noise.std().item() == pytest.approx(0.2, rel=0.06)
    assert noise.mean().item() == pytest.approx(0, abs=0.015)
    assert len(noise.unique(dim=0)) == 500  # every sample has its own
    assert torch.equal(seen[1], code[:1])


def test_every_layer_draws_noise_of_its_own_and_the_mask_sees_none():
    network = tiny("moe").train()
    seen = []
    for module in network.modules():
        if isinstance(module, MixtureConv3d):
            module.gate.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    stem_inputs = []
    network.stem.register_forward_pre_hook(lambda _, inputs: stem_inputs.append(inputs))
    code = ALL_CODES[4].expand(2, 5)
    network(image(), code)
    assert len(seen) == 3
    noises = torch.cat([gate_input - code for gate_input in seen])
    assert len(noises.flatten().unique()) == noises.numel()
    x, code_at_stem = stem_inputs[0]
    assert torch.equal(code_at_stem, code)
    assert torch.equal(x, image() * code[:, :, None, None, None])


def test_gates_are_those_that_the_layers_use():
    network, codes = tiny("moe").train(), torch.stack(ALL_CODES)
    gates = network.gates(codes)
    assert list(gates) == ["stem", "encoder.0.0.second", "encoder.1.0.second"]
    for name, weights in gates.items():
        gate = network.get_submodule(name).gate
        assert weights.shape == (31, 4)
        torch.testing.assert_close(weights, F.softmax(codes.float() @ gate.weight.T + gate.bias, 1))
    assert all(torch.equal(weights, network.gates(codes)[name]) for name, weights in gates.items())  # no noise


@pytest.mark.parametrize(
    ("stem", "encoder", "layers"),
    [
        (True, False, ["stem"]),
        (False, True, ["encoder.0.0.second", "encoder.1.0.second"]),
        (True, True, ["stem", "encoder.0.0.second", "encoder.1.0.second"]),
    ],
)
def test_the_rows_of_table_1(stem, encoder, layers):
    network = tiny("moe", moe_stem=stem, moe_encoder=encoder)
    assert list(network.gates(torch.ones(1, 5))) == layers
    assert largest_fold_difference(network) <= 1e-5
    assert without_gradient(network) == []


def test_the_mixture_is_the_unet_when_all_experts_agree():
    network = tiny("moe")
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, MixtureConv3d):
                module.weight.copy_(module.weight[:1].clone().expand_as(module.weight))
                module.bias.copy_(module.bias[:1].clone().expand_as(module.bias))
    plain = ResidualUNet(ResidualUNet.PRESETS["tiny"])
    state = {name: value for name, value in network.state_dict().items() if ".gate." not in name}
    for name in plain.state_dict():
        if state[name].shape != plain.state_dict()[name].shape:
            state[name] = state[name][0]
    plain.load_state_dict(state)
    with torch.no_grad():
        codes = torch.stack([ALL_CODES[3], ALL_CODES[21]])
        assert relative_difference(network(image(), codes), plain(image(), codes)) < 1e-5


def test_the_code_decides_more_than_the_mask():
    network = tiny("moe")
    x = image(1)
    x[:, 1:] = 0  # the image is the same for both codes
    with torch.no_grad():
        outputs = [network(x, code[None]) for code in (torch.tensor([1, 0, 0, 0, 0]), torch.ones(5))]
    assert relative_difference(*outputs) > 0.01


def test_a_training_network_folds_without_noise():
    network, x = tiny("moe"), image(1)
    with torch.no_grad():
        expected = network(x, ALL_CODES[6][None])
        assert relative_difference(network.train().fold(ALL_CODES[6])(x), expected) <= 1e-5
    assert network.training


def test_folded_has_nothing_of_the_mixture_left():
    folded = tiny("moe").fold(ALL_CODES[0])
    plain = ResidualUNet(replace(ResidualUNet.PRESETS["tiny"], channels=1))
    assert {n: p.shape for n, p in folded.network.named_parameters()} == {
        n: p.shape for n, p in plain.named_parameters()
    }


@pytest.mark.parametrize("poison", [1e30, float("nan"), float("inf")])
def test_a_missing_channel_does_not_leak(poison):
    assert not leaks(tiny("moe"), poison)


def test_a_seed_fixes_the_noise_too():
    network = tiny("moe")
    first, second, other = (training_step(network, seed) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["stem.gate.weight"], other["stem.gate.weight"])


def test_layout_and_precision_change_little():
    network, x = tiny("moe", widths=[8, 16, 32]), image(2, (16, 16, 16))
    code = torch.stack([ALL_CODES[30], ALL_CODES[9]])
    with torch.no_grad():
        expected = network(x, code)
        x = x.to(memory_format=torch.channels_last_3d)
        network = network.to(memory_format=torch.channels_last_3d)
        assert relative_difference(network(x, code), expected) < 1e-4
        with torch.autocast("cpu", torch.bfloat16):
            found = network(x, code)
    assert found.dtype == torch.bfloat16
    difference = (found.float().sigmoid() - expected.sigmoid()).abs()
    assert difference.mean() < 0.01
    assert difference.max() < 0.1


def test_the_paper_has_four_experts_and_noise_of_a_fifth():
    assert all(config.experts == 4 and config.code_noise == 0.2 for config in MixtureOfExpertsUNet.PRESETS.values())


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("experts", {"experts": 0}),
        ("code_noise", {"code_noise": -0.1}),
        ("code_noise", {"code_noise": float("nan")}),
        ("moe_stem", {"moe_stem": False, "moe_encoder": False}),
    ],
)
def test_impossible_mixtures_are_refused_by_name(key, values):
    with pytest.raises(InputError, match=key):
        MixtureConfig(**values)
