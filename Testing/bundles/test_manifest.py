"""Manifests: what is right comes back exactly, what is wrong is told by place."""

from __future__ import annotations

import copy
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MissingModalitySegLib.bundles import Manifest
from MissingModalitySegLib.errors import BundleError
from MissingModalitySegLib.modalities import Code, Modality
from Testing.bundles.samples import FILES, WEIGHTS, description, entries, manifest_data


def change(path: str, value) -> dict:
    """Manifest data with the value at a dotted path set; `...` removes it."""
    data = manifest_data()
    *parents, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    place = data
    for key in parents:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return data


def test_reads_every_field() -> None:
    manifest = Manifest.from_dict(manifest_data())
    assert manifest.modalities == (Modality.T1, Modality.T1CE, Modality.FLAIR)
    assert manifest.grid.spacing == (1.0, 1.0, 1.5)
    assert manifest.tile.size == (96, 96, 64)
    assert manifest.network.to_dict() == {"architecture": "moe", "config": description()["network"]["config"]}
    assert manifest.file("README.md").size == len(FILES["README.md"])
    assert manifest.synthesiser.bundle == "universal"
    assert manifest.performance[1].code == Code.parse("T1+FLAIR", manifest.modalities)


def test_comes_back_exactly() -> None:
    data = manifest_data()
    manifest = Manifest.from_dict(data)
    assert manifest.to_dict() == data
    again = Manifest.from_json(manifest.to_json().encode())
    assert again == manifest
    assert again.to_json() == manifest.to_json()


def test_what_is_read_does_not_share_memory_with_what_was_given() -> None:
    data = manifest_data()
    manifest = Manifest.from_dict(data)
    data["network"]["config"]["channels"].append(1)
    assert manifest.network.config["channels"] == [8, 16]


