from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate
from torch.nn import functional as F

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.blocks import PlainConv3d, ResidualBlock, instance_norm
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


def test_instance_norm_is_instance_norm():
    torch.manual_seed(0)
    x = 3 + 2 * torch.randn(2, 4, 5, 6, 7)
    norm, reference = instance_norm(4), torch.nn.InstanceNorm3d(4, affine=True)
    for module in (norm, reference):
        module.load_state_dict({"weight": torch.tensor([1.0, 2, -1, 0.5]), "bias": torch.tensor([0.0, 1, 2, -1])})
    torch.testing.assert_close(norm(x), reference(x), rtol=1e-5, atol=1e-5)


def by_scipy(x: np.ndarray, convolution: PlainConv3d) -> np.ndarray:
    weight, bias = convolution.weight.detach().double().numpy(), convolution.bias.detach().double().numpy()
    return np.stack(
        [
            sum(correlate(x[i], weight[o, i], mode="constant") for i in range(len(x))) + bias[o]
            for o in range(len(weight))
        ]
    )


def normalised(x: np.ndarray) -> np.ndarray:
    mean, variance = x.mean((1, 2, 3), keepdims=True), x.var((1, 2, 3), keepdims=True)
    return np.maximum((x - mean) / np.sqrt(variance + 1e-5), 0)


def test_the_residual_block_is_the_one_of_the_figure():
    torch.manual_seed(0)
    block = ResidualBlock(PlainConv3d(3, 3), PlainConv3d(3, 3))
    x = torch.randn(1, 3, 5, 4, 6)
    expected = x[0].double().numpy()
    expected = expected + by_scipy(normalised(by_scipy(normalised(expected), block.first)), block.second)
    np.testing.assert_allclose(block(x, None)[0].detach().numpy(), expected, rtol=1e-4, atol=1e-4)


def test_the_input_of_a_block_survives_it():
    block = ResidualBlock(PlainConv3d(3, 3), PlainConv3d(3, 3))
    x = torch.randn(1, 3, 4, 4, 4)
    before = x.clone()
    block(x, None)
    assert torch.equal(x, before)


def test_sizes_level_by_level():
    network = tiny("unet", widths=[4, 6, 8])
    shapes = []
    for module in network.modules():
        if isinstance(module, ResidualBlock):
            module.register_forward_hook(lambda _, __, out: shapes.append(tuple(out.shape[1:])))
    assert network(image(1, (16, 8, 12)), torch.ones(1, 5)).shape == (1, 3, 16, 8, 12)
    assert shapes == [(4, 16, 8, 12), (6, 8, 4, 6), (8, 4, 2, 3), (6, 8, 4, 6), (4, 16, 8, 12)]


def test_every_voxel_can_see_far_and_the_skip_is_used():
    network = tiny("unet", widths=[4, 6, 8])
    x = image(1, (16, 8, 8)).requires_grad_()
    network(x, torch.ones(1, 5))[0, 0, 8, 4, 4].backward()
    reach = x.grad.abs().sum(1)[0]
    assert (reach > 0).all()  # by the norms alone; nearby voxels count most
    assert reach[6:11, 2:7, 2:7].mean() > 3 * reach[[0, 15]].mean()


def test_the_skips_reach_the_decoder():
    network = tiny("unet")
    x, code = image(), torch.ones(2, 5)
    before = network(x, code)
    with torch.no_grad():
        network.up[0][-1].weight.zero_()
        network.up[0][-1].bias.zero_()
    without_the_lowest = network(x, code)
    assert relative_difference(without_the_lowest, before) > 0.01
    assert without_the_lowest.std() > 0.01


def test_the_scale_of_a_transition_does_not_drown_the_blocks_behind_it():
    """Else training lets it grow from level to level, and what the blocks add is lost."""
    network = tiny("unet")
    x, code = image(), torch.ones(2, 5)
    before = network(x, code)
    with torch.no_grad():
        network.down[0][0].weight.mul_(1000)
        network.down[0][0].bias.mul_(1000)
    assert relative_difference(network(x, code), before) < 0.02


def test_folded_is_unfolded_for_every_code():
    assert largest_fold_difference(tiny("unet")) <= 1e-5


@pytest.mark.parametrize("poison", [1e30, float("nan"), float("inf")])
def test_a_missing_channel_does_not_leak(poison):
    assert not leaks(tiny("unet"), poison)


