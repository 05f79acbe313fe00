import json
from dataclasses import asdict

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.registry import architecture, build, describe, presets, resolve

FAMILY = ("unet", "moe", "dynamic_stem")


@pytest.mark.parametrize("name", FAMILY)
def test_what_is_described_is_built_again(name):
    torch.manual_seed(0)
    network = build({"architecture": name, "preset": "tiny", "config": {"regions": 2}}).eval()
    section = json.loads(json.dumps(describe(network)))
    assert set(section) == {"architecture", "config"}
    again = build(section).eval()
    again.load_state_dict(network.state_dict())
    x, code = torch.randn(1, 5, 4, 4, 4), torch.tensor([[1, 0, 1, 0, 1]])
    assert torch.equal(again(x, code), network(x, code))
    assert again.config == network.config


@pytest.mark.parametrize("name", FAMILY)
def test_every_family_has_the_three_presets(name):
    assert {"paper", "starter", "tiny"} <= set(presets(name))
    for preset, values in presets(name).items():
        assert asdict(resolve({"architecture": name, "preset": preset})[1]) == values


def test_config_overrides_single_keys_of_a_preset():
    _, config = resolve({"architecture": "moe", "preset": "starter", "config": {"experts": 2}})
    assert (config.experts, config.widths) == (2, (12, 24, 48, 96))


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
keys = st.sampled_from(["channels", "regions", "widths", "blocks_per_level", "experts", "moe_stem", "code_noise", "x"])


@given(
    name=st.sampled_from([*FAMILY, "other"]),
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
