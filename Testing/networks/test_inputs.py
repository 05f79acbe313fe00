import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.inputs import check_code, check_image, mask_channels


@given(st.lists(st.lists(st.sampled_from([0, 1]), min_size=5, max_size=5), min_size=1, max_size=3))
def test_masking_keeps_what_is_there_and_zeroes_the_rest(rows):
    x = torch.arange(1.0, 1 + len(rows) * 5 * 8).reshape(len(rows), 5, 2, 2, 2)
    masked = mask_channels(x, torch.tensor(rows))
    for b, row in enumerate(rows):
        for k, available in enumerate(row):
            assert masked[b, k].tolist() == (x[b, k] if available else torch.zeros(2, 2, 2)).tolist()


@pytest.mark.parametrize("poison", [float("nan"), float("inf"), -float("inf")])
def test_masking_selects_and_does_not_multiply(poison):
    x = torch.full((1, 2, 2, 2, 2), poison)
    x[:, 0] = 3
    assert mask_channels(x, torch.tensor([[1, 0]])).flatten().tolist() == [3.0] * 8 + [0.0] * 8


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("code_dtype", [torch.bool, torch.int64, torch.float32])
def test_masking_keeps_the_dtype_and_the_original(dtype, code_dtype):
    x = torch.ones(1, 2, 2, 2, 2, dtype=dtype)
    masked = mask_channels(x, torch.tensor([[0, 1]]).to(code_dtype))
    assert masked.dtype == dtype
    assert masked.sum() == 8
    assert x.sum() == 16


def test_no_gradient_reaches_a_missing_channel():
    x = torch.randn(1, 2, 2, 2, 2, requires_grad=True)
    mask_channels(x, torch.tensor([[0, 1]])).square().sum().backward()
    assert not x.grad[:, 0].any()
    assert x.grad[:, 1].all()


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        ((1, 4, 8, 8, 8), "wrong-channel-count"),
        ((5, 8, 8, 8), "wrong-channel-count"),
        ((1, 5, 8, 8), "wrong-channel-count"),
        ((1, 5, 8, 8, 12), "size-not-divisible"),
        ((1, 5, 0, 8, 8), "size-not-divisible"),
    ],
)
def test_an_image_that_does_not_fit_is_refused(shape, code):
    check_image(torch.zeros(2, 5, 8, 16, 24), channels=5, multiple=8)
    with pytest.raises(InputError) as caught:
        check_image(torch.zeros(shape), channels=5, multiple=8)
    assert caught.value.code == code


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64])
def test_an_image_of_other_numbers_is_refused(dtype):
    with pytest.raises(InputError) as caught:
        check_image(torch.zeros(1, 5, 8, 8, 8, dtype=dtype), channels=5, multiple=8)
    assert caught.value.code == "wrong-image-type"


def test_what_is_no_tensor_is_refused():
    with pytest.raises(InputError, match="ndarray"):
        check_image(torch.zeros(1, 5, 8, 8, 8).numpy(), channels=5, multiple=8)
    with pytest.raises(InputError, match="tensor"):
        check_code([[1, 1]], batch=1, channels=2)


def test_an_empty_batch_is_refused():
    with pytest.raises(InputError) as caught:
        check_image(torch.zeros(0, 5, 8, 8, 8), channels=5, multiple=8)
    assert caught.value.code == "empty-batch"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([[1, 0, 1]], "wrong-code-shape"),
        ([1, 0], "wrong-code-shape"),
        ([[1, 0], [1, 1], [0, 1]], "wrong-code-shape"),
        ([[1, 0], [0.5, 1]], "bad-code-vector"),
        ([[1, 0], [2, 1]], "bad-code-vector"),
        ([[1, 0], [float("nan"), 1]], "bad-code-vector"),
        ([[1, 0], [0, 0]], "empty-code"),
    ],
)
def test_a_code_that_makes_no_sense_is_refused(rows, code):
    for dtype in (torch.int64, torch.float32, torch.bool):
        check_code(torch.tensor([[1, 0], [1, 1]]).to(dtype), batch=2, channels=2)
    with pytest.raises(InputError) as caught:
        check_code(torch.tensor(rows), batch=2, channels=2)
    assert caught.value.code == code