def test_a_folded_network_is_its_own():
    network = tiny("unet").train()
    folded = network.fold(ALL_CODES[2])
    assert folded.network.stem.weight.shape[1] == 2
    assert not folded.training
    assert not any(parameter.requires_grad for parameter in folded.parameters())
    before = folded(image())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    assert torch.equal(folded(image()), before)


def test_a_folded_network_keeps_the_precision():
    assert {p.dtype for p in tiny("unet").to(torch.bfloat16).fold(ALL_CODES[2]).parameters()} == {torch.bfloat16}


def test_every_parameter_learns():
    assert without_gradient(tiny("unet")) == []


def test_a_seed_fixes_everything():
    first, second = training_step(tiny("unet", seed=3)), training_step(tiny("unet", seed=3))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_layout_and_precision_change_little():
    network, x, code = tiny("unet", widths=[8, 16, 32]), image(1, (16, 16, 16)), torch.ones(1, 5)
    with torch.no_grad():
        expected = network(x, code)
        network, x = network.to(memory_format=torch.channels_last_3d), x.to(memory_format=torch.channels_last_3d)
        assert relative_difference(network(x, code), expected) < 1e-4
        found = network.to(torch.bfloat16)(x.bfloat16(), code)
    difference = (found.float().sigmoid() - expected.sigmoid()).abs()
    assert difference.mean() < 0.01
    assert difference.max() < 0.1


def test_several_blocks_per_level():
    network = tiny("unet", blocks_per_level=2)
    assert sum(isinstance(module, ResidualBlock) for module in network.modules()) == 6
    assert largest_fold_difference(network) <= 1e-5
    assert without_gradient(network) == []


def test_images_that_do_not_fit_are_refused():
    network = tiny("unet", widths=[4, 6, 8])
    folded, full = network.fold(torch.ones(5)), torch.ones(1, 5)
    for call in (lambda x: network(x, full), folded):
        with pytest.raises(InputError, match="batches of 5 volumes"):
            call(torch.zeros(1, 4, 8, 8, 8))
        with pytest.raises(InputError, match="not divisible by 4"):
            call(torch.zeros(1, 5, 8, 8, 10))
        with pytest.raises(InputError, match="one voxel at the lowest level"):
            call(torch.zeros(1, 5, 4, 4, 4))
    assert network(torch.zeros(1, 5, 8, 4, 4), full).isfinite().all()


def test_codes_that_make_no_sense_are_refused():
    network = tiny("unet")
    with pytest.raises(InputError, match="No modality"):
        network(image(1), torch.zeros(1, 5))
    with pytest.raises(InputError, match="zeros and ones"):
        network(image(1), torch.full((1, 5), 0.5))
    with pytest.raises(InputError, match="shape"):
        network(image(2), torch.ones(1, 5))
    with pytest.raises(InputError, match="No modality"):
        network.fold(torch.zeros(5))
    with pytest.raises(InputError, match="shape"):
        network.fold(torch.ones(4))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("channels", 0),
        ("channels", 17),
        ("regions", 0),
        ("widths", (8,)),
        ("widths", (8, 0)),
        ("widths", (8, 10**9)),
        ("blocks_per_level", 0),
    ],
)
def test_impossible_shapes_are_refused_by_name(key, value):
    with pytest.raises(InputError, match=key):
        replace(ResidualUNet.PRESETS["tiny"], **{key: value})


def test_the_starter_fits_its_purpose():
    network = ResidualUNet(ResidualUNet.PRESETS["starter"])
    assert network.config.widths[0] == 16
    assert network.multiple == 16
    assert 2 * sum(parameter.numel() for parameter in network.parameters()) < 5e6  # bytes, at half precision


def test_it_learns_a_threshold():
    """A few steps suffice to segment what is bright in either of two channels, each alone or both."""
    torch.manual_seed(0)
    network = ResidualUNet(replace(ResidualUNet.PRESETS["tiny"], channels=2, regions=1, widths=(8, 8))).train()
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(40):
        target = (torch.rand(4, 1, 8, 8, 8) < 0.3).float()
        x = 2 * target + 0.3 * torch.randn(4, 2, 8, 8, 8)
        code = torch.tensor([[1, 0], [0, 1], [1, 1], [1, 1]])
        loss = F.binary_cross_entropy_with_logits(network(x, code), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.15
