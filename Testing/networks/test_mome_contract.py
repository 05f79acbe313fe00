"""What every network for single images keeps: any code, no leak, folded as unfolded, fusion as documented."""

import pytest
import torch

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Code
from MissingModalitySegLib.networks.mome.fusion import Fusion
from MissingModalitySegLib.networks.mome.plain_unet import PlainUNet
from MissingModalitySegLib.networks.registry import build, describe

NAMES = ("mome", "single_unet", "modality_prior")


def network_called(name: str, **config) -> torch.nn.Module:
    torch.manual_seed(0)
    return build({"architecture": name, "preset": "tiny", "config": config}).eval()


@pytest.fixture(scope="module", params=NAMES)
def network(request) -> torch.nn.Module:
    return network_called(request.param)


def answer_of(network, x, channel):
    """Logits for one channel through the network's own entry for images."""
    image = x[:, channel : channel + 1]
    modality = torch.full((len(x),), channel)
    return network.forward_image(image, modality) if hasattr(network, "priors") else network.forward_image(image)


@torch.no_grad()
def test_all_31_codes_folded_unfolded_and_by_hand(network):
    x = torch.randn(1, 5, 8, 8, 8)
    alone = [answer_of(network, x, channel).double().sigmoid() for channel in range(5)]
    for code in Code.all():
        vector = torch.tensor(code.vector, dtype=torch.float32)
        whole = network(x, vector[None])
        expected = torch.stack([p for p, there in zip(alone, code.vector, strict=True) if there]).mean(0)
        torch.testing.assert_close(whole.double().sigmoid(), expected, rtol=0, atol=1e-5, msg=str(code))
        torch.testing.assert_close(network.fold(vector)(x), whole, rtol=1e-4, atol=1e-4, msg=str(code))