@pytest.mark.parametrize(
    ("path", "value", "code", "place"),
    [
        ("title", ..., "manifest-missing-field", "title"),
        ("grid.spacing", ..., "manifest-missing-field", "grid"),
        ("files.0.sha256", ..., "manifest-missing-field", "files[0]"),
        ("titel", "x", "manifest-unknown-field", "titel"),
        ("tile.stride", 1, "manifest-unknown-field", "tile"),
        ("schema_version", 2, "manifest-schema-version", "schema_version"),
        ("schema_version", "1", "manifest-wrong-type", "schema_version"),
        ("schema_version", True, "manifest-wrong-type", "schema_version"),
        ("schema_version", 0, "manifest-wrong-value", "schema_version"),
        ("name", "MoE", "manifest-wrong-value", "name"),
        ("name", "../moe", "manifest-wrong-value", "name"),
        ("name", ".moe", "manifest-wrong-value", "name"),
        ("name", "con", "manifest-wrong-value", "name"),
        ("name", "moe\n", "manifest-wrong-value", "name"),
        ("version", "one", "manifest-wrong-value", "version"),
        ("title", "\u202eeltit", "manifest-wrong-value", "title"),
        ("title", "  ", "manifest-wrong-value", "title"),
        ("title", "x" * 1000, "manifest-wrong-value", "title"),
        ("warning", "a\x1b[31m", "manifest-wrong-value", "warning"),
        ("citation", "\ud800", "manifest-wrong-value", "citation"),
        ("family", "transformer", "manifest-wrong-value", "family"),
        ("labels", "cells", "manifest-wrong-value", "labels"),
        ("modalities", [], "manifest-wrong-value", "modalities"),
        ("modalities", ["T1", "CT"], "manifest-wrong-value", "modalities[1]"),
        ("modalities", ["t1"], "manifest-wrong-value", "modalities[0]"),
        ("modalities", ["T1", "T1"], "manifest-contradiction", "modalities"),
        ("modalities", "T1", "manifest-wrong-type", "modalities"),
        ("grid.spacing", [1, 1, 0], "manifest-wrong-value", "grid.spacing[2]"),
        ("grid.spacing", [1, -1, 1], "manifest-wrong-value", "grid.spacing[1]"),
        ("grid.spacing", [1, 1], "manifest-wrong-value", "grid.spacing"),
        ("grid.spacing", [1, 1, math.nan], "manifest-wrong-value", "grid.spacing[2]"),
        ("grid.spacing", [1, 1, 10**400], "manifest-wrong-value", "grid.spacing[2]"),
        ("grid.orientation", "RLS", "manifest-wrong-value", "grid.orientation"),
        ("grid.orientation", "RASS", "manifest-wrong-value", "grid.orientation"),
        ("normalisation.method", "histogram", "manifest-wrong-value", "normalisation.method"),
        ("tile.size", [96, 96, 90], "manifest-contradiction", "tile.size"),
        ("tile.size", [96, 96, 0], "manifest-wrong-value", "tile.size[2]"),
        ("tile.size", [96, 96, 64.0], "manifest-wrong-type", "tile.size[2]"),
        ("tile.overlap", 1, "manifest-wrong-value", "tile.overlap"),
        ("network.architecture", "mome", "manifest-contradiction", "network.architecture"),
        ("network.config", [], "manifest-wrong-type", "network.config"),
        ("network.config", {"a": math.inf}, "manifest-wrong-value", "network.config.a"),
        ("network.config", {"a": {1}}, "manifest-wrong-type", "network.config.a"),
        ("network.config", {1: 1}, "manifest-wrong-type", "network.config"),
        ("weights", "other.safetensors", "manifest-contradiction", "weights"),
        ("weights", "README.md", "manifest-contradiction", "weights"),
        ("files", [], "manifest-contradiction", "weights"),
        ("files.0.sha256", "A" * 64, "manifest-wrong-value", "files[0].sha256"),
        ("files.0.sha256", "0" * 63, "manifest-wrong-value", "files[0].sha256"),
        ("files.0.size", -1, "manifest-wrong-value", "files[0].size"),
        ("files.0.size", 2**40, "manifest-wrong-value", "files[0].size"),
        ("files.1.name", "Weights.safetensors", "manifest-contradiction", "files[1]"),
        ("files.1.name", "weights.safetensors", "manifest-contradiction", "files[1]"),
        ("files.1.name", "manifest.json", "manifest-contradiction", "files[1]"),
        ("synthesiser", {}, "manifest-contradiction", "synthesiser"),
        ("synthesiser", {"bundle": "a", "file": "weights.safetensors"}, "manifest-contradiction", "synthesiser"),
        ("synthesiser", {"bundle": "moe"}, "manifest-contradiction", "synthesiser"),
        ("synthesiser", {"file": "weights.safetensors"}, "manifest-missing-field", "synthesiser"),
        ("prompts", {"encoder": "clip"}, "manifest-contradiction", "prompts"),
        ("fusion", {"method": "mean"}, "manifest-contradiction", "fusion"),
        ("performance.0.code", "T2", "manifest-contradiction", "performance[0].code"),
        ("performance.0.code", "T1+T1", "manifest-contradiction", "performance[0].code"),
        ("performance.0.code", "sagittal", "manifest-contradiction", "performance[0].code"),
        ("performance.0.mean", 1.2, "manifest-wrong-value", "performance[0].mean"),
        ("performance.0.mean", None, "manifest-wrong-type", "performance[0].mean"),
        ("performance.0.n", 0, "manifest-wrong-value", "performance[0].n"),
        ("performance.0.data", "phantom", "manifest-wrong-value", "performance[0].data"),
        ("performance.0.standard_error", -0.1, "manifest-wrong-value", "performance[0].standard_error"),
        ("performance.0.metric", "accuracy", "manifest-wrong-value", "performance[0].metric"),
        ("performance.0.region", "oedema", "manifest-contradiction", "performance[0].region"),
        ("performance.1.code", "FLAIR", "manifest-contradiction", "performance[1]"),
        ("provenance", [], "manifest-wrong-type", "provenance"),
        ("provenance", {"steps": 10**5000}, "manifest-wrong-value", "provenance.steps"),
    ],
)  # fmt: skip
def test_tells_what_is_wrong_and_where(path: str, value, code: str, place: str) -> None:
    with pytest.raises(BundleError) as caught:
        Manifest.from_dict(change(path, value))
    assert caught.value.code == code
    assert place in caught.value.message


