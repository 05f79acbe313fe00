"""Models out of bundles on disk, and the sequences that they generate."""

from types import SimpleNamespace

import pytest
import torch

from MissingModalitySegLib.arrays.normalise import normalise, z_normalise
from MissingModalitySegLib.bundles import Bundle, Normalisation, load, save
from MissingModalitySegLib.engine import load_model, load_synthesiser
from MissingModalitySegLib.engine.predict import network_output
from MissingModalitySegLib.errors import BundleError
from MissingModalitySegLib.labels import GLIOMA
from MissingModalitySegLib.modalities import MODALITIES, Code
from MissingModalitySegLib.networks.registry import build, describe
from MissingModalitySegLib.networks.weights import write_weights

CODE = Code.parse("T1+FLAIR+DWI")


def seeded(architecture: str, **config) -> torch.nn.Module:
    torch.manual_seed(0)
    return build({"architecture": architecture, "preset": "tiny", "config": config}).eval()


def bundle(folder, network, generator=None, **changes) -> Bundle:
    """A bundle of `network`, written with the domain's own tools."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    files = {"weights.safetensors": folder.parent / "weights.safetensors"}
    write_weights(files["weights.safetensors"], network)
    description = {
        "schema_version": 1, "name": "tried", "title": "Tried", "version": "2.1", "family": "baseline",
        "labels": "glioma", "modalities": [str(modality) for modality in MODALITIES],
        "grid": {"spacing": [2.0, 2.0, 2.0], "orientation": "RAS"},
        "normalisation": {"method": "minmax", "scope": "tile"},
        "tile": {"size": [32, 16, 48], "multiple": 16, "overlap": 0.25},
        "network": describe(network), "weights": "weights.safetensors", "provenance": {}, "licence": "Apache-2.0",
        "citation": "", "intended_use": "Tests.", "warning": "",
    }  # fmt: skip
    if generator is not None:
        files["generator.safetensors"] = folder.parent / "generator.safetensors"
        write_weights(files["generator.safetensors"], generator)
        description["synthesiser"] = {"file": "generator.safetensors", "network": describe(generator)}
    return save(folder, description | changes, files)


def case(shape=(20, 16, 24)):
    axes = torch.meshgrid(*[torch.linspace(-1, 1, size) for size in shape], indexing="ij")
    brain = sum(axis.square() for axis in axes) < 0.9
    image = torch.randn(1, 5, *shape, generator=torch.Generator().manual_seed(1))
    channels = z_normalise(image, brain[None])[0] * torch.tensor(CODE.vector).view(-1, 1, 1, 1)
    return SimpleNamespace(channels=channels, brain=brain, code=CODE)


def test_a_model_is_what_its_manifest_says(tmp_path):
    network = seeded("unet")
    model = load_model(load(bundle(tmp_path / "model", network).folder))
    assert (model.name, model.version, model.spacing, model.scheme) == ("tried", "2.1", 2.0, GLIOMA)
    assert model.modalities == MODALITIES
    assert model.normalisation == Normalisation("minmax", "tile")
    assert (model.tile.size, model.tile.overlap, model.multiple) == ((32, 16, 48), 0.25, network.multiple)
    assert not model.network.training
    for name, tensor in network.state_dict().items():
        assert torch.equal(model.network.state_dict()[name], tensor.half().float())


@pytest.mark.parametrize(
    "grid", [{"spacing": [1.0, 1.0, 3.0], "orientation": "RAS"}, {"spacing": [1.0] * 3, "orientation": "LPS"}]
)
def test_grids_that_nobody_makes_are_refused(tmp_path, grid):
    made = bundle(tmp_path / "model", seeded("unet"), grid=grid)
    with pytest.raises(BundleError) as refused:
        load_model(made)
    assert refused.value.code == "unsupported-grid"


def test_a_synthesiser_in_the_bundle(tmp_path):
    generator = seeded("masked_autoencoder")
    made = bundle(tmp_path / "model", seeded("unet"), generator, normalisation={"method": "minmax", "scope": "brain"})
    found = load_synthesiser(made)
    prepared = case()
    generated = network_output(
        found, prepared.channels, prepared.brain, prepared.code, inference="whole", precision="float32"
    )
    rounded = seeded("masked_autoencoder").half().float()
    image = normalise(prepared.channels[None], prepared.brain[None], "minmax", "brain")
    with torch.no_grad():
        expected = rounded(image, torch.tensor(CODE.vector)[None])[0]
    assert generated.shape == (5, *prepared.brain.shape)
    assert (generated - expected)[:, prepared.brain].abs().max() < 1e-4


def test_a_synthesiser_in_another_bundle(tmp_path, monkeypatch):
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(tmp_path / "models"))
    bundle(tmp_path / "models" / "other", seeded("unet"), seeded("masked_autoencoder"), name="other")
    bundle(
        tmp_path / "models" / "alone",
        seeded("masked_autoencoder"),
        name="alone",
        family="synthesis",
        labels=None,
    )
    bundle(tmp_path / "models" / "none", seeded("unet"), name="none")
    for named, expected in (("other", "other"), ("alone", "alone")):
        made = bundle(tmp_path / named / "model", seeded("unet"), synthesiser={"bundle": named})
        assert load_synthesiser(made).name == expected
    made = bundle(tmp_path / "lost" / "model", seeded("unet"), synthesiser={"bundle": "none"})
    with pytest.raises(BundleError) as refused:
        load_synthesiser(made)
    assert refused.value.code == "no-synthesiser"
    made = bundle(tmp_path / "absent" / "model", seeded("unet"), synthesiser={"bundle": "absent"})
    with pytest.raises(BundleError) as refused:
        load_synthesiser(made)
    assert refused.value.code == "bundle-not-found"


def test_a_model_without_a_synthesiser(tmp_path):
    assert load_synthesiser(bundle(tmp_path / "model", seeded("unet"))) is None
