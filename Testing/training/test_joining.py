"""Models joined into one: the command, the bundle, what the engine makes of it, and what cannot be joined."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from MissingModalitySegLib.bundles import available, checksums, find, load, save, verify
from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.engine import predict_channels
from MissingModalitySegLib.engine.model import Model, load_model
from MissingModalitySegLib.engine.ready import ready_model, release_models
from MissingModalitySegLib.errors import BundleError
from MissingModalitySegLib.labels import GLIOMA, LESION
from MissingModalitySegLib.modalities import MODALITIES, Code, Modality
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegTraining.export import Background, write_bundle


def model(name: str, seed: int = 0, scheme=GLIOMA, architecture: str = "") -> Model:
    torch.manual_seed(seed)
    regions = len(scheme.regions)
    network = build({"architecture": architecture or name, "preset": "tiny", "config": {"regions": regions}}).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    return Model(network, name=name, scheme=scheme)


def one_sequence(modality: Modality) -> Model:
    """A model that takes nothing else."""
    network = build({"architecture": "single_unet", "preset": "tiny", "config": {"channels": 1}}).eval()
    return Model(network, (modality,), name=str(modality).lower())


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder of models with `moe` and `mome`, which come before those that ship."""
    folder = tmp_path / "models"
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(folder))
    for name in ("moe", "mome"):
        write_bundle(folder / name, model(name), Background(name, name, "Apache-2.0", True))
    release_models()
    yield folder
    release_models()


def answers(name: str, code: Code) -> torch.Tensor:
    x = torch.randn(5, 16, 16, 16, generator=torch.Generator().manual_seed(2))
    x = x[[MODALITIES.index(modality) for modality in ready_model(name).model.modalities]]
    brain = torch.ones(16, 16, 16, dtype=torch.bool)
    return predict_channels(ready_model(name).model, x, brain, code, precision="float32")