def test_a_newer_schema_says_update_before_anything_else() -> None:
    with pytest.raises(BundleError) as caught:
        Manifest.from_dict({"schema_version": 7, "nothing": "else fits"})
    assert caught.value.code == "manifest-schema-version"
    assert "update the program" in caught.value.hint


@pytest.mark.parametrize(
    "name",
    [
        "a/b.json", "a\\b.json", "../b.json", "/b.json", "C:b.json", "..", ".", "", ".hidden.json", " a.json",
        "a.json ", "a.json.", "a\0.json", "a\n.json", "a\u202egnp.json", "a\u200b.json", "con.json", "NUL.md",
        "com1.png", "COM¹.png", "lpt9.tar.json", "a?.json", "a*.md", 'a".md', "e\u0301.json", "x" * 200 + ".json",
        "run.py", "a.JSON", "model", "weights.safetensors.exe",
    ],
)  # fmt: skip
def test_file_names_are_plain(name: str) -> None:
    with pytest.raises(BundleError) as caught:
        Manifest.from_dict(change("files.1.name", name))
    assert caught.value.code in {"manifest-file-name", "manifest-wrong-value"}
    assert "files[1].name" in caught.value.message


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "pytorch_model.bin", "x.pkl", "x.PKL", "last.ckpt"])
def test_pickles_are_refused_as_such(name: str) -> None:
    with pytest.raises(BundleError) as caught:
        Manifest.from_dict(change("files.1.name", name))
    assert caught.value.code == "bundle-pickle"
    assert "hidden code" in caught.value.message


@pytest.mark.parametrize("name", ["é.json", "腫瘍.md", "config-1.json", "console.png"])
def test_ordinary_names_pass(name: str) -> None:
    assert Manifest.from_dict(change("files.1.name", name)).files[1].name == name


def test_no_more_than_64_files() -> None:
    files = FILES | {f"{i}.md": b"" for i in range(63)}
    with pytest.raises(BundleError) as caught:
        Manifest.from_dict(manifest_data(files))
    assert caught.value.code == "manifest-wrong-value"


def test_universal_needs_prompts_and_may_have_them() -> None:
    network = {"architecture": "universal", "config": {}}
    data = manifest_data(FILES, name="universal", family="universal", network=network, synthesiser=None)
    with pytest.raises(BundleError) as caught:
        Manifest.from_dict(data)
    assert caught.value.code == "manifest-contradiction"
    manifest = Manifest.from_dict(data | {"prompts": {"encoder": "minilm"}})
    assert manifest.prompts.encoder == "minilm"
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_a_synthesiser_of_its_own() -> None:
    section = {"file": "synthesiser.safetensors", "network": {"architecture": "masked_autoencoder", "config": {"a": 1}}}
    manifest = Manifest.from_dict(manifest_data(FILES | {"synthesiser.safetensors": WEIGHTS}, synthesiser=section))
    assert manifest.to_dict()["synthesiser"] == section
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_fusion_by_reliability() -> None:
    network = {"architecture": "mome", "config": {}}
    weights = {"T1": 1.0, "T1ce": 0.0, "FLAIR": 2.5}
    data = manifest_data(family="mome", network=network, fusion={"method": "reliability", "weights": weights})
    manifest = Manifest.from_dict(data)
    assert manifest.fusion.weights == (1.0, 0.0, 2.5)
    assert manifest.to_dict()["fusion"]["weights"] == weights
    for bad in ({"method": "mean", "weights": weights}, {"method": "reliability"}):
        with pytest.raises(BundleError, match="reliability"):
            Manifest.from_dict(data | {"fusion": bad})
    with pytest.raises(BundleError, match="all zero"):
        Manifest.from_dict(data | {"fusion": {"method": "reliability", "weights": dict.fromkeys(weights, 0)}})


def test_brain_extraction_scales_heads_and_nothing_else_does() -> None:
    network = {"architecture": "single_unet", "config": {}}
    head = {"method": "head", "scope": "volume"}
    row = manifest_data()["performance"][0] | {"region": "brain"}
    data = manifest_data(family="brain", labels=None, network=network, normalisation=head, performance=[row])
    manifest = Manifest.from_dict(data)
    assert manifest.to_dict()["normalisation"] == head
    assert manifest.expected(Code.parse("FLAIR"), "brain").mean == row["mean"]
    brain = data | {"normalisation": {"method": "zscore", "scope": "brain"}}
    tiles = data | {"normalisation": {"method": "head", "scope": "tile"}}
    for bad in (brain, tiles, manifest_data(normalisation=head)):
        with pytest.raises(BundleError) as caught:
            Manifest.from_dict(bad)
        assert caught.value.code == "manifest-contradiction"
        assert "normalisation" in caught.value.message


