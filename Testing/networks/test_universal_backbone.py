"""The backbone against a forward pass written out with torch's functions, and the errors of its configuration."""

import pytest
import torch
from torch.nn import functional as F

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.registry import build, presets
from MissingModalitySegLib.networks.universal.backbone import Backbone, BackboneShape, group_norm

SHAPE = BackboneShape(channels=3, widths=(4, 6, 8), blocks=(1, 2, 1), groups=2)


def randomised(network):
    """Norm weights and biases start at one and zero; other values test that they are used."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
    return network.eval()


def written_out(parameters, x):
    def conv(name, y, stride=1):
        weight = parameters[f"{name}.weight"]
        return F.conv3d(y, weight, parameters[f"{name}.bias"], stride, weight.shape[-1] // 2)

    def norm(name, y):
        return F.group_norm(y, 2, parameters[f"{name}.weight"], parameters[f"{name}.bias"])

    def half(name, y):
        return conv(f"{name}.2", norm(f"{name}.0", y).relu())

    def down(name, y):
        return norm(f"{name}.1", conv(f"{name}.0", y, 2))

    def block(name, y):
        return y + half(f"{name}.second", half(f"{name}.first", y))

    fine = block("encoder.0.0", conv("stem", x))
    middle = block("encoder.1.1", block("encoder.1.0", down("downs.0", fine)))
    deep = block("encoder.2.0", down("downs.1", middle))
    up = torch.nn.Upsample(scale_factor=2, mode="trilinear")
    y = block("decoder.1", up(half("laterals.1", deep)) + middle)
    return [fine, middle, deep], block("decoder.0", up(half("laterals.0", y)) + fine)


def test_forward_is_the_written_out_network():
    backbone = randomised(Backbone(SHAPE))
    x = torch.randn(2, 3, 8, 12, 16, generator=torch.Generator().manual_seed(0))
    features = backbone.encode(x)
    decoded = backbone.decode(features)
    expected_features, expected = written_out(backbone.state_dict(), x)
    for found, wanted in zip(features, expected_features, strict=True):
        torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(decoded, expected)


@pytest.mark.parametrize("transition", ["downs.0.0.weight", "downs.1.0.weight"])
def test_the_scale_of_a_transition_does_not_drown_the_blocks_behind_it(transition):
    """Else training lets it grow from level to level, and what the blocks add is lost."""
    backbone = Backbone(SHAPE)
    x = torch.randn(1, 3, 16, 16, 16, generator=torch.Generator().manual_seed(0))
    before = backbone.decode(backbone.encode(x))
    with torch.no_grad():
        backbone.get_parameter(transition).mul_(1000)
        backbone.get_parameter(transition.replace("weight", "bias")).mul_(1000)
    torch.testing.assert_close(backbone.decode(backbone.encode(x)), before, rtol=0.02, atol=0.02)


def test_paper_preset_has_the_decided_sizes():
    backbone = build({"architecture": "universal", "preset": "paper"}).backbone
    assert [len(level) for level in backbone.encoder] == [1, 2, 2, 4]
    assert [level[0].first[2].out_channels for level in backbone.encoder] == [16, 32, 64, 128]
    assert {m.num_groups for m in backbone.modules() if isinstance(m, torch.nn.GroupNorm)} == {8}


@pytest.mark.parametrize(("width", "groups"), [(16, 8), (24, 8), (12, 4), (96, 8), (7, 1)])
def test_groups_divide_the_width(width, groups):
    assert group_norm(width, 8).num_groups == groups


def test_both_networks_have_the_same_presets():
    ours, theirs = presets("universal"), presets("masked_autoencoder")
    assert set(ours) == set(theirs) == {"paper", "starter", "tiny"}
    for name in ours:
        assert theirs[name].items() <= ours[name].items()


@pytest.mark.parametrize(
    "config",
    [
        {"channels": 0},
        {"channels": 40},
        {"widths": [16]},
        {"widths": [16, 0], "blocks": [1, 1]},
        {"widths": [16, 10**6], "blocks": [1, 1]},
        {"blocks": [1, 2]},
        {"blocks": [1, 2, 2, 0]},
        {"blocks": [1, 2, 2, 10**6]},
        {"groups": 0},
    ],
)
@pytest.mark.parametrize("architecture", ["universal", "masked_autoencoder"])
def test_impossible_sizes_are_refused(architecture, config):
    with pytest.raises(InputError) as error:
        build({"architecture": architecture, "config": config})
    assert error.value.code == "bad-config-value"
    assert next(iter(config)) in error.value.message
