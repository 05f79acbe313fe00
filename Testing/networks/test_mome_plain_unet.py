"""The plain U-Net against a forward pass written out with torch's functions, and its norm against `InstanceNorm3d`."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from MissingModalitySegLib.networks.mome.plain_unet import PlainUNet

WIDTHS = (2, 3, 4)


@pytest.fixture
def network() -> PlainUNet:
    torch.manual_seed(0)
    network = PlainUNet(2, 3, WIDTHS)
    with torch.no_grad():
        for parameter in network.parameters():  # norms start at one and zero; other values test that they are used
            parameter.add_(0.2 * torch.randn(parameter.shape))
    return network


def written_out(parameters: dict[str, torch.Tensor], x: torch.Tensor) -> list[torch.Tensor]:
    """Outputs per level from the top, with `F.instance_norm` where the network has group norms."""

    def block(name, y, stride=1):
        y = F.conv3d(y, parameters[f"{name}.conv.weight"], parameters[f"{name}.conv.bias"], stride, 1)
        y = F.instance_norm(y, weight=parameters[f"{name}.norm.weight"], bias=parameters[f"{name}.norm.bias"])
        return torch.where(y > 0, y, 0.01 * y)

    def stage(name, y, stride=1):
        return block(f"{name}.1", block(f"{name}.0", y, stride))

    def up(level, y):
        return F.conv_transpose3d(y, parameters[f"up.{level}.weight"], parameters[f"up.{level}.bias"], 2)

    def head(level, y):
        return F.conv3d(y, parameters[f"heads.{level}.weight"], parameters[f"heads.{level}.bias"])

    top = stage("encoder.0", x)
    middle = stage("encoder.1", top, 2)
    bottom = stage("encoder.2", middle, 2)
    middle = stage("decoder.1", torch.cat([up(1, bottom), middle], 1))
    top = stage("decoder.0", torch.cat([up(0, middle), top], 1))
    return [head(0, top), head(1, middle)]


def test_every_level_is_what_the_plan_says(network):
    x = torch.randn(2, 2, 8, 12, 16)
    outputs, expected = network(x), written_out(network.state_dict(), x)
    assert [tuple(level.shape) for level in outputs] == [(2, 3, 8, 12, 16), (2, 3, 4, 6, 8)]
    for level, reference in zip(outputs, expected, strict=True):
        torch.testing.assert_close(level, reference, rtol=1e-4, atol=1e-5)


def test_the_top_alone_is_the_same_and_computes_no_lower_head(network):
    x = torch.randn(1, 2, 8, 8, 8)
    calls = []
    network.heads[1].register_forward_hook(lambda *_: calls.append(1))
    alone = network.outputs(network.first_stage(x), levels=1)
    assert not calls
    assert len(alone) == 1
    assert torch.equal(alone[0], network(x)[0])
    network.keep_top_head()
    assert torch.equal(network(x)[0], alone[0])


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last_3d])
def test_group_norm_with_one_channel_per_group_is_instance_norm(memory_format):
    x = (3 * torch.randn(2, 5, 6, 7, 8) + 2).contiguous(memory_format=memory_format)
    group, instance = nn.GroupNorm(5, 5), nn.InstanceNorm3d(5, affine=True)
    with torch.no_grad():
        group.weight.copy_(torch.randn(5)), group.bias.copy_(torch.randn(5))
    instance.load_state_dict(group.state_dict())
    torch.testing.assert_close(group(x), instance(x), rtol=1e-5, atol=1e-5)


def test_the_paper_preset_has_the_heads_and_widths_of_nnunet():
    with torch.device("meta"):
        network = PlainUNet(1, 2, (32, 64, 128, 256, 320, 320))
    assert [head.in_channels for head in network.heads] == [32, 64, 128, 256, 320]
    assert [stage[0].conv.stride for stage in network.encoder] == [(1, 1, 1)] + [(2, 2, 2)] * 5