def test_synthesis_has_no_labels() -> None:
    network = {"architecture": "masked_autoencoder", "config": {}}
    data = manifest_data(family="synthesis", network=network, synthesiser=None)
    with pytest.raises(BundleError) as caught:
        Manifest.from_dict(data)
    assert caught.value.code == "manifest-contradiction"
    del data["labels"]
    row = data["performance"][0] | {"region": "T1", "metric": "psnr", "mean": 25}
    assert Manifest.from_dict(data | {"performance": [row]}).labels is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "manifest-not-json"),
        (b"{", "manifest-not-json"),
        (b"\xff\xfe{}", "manifest-not-json"),
        (b'{"name": "a", "name": "b"}', "manifest-not-json"),
        (b'{"name": NaN}', "manifest-not-json"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "manifest-not-json"),
        (b"[" * 100_000, "manifest-not-json"),
        (b"[]", "manifest-wrong-type"),
        (b"null", "manifest-wrong-type"),
        (b" " * 1_000_001, "manifest-too-large"),
    ],
    ids=["empty", "cut", "latin", "twice", "nan", "digits", "deep", "list", "null", "large"],
)
def test_text_that_is_no_manifest(text: bytes, code: str) -> None:
    with pytest.raises(BundleError) as caught:
        Manifest.from_json(text)
    assert caught.value.code == code


def test_a_byte_order_mark_does_no_harm() -> None:
    assert Manifest.from_json(b"\xef\xbb\xbf" + json.dumps(manifest_data()).encode()).name == "moe"


def paths(value, prefix: tuple = ()) -> list[tuple]:
    """Every place in nested data."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in inner for place in [(*prefix, key), *paths(item, (*prefix, key))]]


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20)
    | st.sampled_from(["T1", "glioma", "weights.safetensors", "moe", "real", "dice"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(paths(manifest_data())), value=ANY_JSON)
def test_any_value_anywhere_gives_a_manifest_or_a_bundle_error(place: tuple, value) -> None:
    data = copy.deepcopy(manifest_data())
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    try:
        manifest = Manifest.from_dict(data)
    except BundleError as error:
        str(error).encode("utf-8")  # can be shown
        return
    assert Manifest.from_json(manifest.to_json().encode("utf-8")) == manifest


@settings(max_examples=200, deadline=None)
@given(value=ANY_JSON)
def test_any_json_at_all_is_refused_in_words(value) -> None:
    with pytest.raises(BundleError):
        Manifest.from_json(json.dumps(value))
    with pytest.raises(BundleError):
        Manifest.from_dict(value)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(text: bytes) -> None:
    with pytest.raises(BundleError):
        Manifest.from_json(text)


@settings(max_examples=100, deadline=None)
@given(
    table=st.dictionaries(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e300, 1e300)
            | st.from_regex(r"[ -~é\n]{0,20}", fullmatch=True),
            lambda inner: st.lists(inner, max_size=3), max_leaves=6,
        ),
    )
)  # fmt: skip
def test_free_data_comes_back_exactly(table: dict) -> None:
    manifest = Manifest.from_dict(manifest_data(provenance=table))
    again = Manifest.from_json(manifest.to_json())
    assert again.provenance == table
    assert json.dumps(again.provenance) == json.dumps(table)  # 1 and 1.0 and True are equal in Python, not in JSON


def test_entries_helper_is_independent() -> None:
    assert entries({"a": b""})[0]["sha256"].startswith("e3b0c442")


def test_a_table_of_very_many_keys_is_refused_in_no_time() -> None:
    """To find the one that is there twice by counting each took minutes for a manifest, hours for a header."""
    keys = ", ".join(f'"{i}": 0' for i in range(80_000))
    with pytest.raises(BundleError, match="'79999' stands there twice"):
        Manifest.from_json(f'{{{keys}, "79999": 1}}')
