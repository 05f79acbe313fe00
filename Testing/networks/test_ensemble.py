"""The mean of several networks' logits against arithmetic on the members' own answers."""

import pytest
import torch

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.ensemble import Ensemble
from MissingModalitySegLib.networks.registry import build

FLAIR = 3
ALL = range(5)
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
    return Ensemble([member("moe"), member("mome")], 5, [ALL, ALL], SHARES, [[], [FLAIR]]).eval()


@pytest.fixture
def narrow() -> Ensemble:
    """The second member takes FLAIR and T1, in this order."""
    torch.manual_seed(0)
    members = [member("moe"), member("mome", channels=2, experts=2)]
    return Ensemble(members, 5, [ALL, [FLAIR, 0]], SHARES, [[], [FLAIR]]).eval()


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
def test_one_of_what_a_member_needs_will_do() -> None:
    torch.manual_seed(0)
    ensemble = Ensemble([member("moe"), member("mome")], 5, [ALL, ALL], SHARES, [[], [2, FLAIR]]).eval()
    for there, counts in (([1, 0, 1, 0, 0], True), ([0, 0, 0, 1, 1], True), ([1, 1, 0, 0, 1], False)):
        assert (ensemble.weights(torch.tensor(there))[1] == [0.75, 0.0, 0.5]) == counts


@torch.no_grad()
def test_a_member_sees_its_own_channels_in_its_own_order(narrow: Ensemble) -> None:
    x, code = images(3, narrow), torch.tensor([[1, 0, 1, 1, 0], [0, 1, 0, 1, 0], [1, 1, 1, 0, 1]])
    moe = narrow.members[0](x, code)
    mome = narrow.members[1](x[:2, [FLAIR, 0]], torch.tensor([[1, 1], [1, 0]]))
    expected = moe.clone()
    expected[:2, 0] = (moe[:2, 0] + 3 * mome[:, 0]) / 4
    expected[:2, 2] = (moe[:2, 2] + mome[:, 2]) / 2
    torch.testing.assert_close(narrow(x, code), expected)


@torch.no_grad()
@pytest.mark.parametrize("made", ["ensemble", "narrow"])
def test_folded_it_answers_alike(made: str, request: pytest.FixtureRequest) -> None:
    ensemble = request.getfixturevalue(made)
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
    ("config", "sees", "shares", "needs", "words"),
    [
        ({"regions": 2}, ALL, SHARES, [[], [FLAIR]], "differ"),
        ({"channels": 4}, ALL, SHARES, [[], [FLAIR]], "differ"),
        ({"activation": "softmax"}, ALL, SHARES, [[], [FLAIR]], "exclusive"),
        ({}, ALL, [[1, 0, 1], [1, 1, 1]], [[], [FLAIR]], "no member"),
        ({}, ALL, SHARES, [[0], [FLAIR]], "no member"),
        ({"channels": 2, "experts": 2}, [0, 1], SHARES, [[], [FLAIR]], "none of its own"),
        ({"channels": 2, "experts": 2}, [0, FLAIR], SHARES, [[], [1, FLAIR]], "none of its own"),
        ({"channels": 2, "experts": 2}, [0, FLAIR], SHARES, [[], []], "none of its own"),
    ],
)
def test_what_cannot_be_joined(config, sees, shares, needs, words) -> None:
    with pytest.raises(InputError) as caught:
        Ensemble([member("moe"), member("mome", **config)], 5, [ALL, sees], shares, needs)
    assert caught.value.code == "bad-members"
    assert words in caught.value.message
