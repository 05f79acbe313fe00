"""Statistics of realism against closed forms and plain counting, and the command from a data list to its report."""

import json

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from scipy import stats

from MissingModalitySegTraining.phantom.atlas import load_atlas
from MissingModalitySegTraining.phantom.realism.__main__ import main
from MissingModalitySegTraining.phantom.realism.comparison import Measured, percentile_rank, places, share_inside
from MissingModalitySegTraining.phantom.realism.report import table
from MissingModalitySegTraining.phantom.realism.specimens import DETAIL_VOXELS, phantom_specimen
from MissingModalitySegTraining.phantom.realism.statistics import (
    class_figures,
    lesion_figures,
    measure,
    rim_figures,
    roughness,
    shape_figures,
    texture_figures,
    unevenness_figures,
)


def ball(shape, centre, radius, step=1.0):
    axes = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    return sum((axis - c) ** 2 for axis, c in zip(axes, centre, strict=True)) * step**2 <= radius**2


def test_classes_are_found_without_labels():
    generator = np.random.default_rng(0)
    values = np.concatenate([generator.normal(m, 0.05, n) for m, n in ((-2, 1000), (0, 4000), (1, 5000))])
    found = class_figures(values)
    assert found["classes middle"] == pytest.approx(2 / 3, abs=0.01)
    assert found["classes separation"] == pytest.approx(1 / 0.05, rel=0.05)
    # the lowest and highest hundredth of all values are left out
    assert found["classes share lowest"] == pytest.approx(900 / 9800, abs=0.002)
    assert found["classes share highest"] == pytest.approx(4900 / 9800, abs=0.002)


def test_contrast_is_against_the_shell_and_not_the_far_brain():
    shape, centre = (40, 40, 40), (20, 20, 20)
    brain = ball(shape, centre, 36, step=2.0)
    lesion = ball(shape, centre, 10, step=2.0)
    core = ball(shape, centre, 5, step=2.0)
    image = np.full(shape, -5.0)
    image[ball(shape, centre, 21, step=2.0)] = 0.5
    image[lesion], image[core] = 2.0, 1.0
    found = lesion_figures(image, brain, {"lesion": lesion, "core": core, "enhancing": np.zeros(shape, bool)})
    assert found["lesion contrast"] == pytest.approx(1.5)
    assert found["core contrast"] == pytest.approx(0.5)
    assert found["lesion penumbra"] == pytest.approx(0.0)
    assert "enhancing contrast" not in found
    halo = ball(shape, centre, 12.5, step=2.0) & ~lesion
    image[halo] = 1.25
    assert lesion_figures(image, brain, {"lesion": lesion})["lesion penumbra"] == pytest.approx(0.5)


def test_grey_matter_is_compared_from_cube_to_cube():
    generator = np.random.default_rng(5)
    grey = generator.random((48, 48, 48)) < 0.5
    image = generator.normal(1.0, 0.05, grey.shape)
    image[~grey] = -9.0  # not looked at
    assert unevenness_figures(image, grey)["grey matter uneven"] == pytest.approx(0, abs=0.02)
    image[:6] += 0.7  # one layer of cubes in eight
    assert unevenness_figures(image, grey)["grey matter uneven"] == pytest.approx(0.7, abs=0.03)
    image[:6] -= 0.7
    image[:6, :6] += 0.7  # one in 64 is less than the brightest twentieth
    assert unevenness_figures(image, grey)["grey matter uneven"] == pytest.approx(0, abs=0.02)
    assert unevenness_figures(image, np.zeros_like(grey)) == {}


def test_lesions_that_are_absent_have_no_figures():
    brain = np.ones((10, 10, 10), bool)
    assert lesion_figures(np.zeros(brain.shape), brain, {}) == {}
    assert lesion_figures(np.zeros(brain.shape), brain, {"lesion": ~brain}) == {}
    assert not any("lesion" in key for key in shape_figures(brain, {"lesion": ~brain}))


def test_noise_is_measured_beside_edges():
    """White noise less its Gaussian average of 1 mm keeps the energy (1 - G)²; a step beside it changes nothing."""
    generator = np.random.default_rng(1)
    image = generator.normal(0, 0.1, (64, 64, 64))
    image[:16] += 50
    found = texture_figures(image, np.ones(image.shape, bool))
    sums = 1 / (4 * np.pi) ** 1.5  # Σ G², continuous
    kept = 1 - 2 / (2 * np.pi) ** 1.5 + sums
    # sampled at whole mm a Gaussian of 1 mm is nearly the continuous one
    assert found["texture fine"] == pytest.approx(0.1 * kept**0.5, rel=0.03)
    assert texture_figures(image, np.zeros(image.shape, bool)) == {}


def test_slices_show_as_anisotropy():
    generator = np.random.default_rng(2)
    noise = generator.normal(0, 1, (40, 40, 40))
    inside = np.ones(noise.shape, bool)
    assert texture_figures(noise, inside)["anisotropy"] > 0.95
    assert texture_figures(noise[:, :, :8].repeat(5, axis=2), inside)["anisotropy"] < 0.5


def test_roughness_of_known_shapes():
    cube = np.zeros((12, 12, 12), bool)
    cube[2:9, 2:9, 2:9] = True
    assert roughness(cube) == pytest.approx(1.0)
    smooth = ball((64, 64, 64), (32, 32, 32), 28)
    # its faces project to a disc on both sides of three axes
    assert roughness(smooth) == pytest.approx(np.pi / (4 * np.pi / 3) ** (2 / 3), rel=0.02)
    crumbs = np.zeros((16, 16, 16), bool)
    crumbs[::2, ::2, ::2] = True
    assert roughness(crumbs) == pytest.approx(512 ** (1 / 3))


