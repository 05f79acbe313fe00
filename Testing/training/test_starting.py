"""Beginning from weights that exist: nothing is lost of them, and what does not fit is refused by name."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES, Modality
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegTraining import runs
from MissingModalitySegTraining.configs import read_config
from MissingModalitySegTraining.export import export
from MissingModalitySegTraining.losses.expert_balance import every_code
from MissingModalitySegTraining.runs import open_run, train
from MissingModalitySegTraining.starting import begin_from, weights_for

from .small_caches import overrides, small_cache


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    torch.set_num_threads(1)
    return small_cache(tmp_path_factory.mktemp("cases") / "cache")


def config(cache, method: str, **changes):
    known = {"loop.steps": 4, "validation.cases": 0, "loop.average_decay": 0.0}
    return read_config(method, "tiny", overrides=overrides(cache, **(known | changes)))


@pytest.fixture(scope="module")
def plain(cache, tmp_path_factory):
    return train(config(cache, "modality_dropout"), tmp_path_factory.mktemp("plain"))


def test_experts_that_begin_alike_answer_as_the_plain_network(plain) -> None:
    network = plain.products().network
    mixture = build({"architecture": "moe", "preset": "tiny", "config": dict(_sizes(network))}).eval()
    begin_from(mixture, network.state_dict())
    image = torch.randn(31, 5, 16, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(mixture(image, every_code(5)), network(image, every_code(5)), rtol=1e-4, atol=1e-4)


def test_they_part_in_training(cache, plain, tmp_path) -> None:
    run = train(config(cache, "moe", start=str(plain.folder), **{"loop.steps": 12}), tmp_path / "run")
    stored = load_file(run.folder / "network" / runs.WEIGHTS)["stem.weight"]
    own = plain.products().network.state_dict()["stem.weight"]
    assert float((stored - own).abs().max()) > 0
    assert float((stored[0] - stored[1]).abs().max()) > 1e-6
    assert float((stored - own).abs().mean()) < 0.2 * float(own.abs().mean())  # still that network


def test_a_bundle_serves_as_well_as_the_run(plain, tmp_path) -> None:
    bundle = export(plain.folder, tmp_path / "plain")
    found = weights_for(str(bundle.folder), "network", ["network"], MODALITIES)
    for name, value in weights_for(str(plain.folder), "network", ["network"], MODALITIES).items():
        torch.testing.assert_close(found[name], value, rtol=1e-3, atol=1e-4)  # half precision


STILL = {"loop.learning_rate": 1e-9, "loop.weight_decay": 0.0}


def weights_of(run, stage: str) -> dict[str, torch.Tensor]:
    return load_file(run.folder / stage / runs.WEIGHTS)


def test_several_networks_begin_each_from_its_own_stage(cache, tmp_path) -> None:
    first = train(config(cache, "universal"), tmp_path / "first")
    second = train(config(cache, "universal", start=str(first.folder), **STILL), tmp_path / "second")
    assert len(first.stages) > 3
    for stage in first.stages:
        theirs = weights_of(first, stage.name)
        for name, value in weights_of(second, stage.name).items():
            torch.testing.assert_close(value, theirs[name], rtol=1e-3, atol=1e-4)
    assert open_run(second.folder).config.start == str(first.folder)


@pytest.mark.parametrize("with_expert", [False, True])
def test_stages_of_one_network_begin_from_the_finished_one(cache, tmp_path, with_expert: bool) -> None:
    first = train(config(cache, "mome"), tmp_path / "first")
    more = dict(STILL)
    if with_expert:
        train(config(cache, "single_unet", modalities=["FLAIR"]), tmp_path / "flair")
        more["experts"] = {"FLAIR": str(tmp_path / "flair")}
    second = train(config(cache, "mome", start=str(first.folder), **more), tmp_path / "second")
    finished, own = weights_of(first, "joint"), weights_of(second, "joint")
    flair = f"experts.{MODALITIES.index(Modality.FLAIR)}."
    for name, value in own.items():
        if with_expert and name.startswith(flair):
            new = weights_of(open_run(tmp_path / "flair"), "network")[name.replace(flair, "unet.")]
            torch.testing.assert_close(value, new, rtol=1e-3, atol=1e-4)
        else:
            torch.testing.assert_close(value, finished[name], rtol=1e-3, atol=1e-4)


def test_modality_experts_begin_as_the_one_network_for_every_image(cache, tmp_path) -> None:
    single = train(config(cache, "single_unet"), tmp_path / "single")
    still = config(cache, "mome", start=str(single.folder), **{"loop.learning_rate": 1e-9, "loop.weight_decay": 0.0})
    experts = load_file(train(still, tmp_path / "mome").folder / "joint" / runs.WEIGHTS)
    for name, value in single.products().network.state_dict().items():
        for expert in range(5):
            own = experts[name.replace("unet", f"experts.{expert}", 1)]
            torch.testing.assert_close(own, value, rtol=1e-3, atol=1e-4)


def test_a_network_for_one_modality_begins_as_the_expert_for_it(cache, tmp_path) -> None:
    experts = train(config(cache, "mome"), tmp_path / "mome")
    still = {"modalities": ["FLAIR"], "loop.learning_rate": 1e-9, "loop.weight_decay": 0.0}
    flair = train(config(cache, "single_unet", start=str(experts.folder), **still), tmp_path / "flair")
    own = load_file(flair.folder / "network" / runs.WEIGHTS)
    for name, value in experts.products().network.experts[MODALITIES.index(Modality.FLAIR)].state_dict().items():
        torch.testing.assert_close(own[f"unet.{name}"], value, rtol=1e-3, atol=1e-4)


def test_experts_begin_as_networks_for_their_modality(cache, tmp_path) -> None:
    still = {"loop.learning_rate": 1e-9, "loop.weight_decay": 0.0}
    flair = train(config(cache, "single_unet", modalities=["FLAIR"]), tmp_path / "flair")
    before = train(config(cache, "mome", **{"loop.steps": 2}), tmp_path / "before")
    joined = config(cache, "mome", start=str(before.folder), experts={"FLAIR": str(flair.folder)}, **still)
    after = load_file(train(joined, tmp_path / "after").folder / "experts" / runs.WEIGHTS)
    other = load_file(before.folder / "experts" / runs.WEIGHTS)
    own = flair.products().network.unet.state_dict()
    for name, value in after.items():
        _, _, rest = name.partition("experts.3.")
        torch.testing.assert_close(value, own[rest] if rest else other[name], rtol=1e-3, atol=1e-4)
    for method, modality in (("mome", "T1"), ("single_unet", "FLAIR")):
        with pytest.raises(InputError, match="cannot be what an expert"):
            train(config(cache, method, experts={modality: str(flair.folder)}), tmp_path / f"{method}-{modality}")


def test_what_does_not_fit_is_refused(cache, plain, tmp_path) -> None:
    wider = build({"architecture": "unet", "config": {"widths": [12, 16]}})
    with pytest.raises(InputError, match="another network"):
        begin_from(wider, plain.products().network.state_dict())
    with pytest.raises(InputError, match="another network"):
        train(config(cache, "mome", start=str(plain.folder)), tmp_path / "mome")
    modalities = train(config(cache, "universal"), tmp_path / "universal")
    with pytest.raises(InputError, match="finished stage called experts"):
        train(config(cache, "mome", start=str(modalities.folder)), tmp_path / "again")
    with pytest.raises(InputError):
        train(config(cache, "moe", start=str(tmp_path / "nothing")), tmp_path / "moe")


def _sizes(network):
    return (("channels", 5), ("regions", 3), ("widths", list(network.config.widths)))


def test_a_folder_named_in_a_file_starts_from_there(tmp_path) -> None:
    (tmp_path / "earlier").mkdir()
    for start, meant in (("earlier", str(tmp_path / "earlier")), ("moe", "moe")):
        file = tmp_path / "c.yaml"
        file.write_text(f"extends: moe/tiny\nstart: {start}\n", encoding="utf-8")
        assert read_config(file).start == meant