def test_a_joined_model_answers_with_the_mean_of_its_members(models: Path) -> None:
    assert run(["models", "join", str(models / "both"), "moe", "mome:lesion@FLAIR", "--title", "Both"]) == 0
    bundle = find("both")
    verify(bundle)
    assert (bundle.manifest.title, bundle.manifest.family, bundle.manifest.weights) == ("Both", "ensemble", None)
    assert "(lesion 1, where there is FLAIR)" in (bundle.folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    for text, together in (("T1+FLAIR", True), ("T1+T2", False)):
        code = Code.parse(text)
        moe, mome, both = (answers(name, code) for name in ("moe", "mome", "both"))
        expected = ((moe[0].logit() + mome[0].logit()) / 2).sigmoid() if together else moe[0]
        torch.testing.assert_close(both[0], expected, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(both[1:], moe[1:], rtol=1e-4, atol=1e-5)


def test_a_member_may_count_more_than_another(models: Path) -> None:
    assert run(["models", "join", str(models / "both"), "moe", "mome:lesion=3,core@FLAIR"]) == 0
    code = Code.parse("T1+FLAIR")
    moe, mome, both = (answers(name, code).logit() for name in ("moe", "mome", "both"))
    torch.testing.assert_close(both[0], (moe[0] + 3 * mome[0]) / 4, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(both[1], (moe[1] + mome[1]) / 2, rtol=1e-3, atol=1e-3)


def test_a_member_may_take_fewer_sequences(models: Path) -> None:
    write_bundle(models / "flair", one_sequence(Modality.FLAIR), Background("single_unet", "FLAIR", "Apache-2.0", True))
    assert run(["models", "join", str(models / "both"), "moe", "flair:lesion@FLAIR"]) == 0
    for text in ("T1+FLAIR", "T1+T2"):
        code = Code.parse(text)
        moe, both = (answers(name, code) for name in ("moe", "both"))
        if Modality.FLAIR in code.available:
            flair = answers("flair", Code.parse("FLAIR"))
            torch.testing.assert_close(
                both[0], ((moe[0].logit() + flair[0].logit()) / 2).sigmoid(), rtol=1e-4, atol=1e-5
            )
            torch.testing.assert_close(both[1:], moe[1:], rtol=1e-4, atol=1e-5)
        else:
            torch.testing.assert_close(both, moe)


def test_a_member_that_is_replaced_is_loaded_again(models: Path) -> None:
    assert run(["models", "join", str(models / "both"), "moe", "mome"]) == 0
    code = Code.parse("FLAIR")
    before = answers("both", code)
    write_bundle(
        models / "mome", model("mome", seed=1), Background("mome", "mome", "Apache-2.0", True), replace_existing=True
    )
    assert not torch.allclose(before, answers("both", code))


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (["moe"], "two models or more"),
        (["moe", "moe"], "each once"),
        (["moe", "mome:oedema"], "no region"),
        (["moe", "mome:lesion=much"], "no share"),
        (["moe", "mome:lesion=0"], "no share"),
        (["moe", "mome:lesion=nan"], "no share"),
        (["moe", "mome:lesion=1e9"], "no share"),
        (["moe", "mome@CT"], "CT"),
        (["moe@T1", "mome@FLAIR"], "no member answers"),
        (["moe", "missing"], "missing"),
        (["brain", "moe"], "finds no lesions"),
        (["moe", "lesions"], "has other labels"),
        (["flair", "moe"], "takes other modalities"),
        (["moe", "flair"], "none of its sequences"),
        (["moe", "flair@T1"], "none of its sequences"),
    ],
)
def test_what_cannot_be_joined_is_told(models: Path, members, words, capsys) -> None:
    lesions = model("lesions", scheme=LESION, architecture="moe")
    write_bundle(models / "lesions", lesions, Background("moe", "Lesions", "Apache-2.0", True))
    write_bundle(models / "flair", one_sequence(Modality.FLAIR), Background("single_unet", "FLAIR", "Apache-2.0", True))
    assert run(["models", "join", str(models / "both"), *members]) != 0
    assert words in capsys.readouterr().err.replace("\n", " ")
    assert not (models / "both").exists()


def test_members_that_are_not_what_they_were_are_told(models: Path) -> None:
    assert run(["models", "join", str(models / "both"), "moe", "mome"]) == 0
    other = replace(model("mome"), spacing=2.0)
    write_bundle(models / "mome", other, Background("mome", "mome", "Apache-2.0", True), replace_existing=True)
    with pytest.raises(BundleError, match="other grid") as caught:
        ready_model("both")
    assert caught.value.code == "bad-members"


def test_another_version_of_a_member_is_not_asked(models: Path) -> None:
    assert run(["models", "join", str(models / "both"), "moe", "mome"]) == 0
    newer = replace(model("mome"), version="0.9.0")
    write_bundle(models / "mome", newer, Background("mome", "mome", "Apache-2.0", True), replace_existing=True)
    with pytest.raises(BundleError, match=r"version 0\.9\.0 instead of 0"):
        ready_model("both")
    assert run(["models", "join", str(models / "both"), "moe", "mome", "--replace"]) == 0
    assert ready_model("both").model.name == "both"


def test_results_depend_on_the_files_of_members(models: Path) -> None:
    assert run(["models", "join", str(models / "both"), "moe", "mome"]) == 0
    before = checksums(find("both"))
    assert set(before) == {
        "MODEL_CARD.md",
        *(f"{name}/{file}" for name in ("moe", "mome") for file in ("MODEL_CARD.md", "weights.safetensors")),
    }
    assert before["moe/weights.safetensors"] == find("moe").manifest.file("weights.safetensors").sha256
    write_bundle(
        models / "moe", model("moe", seed=1), Background("moe", "moe", "Apache-2.0", True), replace_existing=True
    )
    after = checksums(find("both"))
    assert [name for name in before if before[name] != after[name]] == ["moe/weights.safetensors"]


def test_a_joined_model_is_not_joined_again(models: Path, capsys) -> None:
    assert run(["models", "join", str(models / "both"), "moe", "mome"]) == 0
    assert run(["models", "join", str(models / "more"), "moe", "both"]) != 0
    assert "asks others itself" in capsys.readouterr().err
    description = find("both").manifest.to_dict() | {"name": "more"}
    description["members"][1]["bundle"] = "both"
    with pytest.raises(BundleError, match="asks others itself"):
        load_model(save(models / "more", description, {"MODEL_CARD.md": b"More."}))


def test_without_a_member_it_is_no_model_to_choose(models: Path) -> None:
    assert run(["models", "join", str(models / "both"), "moe", "mome"]) == 0
    description = find("both").manifest.to_dict()
    description["members"][1]["bundle"] = "nowhere"
    save(models / "both", description, {"MODEL_CARD.md": b"Both."}, replace=True)
    listed = {listing.name: listing for listing in available() if listing.folder.parent == models}
    assert listed["moe"].used
    assert not listed["both"].used
    assert listed["both"].error.code == "bad-members"
    for name in ("both", str(models / "both")):
        with pytest.raises(BundleError, match="“both” asks “nowhere”, which cannot be used"):
            ready_model(name)


def test_an_import_tells_what_else_it_takes(models: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    for name in ("rare", "rarer"):  # nothing of these names ships
        write_bundle(models / name, model(name, architecture="mome"), Background("mome", name, "Apache-2.0", True))
    assert run(["models", "join", str(models / "both"), "rarer", "rare"]) == 0
    assert run(["models", "export", "both", str(tmp_path / "both.zip")]) == 0
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(elsewhere))
    capsys.readouterr()
    assert run(["models", "import", str(tmp_path / "both.zip"), "--to", str(elsewhere)]) == 0
    assert "cannot be used yet. The model “both” asks “rarer”" in " ".join(capsys.readouterr().out.split())
    for name in ("rare", "rarer"):
        assert run(["models", "import", str(models / name), "--to", str(elsewhere)]) == 0
    assert "cannot be used" not in capsys.readouterr().out
    assert next(listing for listing in available() if listing.name == "both").used


def test_a_broken_ensemble_hides_no_sound_one(models: Path) -> None:
    assert run(["models", "join", str(models / "ensemble"), "moe", "mome"]) == 0
    assert find("ensemble").folder == models / "ensemble"
    description = find("ensemble").manifest.to_dict()
    description["members"][1]["bundle"] = "nowhere"
    save(models / "ensemble", description, {"MODEL_CARD.md": b"Broken."}, replace=True)
    assert find("ensemble").folder != models / "ensemble"


def test_members_beside_it_come_before_others_of_the_name(models: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    for name in ("moe", "mome"):
        write_bundle(elsewhere / name, model(name, seed=1), Background(name, name, "Apache-2.0", True))
    assert run(["models", "join", str(elsewhere / "both"), "moe", "mome"]) == 0
    files = checksums(load(elsewhere / "both"))
    assert files["moe/weights.safetensors"] == load(elsewhere / "moe").manifest.file("weights.safetensors").sha256
    assert files["moe/weights.safetensors"] != find("moe").manifest.file("weights.safetensors").sha256


def test_a_manifest_with_members_is_checked(models: Path) -> None:
    assert run(["models", "join", str(models / "both"), "moe", "mome"]) == 0
    path = models / "both" / "manifest.json"
    description = json.loads(path.read_text(encoding="utf-8"))
    for change, words in (
        ({"members": []}, "has members"),
        ({"family": "moe"}, "network and weights"),
        ({"weights": "weights.safetensors"}, "not listed in files"),
        ({"members": description["members"][:1]}, "two other models"),
        ({"members": [{**one, "shares": {"oedema": 1}} for one in description["members"]]}, "no region"),
        ({"members": [{**one, "needs": ["FLAIR"]} for one in description["members"]]}, "no member answers"),
        ({"members": [{**one, "bundle": "both"} for one in description["members"]]}, "two other models"),
        ({"members": [{**one, "shares": {"lesion": -1}} for one in description["members"]]}, "at least 0"),
    ):
        path.write_text(json.dumps(description | change), encoding="utf-8")
        with pytest.raises(BundleError, match=words):
            load(models / "both")
    path.write_text(json.dumps(description), encoding="utf-8")
    assert load(models / "both").manifest.to_dict() == description
    again = save(models / "again", description | {"name": "again"}, {"MODEL_CARD.md": b"Again."})
    assert again.manifest.members == load(models / "both").manifest.members