def test_volumes_and_parts_are_counted():
    brain = np.ones((20, 20, 20), bool)
    lesion = np.zeros_like(brain)
    lesion[2:6, 2:6, 2:6] = True
    lesion[10:12, 10:12, 10:12] = True
    core = np.zeros_like(brain)
    core[2:4, 2:6, 2:6] = True
    found = shape_figures(brain, {"lesion": lesion, "core": core})
    assert found["shape/brain volume"] == pytest.approx(64.0)
    assert found["shape/lesion volume"] == pytest.approx(0.576)
    assert found["shape/lesion parts"] == 2
    assert found["shape/lesion largest share"] == pytest.approx(64 / 72)
    assert found["shape/core share"] == pytest.approx(32 / 72)
    assert found["shape/lesion roughness"] == pytest.approx(1.0)


def test_the_rim_is_what_lies_near_the_mask_s_border():
    depth = np.arange(30, dtype=float).reshape(30, 1, 1)
    image = np.where((depth > 0) & (depth <= 4), 3.0, -1.0)
    assert rim_figures(image, depth) == {"rim median": 3.0, "rim 99": 3.0}


def test_ranks_agree_with_scipy():
    generator = np.random.default_rng(3)
    population = generator.integers(0, 9, 40).astype(float)
    for value in (-1.0, 0.0, 3.0, 4.5, 9.0):
        assert percentile_rank(value, population) == pytest.approx(stats.percentileofscore(population, value, "mean"))


def test_lesions_are_compared_within_their_disease():
    phantoms = [Measured(f"g{n}", "glioma", {"FLAIR/lesion contrast": 5.0 + n, "T1/edges": n}) for n in range(10)]
    phantoms += [Measured(f"m{n}", "ms", {"FLAIR/lesion contrast": 0.1 * n, "T1/edges": n}) for n in range(10)]
    real = [
        Measured("a", "ms", {"FLAIR/lesion contrast": 0.45, "T1/edges": 99.0}),
        Measured("b", None, {"FLAIR/lesion contrast": 0.45, "T1/edges": 4.5}),
    ]
    found = {(place.case, place.statistic): place for place in places(real, phantoms)}
    assert found["a", "FLAIR/lesion contrast"].rank == 50
    assert found["a", "FLAIR/lesion contrast"].phantoms == 10
    assert ("b", "FLAIR/lesion contrast") not in found
    assert not found["a", "T1/edges"].inside
    assert found["b", "T1/edges"].phantoms == 20
    assert share_inside(list(found.values())) == {"FLAIR/lesion contrast": 1.0, "T1/edges": 0.5}
    rows = table(list(found.values())).splitlines()
    assert [row for row in rows if "a 99.00" in row and row.startswith("| T1/edges |")]
    assert [row for row in rows if row.startswith("| FLAIR/lesion contrast (ms) |") and row.endswith("| 50 | – |")]


def test_a_phantom_is_measured_in_all_sequences():
    specimen = phantom_specimen(3, "glioma", load_atlas())
    assert specimen.detail["T1"].shape == (DETAIL_VOXELS,) * 3
    figures = measure(specimen)
    assert all(np.isfinite(value) for value in figures.values())
    for sequence in ("T1", "T1ce", "T2", "FLAIR", "DWI"):
        values = specimen.images[sequence][specimen.brain]
        assert abs(values.mean()) < 1e-3
        assert values.std() == pytest.approx(1, abs=1e-3)
        assert figures[f"{sequence}/quantile 50"] == pytest.approx(float(np.median(values)), abs=1e-6)
        assert f"{sequence}/lesion contrast" in figures


def test_the_command_writes_its_report_and_skips_whole_heads(tmp_path, capsys):
    generator = np.random.default_rng(4)
    shape = (80, 90, 80)
    image = np.where(ball(shape, (40, 45, 40), 34), 100 + 10 * generator.standard_normal(shape), 0).astype(np.float32)
    lesion = ball(shape, (50, 45, 40), 8)
    image[lesion] += 40

    def write(name, array):
        volume = sitk.GetImageFromArray(array.transpose(2, 1, 0))
        sitk.WriteImage(volume, str(tmp_path / name))

    write("flair.nii.gz", image)
    write("lesion.nii.gz", lesion.astype(np.uint8))
    case = {"modalities": {"FLAIR": "flair.nii.gz"}, "label": "lesion.nii.gz", "scheme": "lesion"}
    cases = [
        {"id": "one", **case, "brain_extracted": True, "disease": "multiple sclerosis"},
        {"id": "head", **case, "brain_extracted": False},
    ]
    datalist = tmp_path / "list.json"
    datalist.write_text(json.dumps({"name": "two", "cases": cases}))
    output = tmp_path / "out"
    assert main(["--datalist", str(datalist), "--output", str(output), "--cases", "5"]) == 0
    assert "head is skipped" in capsys.readouterr().err
    document = json.loads((output / "realism.json").read_text())
    assert [case["name"] for case in document["real"]] == ["one"]
    assert {case["kind"] for case in document["phantoms"]} == {"ms"}
    contrast = document["real"][0]["figures"]["FLAIR/lesion contrast"]
    brain = image[image != 0]
    assert contrast == pytest.approx(40 / brain.std(), rel=0.03)
    assert "| FLAIR/quantile 50 |" in (output / "realism.md").read_text()
    assert {path.name for path in output.glob("*.png")} == {"phantom_intensities.png", "phantom_lesions.png"}
    assert main(["--datalist", str(tmp_path / "none.json"), "--output", str(output)]) == 2
