"""The mean of several networks' logits against arithmetic on the members' own answers."""

import pytest
import torch

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.ensemble import Ensemble
from MissingModalitySegLib.networks.registry import build

FLAIR = 3
SHARES = [[1.0, 1.0, 2.0], [3.0, 0.0, 2.0]]


def member(architecture: str, **config) -> torch.nn.Module:
    made = build({"architecture": architecture, "preset": "tiny", "config": config})
    with torch.no_grad():
        for parameter in made.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    return made.eval()


@pytest.fixture
def ensemble() -> Ensemble:
    torch.manual_seed(0)
    return Ensemble([member("moe"), member("mome")], SHARES, [[], [FLAIR]]).eval()


def images(count: int, ensemble: Ensemble) -> torch.Tensor:
    return torch.randn(count, 5, *[4 * ensemble.multiple] * 3, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_every_sample_has_the_mean_of_those_that_count_for_its_code(ensemble: Ensemble) -> None:
    x, code = images(2, ensemble), torch.tensor([[1, 0, 0, 1, 0], [1, 1, 0, 0, 0]])
    moe, mome = (one(x, code) for one in ensemble.members)
    expected = moe.clone()
    expected[0, 0] = (moe[0, 0] + 3 * mome[0, 0]) / 4
    expected[0, 2] = (moe[0, 2] + mome[0, 2]) / 2
    torch.testing.assert_close(ensemble(x, code), expected)


@torch.no_grad()
def test_folded_it_answers_alike(ensemble: Ensemble) -> None:
    x = images(1, ensemble)
    for number in range(1, 32):
        code = torch.tensor([number >> i & 1 for i in range(5)])
        folded = ensemble.fold(code)
        torch.testing.assert_close(folded(x), ensemble(x, code[None]), rtol=1e-4, atol=1e-5)
        assert not any(parameter.requires_grad for parameter in folded.parameters())


def test_where_one_alone_counts_nobody_else_is_asked(ensemble: Ensemble) -> None:
    without, with_both = (ensemble.fold(torch.tensor(code)) for code in ([1, 1, 1, 0, 1], [0, 0, 0, 1, 0]))
    alone = ensemble.members[0].fold(torch.tensor([1, 1, 1, 0, 1]))
    assert type(without) is type(alone)
    assert len(with_both.members) == 2
    assert with_both.multiple == ensemble.multiple


@pytest.mark.parametrize(
    ("config", "shares", "needs", "words"),
    [
        ({"regions": 2}, SHARES, [[], [FLAIR]], "differ"),
        ({"channels": 4}, SHARES, [[], [FLAIR]], "differ"),
        ({"activation": "softmax"}, SHARES, [[], [FLAIR]], "exclusive"),
        ({}, [[1, 0, 1], [1, 1, 1]], [[], [FLAIR]], "no member"),
        ({}, SHARES, [[0], [FLAIR]], "no member"),
    ],
)
def test_what_cannot_be_joined(config, shares, needs, words) -> None:
    with pytest.raises(InputError) as caught:
        Ensemble([member("moe"), member("mome", **config)], shares, needs)
    assert caught.value.code == "bad-members"
    assert words in caught.value.message
