"""Predictions against the network called directly, MONAI's sliding window and plain loops."""

import pytest
import torch
from monai.inferers import sliding_window_inference

from MissingModalitySegLib.arrays.normalise import normalise, z_normalise
from MissingModalitySegLib.bundles import Normalisation, Tile
from MissingModalitySegLib.engine import Model, labels_from, predict_channels
from MissingModalitySegLib.engine.predict import network_output
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.labels import GLIOMA, LESION
from MissingModalitySegLib.modalities import Code
from MissingModalitySegLib.networks.registry import ARCHITECTURES, build

SEGMENTERS = sorted(set(ARCHITECTURES) - {"masked_autoencoder", "synthesiser"})
CODE = Code.parse("T1+FLAIR+DWI")
VECTOR = torch.tensor(CODE.vector)


def network(architecture: str = "unet", **config) -> torch.nn.Module:
    torch.manual_seed(0)
    made = build({"architecture": architecture, "preset": "tiny", "config": config})
    with torch.no_grad():
        for parameter in made.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    return made


def case(shape=(24, 20, 16), seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Channels z-scored over a brain that is a ball, zero where missing."""
    generator = torch.Generator().manual_seed(seed)
    axes = torch.meshgrid(*[torch.linspace(-1, 1, size) for size in shape], indexing="ij")
    brain = sum(axis.square() for axis in axes) < 0.9
    image = 50 + 10 * torch.randn(1, 5, *shape, generator=generator)
    channels = z_normalise(image, brain[None])[0]
    return channels * VECTOR.view(-1, 1, 1, 1), brain


@pytest.mark.parametrize("architecture", SEGMENTERS)
def test_one_pass_is_the_network_itself(architecture: str) -> None:
    made = network(architecture)
    channels, brain = case()
    found = predict_channels(Model(made), channels, brain, CODE, precision="float32")
    with torch.no_grad():
        expected = made.eval()(channels[None], VECTOR[None])[0].sigmoid()
    assert found.shape == (3, *brain.shape)
    assert not found[:, ~brain].any()
    assert (found - expected)[:, brain].abs().max() < 2e-5


def test_predicting_leaves_a_network_in_training_as_it_is() -> None:
    made = network("moe").train()
    before = {name: tensor.clone() for name, tensor in made.state_dict().items()}
    channels, brain = case()
    first = predict_channels(Model(made), channels, brain, CODE, precision="float32")
    assert made.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in made.state_dict().items())
    assert all(parameter.requires_grad for parameter in made.parameters())
    assert torch.equal(first, predict_channels(Model(made.eval()), channels, brain, CODE, precision="float32"))


def test_missing_channels_are_not_read() -> None:
    made = network()
    channels, brain = case()
    poisoned = torch.where(VECTOR.view(-1, 1, 1, 1).bool(), channels, torch.nan)
    for scale in (Normalisation("zscore", "brain"), Normalisation("minmax", "brain")):
        model = Model(made, normalisation=scale)
        clean = predict_channels(model, channels, brain, CODE, precision="float32")
        assert torch.equal(predict_channels(model, poisoned, brain, CODE, precision="float32"), clean)


def test_sizes_that_the_network_cannot_take_are_padded_with_zeros() -> None:
    made = network()
    channels, brain = case((21, 18, 15))
    found = predict_channels(Model(made), channels, brain, CODE, precision="float32")
    padded = torch.nn.functional.pad(channels, (0, 1, 0, 0, 0, 1))
    with torch.no_grad():
        expected = made.eval()(padded[None], VECTOR[None])[0, :, :21, :18, :15].sigmoid()
    assert (found - expected)[:, brain].abs().max() < 2e-5


@pytest.mark.parametrize("shape", [(24, 20, 16), (29, 14, 33), (9, 40, 16)])
@pytest.mark.parametrize("architecture", ["unet", "mome", "universal"])
def test_sliding_window_is_monais(architecture: str, shape: tuple[int, int, int]) -> None:
    made = network(architecture)
    channels, brain = case(shape)
    model = Model(made, tile=Tile((16, 16, 16), 16, 0.5))
    found = network_output(model, channels, brain, CODE, "sliding-window", "float32")
    with torch.no_grad():
        expected = sliding_window_inference(
            channels[None], (16, 16, 16), 2, made.fold(VECTOR), overlap=0.5, mode="gaussian"
        )[0]
    assert (found - expected)[:, brain].abs().max() < 1e-5 * expected.abs().max().clamp(min=1)
    probabilities = predict_channels(model, channels, brain, CODE, "sliding-window", "float32")
    assert (probabilities - expected.sigmoid())[:, brain].abs().max() < 1e-5


def test_windows_without_brain_are_not_computed() -> None:
    channels, _ = case((64, 16, 16))
    brain = torch.zeros(64, 16, 16, dtype=torch.bool)
    brain[:10] = True
    called = []
    made = network()
    original = type(made).fold

    class Counting(type(made)):
        def fold(self, code):
            folded = original(self, code)
            folded.register_forward_hook(lambda module, images, answer: None if answer.is_meta else called.append(1))
            return folded

    made.__class__ = Counting
    model = Model(made, tile=Tile((16, 16, 16), 16, 0.5))
    found = predict_channels(model, channels, brain, CODE, "sliding-window", "float32")
    assert len(called) == 2  # windows begin at 0, 8, 16, …
    assert found[:, brain].all()
    assert not predict_channels(model, channels, torch.zeros_like(brain), CODE, "sliding-window", "float32").any()
    assert len(called) == 2


@pytest.mark.parametrize("method", ["zscore", "minmax"])
def test_tiles_are_scaled_each_for_itself(method: str) -> None:
    """As in training on crops: the windows of a plain loop, normalised one by one."""
    made = network()
    channels, brain = case((32, 16, 16))
    model = Model(made, normalisation=Normalisation(method, "tile"), tile=Tile((16, 16, 16), 16, 0.5))
    found = network_output(model, channels, brain, CODE, precision="float32")

    def scaled(window: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return made.eval()(normalise(window[:, :-1], window[:, -1] > 0, method, "tile"), VECTOR[None])

    together = torch.cat([channels, brain[None].float()])[None]
    expected = sliding_window_inference(together, (16, 16, 16), 1, scaled, overlap=0.5, mode="gaussian")[0]
    assert (found - expected)[:, brain].abs().max() < 1e-5


@pytest.mark.parametrize("scope", ["brain", "volume"])
def test_the_scale_of_the_model_is_made_from_zscored_channels(scope: str) -> None:
    made = network()
    channels, brain = case()
    found = predict_channels(
        Model(made, normalisation=Normalisation("minmax", scope)), channels, brain, CODE, precision="float32"
    )
    with torch.no_grad():
        image = normalise(channels[None], brain[None], "minmax", scope)
        expected = made.eval()(image, VECTOR[None])[0].sigmoid()
    assert (found - expected)[:, brain].abs().max() < 2e-5


def test_two_classes_answer_the_lesion() -> None:
    made = network("mome", activation="softmax", regions=2)
    channels, brain = case()
    found = predict_channels(Model(made, scheme=LESION), channels, brain, CODE, precision="float32")
    with torch.no_grad():
        alone = made.eval().per_modality(channels[None], VECTOR[None])[0]
    expected = alone[VECTOR.bool(), 1].mean(0)  # of the available modalities, the foreground
    assert found.shape == (1, *brain.shape)
    assert (found[0] - expected)[brain].abs().max() < 2e-5


def test_classes_of_a_label_map_become_its_regions() -> None:
    made = network("single_unet", activation="softmax", regions=4)
    channels, brain = case()
    code = Code.parse("FLAIR")
    found = predict_channels(Model(made, scheme=GLIOMA), channels, brain, code, precision="float32")
    with torch.no_grad():
        classes = made.eval()(channels[None], torch.tensor(code.vector)[None])[0].softmax(0)
    expected = torch.stack([classes[1] + classes[2] + classes[3], classes[1] + classes[3], classes[3]])
    assert (found - expected)[:, brain].abs().max() < 2e-5


def test_fusion_is_the_mean_of_what_each_modality_says() -> None:
    made = network("mome")
    channels, brain = case()
    found = predict_channels(Model(made), channels, brain, CODE, precision="float32")
    alone = [
        predict_channels(Model(made), channels, brain, Code((modality,)), precision="float32") for modality in CODE
    ]
    assert (found - torch.stack(alone).mean(0)).abs().max() < 2e-5


def test_the_fast_precision_is_near_the_exact_one() -> None:
    channels, brain = case()
    model = Model(network("moe"))
    exact = predict_channels(model, channels, brain, CODE, precision="float32")
    fast = predict_channels(model, channels, brain, CODE, precision="auto")
    assert (exact - fast).abs().mean() < 0.01


def test_what_does_not_fit_is_refused() -> None:
    channels, brain = case()
    model = Model(network())
    with pytest.raises(InputError) as refused:
        predict_channels(model, channels[:4], brain, CODE)
    assert refused.value.code == "wrong-channel-count"
    with pytest.raises(InputError) as refused:
        predict_channels(model, channels, brain, CODE, "tiles")
    assert refused.value.code == "unknown-inference"
    with pytest.raises(InputError) as refused:
        predict_channels(model, channels, brain, CODE, precision="half")
    assert refused.value.code == "unknown-precision"
    with pytest.raises(InputError) as refused:
        Model(network(), scheme=LESION)
    assert refused.value.code == "wrong-region-count"
    with pytest.raises(InputError) as refused:
        Model(network(), modalities=CODE.available)
    assert refused.value.code == "wrong-channel-count"


def test_a_model_of_three_modalities_takes_codes_over_five() -> None:
    made = network(channels=3)
    channels, brain = case()
    model = Model(made, modalities=CODE.available)
    own = channels[VECTOR.bool()]
    code = Code.parse("FLAIR")
    found = predict_channels(model, own, brain, code, precision="float32")
    assert torch.equal(
        found, predict_channels(model, own, brain, Code(code.available, CODE.available), precision="float32")
    )
    with pytest.raises(InputError) as refused:
        predict_channels(model, own, brain, Code.parse("T2"))
    assert refused.value.code == "modality-not-in-model"


def test_labels_are_those_of_the_scheme_voxel_by_voxel() -> None:
    probabilities = torch.rand(3, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    labels = labels_from(probabilities, GLIOMA)
    names = GLIOMA.region_names
    for index in torch.cartesian_prod(torch.arange(4), torch.arange(5), torch.arange(6)).tolist():
        flags = {name: bool(probabilities[i][tuple(index)] > 0.5) for i, name in enumerate(names)}
        assert int(labels[tuple(index)]) == GLIOMA.label_of(flags)
    assert set(labels.unique().tolist()) == {0, 1, 2, 3}
