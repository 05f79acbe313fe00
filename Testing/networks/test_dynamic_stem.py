import pytest
import torch
from torch.nn import functional as F

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.dynamic_stem import DynamicStemConfig

from .segmenters import ALL_CODES, image, largest_fold_difference, leaks, tiny, training_step, without_gradient


def test_the_stem_is_scaled_filter_by_filter():
    stem = tiny("dynamic_stem").stem
    x, codes = image(3), torch.stack([ALL_CODES[0], ALL_CODES[12], ALL_CODES[30]])
    first, _, last = stem.controller
    with torch.no_grad():
        found = stem(x, codes)
        for b, code in enumerate(codes.double()):
            hidden = (first.weight.double() @ code + first.bias).clamp_min(0)
            factors = 1 + last.weight.double() @ hidden + last.bias
            out_channels, in_channels = stem.weight.shape[:2]
            for o in range(out_channels):
                expected = stem.bias[o].double() + sum(
                    factors[o * in_channels + i]
                    * F.conv3d(x[b, i][None, None].double(), stem.weight[o, i][None, None].double(), padding=1)[0, 0]
                    for i in range(in_channels)
                )
                torch.testing.assert_close(found[b, o].double(), expected, rtol=1e-4, atol=1e-4)


def test_folded_is_unfolded_for_every_code():
    assert largest_fold_difference(tiny("dynamic_stem")) <= 1e-5


@pytest.mark.parametrize("poison", [1e30, float("nan")])
def test_a_missing_channel_does_not_leak(poison):
    assert not leaks(tiny("dynamic_stem"), poison)


def test_every_parameter_learns_reproducibly():
    network = tiny("dynamic_stem")
    assert without_gradient(network) == []
    first, second = training_step(network), training_step(network)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_hidden_layer_needs_a_unit():
    with pytest.raises(InputError, match="hidden"):
        DynamicStemConfig(hidden=0)