@torch.no_grad()
def test_a_batch_of_mixed_codes_is_its_samples(network):
    x = torch.randn(3, 5, 8, 8, 12)
    code = torch.tensor([[1, 0, 0, 0, 1], [0, 1, 0, 0, 0], [1, 1, 1, 1, 1]])
    together = network(x, code)
    assert together.shape == (3, 3, 8, 8, 12)
    for b in range(3):
        torch.testing.assert_close(together[b : b + 1], network(x[b : b + 1], code[b : b + 1]), rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_what_a_missing_channel_holds_does_not_matter(network):
    x = torch.randn(2, 5, 8, 8, 8)
    code = torch.tensor([[0, 1, 1, 0, 0], [0, 0, 1, 0, 0]])
    poisoned = torch.where(code.bool()[..., None, None, None], x, torch.nan)
    assert torch.equal(network(x, code), network(poisoned, code))
    assert torch.equal(network.fold(code[0])(x[:1]), network.fold(code[0])(poisoned[:1]))


@torch.no_grad()
def test_maps_for_review(network):
    x = torch.randn(2, 5, 8, 8, 8)
    code = torch.tensor([[0, 1, 1, 0, 0], [1, 0, 0, 0, 0]])
    maps = network.per_modality(x, code)
    assert maps.shape == (2, 5, 3, 8, 8, 8)
    assert torch.equal(maps.isnan().flatten(2).all(2), code == 0)
    torch.testing.assert_close(maps[0, 1:3].mean(0), network(x, code)[0].sigmoid(), rtol=1e-4, atol=1e-5)
    folded = list(network.fold(code[0]).maps(x[:1]))
    torch.testing.assert_close(torch.cat(folded).sigmoid(), maps[0, 1:3], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_deterministic_and_independent_of_the_original(network):
    x, code = torch.randn(1, 5, 8, 8, 8), torch.tensor([1.0, 0, 0, 1, 0])
    folded = network.fold(code)
    assert torch.equal(folded(x), folded(x))
    assert not folded.training
    assert not any(parameter.requires_grad for parameter in folded.parameters())
    theirs = {parameter.data_ptr() for parameter in network.parameters()}
    assert theirs.isdisjoint(parameter.data_ptr() for parameter in folded.parameters())
    assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_of_the_contract_learns(name):
    network = network_called(name).train()
    code = torch.ones(1, 5)
    network(torch.randn(1, 5, 8, 8, 8), code).square().mean().backward()
    for parameter_name, parameter in network.named_parameters():
        lower = ".heads.1." in f".{parameter_name}"  # serves deep supervision only
        learns = parameter.grad is not None and bool(parameter.grad.abs().sum() > 0)
        assert parameter_name.endswith("conv.bias") or learns != lower, parameter_name


@torch.no_grad()
def test_fusion_by_reliability_skips_who_has_none():
    network = network_called("single_unet", fusion="reliability", reliabilities=[3.0, 1.0, 0.0, 0.0, 0.0])
    x = torch.randn(1, 5, 8, 8, 8)
    code = torch.tensor([1.0, 1, 1, 0, 0])
    p = [answer_of(network, x, channel).sigmoid() for channel in range(3)]
    torch.testing.assert_close(network(x, code[None]).sigmoid(), 0.75 * p[0] + 0.25 * p[1], rtol=1e-4, atol=1e-5)
    folded = network.fold(code)
    calls = []
    folded.network.unet.register_forward_hook(lambda *_: calls.append(1))
    folded.network.unet.encoder[0].register_forward_hook(lambda *_: calls.append(1))
    torch.testing.assert_close(folded(x), network(x, code[None]), rtol=1e-4, atol=1e-4)
    assert len(calls) == 2


@torch.no_grad()
def test_fusion_may_be_replaced():
    network = network_called("single_unet")
    x, code = torch.randn(1, 5, 8, 8, 8), torch.tensor([[1.0, 0, 0, 0, 1]])
    network.fusion = Fusion("max")
    assert describe(network)["config"]["fusion"] == "max"
    with pytest.raises(InputError):
        network.fusion = Fusion("reliability", (1.0, 2.0))
    expected = torch.maximum(answer_of(network, x, 0), answer_of(network, x, 4))
    torch.testing.assert_close(network(x, code), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(network.fold(code[0])(x), expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_exclusive_classes():
    network = network_called("mome", regions=2, activation="softmax")
    x, code = torch.randn(1, 5, 8, 8, 8), torch.tensor([[1.0, 0, 1, 0, 0]])
    expected = (answer_of(network, x, 0).softmax(1) + answer_of(network, x, 2).softmax(1)) / 2
    torch.testing.assert_close(network(x, code).softmax(1), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(network.per_modality(x, code)[:, (0, 2)].mean(1), expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_the_prior_says_which_modality_it_is():
    network = network_called("modality_prior")
    image = torch.randn(1, 1, 8, 8, 8).expand(2, -1, -1, -1, -1)
    answers = network.forward_image(image, torch.tensor([0, 1]))
    assert (answers[0] - answers[1]).abs().max() > 1e-4
    single = network_called("single_unet")
    assert torch.equal(*single.forward_image(image))


@torch.no_grad()
def test_a_prior_that_injects_nothing_leaves_the_plain_unet():
    network = network_called("modality_prior")
    network.inject.value.weight.zero_()
    network.inject.value.bias.zero_()
    image = torch.randn(1, 1, 8, 8, 8)
    assert torch.equal(network.forward_image(image, torch.tensor([3])), network.unet(image)[0])


def test_folded_networks_keep_the_top_heads_only(network):
    folded = network.fold(torch.tensor([0, 1, 0, 0, 1]))
    heads = [len(module.heads) for module in folded.modules() if isinstance(module, PlainUNet)]
    assert set(heads) == {1}
    assert all(len(module.heads) > 1 for module in network.modules() if isinstance(module, PlainUNet))


@pytest.mark.parametrize("name", NAMES)
def test_levels_of_the_baselines_and_description(name):
    network = network_called(name)
    assert build(describe(network)).config == network.config
    if name == "single_unet":
        levels = network.forward_image(torch.randn(1, 1, 8, 8, 8), levels=True)
        assert [tuple(level.shape[2:]) for level in levels] == [(8, 8, 8), (4, 4, 4)]
    if name == "modality_prior":
        levels = network.forward_image(torch.randn(1, 1, 8, 8, 8), torch.tensor([2]), levels=True)
        assert [tuple(level.shape[2:]) for level in levels] == [(8, 8, 8), (4, 4, 4)]


def test_bad_input(network):
    code = torch.ones(1, 5)
    for shape in ((1, 4, 8, 8, 8), (1, 5, 8, 8, 6), (5, 8, 8, 8), (1, 5, 4, 4, 4)):
        with pytest.raises(InputError):
            network(torch.zeros(shape), code)
    for bad in (torch.zeros(1, 5), torch.full((1, 5), 0.5), torch.ones(5), torch.ones(2, 5)):
        with pytest.raises(InputError):
            network(torch.zeros(1, 5, 8, 8, 8), bad)
    with pytest.raises(InputError):
        network.fold(torch.zeros(5))
    with pytest.raises(InputError):
        network.fold(code[0])(torch.zeros(1, 4, 8, 8, 8))
