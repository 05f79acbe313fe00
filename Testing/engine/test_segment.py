"""Whole runs: what they write, that they write all or nothing, and that they say the same each time."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch

from MissingModalitySegLib.arrays.boxes import cut, paste
from MissingModalitySegLib.bundles import find, load
from MissingModalitySegLib.engine import (
    labels_from,
    load_model,
    predict_channels,
    prepare,
    read_study,
    segment,
    synthesize,
)
from MissingModalitySegLib.engine import ready as loaded
from MissingModalitySegLib.errors import BundleError, CancelledError, InputError, ResourceError
from MissingModalitySegLib.labels import GLIOMA
from MissingModalitySegLib.modalities import Code, Modality
from MissingModalitySegLib.options import Options
from MissingModalitySegLib.watch import Watch
from Testing.bundles.samples import tree
from Testing.domain.test_watch import Recorder
from Testing.engine.small_runs import MODALITIES, image, volume, write_inputs, write_segmenter, write_synthesiser
from Testing.evaluation.boxes import box, brain, bright, tissue

CPU = Options(device="cpu", precision="float32")


def chosen(**options) -> Options:
    return Options(device="cpu", precision="float32", **options)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    loaded.release_models()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def place(tmp_path: Path, monkeypatch) -> Path:
    """Two volumes, and models that are found by name."""
    write_inputs(tmp_path / "in", "T1", "FLAIR")
    write_segmenter(tmp_path / "models" / "one", synthesiser={"bundle": "synthesis"})
    write_synthesiser(tmp_path / "models" / "synthesis")
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(tmp_path / "models"))
    return tmp_path


def inputs(place: Path) -> dict[str, Path]:
    return {name: place / "in" / f"{name}.nii.gz" for name in ("T1", "FLAIR")}


def voxels(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)


def test_a_lesion_that_is_known(tmp_path: Path) -> None:
    """A network that calls bright what is bright: every voxel of the answer can be said beforehand."""
    lesion = box((11, 12, 13), (15, 17, 16))
    array = np.where(lesion, 130, tissue()).astype(np.float32)
    outcome = segment({"FLAIR": image(array)}, bright(threshold=2.0), chosen(brain="extracted"), tmp_path / "out")
    assert outcome.labels.GetSpacing() == (2.0, 2.0, 2.0)
    found = voxels(outcome.labels).transpose(2, 1, 0)
    assert set(np.unique(found)) == {0, 2}
    overlap = 2 * np.sum((found > 0) & lesion) / (np.sum(found > 0) + lesion.sum())
    assert overlap > 0.9  # the network's voxels are half as large
    assert outcome.report["volumes_ml"]["lesion"] == pytest.approx(np.sum(found > 0) * 8 / 1000, abs=1e-3)
    assert outcome.report["lesion_count"] == 1
    assert outcome.report["model"] is None
    assert np.array_equal(voxels(sitk.ReadImage(str(outcome.files["segmentation"]))), voxels(outcome.labels))


def test_the_labels_are_those_of_the_network(place: Path) -> None:
    """On a grid that needs no resampling, the answer is what the network says of z-scored channels."""
    outcome = segment(inputs(place), "one", CPU)
    model = load_model(find("one"))
    arrays = [voxels(sitk.ReadImage(str(path))).transpose(2, 1, 0) for path in inputs(place).values()]
    mask = brain()  # the axes of these volumes run from left to right and so on already: nothing is flipped
    channels = torch.zeros(3, *mask.shape)
    for number, array in zip((0, 2), arrays, strict=True):
        inside = array[mask]
        channels[number][torch.from_numpy(mask)] = torch.from_numpy((inside - inside.mean()) / inside.std())
    box = prepare(read_study(inputs(place)), 2.0, model.modalities, multiple=model.multiple).frame.box
    shown = cut(channels, box), cut(torch.from_numpy(mask), box)
    code = Code.parse("T1+FLAIR", model.modalities)
    labels = labels_from(predict_channels(model, *shown, code, precision="float32"), GLIOMA)
    expected = paste(labels, box, torch.zeros(mask.shape, dtype=torch.uint8)).numpy()
    found = voxels(outcome.labels).transpose(2, 1, 0)
    assert len(np.unique(found)) > 1
    assert np.mean(found == expected) > 0.999


def test_everything_that_can_be_asked_for(place: Path) -> None:
    out = place / "out"
    options = chosen(synthesize=True, reconstructions=True, uncertainty=True, mirror=True, format="nrrd")
    outcome = segment(inputs(place), "one", options, out)
    names = ["segmentation", "uncertainty", "synthetic_T2", "reconstructed_T1", "reconstructed_FLAIR"]
    assert sorted(tree(out)) == sorted([*(f"{name}.nrrd" for name in names), "report.json"])
    assert set(outcome.files) == {*names, "report"}
    assert set(outcome.synthetic) == {Modality.T2}
    reference = sitk.ReadImage(str(inputs(place)["T1"]))
    for name in names:
        written = sitk.ReadImage(str(outcome.files[name]))
        assert written.GetSize() == reference.GetSize()
        assert np.allclose(written.GetOrigin(), reference.GetOrigin(), atol=1e-4)
        assert np.allclose(written.GetDirection(), reference.GetDirection(), atol=1e-6)
    uncertainty = voxels(outcome.uncertainty)
    assert uncertainty.min() >= 0
    assert uncertainty.max() <= 1
    report = json.loads((out / "report.json").read_text())
    assert report == json.loads(json.dumps(outcome.report))
    assert report["files"] == {name: f"{name}.nrrd" for name in names}
    assert report["code"] == "T1+FLAIR"
    assert set(report["timings_s"]) == {"read", "prepare", "predict", "synthesise", "summarise"}


def test_what_enhances_is_doubted_without_a_contrast_agent(tmp_path: Path) -> None:
    given = write_inputs(tmp_path / "in", "T1ce", "FLAIR")
    model = write_segmenter(tmp_path / "models" / "one", {"channels": 2}, modalities=["T1ce", "FLAIR"])
    without, both = (segment(shown, str(model), chosen()).report for shown in ({"FLAIR": given["FLAIR"]}, given))
    assert min(report["volumes_ml"]["enhancing"] for report in (without, both)) > 1
    told = {warning["code"]: warning["message"] for warning in without["warnings"]}["no-contrast-agent"]
    assert f"{without['volumes_ml']['enhancing']:.2f} ml" in told
    assert "no-contrast-agent" not in {warning["code"] for warning in both["warnings"]}


def test_two_runs_say_the_same(place: Path) -> None:
    outcomes = [segment(inputs(place), "one", chosen(synthesize=True), place / name) for name in ("a", "b")]
    reports = [json.loads((place / name / "report.json").read_text()) for name in ("a", "b")]
    for report in reports:
        assert report.pop("created")
        assert report.pop("timings_s")
        assert report["execution"].pop("seconds") >= 0
        assert report["synthetic"]["execution"].pop("seconds") >= 0
    assert reports[0] == reports[1]
    assert np.array_equal(*(voxels(outcome.labels) for outcome in outcomes))
    assert np.array_equal(*(voxels(outcome.synthetic[Modality.T2]) for outcome in outcomes))


def test_volumes_in_memory_are_as_good_as_files(place: Path) -> None:
    images = {name: sitk.ReadImage(str(path)) for name, path in inputs(place).items()}
    before = tree(place)
    in_memory = segment(images, "one", CPU)
    assert in_memory.files == {}
    assert tree(place) == before
    assert np.array_equal(voxels(in_memory.labels), voxels(segment(inputs(place), "one", CPU).labels))
    assert in_memory.report["inputs"]["T1"]["file"] is None


def test_missing_sequences_alone(place: Path) -> None:
    for model in ("synthesis", "one"):
        outcome = synthesize(inputs(place), model, CPU, place / model)
        assert sorted(tree(place / model)) == ["report.json", "synthetic_T2.nii.gz"]
        assert outcome.labels is None
        assert outcome.report["volumes_ml"] is None
        assert outcome.report["execution"]["device"] == "cpu"
    assert np.isfinite(voxels(outcome.synthetic[Modality.T2])).all()


def test_an_older_set_goes_as_a_whole(place: Path) -> None:
    out = place / "out"
    segment(inputs(place), "one", chosen(synthesize=True), out)
    (out / "notes.txt").write_text("mine")
    segment(inputs(place), "one", CPU, out)
    assert sorted(tree(out)) == ["notes.txt", "report.json", "segmentation.nii.gz"]


def test_cancelled_anywhere_nothing_changes(place: Path) -> None:
    out = place / "out"
    segment({"T1": inputs(place)["T1"]}, "one", CPU, out)
    before = tree(place)
    counting = Recorder()
    segment(inputs(place), "one", chosen(synthesize=True), None, counting)
    assert counting.checks > 10
    for stop_at in {*range(1, counting.checks, max(counting.checks // 5, 1)), counting.checks}:
        folder = out if stop_at % 2 else place / "new" / "one"
        with pytest.raises(CancelledError):
            segment(inputs(place), "one", chosen(synthesize=True), folder, Recorder(stop_at))
        assert tree(place) == before, stop_at


def test_stages_and_progress(place: Path) -> None:
    told = Recorder()
    segment(inputs(place), "one", chosen(synthesize=True), place / "out", told)
    stages = [entry[1:] for entry in told.told if entry[0] == "stage"]
    names = ["read", "prepare", "predict", "synthesise", "summarise", "write"]
    assert stages == [(name, index, len(names)) for index, name in enumerate(names)]
    last = 0.0
    for entry in told.told:
        if entry[0] == "stage":
            last = 0.0
        elif entry[0] == "progress":
            assert last - 1e-9 <= entry[1] <= 1 + 1e-9
            last = entry[1]


@pytest.mark.parametrize(
    ("number", "code", "family"), [(errno.ENOSPC, "disk-full", ResourceError), (errno.EIO, None, InputError)]
)
def test_a_disk_that_fails_at_the_end(place: Path, monkeypatch, number: int, code: str, family: type) -> None:
    """ITK says nothing of use; the system is asked."""
    out = place / "out"
    segment(inputs(place), "one", CPU, out)
    before = tree(place)

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("Exception thrown in SimpleITK")

    def refuse_bytes(self: Path, content: bytes) -> int:
        raise OSError(number, "No")

    monkeypatch.setattr("MissingModalitySegLib.engine.writing.sitk.WriteImage", refuse)
    monkeypatch.setattr(Path, "write_bytes", refuse_bytes)
    with pytest.raises(family) as caught:
        segment(inputs(place), "one", CPU, out)
    assert caught.value.code == (code or "output-not-writable")
    assert tree(place) == before


class Removes(Watch):
    """Removes a folder when this stage begins."""

    def __init__(self, folder: Path, at: str) -> None:
        self.folder, self.at = folder, at

    def stage(self, name: str, index: int, count: int) -> None:
        if name == self.at:
            shutil.rmtree(self.folder)


def test_an_output_folder_that_goes_away(place: Path) -> None:
    for at in ("predict", "write"):
        with pytest.raises(InputError) as caught:
            segment(inputs(place), "one", CPU, place / "out", Removes(place / "out", at))
        assert caught.value.code == "output-not-writable"
        assert str(place / "out") in caught.value.message
        assert not (place / "out").exists()


def test_an_input_is_not_replaced(place: Path) -> None:
    lost = place / "in" / "synthetic_FLAIR.nii.gz"
    lost.write_bytes((place / "in" / "FLAIR.nii.gz").read_bytes())
    before = tree(place)
    for given, brain_option in (({"FLAIR": lost}, "auto"), (inputs(place), str(lost))):
        with pytest.raises(InputError) as caught:
            segment(given, "one", chosen(brain=brain_option), place / "in")
        assert caught.value.code == "output-is-input"
    assert tree(place) == before


def test_what_the_model_does_not_take_is_said(place: Path) -> None:
    told = Recorder()
    outcome = segment(inputs(place) | {"DWI": volume(3)}, "one", CPU, None, told)
    assert "modality-not-used" in [entry[1] for entry in told.told if entry[0] == "warn"]
    assert "modality-not-used" in [warning["code"] for warning in outcome.report["warnings"]]
    assert outcome.report["code"] == "T1+FLAIR"
    assert outcome.report["inputs"]["DWI"]["used"] is False


def test_small_lesions_are_left_out(place: Path) -> None:
    everything = segment(inputs(place), "one", CPU).report
    smallest = min(lesion["volume_ml"] for lesion in everything["lesions"])
    fewer = segment(inputs(place), "one", chosen(minimum_lesion_ml=smallest + 0.001)).report
    assert fewer["removed"]["count"] > 0
    assert fewer["lesion_count"] + fewer["removed"]["count"] == everything["lesion_count"]


def test_models_are_kept_between_runs_and_checked_when_they_change(place: Path) -> None:
    first = loaded.ready_model("one").model
    assert loaded.ready_model("one").model is first
    assert loaded.ready_model(place / "models" / "one").model is first
    weights = place / "models" / "one" / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(BundleError) as caught:
        loaded.ready_model("one")
    assert caught.value.code == "bundle-checksum"
    assert "one" in caught.value.message


def test_few_models_are_kept(place: Path) -> None:
    for number in range(loaded.KEPT + 3):
        loaded.ready_model(load(write_segmenter(place / "models" / f"m{number}", name=f"m{number}")))
    assert len(loaded._kept) == loaded.KEPT
    loaded.release_models()
    assert len(loaded._kept) == 0


def test_what_lies_beside_a_models_files_does_not_matter(place: Path) -> None:
    (place / "models" / "one" / ".DS_Store").write_bytes(b"left by a file manager")
    assert loaded.ready_model("one").model.modalities == tuple(map(Modality, MODALITIES))
