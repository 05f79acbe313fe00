"""The masked autoencoder: what it may see, its folded form, and that every parameter is trained."""

import pytest
import torch

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Code
from MissingModalitySegLib.networks.registry import build, describe
from MissingModalitySegLib.networks.universal.masking import mask_tokens
from MissingModalitySegTraining.losses.reconstruction import reconstruction_loss


@pytest.fixture
def network():
    torch.manual_seed(0)
    return build({"architecture": "masked_autoencoder", "preset": "tiny"})


def test_all_modalities_come_out_whatever_goes_in(network):
    x = torch.randn(2, 5, 8, 16, 12)
    assert network(x, torch.tensor([[1, 0, 0, 0, 0], [0, 1, 1, 0, 1]])).shape == x.shape


@pytest.mark.parametrize("architecture", ["masked_autoencoder", "synthesiser"])
@pytest.mark.parametrize("foreign", [1e6, torch.nan, torch.inf])
def test_masked_channels_do_not_leak(architecture, foreign):
    network = build({"architecture": architecture, "preset": "tiny"})
    x, code = torch.randn(1, 5, 8, 8, 8), torch.tensor([[1, 0, 1, 0, 0]])
    spoiled = x.clone()
    spoiled[:, [1, 3, 4]] = foreign
    clean = x * code[:, :, None, None, None]
    assert torch.equal(network(spoiled, code), network(clean, code))
    assert torch.equal(network.fold(code[0])(spoiled), network.fold(code[0])(clean))


def test_folded_equals_unfolded_for_every_code(network):
    x = torch.randn(1, 5, 8, 8, 8)
    with torch.no_grad():
        for code in Code.all():
            vector = torch.tensor(code.vector)
            folded = network.fold(vector)
            assert folded.backbone.stem.in_channels == len(code)
            assert float((folded(x) - network(x, vector[None])).abs().max()) <= 1e-5


def test_folding_is_a_copy(network):
    x, code = torch.randn(1, 5, 8, 8, 8), torch.ones(5)
    folded = network.fold(code)
    before = folded(x)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    assert torch.equal(folded(x), before)


def test_pre_training_reaches_every_parameter(network):
    x = torch.randn(2, 5, 16, 16, 16)
    available = torch.tensor([[1, 1, 1, 1, 0], [1, 0, 1, 1, 1]])
    masked = mask_tokens(x, available, torch.Generator().manual_seed(0), token=4)
    reconstruction_loss(network(masked.image, masked.code), x, available).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.abs().max() > 1e-8), name


def test_it_is_built_again_from_its_description(network):
    again = build(describe(network))
    again.load_state_dict(network.state_dict())
    x, code = torch.randn(1, 5, 8, 8, 8), torch.ones(1, 5)
    assert torch.equal(again(x, code), network(x, code))


def test_training_lowers_the_loss_on_one_image(network):
    x = torch.nn.functional.interpolate(torch.randn(1, 1, 4, 4, 4), scale_factor=4).expand(1, 5, 16, 16, 16)
    code = torch.ones(1, 5)
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for step in range(40):
        masked = mask_tokens(x, code, torch.Generator().manual_seed(step), keep=0.5, token=8)
        loss = reconstruction_loss(network(masked.image, masked.code), x, code)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])


@pytest.mark.parametrize(
    ("size", "code", "error"),
    [
        ((1, 4, 8, 8, 8), [[1, 1, 1, 1]], "wrong-channel-count"),
        ((1, 5, 8, 8, 6), [[1, 1, 1, 1, 1]], "size-not-divisible"),
        ((1, 5, 8, 8, 8), [[0, 0, 0, 0, 0]], "empty-code"),
        ((1, 5, 8, 8, 8), [[1, 1, 0.5, 1, 1]], "bad-code-vector"),
        ((2, 5, 8, 8, 8), [[1, 1, 1, 1, 1]], "wrong-code-shape"),
    ],
)
def test_bad_input_is_refused(network, size, code, error):
    with pytest.raises(InputError) as caught:
        network(torch.zeros(size), torch.tensor(code))
    assert caught.value.code == error


def test_bad_codes_cannot_be_folded(network):
    for code in (torch.zeros(5), torch.ones(4)):
        with pytest.raises(InputError):
            network.fold(code)
