"""The mixture against eq. 1 in plain loops with a concatenated gate input; its stages of training; lazy evaluation."""

import pytest
import torch
from torch.nn import functional as F

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.mome.network import MixtureOfModalityExperts, aggregate
from MissingModalitySegLib.networks.registry import build, describe


def mixture(**config) -> MixtureOfModalityExperts:
    torch.manual_seed(0)
    network = build({"architecture": "mome", "preset": "tiny", "config": config})
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape))
    return network


def concatenated(network: MixtureOfModalityExperts, image: torch.Tensor) -> tuple[list, list]:
    """Weights and answers of every level with the gate's input put together as the paper draws it."""
    experts = list(network.experts)
    together = torch.cat([image, *(expert.first_stage(image) for expert in experts)], 1)
    return network.gate.unet(together), [expert(image) for expert in experts]


@pytest.mark.parametrize("config", [{}, {"experts": 2}, {"regions": 2, "activation": "softmax"}])
def test_eq_1_voxel_by_voxel(config):
    network = mixture(**config)
    image = torch.randn(2, 1, 8, 8, 8)
    weights, answers = concatenated(network, image)
    N, R = network.config.experts, network.config.regions
    levels = network.forward_image(image, levels=True).mixture()
    assert len(levels) == 2
    for depth, level in enumerate(levels):
        expected = torch.zeros_like(level)
        for b in range(2):
            for r in range(R):
                for place in torch.cartesian_prod(*(torch.arange(size) for size in level.shape[2:])).tolist():
                    at = (b, r, *place)
                    for i in range(N):
                        expected[at] += answers[i][depth][at] * weights[depth][b, i * R + r, *place]
        torch.testing.assert_close(level, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(network.forward_image(image), levels[0], rtol=1e-5, atol=1e-6)


def test_the_gates_first_convolution_as_a_sum_of_parts():
    gate = mixture().gate
    image, features = torch.randn(1, 1, 6, 6, 6), [torch.randn(1, 2, 6, 6, 6) for _ in range(5)]
    conv = gate.unet.encoder[0][0].conv
    total = gate.open(image)
    for i in (3, 0, 4, 1, 2):  # in whatever order they come
        total = gate.admit(total, features[i], i)
    torch.testing.assert_close(
        total, F.conv3d(torch.cat([image, *features], 1), conv.weight, conv.bias, padding=1), rtol=1e-5, atol=1e-5
    )
    assert conv.weight.shape == (2, 1 + 5 * 2, 3, 3, 3)


def test_weights_are_raw():
    network = mixture()
    weights, _ = concatenated(network, 3 * torch.randn(1, 1, 8, 8, 8))
    shared = weights[0].unflatten(1, (5, 3)).sum(1)
    assert weights[0].min() < 0
    assert (shared - 1).abs().max() > 0.1


def test_a_new_mixture_starts_near_the_mean_of_its_experts():
    torch.manual_seed(0)
    network = build({"architecture": "mome", "preset": "tiny"})
    image = torch.randn(1, 1, 8, 8, 8)
    mean = torch.stack([expert(image)[0] for expert in network.experts]).mean(0)
    assert (network.forward_image(image) - mean).square().mean().sqrt() < 0.2 * mean.std()


def test_aggregate_sums_in_float32():
    answers = [torch.full((1, 1, 1, 1, 1), value, dtype=torch.bfloat16) for value in (256.0, 1.0)]
    weights = torch.ones(1, 2, 1, 1, 1, 1, dtype=torch.bfloat16)
    assert aggregate(answers, weights).item() == 257.0  # bfloat16 has no 257


def test_without_hierarchy_there_is_one_level():
    network = mixture(hierarchical=False)
    image = torch.randn(1, 1, 8, 8, 8)
    levels = network.forward_image(image, levels=True)
    assert len(levels.mixture()) == 1
    assert len(levels.expert(0)) == 2
    assert len(network.gate.unet.heads) == 1
    assert torch.allclose(network.forward_image(image), levels.mixture()[0], atol=1e-5)


def test_only_the_experts_asked_for_are_run():
    network = mixture()
    calls = []
    for i, expert in enumerate(network.experts):
        expert.encoder[0].register_forward_hook(lambda *_, i=i: calls.append(i))
    network.gate.unet.decoder[0].register_forward_hook(lambda *_: calls.append("gate"))
    image = torch.randn(4, 1, 8, 8, 8)
    shown = (4, 0, 4, 1)
    modality = torch.tensor(shown)

    lazy = network.forward_image(image, levels=True)
    assert calls == []
    own = lazy.specialist(modality)
    assert calls == [0, 1, 4]
    calls.clear()
    mixed = lazy.mixture()
    assert calls == [0, 1, 2, 3, 4, "gate"]
    calls.clear()
    again = lazy.specialist(modality)
    assert lazy.mixture() is mixed
    assert calls == []
    for level, (late, early) in enumerate(zip(again, own, strict=True)):
        expected = torch.stack([network.experts[i](image[b : b + 1])[level][0] for b, i in enumerate(shown)])
        torch.testing.assert_close(early, expected, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(late, expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(lazy.expert(2)[1], network.experts[2](image)[1])


def test_alone_an_expert_learns_and_nobody_else():
    network = mixture()
    levels = network.forward_image(torch.randn(2, 1, 8, 8, 8), levels=True).specialist(torch.tensor([3, 3]))
    sum(level.square().mean() for level in levels).backward()
    for name, parameter in network.named_parameters():
        learns = parameter.grad is not None and bool(parameter.grad.abs().sum() > 0)
        # a convolution's bias is taken out again by the norm behind it, so that its gradient is rounding
        if not name.endswith("conv.bias"):
            assert learns == name.startswith("experts.3."), name


def test_together_everybody_learns():
    network = mixture()
    levels = network.forward_image(torch.randn(2, 1, 8, 8, 8), levels=True).mixture()
    sum(level.square().mean() for level in levels).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert name.endswith("conv.bias") or parameter.grad.abs().sum() > 0, name


def test_a_modality_without_expert_is_refused():
    levels = mixture(experts=2).forward_image(torch.randn(1, 1, 8, 8, 8), levels=True)
    with pytest.raises(InputError, match="expert"):
        levels.specialist(torch.tensor([3]))
    with pytest.raises(InputError, match="expert"):
        levels.specialist(torch.tensor([0, 1]))


@pytest.mark.parametrize("config", [{"experts": 0}, {"channels": 0}, {"regions": 1, "activation": "softmax"},
                                    {"fusion": "median"}, {"reliabilities": [1.0]}, {"widths": [4]},
                                    {"fusion": "reliability", "reliabilities": [1.0, 2.0]}])  # fmt: skip
def test_bad_configuration(config):
    with pytest.raises(InputError):
        build({"architecture": "mome", "preset": "tiny", "config": config})


def test_the_description_builds_the_same_network():
    network = mixture(fusion="reliability", reliabilities=[1, 2, 3, 4, 0.5], hierarchical=False)
    again = build(describe(network))
    assert again.config == network.config
    again.load_state_dict(network.state_dict())
