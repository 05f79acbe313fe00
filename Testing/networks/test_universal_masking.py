"""Masking for pre-training: exact amounts, nothing hidden shows through, the same seed the same mask."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.universal.completion import complete
from MissingModalitySegLib.networks.universal.masking import mask_tokens


def generator(seed):
    return torch.Generator().manual_seed(seed)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    size=st.tuples(*[st.integers(1, 11)] * 3),
    modalities=st.integers(1, 5),
    data=st.data(),
)
def test_the_number_of_shown_tokens_is_exact(seed, size, modalities, data):
    mask = data.draw(st.integers(1, 2**modalities - 1))
    code = torch.tensor([[mask >> i & 1 for i in range(modalities)]])
    x = torch.rand(1, modalities, *size, generator=generator(seed)) + 1
    masked = mask_tokens(x, code, generator(seed), token=4)

    grid = [(n + 3) // 4 for n in size]
    assert list(masked.tokens.shape) == [1, modalities, *grid]
    assert masked.tokens.sum() == max(1, round(modalities * grid[0] * grid[1] * grid[2] / 8))

    dropped = code.sum() - masked.code.sum()
    assert 0 <= dropped <= min(3, int(code.sum()) - 1)
    assert bool((masked.code <= code).all())
    assert not masked.tokens[masked.code == 0].any()
    for channel in range(modalities):
        for i in range(size[0]):
            for j in range(size[1]):
                for k in range(size[2]):
                    shown = masked.tokens[0, channel, i // 4, j // 4, k // 4]
                    value = x[0, channel, i, j, k] if shown else 0
                    assert masked.image[0, channel, i, j, k] == value
            break  # one plane of each channel says enough and keeps this quick


def test_the_paper_s_crop_shows_an_eighth():
    masked = mask_tokens(torch.ones(2, 5, 128, 128, 128), torch.ones(2, 5), generator(0))
    assert masked.tokens.shape == (2, 5, 8, 8, 8)
    assert masked.tokens.flatten(1).sum(1).tolist() == [320, 320]
    assert masked.image.flatten(1).sum(1).tolist() == [320 * 16**3] * 2


def test_fewer_tokens_than_asked_for_are_all_shown():
    code = torch.zeros(1, 20)
    code[0, 3] = 1
    masked = mask_tokens(torch.ones(1, 20, 8, 8, 8), code, generator(0), token=4)
    assert masked.tokens.sum() == 8


def test_every_number_of_drops_occurs_about_equally_often():
    rng, x = generator(1), torch.ones(1, 5, 2, 2, 2)
    drops = [5 - int(mask_tokens(x, torch.ones(1, 5), rng, token=2).code.sum()) for _ in range(400)]
    counts = torch.bincount(torch.tensor(drops), minlength=4)
    assert len(counts) == 4
    assert float(((counts - 100) ** 2 / 100).sum()) < 16.3  # chi-squared, 3 degrees of freedom, p = 0.001


def test_same_seed_same_mask_and_other_seed_another():
    x, code = torch.randn(2, 5, 32, 32, 32), torch.ones(2, 5)
    first, again, other = (mask_tokens(x, code, generator(seed), token=8) for seed in (3, 3, 4))
    assert torch.equal(first.image, again.image)
    assert torch.equal(first.code, again.code)
    assert not torch.equal(first.tokens, other.tokens)


def test_absent_channels_do_not_show_even_where_they_hold_nan():
    x = torch.full((1, 3, 8, 8, 8), torch.nan)
    x[:, 1] = 1
    masked = mask_tokens(x, torch.tensor([[0, 1, 0]]), generator(0), token=4)
    assert bool(torch.isfinite(masked.image).all())
    assert masked.image.sum() == 3 * 64  # an eighth of 24 tokens


@pytest.mark.parametrize(
    "bad",
    [
        {"code": torch.zeros(1, 2)},
        {"code": torch.ones(1, 3)},
        {"keep": 0.0},
        {"keep": 1.5},
        {"token": 0},
        {"most_dropped": -1},
    ],
)
def test_bad_input_is_refused(bad):
    arguments = {"x": torch.ones(1, 2, 4, 4, 4), "code": torch.ones(1, 2), "generator": generator(0)} | bad
    with pytest.raises(InputError):
        mask_tokens(**arguments)


def test_completion_keeps_what_is_real_and_teaches_only_what_is_not():
    x = torch.randn(2, 3, 4, 4, 4)
    x[0, 1] = torch.nan
    x[0, 0, 1] = 0  # background of an image that is there is no missing image
    code = torch.tensor([[1, 0, 1], [1, 1, 1]])
    reconstructed = torch.randn(2, 3, 4, 4, 4, requires_grad=True)
    full = complete(x, code, reconstructed)
    for sample in range(2):
        for channel in range(3):
            source = x if code[sample, channel] else reconstructed
            assert torch.equal(full[sample, channel], source[sample, channel])
    full.sum().backward()
    assert reconstructed.grad.flatten(2).sum(2).tolist() == [[0, 64, 0], [0, 0, 0]]
