"""The generated patients that ship with the program."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.labels import GLIOMA
from MissingModalitySegLib.recognition import assign, recognise
from MissingModalitySegLib.resources import resources
from MissingModalitySegLib.samples import Sample, samples

MOST_BYTES = 3 * 2**20
CASES = samples()


def test_small_enough_to_travel_with_the_extension() -> None:
    files = [path for path in (resources() / "samples").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
    listed = {file.path for case in CASES for file in (*case.volumes.values(), case.truth)}
    listed |= {case.thumbnail for case in CASES} | {resources() / "samples" / "samples.json"}
    assert set(files) == listed


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
class TestSample:
    def test_files_hold_what_the_list_says(self, case: Sample) -> None:
        for file in (*case.volumes.values(), case.truth):
            assert hashlib.sha256(file.path.read_bytes()).hexdigest() == file.sha256

    def test_volumes_are_images_and_the_truth_a_label_map(self, case: Sample) -> None:
        for file in case.volumes.values():
            image = sitk.ReadImage(str(file.path))
            values = sitk.GetArrayFromImage(image)
            assert image.GetPixelIDTypeAsString() == "16-bit signed integer"
            assert values.min() == 0
            assert len(np.unique(values)) > 100
        truth = sitk.GetArrayFromImage(sitk.ReadImage(str(case.truth.path)))
        GLIOMA.check_values(np.unique(truth), case.name)
        assert (truth > 0).sum() > 100

    def test_the_lesion_lies_inside_the_volumes(self, case: Sample) -> None:
        """In physical space: the truth need not be on the grid of a volume."""
        truth = sitk.ReadImage(str(case.truth.path))
        found = np.argwhere(sitk.GetArrayFromImage(truth) > 0)
        places = [truth.TransformIndexToPhysicalPoint([int(i) for i in at[::-1]]) for at in found[:: len(found) // 50]]
        for file in case.volumes.values():
            image = sitk.ReadImage(str(file.path))
            ends = np.array(image.GetSize())
            inside = [((at := image.TransformPhysicalPointToIndex(p)) >= np.zeros(3)) & (at < ends) for p in places]
            assert np.mean(np.all(inside, axis=1)) > 0.95

    def test_names_say_which_sequence_it_is(self, case: Sample) -> None:
        seen = {case.node_name(modality): recognise(case.node_name(modality), {}) for modality in case.volumes}
        assert assign(seen).chosen == {modality: case.node_name(modality) for modality in case.volumes}

    def test_the_thumbnail_has_slicers_size(self, case: Sample) -> None:
        header = case.thumbnail.read_bytes()[:24]
        assert header[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", header[16:24]) == (260, 280)


@pytest.mark.parametrize(
    ("content", "word"),
    [("{", "Expecting"), ('{"schema": 9, "cases": []}', "schema 9"), ('{"schema": 1, "cases": [{}]}', "name")],
)
def test_a_damaged_list_is_named(tmp_path: Path, content: str, word: str) -> None:
    (tmp_path / "samples.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=word):
        samples(tmp_path)


def test_a_list_says_how_it_was_made() -> None:
    content = json.loads((resources() / "samples" / "samples.json").read_text(encoding="utf-8"))
    assert content["about"] == "Computed; shows no patient."
