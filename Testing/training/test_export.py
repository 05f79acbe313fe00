"""Bundles of networks and of runs: the same predictions, what the manifest tells, and what is never overwritten."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch

from MissingModalitySegLib.arrays.normalise import z_normalise
from MissingModalitySegLib.bundles import Normalisation, Tile, find, load, verify
from MissingModalitySegLib.engine.extraction import extract_brain
from MissingModalitySegLib.engine.model import HEAD, Model, load_model, load_synthesiser
from MissingModalitySegLib.engine.predict import predict_channels
from MissingModalitySegLib.errors import BundleError, InputError
from MissingModalitySegLib.labels import GLIOMA, LESION
from MissingModalitySegLib.modalities import Code
from MissingModalitySegLib.networks.mome.fusion import Fusion
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegLib.networks.weights import write_weights
from MissingModalitySegTraining.configs import read_config
from MissingModalitySegTraining.expected_performance import expected_performance, reliabilities
from MissingModalitySegTraining.export import Background, export, write_bundle
from MissingModalitySegTraining.head_validation import held_out_heads
from MissingModalitySegTraining.origins import only_simulated, without_folders
from MissingModalitySegTraining.runs import open_run, train

from .small_caches import overrides, small_cache

FAMILIES = {
    "unet": ("modality_dropout", "baseline", {}, GLIOMA),
    "dynamic_stem": ("dynamic_stem", "baseline", {}, GLIOMA),
    "moe": ("moe", "moe", {}, GLIOMA),
    "universal": ("universal", "universal", {}, GLIOMA),
    "universal, static": ("mae_baseline", "baseline", {"head": "static"}, GLIOMA),
    "mome": ("mome", "mome", {}, GLIOMA),
    "mome, two classes": ("mome", "mome", {"activation": "softmax", "regions": 2}, LESION),
    "single_unet": ("single_unet", "baseline", {"regions": 1}, LESION),
    "modality_prior": ("modality_prior", "baseline", {}, GLIOMA),
}


def network(architecture: str, **config) -> torch.nn.Module:
    torch.manual_seed(0)
    return build({"architecture": architecture, "preset": "tiny", "config": config}).eval()


def background(method: str, **changes) -> Background:
    return replace(Background(method, "Tried", "Apache-2.0", True), **changes)


def case(code: Code, shape=(24, 20, 18)) -> tuple[torch.Tensor, torch.Tensor]:
    axes = torch.meshgrid(*[torch.linspace(-1, 1, size) for size in shape], indexing="ij")
    brain = sum(axis.square() for axis in axes) < 0.9
    image = torch.randn(1, 5, *shape, generator=torch.Generator().manual_seed(1))
    return z_normalise(image, brain[None])[0] * torch.tensor(code.vector).view(-1, 1, 1, 1), brain


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("scale", [Normalisation("zscore", "brain"), Normalisation("minmax", "tile")], ids=str)
def test_a_bundle_predicts_what_its_rounded_weights_do(tmp_path: Path, name: str, scale: Normalisation) -> None:
    method, family, config, scheme = FAMILIES[name]
    trained = network(name.split(",")[0], **config)
    model = Model(trained, spacing=2.0, normalisation=scale, scheme=scheme, tile=Tile((16, 16, 16), 16, 0.5), name="m")
    written = write_bundle(tmp_path / "m", model, background(method))
    verify(load(written.folder))
    assert written.manifest.family == family
    loaded = load_model(load(written.folder))
    assert (loaded.spacing, loaded.normalisation, loaded.tile, loaded.scheme) == (2.0, scale, model.tile, scheme)
    rounded = copy.deepcopy(trained)
    with torch.no_grad():
        for tensor in (*rounded.parameters(), *rounded.buffers()):
            if tensor.is_floating_point():
                tensor.copy_(tensor.half().float())
    for code in map(Code.parse, ("T1+T2+DWI", "FLAIR")):
        channels, brain = case(code)
        found = predict_channels(loaded, channels, brain, code, precision="float32")
        expected = predict_channels(replace(model, network=rounded), channels, brain, code, precision="float32")
        assert (found - expected).abs().max() < 1e-4
        assert found[:, brain].std() > 0


def test_fusion_and_synthesiser_travel_with_the_model(tmp_path: Path) -> None:
    trained = network("mome")
    trained.fusion = Fusion("reliability", (0.1, 0.2, 0.3, 0.4, 0.0))
    generator = network("masked_autoencoder")
    model = Model(trained, name="with-both")
    written = write_bundle(tmp_path / "with-both", model, background("mome"), generator)
    assert load_model(written).network.fusion == trained.fusion
    loaded = load_synthesiser(written).network
    for name, tensor in generator.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor.half().float())
    other = write_bundle(tmp_path / "named", replace(model, name="named"), background("mome"), "with-both")
    assert other.manifest.synthesiser.bundle == "with-both"


def test_brains_and_generators_find_no_lesions(tmp_path: Path) -> None:
    brain = Model(network("single_unet", regions=1), normalisation=HEAD, scheme=LESION, name="brain")
    assert write_bundle(tmp_path / "brain", brain, background("brain")).manifest.family == "brain"
    assert load_model(load(tmp_path / "brain")).scheme is None
    for unfit in (network("unet", regions=1), network("single_unet", regions=3)):
        write_bundle(tmp_path / "brain", replace(brain, network=unfit, scheme=None), background("brain"), None, True)
        with pytest.raises(BundleError) as refused:
            load_model(load(tmp_path / "brain"))
        assert refused.value.code == "manifest-contradiction"
    generator = Model(network("masked_autoencoder"), scheme=None, name="generator")
    assert write_bundle(tmp_path / "generator", generator, background("universal")).manifest.family == "synthesis"


def test_what_is_there_stays_unless_replaced_by_a_whole_bundle(tmp_path: Path) -> None:
    model = Model(network("unet"), name="m")
    write_bundle(tmp_path / "m", model, background("modality_dropout"))
    before = {path.name: path.read_bytes() for path in (tmp_path / "m").iterdir()}
    with pytest.raises(BundleError) as refused:
        write_bundle(tmp_path / "m", model, background("modality_dropout", title="Another"))
    assert refused.value.code == "bundle-exists"
    with pytest.raises(BundleError):  # a title that no manifest can hold: found when all but the manifest is written
        write_bundle(tmp_path / "m", model, background("modality_dropout", title=""), replace_existing=True)
    with torch.no_grad():
        model.network.head.weight[0] = torch.nan
    with pytest.raises(InputError) as refused:
        write_bundle(tmp_path / "m", model, background("modality_dropout"), replace_existing=True)
    assert refused.value.code == "weights-not-finite"
    assert {path.name: path.read_bytes() for path in (tmp_path / "m").iterdir()} == before
    assert sorted(os.listdir(tmp_path)) == ["m"]
    model = Model(network("unet"), name="m")
    write_bundle(tmp_path / "m", model, background("modality_dropout", title="Another"), replace_existing=True)
    assert load(tmp_path / "m").manifest.title == "Another"


def test_a_folder_that_is_no_model_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    with pytest.raises(BundleError) as refused:
        write_bundle(tmp_path / "home", Model(network("unet"), name="m"), background("dedicated"), None, True)
    assert refused.value.code == "not-a-bundle"
    assert (tmp_path / "home" / "letter.txt").read_text() == "dear"


def rows(*values: tuple[str, str, float | None, float]) -> dict:
    return {
        "datalist": "validation",
        "data": {"phantom": "simulated", "ward": "real"},
        "rows": [
            {"code": code, "dataset": dataset, "dice": {"lesion": dice}, "volume_ml": {"lesion": {"true": true}}}
            for code, dataset, dice, true in values
        ],
    }


def test_expected_performance_by_hand() -> None:
    modalities = Code.parse("T1+FLAIR").available
    found = expected_performance(
        rows(
            ("FLAIR", "phantom", 0.5, 3.0),
            ("FLAIR", "phantom", 0.7, 1.0),
            ("FLAIR", "phantom", 0.9, 2.0),
            ("FLAIR", "phantom", 1.0, 0.0),  # nothing there and nothing found
            ("FLAIR", "phantom", None, 1.0),
            ("T1+FLAIR", "ward", 0.25, 1.0),
        ),
        modalities,
    )
    spread = np.std([0.5, 0.7, 0.9], ddof=1) / np.sqrt(3)
    assert found == [
        {"code": "FLAIR", "region": "lesion", "metric": "dice", "mean": 0.7, "standard_error": round(spread, 4), "n": 3,
         "dataset": "phantom", "data": "simulated"},
        {"code": "T1+FLAIR", "region": "lesion", "metric": "dice", "mean": 0.25, "n": 1, "dataset": "ward",
         "data": "real"},
    ]  # fmt: skip


def test_reliabilities_weigh_data_sets_by_their_cases() -> None:
    modalities = Code.parse("T1+FLAIR").available
    measured = rows(
        ("FLAIR", "phantom", 0.9, 3.0),
        ("FLAIR", "phantom", 0.9, 3.0),
        ("FLAIR", "ward", 0.3, 3.0),
        ("T1", "ward", 0.2, 3.0),
        ("T1+FLAIR", "ward", 0.4, 3.0),
    )
    assert reliabilities(expected_performance(measured, modalities), modalities, "lesion") == (0.2, 0.7)
    for refused in (rows(("T1", "ward", 0.2, 3.0)), rows(("T1", "ward", 0.0, 3.0), ("FLAIR", "ward", 0.0, 1.0))):
        with pytest.raises(InputError) as error:
            reliabilities(expected_performance(refused, modalities), modalities, "lesion")
        assert error.value.code == "no-reliability"


def test_absolute_paths_do_not_leave_the_machine() -> None:
    command = "missing-modality-seg train moe --data /home/me/secret/list.json --output=/tmp/run --set data.spacing=1.0"
    shown = "missing-modality-seg train moe --data list.json --output=run --set data.spacing=1.0"
    given = {"a": [command, 3, None], "b": {"c": r"C:\Users\me\list.json"}, "d": "relative/stays", "e": "and/or"}
    assert without_folders(given) == {
        "a": [shown, 3, None],
        "b": {"c": "list.json"},
        "d": "relative/stays",
        "e": "and/or",
    }


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    torch.set_num_threads(1)
    return small_cache(tmp_path_factory.mktemp("cases") / "cache")


def trained(cache, folder: Path, method: str, **changes):
    known = {"loop.steps": 5, "loop.checkpoint_minutes": 0, "validation.pictures": 0}
    return train(read_config(method, "tiny", overrides=overrides(cache, **(known | changes))), folder)


def test_a_run_becomes_a_model_that_says_where_it_is_from(cache, tmp_path: Path, monkeypatch) -> None:
    run = trained(cache, tmp_path / "run", "moe", **{"validation.final_codes": ["FLAIR", "T1+T2"]})
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(tmp_path / "models"))
    export(run.folder, tmp_path / "models" / "mine", version="1.2.0")
    bundle = find("mine")
    verify(bundle)
    manifest = bundle.manifest
    assert (manifest.family, manifest.version, manifest.labels) == ("moe", "1.2.0", "glioma")
    assert manifest.grid.spacing == (4.0, 4.0, 4.0)
    assert manifest.fusion is None
    assert "Novosad" in manifest.citation
    assert "simulated scans only" in manifest.warning
    provenance = manifest.provenance
    assert provenance["steps"] == sum(
        json.loads((run.folder / stage.name / "done.json").read_text())["steps"] for stage in run.stages
    )
    assert provenance["config"]["network"]["architecture"] == "moe"
    assert provenance["config"]["data"]["source"] == "cache"
    assert str(tmp_path) not in (bundle.folder / "manifest.json").read_text()
    # the figures are those of validation.json
    validation = open_run(run.folder).validation()
    for code in ("FLAIR", "T1+T2"):
        values = [row["dice"]["lesion"] for row in validation["rows"] if row["code"] == code]
        figure = manifest.expected(Code.parse(code))
        assert figure.mean == pytest.approx(np.mean(values), abs=1e-4)
        assert (figure.n, figure.data) == (len(values), "simulated")
    card = (bundle.folder / "MODEL_CARD.md").read_text()
    assert "simulated scans only" in card
    assert "| T1+T2 |" in card
    # and the weights those of the run, through the engine
    channels, brain = case(Code.parse("T1+T2"))
    code = Code.parse("T1+T2")
    rounded = run.model()
    with torch.no_grad():
        for parameter in rounded.network.parameters():
            parameter.copy_(parameter.half().float())
    found = predict_channels(load_model(bundle), channels, brain, code, precision="float32")
    expected = predict_channels(rounded, channels, brain, code, precision="float32")
    assert (found - expected).abs().max() < 1e-4


def test_a_synthesiser_comes_out_of_the_universal_run(cache, tmp_path: Path) -> None:
    run = trained(cache, tmp_path / "run", "universal", **{"loop.steps": 5, "validation.cases": 0})
    bundle = export(run.folder, tmp_path / "universal")
    assert bundle.manifest.prompts.encoder == run.products().network.config.prompt_encoder
    assert bundle.manifest.performance == ()
    assert "Nobody has measured" in (bundle.folder / "MODEL_CARD.md").read_text()
    loaded = load_synthesiser(bundle)
    generator = run.products().synthesiser
    for name, tensor in generator.state_dict().items():
        assert torch.equal(loaded.network.state_dict()[name], tensor.half().float())


def test_the_synthesiser_alone_is_a_model_that_others_can_name(cache, tmp_path: Path) -> None:
    run = trained(cache, tmp_path / "run", "mae_baseline", **{"loop.steps": 2, "validation.cases": 0})
    bundle = export(run.folder, tmp_path / "generator", what="synthesiser")
    assert (bundle.manifest.family, bundle.manifest.labels, bundle.manifest.synthesiser) == ("synthesis", None, None)
    sharing = export(run.folder, tmp_path / "sharing", synthesiser="generator").manifest  # instead of a second copy
    assert sharing.synthesiser.bundle == "generator"
    assert [entry.name for entry in sharing.files if entry.name.endswith(".safetensors")] == ["weights.safetensors"]
    assert "any subset" in (bundle.folder / "MODEL_CARD.md").read_text()
    verify(bundle)
    loaded = load_synthesiser(load(bundle.folder))
    assert (loaded.scheme, loaded.normalisation) == (None, run.model().normalisation)
    for name, tensor in run.products().synthesiser.state_dict().items():
        assert torch.equal(loaded.network.state_dict()[name], tensor.half().float())
    with pytest.raises(InputError):
        export(run.folder, tmp_path / "other", synthesiser="another", what="synthesiser")
    assert not (tmp_path / "other").exists()


def ball() -> sitk.Image:
    """A bright ball in noise."""
    places = np.indices((48, 56, 48)).transpose(1, 2, 3, 0) * 4.0 - (96, 112, 96)
    values = np.random.default_rng(0).normal(0, 3, places.shape[:3]) + 100 * (np.linalg.norm(places, axis=-1) < 80)
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing((4.0, 4.0, 4.0))
    return image


def test_a_brain_run_is_validated_and_extracts_from_its_bundle_as_its_rounded_network_does(tmp_path: Path) -> None:
    config = read_config("brain", "tiny", overrides={"loop.steps": 2, "validation.cases": 2})
    run = train(config, tmp_path / "run")
    rows = run.validation()["rows"]
    assert [(row["case"][-1], row["code"]) for row in rows] == [
        (case, code) for case in "01" for code in ("T1", "T1ce", "T2", "FLAIR", "DWI")
    ]
    assert all(list(row["dice"]) == ["brain"] and 0 <= row["dice"]["brain"] <= 1 for row in rows)
    assert list((run.folder / "network" / "samples").glob("*.png"))
    # after two steps nobody would find a brain: move the threshold so that half of what is shown is one
    trained_network = run.products().network
    image = ball()
    with torch.no_grad():
        heads = held_out_heads(run.config)
        logits = trained_network.forward_image(heads[0].channels[:1, None].float())
        trained_network.unet.heads[0].bias -= logits.median()
    write_weights(run.folder / "network" / "network.safetensors", trained_network, torch.float32)
    bundle = export(run.folder, tmp_path / "brain")
    verify(load(bundle.folder))
    manifest = bundle.manifest
    assert (manifest.family, manifest.labels, manifest.normalisation) == ("brain", None, HEAD)
    figures = {str(figure.code): figure for figure in manifest.performance}
    assert set(figures) == {"T1", "T1ce", "T2", "FLAIR", "DWI"}
    assert {(figure.region, figure.dataset, figure.data) for figure in figures.values()} == {
        ("brain", "phantom-heads", "simulated")
    }
    mean = np.mean([row["dice"]["brain"] for row in rows if row["code"] == "T2"])
    assert figures["T2"].mean == pytest.approx(mean, abs=1e-4)
    card = (bundle.folder / "MODEL_CARD.md").read_text()
    assert "any one of them" in card
    assert "median and percentiles" in card
    rounded = copy.deepcopy(trained_network)
    with torch.no_grad():
        for tensor in rounded.parameters():
            tensor.copy_(tensor.half().float())
    found = sitk.GetArrayFromImage(extract_brain(load_model(bundle), image))
    expected = sitk.GetArrayFromImage(extract_brain(replace(run.model(), network=rounded), image))
    assert np.array_equal(found, expected)
    assert 0 < found.mean() < 1


def test_reliabilities_from_validation(cache, tmp_path: Path) -> None:
    run = trained(cache, tmp_path / "run", "single_unet")
    path = run.folder / "validation.json"
    validation = json.loads(path.read_text())
    for row in validation["rows"]:
        row["dice"]["lesion"] = 0.1 * len(row["code"])
    path.write_text(json.dumps(validation))
    bundle = export(run.folder, tmp_path / "by-reliability", by_reliability=True)
    assert bundle.manifest.fusion.weights == pytest.approx((0.2, 0.4, 0.2, 0.5, 0.3))
    assert {len(figure.code) for figure in bundle.manifest.performance} == {1}
    assert load_model(bundle).network.fusion.method == "reliability"


def test_runs_that_cannot_be_exported(cache, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        export(tmp_path, tmp_path / "m")
    assert refused.value.code == "no-run"
    run = trained(cache, tmp_path / "run", "modality_dropout", **{"validation.cases": 0, "loop.steps": 2})
    with pytest.raises(InputError) as refused:
        export(run.folder, tmp_path / "m", by_reliability=True)
    assert refused.value.code == "nothing-to-fuse"
    with pytest.raises(BundleError) as refused:
        export(run.folder, run.folder, replace_existing=True)
    assert refused.value.code == "not-a-bundle"
    with pytest.raises(BundleError):
        export(run.folder, tmp_path / "m", name="No Such Name")
    (run.folder / run.stages[0].name / "done.json").unlink()
    with pytest.raises(InputError) as refused:
        export(run.folder, tmp_path / "m")
    assert refused.value.code == "unfinished-run"
    assert not (tmp_path / "m").exists()


def test_only_what_says_so_itself_counts_as_simulated(tmp_path):
    """A cache, a data list of scans and one that is gone may hold real scans, whatever was held out of them."""
    for name, metadata in (("made", {"data": "simulated"}), ("scanned", {})):
        document = {"name": "phantom", **metadata, "cases": [{"id": "a", "modalities": {"T1": "t1.nii.gz"}}]}
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    assert only_simulated("phantom")
    assert only_simulated("heads")
    assert only_simulated(str(tmp_path / "made.json"))
    assert not only_simulated(str(tmp_path / "scanned.json"))
    assert not only_simulated(str(tmp_path / "gone.json"))
    assert not only_simulated(str(tmp_path))
