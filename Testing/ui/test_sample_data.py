"""What Slicer's Sample Data module is told, and that it can fetch it without a network."""

from __future__ import annotations

import hashlib
import sys
import urllib.request
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest

from MissingModalitySegLib.samples import samples
from MissingModalitySegLib.ui.sample_data import CATEGORY, register_sample_data, source


class Logic:
    """Takes what Slicer's class of this name takes."""

    titles: ClassVar[dict[str, str]] = {}
    sources: ClassVar[list[dict]] = []

    @classmethod
    def registerCustomSampleDataCategory(cls, category, title):
        cls.titles[category] = title

    @classmethod
    def registerCustomSampleDataSource(
        cls, category, sampleName, uris, fileNames, nodeNames, thumbnailFileName, checksums
    ):
        assert len(uris) == len(fileNames) == len(nodeNames) == len(checksums)
        cls.sources.append(dict(locals()))


@pytest.fixture
def logic(monkeypatch: pytest.MonkeyPatch) -> type[Logic]:
    fresh = type("SampleDataLogic", (Logic,), {"titles": {}, "sources": []})
    module = ModuleType("SampleData")
    module.SampleDataLogic = fresh
    monkeypatch.setitem(sys.modules, "SampleData", module)
    return fresh


def test_every_patient_is_registered(logic: type[Logic]) -> None:
    register_sample_data("Missing Modality Segmentation")
    assert logic.titles == {CATEGORY: "Missing Modality Segmentation"}
    assert [one["sampleName"] for one in logic.sources] == [sample.title for sample in samples()]
    assert {one["category"] for one in logic.sources} == {CATEGORY}
    names = [name for one in logic.sources for name in one["fileNames"]]
    assert len(names) == len(set(names)), "Slicer keeps the files of all extensions in one folder"


def test_slicers_before_categories_had_titles(logic: type[Logic], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Logic, "registerCustomSampleDataCategory", None)
    monkeypatch.delattr(Logic, "registerCustomSampleDataCategory")
    register_sample_data("title")
    assert len(logic.sources) == len(samples())
    assert {one["category"] for one in logic.sources} == {"title"}


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_addresses_lead_to_the_files(tmp_path: Path, sample) -> None:
    """By the call with which Slicer fetches, and with the check that it makes."""
    told = source(sample)
    for uri, name, checksum in zip(told["uris"], told["fileNames"], told["checksums"], strict=True):
        assert uri.startswith("file:///")
        urllib.request.urlretrieve(uri, tmp_path / name)
        algorithm, digest = checksum.split(":")
        assert hashlib.new(algorithm.lower(), (tmp_path / name).read_bytes()).hexdigest() == digest
    assert Path(told["thumbnailFileName"]).is_file()
