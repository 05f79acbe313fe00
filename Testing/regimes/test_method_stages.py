"""The contract of methods, stages and set-ups."""

from dataclasses import fields, is_dataclass, replace

import pytest
import torch

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.networks.registry import describe
from MissingModalitySegLib.networks.weights import read_weights, write_weights
from MissingModalitySegTraining.loop import LoopSettings
from MissingModalitySegTraining.regimes.stages import METHODS, build_network, find_method
from Testing.regimes.regime_cases import ARCHITECTURES, mixed_batch, regimes_of, run_stages, seeded_losses, tiny_setup

METHOD_NAMES = list(ARCHITECTURES)


def test_unknown_method() -> None:
    with pytest.raises(InputError, match="Use one of"):
        find_method("magic")


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_methods_keep_the_contract(name: str) -> None:
    method = find_method(name)
    assert METHODS[name]
    assert method.name == name
    assert is_dataclass(method.options)
    assert method.options() == method.options()
    stages = method.stages(tiny_setup(name))
    assert sum(stage.share for stage in stages) == pytest.approx(0.55 if name == "mae_baseline" else 1.0)
    assert len({stage.name for stage in stages}) == len(stages)
    known = {field.name for field in fields(LoopSettings)}
    for stage in stages:
        assert set(stage.defaults) <= known
        LoopSettings(**stage.defaults)


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_products_are_registered_networks_that_weights_come_back_to(name: str, tmp_path) -> None:
    setup = tiny_setup(name)
    products = find_method(name).products(run_stages(name, setup, lambda stage, regime: None))
    for network in (products.network, products.synthesiser):
        if network is not None:
            describe(network)
            write_weights(tmp_path / "weights.safetensors", network, torch.float32)
            read_weights(tmp_path / "weights.safetensors", network)
    batch = mixed_batch()
    assert products.network(batch.image, batch.code).shape == batch.regions.shape
    assert (products.synthesiser is not None) == (name in ("universal", "mae_baseline"))


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_segmenters_of_stages(name: str) -> None:
    batch = mixed_batch()
    found = []

    def look(stage, regime) -> None:
        segmenter = stage.segmenter(regime.network)
        if segmenter is not None:
            with torch.no_grad():
                assert segmenter(batch.image, batch.code).shape == batch.regions.shape
            found.append(stage.name)

    run_stages(name, tiny_setup(name), look)
    assert found[-1] in ("network", "joint", "student")
    assert not {"mae", "distribution_approximation"} & set(found)


def test_a_stage_starts_alike_whenever_it_is_asked_and_leaves_torchs_generator_alone() -> None:
    setup = tiny_setup("mome")
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first, second = regimes_of("mome", setup)["experts"], regimes_of("mome", setup)["experts"]
    assert torch.equal(before, torch.random.get_rng_state())
    pairs = list(zip(first.network.parameters(), second.network.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in pairs)
    other = regimes_of("mome", replace(setup, seed=5))["experts"]
    assert not torch.equal(next(first.network.parameters()), next(other.network.parameters()))


@pytest.mark.parametrize("name", ["universal", "mome", "mae_baseline"])
def test_stages_leave_the_networks_of_earlier_ones_as_they_are(name: str) -> None:
    networks: dict = {}
    for stage in find_method(name).stages(tiny_setup(name)):
        kept = {key: {k: v.clone() for k, v in value.state_dict().items()} for key, value in networks.items()}
        regime = stage.regime(networks)
        optimiser = torch.optim.SGD([p for p in regime.network.parameters() if p.requires_grad], lr=0.1)
        seeded_losses(regime, mixed_batch())["loss"].backward()
        optimiser.step()
        for key, state in kept.items():
            assert all(torch.equal(value, networks[key].state_dict()[k]) for k, value in state.items()), (stage, key)
        networks[stage.name] = regime.network


def test_networks_have_the_channels_and_regions_of_the_run() -> None:
    setup = replace(tiny_setup("modality_dropout"), modalities=(Modality.T1, Modality.T2, Modality.FLAIR), regions=1)
    network = build_network(setup)
    assert (network.config.channels, network.config.regions) == (3, 1)
    mome = replace(tiny_setup("mome", {"activation": "softmax"}), modalities=(Modality.T1, Modality.FLAIR), regions=1)
    network = regimes_of("mome", mome)["joint"].network
    assert (network.config.channels, network.config.regions, len(network.experts)) == (2, 2, 2)


@pytest.mark.parametrize(
    ("method", "architecture", "config", "key"),
    [
        ("modality_dropout", "unet", {"channels": 4}, "channels"),
        ("modality_dropout", "unet", {"regions": 1}, "regions"),
        ("mome", "mome", {"experts": 3}, "experts"),
        ("mome", "unet", {}, "experts"),
        ("single_unet", "unet", {}, "architecture"),
        ("modality_prior", "single_unet", {}, "architecture"),
        ("universal", "unet", {}, "architecture"),
        ("mae_baseline", "unet", {}, "architecture"),
        ("dynamic_stem", "unet", {}, "architecture"),
        ("moe", "unet", {}, "balance_weight"),
    ],
)
def test_networks_that_do_not_fit_are_refused_by_key(method, architecture, config, key) -> None:
    with pytest.raises(InputError, match=key):
        regimes_of(method, tiny_setup(method, config, architecture))


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("moe", {"balance_weight": -0.1}),
        ("moe", {"distillation_weight": -1}),
        ("moe", {"temperature": 0}),
        ("universal", {"segmentation_weight": -1}),
        ("universal", {"data_weight": -1}),
        ("universal", {"hidden_share": 1.5}),
        ("universal", {"keep": 0}),
        ("universal", {"token": 0}),
        ("mae_baseline", {"most_dropped": -1}),
    ],
)
def test_options_that_make_no_sense_are_refused_by_key(method, options) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        find_method(method).options(**options)
