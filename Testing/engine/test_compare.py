"""Comparisons of label maps: consensus against plain loops and an EM of STAPLE's own formulas, files, the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.engine.compare import MARGIN, compare, run_staple
from MissingModalitySegLib.engine.comparing import compare_files
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.labels import GLIOMA, LESION
from MissingModalitySegLib.measures.overlap import dice
from MissingModalitySegLib.watch import Notes, Watch
from Testing.engine.small_runs import write_inputs, write_segmenter


def image(array: np.ndarray, spacing: tuple[float, float, float] = (1.0, 2.0, 3.0)) -> sitk.Image:
    """An array (x, y, z) of labels, somewhere in space."""
    made = sitk.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0)).astype(np.uint8))
    made.SetSpacing(spacing)
    made.SetOrigin((-10.0, 5.0, 30.0))
    return made


def cube(*corner: int, size: int = 4, value: int = 1, shape: tuple[int, int, int] = (20, 18, 16)) -> np.ndarray:
    array = np.zeros(shape, np.uint8)
    array[tuple(slice(start, start + size) for start in corner)] = value
    return array


def staple_by_hand(masks: list[np.ndarray], rounds: int = 500) -> tuple[np.ndarray, list[float], list[float]]:
    """Expectation maximisation as in Warfield et al. (IEEE TMI 2004), eqs. 15 to 19, with one prior for all voxels."""
    votes = np.stack([mask.ravel() for mask in masks]).astype(float)
    prior = votes.mean()
    sensitivity = specificity = np.full(len(masks), 0.99999)
    for _ in range(rounds):
        yes = prior * np.prod(np.where(votes == 1, sensitivity[:, None], 1 - sensitivity[:, None]), axis=0)
        no = (1 - prior) * np.prod(np.where(votes == 0, specificity[:, None], 1 - specificity[:, None]), axis=0)
        weight = yes / (yes + no)
        sensitivity = (votes * weight).sum(1) / weight.sum()
        specificity = ((1 - votes) * (1 - weight)).sum(1) / (1 - weight).sum()
    return weight.reshape(masks[0].shape), sensitivity.tolist(), specificity.tolist()


def test_staple_is_that_of_the_paper() -> None:
    """Three that agree but for noise, and one who sees a neighbour."""
    rng = np.random.default_rng(0)
    truth = cube(5, 5, 5, size=6).astype(bool)
    masks = [truth ^ (rng.random(truth.shape) < 0.02) for _ in range(3)] + [np.roll(truth, 2, 0)]
    found = run_staple(masks)
    probability, sensitivity, specificity = staple_by_hand(masks)
    assert np.array_equal(found.consensus, probability > 0.5)
    assert found.sensitivity == pytest.approx(sensitivity, abs=0.01)
    assert found.specificity == pytest.approx(specificity, abs=0.01)
    assert dice(found.consensus, truth) > 0.97 > max(dice(mask, truth) for mask in masks)
    assert min(found.sensitivity[:3]) > 0.9 > found.sensitivity[3]


def test_staple_looks_around_the_lesions_only() -> None:
    masks = [cube(9, 8, 7, size=3).astype(bool), cube(10, 8, 7, size=3).astype(bool), cube(9, 8, 7, size=3) > 0]
    large = [np.pad(mask, 20) for mask in masks]
    small, wide = run_staple(masks), run_staple(large)
    inside = tuple(slice(20, 20 + n) for n in masks[0].shape)
    assert np.array_equal(wide.consensus[inside], small.consensus)
    assert wide.consensus.sum() == small.consensus.sum()
    box = [slice(9 - MARGIN, 13 + MARGIN), slice(8 - MARGIN, 11 + MARGIN), slice(7 - MARGIN, 10 + MARGIN)]
    _, _, specificity = staple_by_hand([mask[tuple(box)] for mask in masks])
    assert wide.specificity == pytest.approx(specificity, abs=0.01)


@pytest.mark.parametrize("mask", [cube(3, 3, 3) > 0, np.zeros((4, 4, 4), bool), np.ones((4, 4, 4), bool)])
def test_staple_of_those_who_agree(mask: np.ndarray) -> None:
    found = run_staple([mask, mask.copy(), mask.copy()])
    assert np.array_equal(found.consensus, mask)
    assert found.sensitivity == found.specificity == (1.0, 1.0, 1.0)


def test_three_raters_of_a_glioma() -> None:
    """Regions nest: what two call core and one calls lesion is core; what one calls enhancing alone is not."""
    a, b, c = cube(4, 4, 4, size=6, value=2), cube(4, 4, 4, size=6, value=2), cube(4, 4, 4, size=6, value=2)
    a[5:8, 5:8, 5:8] = b[5:8, 5:8, 5:8] = 1
    a[6, 6, 6] = 3
    c[12:14, 12:14, 12:14] = 2
    found = compare({"a": image(a), "b": image(b), "c": image(c)}, GLIOMA)
    assert np.array_equal(sitk.GetArrayFromImage(found.majority).transpose(2, 1, 0), b)
    told = found.to_dict()
    lesion, core, enhancing = (told["regions"][name] for name in ("lesion", "core", "enhancing"))
    assert lesion["volumes_ml"] == {"a": 1.296, "b": 1.296, "c": 1.344}
    assert lesion["dice"]["a"]["b"] == 1
    assert lesion["dice"]["a"]["c"] == lesion["dice"]["c"]["a"] == round(2 * 216 / (216 + 224), 4)
    assert lesion["mean_dice"] == round((1 + 2 * 432 / 440) / 3, 4)
    assert (lesion["lesion_count"], lesion["lesions_seen_by_all"]) == (2, 1)
    assert lesion["lesions"][1]["seen_by"] == ["c"]
    assert lesion["lesions"][1]["volumes_ml"] == {"a": 0, "b": 0, "c": 0.048}
    assert lesion["lesions"][1]["centroid_ras_mm"] == [10 - 12.5, -5 - 25.0, 30 + 37.5]
    assert core["dice"]["a"] == {"a": 1, "b": 1, "c": 0}
    assert enhancing["dice"]["b"]["c"] == 1, "both rightly nothing, as far as they agree"
    assert enhancing["consensus_ml"]["majority"] == 0
    divided = sitk.GetArrayFromImage(found.disagreement).transpose(2, 1, 0)
    assert divided[13, 13, 13] == pytest.approx(2 / 3)
    assert divided[5, 5, 5] == 0
    json.dumps(told, allow_nan=False)


def test_labels_of_a_consensus_nest() -> None:
    """STAPLE may find the core larger than the lesion; the label map cannot."""
    rng = np.random.default_rng(2)
    maps = {name: image(rng.choice(4, size=(10, 9, 8), p=[0.7, 0.1, 0.1, 0.1])) for name in "abcd"}
    found = compare(maps, GLIOMA)
    labels = sitk.GetArrayFromImage(found.staple).transpose(2, 1, 0)
    for region in found.regions:
        inside = np.isin(labels, list(GLIOMA.region(region.name).values))
        assert inside[region.staple.consensus].all()


def test_another_grid_is_brought_to_the_first() -> None:
    one = image(cube(4, 4, 4, size=6))
    other = sitk.Flip(sitk.PermuteAxes(one, (2, 0, 1)), (True, False, False))
    watch = Notes(Watch())
    found = compare({"a": one, "b": other}, LESION, watch)
    assert found.regions[0].dice[0, 1] == 1
    assert found.resampled == ("b",)
    assert [code for code, _ in watch.warnings] == ["other-grid"]
    far = image(cube(4, 4, 4))
    far.SetOrigin((500, 0, 0))
    with pytest.raises(InputError) as caught:
        compare({"a": one, "b": far}, LESION)
    assert caught.value.code == "no-overlap"


def test_what_cannot_be_compared() -> None:
    one = image(cube(4, 4, 4))
    with pytest.raises(InputError) as caught:
        compare({"a": one}, LESION)
    assert caught.value.code == "too-few-raters"
    with pytest.raises(InputError) as caught:
        compare({"a": one, "b": one * 2}, LESION)
    assert caught.value.code == "unexpected-label-values"


@pytest.fixture
def raters(tmp_path: Path) -> Path:
    for name, corner in (("anna", (4, 4, 4)), ("ben", (5, 4, 4)), ("cem", (4, 4, 4))):
        (tmp_path / name).mkdir()
        sitk.WriteImage(image(cube(*corner, size=6)), str(tmp_path / name / "labels.nii.gz"))
    return tmp_path


def test_the_command(raters: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(raters)
    files = ["anna/labels.nii.gz", "B=ben/labels.nii.gz", "cem/labels.nii.gz"]
    assert run(["compare", *files, "--output", "out"]) == 0
    shown = capsys.readouterr().out
    assert "Dice with B" in shown
    assert "cem/labels" in shown
    assert "1 of 1 lesions are seen by all." in shown
    names = ["comparison.json", "consensus_majority.nii.gz", "consensus_staple.nii.gz", "disagreement.nii.gz"]
    assert sorted(path.name for path in (raters / "out").iterdir()) == names
    report = json.loads((raters / "out" / "comparison.json").read_text())
    assert report["scheme"] == "lesion"
    assert report["raters"] == ["labels", "B", "cem/labels"]
    assert report["regions"]["lesion"]["dice"]["labels"]["B"] == round(5 / 6, 4)
    consensus = sitk.ReadImage(str(raters / "out" / "consensus_majority.nii.gz"))
    assert np.array_equal(sitk.GetArrayFromImage(consensus).transpose(2, 1, 0), cube(4, 4, 4, size=6))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "There is nothing to compare with."),
        (["a=anna/labels.nii.gz"], "There is nothing to compare with."),
        (["a=anna/labels.nii.gz", "a=ben/labels.nii.gz"], "Two label maps are called 'a'."),
        (["a=anna/labels.nii.gz", "b=nowhere.nii.gz"], "b: There is no file nowhere.nii.gz."),
        (["anna/labels.nii.gz", "ben/labels.nii.gz", "--t1", "x.nii.gz"], "no model to segment them"),
        (["anna/labels.nii.gz", "b=grey.nii.gz"], "grey.nii.gz holds other values than labels."),
        (["anna/labels.nii.gz", "ben/labels.nii.gz", "--scheme", "other"], "“other” is not a label scheme."),
    ],
)
def test_bad_calls(raters: Path, capsys, monkeypatch, arguments, words) -> None:
    monkeypatch.chdir(raters)
    sitk.WriteImage(sitk.Cast(image(cube(4, 4, 4)), sitk.sitkFloat32) + 0.5, "grey.nii.gz")
    assert run(["compare", *arguments, "--output", "out"]) == 2
    shown = capsys.readouterr()
    assert words in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""
    assert not (raters / "out").exists()


def test_models_and_a_rater(tmp_path: Path, capsys, monkeypatch) -> None:
    """Two models by one worker, and somebody's labels."""
    inputs = write_inputs(tmp_path / "in", "T1", "FLAIR")
    write_segmenter(tmp_path / "models" / "one")
    write_segmenter(tmp_path / "models" / "two", name="two")
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    volume = sitk.ReadImage(str(inputs["T1"]))
    sitk.WriteImage(sitk.Cast(volume * 0, sitk.sitkUInt8), "anna.nii.gz")
    given = ["--t1", str(inputs["T1"]), "--flair", str(inputs["FLAIR"])]
    command = ["compare", "anna.nii.gz", *given, "--model", "one", "--model", "two", "--scheme", "glioma"]
    assert run([*command, "--output", "out", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["raters"] == ["anna", "one", "two"]
    lesion = report["regions"]["lesion"]
    assert lesion["dice"]["one"]["two"] == 1, "networks of the same seed"
    assert lesion["dice"]["anna"]["one"] == 0
    assert report == json.loads(Path("out/comparison.json").read_text())
    assert Path("out/one/segmentation.nii.gz").is_file()


def test_files_of_the_glioma_scheme(tmp_path: Path) -> None:
    for name in "ab":
        sitk.WriteImage(image(cube(4, 4, 4, value=3)), str(tmp_path / f"{name}.nrrd"))
    report, written = compare_files({name: tmp_path / f"{name}.nrrd" for name in "ab"}, tmp_path / "out", format="nrrd")
    assert report["scheme"] == "glioma"
    assert set(written) == {"consensus_majority", "consensus_staple", "disagreement", "comparison"}
    assert all(path.is_file() for path in written.values())
