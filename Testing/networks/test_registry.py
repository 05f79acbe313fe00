import json
from dataclasses import asdict

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.registry import ARCHITECTURES, architecture, build, describe, presets, resolve

ALL = tuple(ARCHITECTURES)


@pytest.mark.parametrize("name", ALL)
def test_what_is_described_is_built_again(name):
    torch.manual_seed(0)
    network = build({"architecture": name, "preset": "tiny", "config": {"channels": 4}}).eval()
    section = json.loads(json.dumps(describe(network)))
    assert set(section) == {"architecture", "config"}
    again = build(section).eval()
    again.load_state_dict(network.state_dict())
    x, code = torch.randn(1, 4, 8, 8, 8), torch.tensor([[1, 0, 1, 0]])
    assert torch.equal(again(x, code), network(x, code))
    assert again.config == network.config


@pytest.mark.parametrize("name", ALL)
def test_every_family_has_the_three_presets(name):
    assert {"paper", "starter", "tiny"} <= set(presets(name))
    for preset, values in presets(name).items():
        assert asdict(resolve({"architecture": name, "preset": preset})[1]) == values


@pytest.mark.parametrize("name", ALL)
def test_every_network_says_what_divides_its_images_and_folds_for_inference(name):
    torch.manual_seed(0)
    network = build({"architecture": name, "preset": "tiny"}).train()
    levels = len(network.config.widths)
    folded = network.fold(torch.tensor([0, 1, 0, 1, 1]))
    assert network.multiple == network.config.multiple == folded.multiple == 2 ** (levels - 1)
    assert network.training
    assert not any(module.training for module in folded.modules())
    assert not any(parameter.requires_grad for parameter in folded.parameters())
    with pytest.raises(InputError):
        folded(torch.zeros(1, 5, 8 * network.multiple, network.multiple, network.multiple + 1))


@pytest.mark.parametrize("name", ALL)
def test_no_manifest_asks_for_more_than_a_computer_has(name):
    for key in ("channels", "regions", "experts", "tokens", "hidden", "groups"):
        if hasattr(architecture(name).Config(), key):
            with pytest.raises(InputError):
                resolve({"architecture": name, "config": {key: 10**6}})


def test_the_starters_are_as_wide_as_bfloat16_is_fast():
    for name in ("unet", "moe", "dynamic_stem", "universal", "masked_autoencoder"):
        assert not any(width % 16 for width in presets(name)["starter"]["widths"])


def test_config_overrides_single_keys_of_a_preset():
    _, config = resolve({"architecture": "moe", "preset": "starter", "config": {"experts": 2}})
    assert (config.experts, config.widths) == (2, (16, 32, 48, 64, 96))


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ({"architecture": "transformer"}, "unknown-architecture"),
        ({"architecture": ["unet"]}, "unknown-architecture"),
        ({"architecture": None}, "unknown-architecture"),
        ({"preset": "tiny"}, "bad-network-section"),
        ({"architecture": "unet", "presets": "tiny"}, "bad-network-section"),
        ("unet", "bad-network-section"),
        ({"architecture": "unet", "preset": "huge"}, "unknown-preset"),
        ({"architecture": "unet", "preset": {}}, "unknown-preset"),
        ({"architecture": "unet", "config": {"width": 3}}, "unknown-config-key"),
        ({"architecture": "unet", "config": {"experts": 3}}, "unknown-config-key"),
        ({"architecture": "unet", "config": "tiny"}, "bad-config"),
        ({"architecture": "unet", "config": {"channels": "5"}}, "bad-config-value"),
        ({"architecture": "unet", "config": {"channels": 0}}, "bad-config-value"),
    ],
)
def test_a_section_that_means_nothing_is_refused(section, code):
    with pytest.raises(InputError) as caught:
        build(section)
    assert caught.value.code == code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=5,
)
keys = st.sampled_from(
    ["channels", "regions", "widths", "blocks_per_level", "experts", "moe_stem", "code_noise", "fusion", "groups", "x"]
)


@given(
    name=st.sampled_from([*ALL, "other"]),
    preset=st.sampled_from(["tiny", None]) | json_values,
    config=st.dictionaries(keys, json_values, max_size=2) | json_values,
)
def test_any_json_is_understood_or_refused(name, preset, config):
    section = {"architecture": name, "preset": preset, "config": config}
    try:
        network_class, resolved = resolve(section)
    except InputError:
        return
    assert isinstance(resolved, network_class.Config)


def test_a_network_from_elsewhere_is_not_described():
    with pytest.raises(InputError, match="not a registered network"):
        describe(torch.nn.Linear(1, 1))
    assert architecture("unet").__name__ == "ResidualUNet"
