"""Phantoms as files: volumes in physical space, truth, runs that repeat, stop and go on."""

import errno
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from MissingModalitySegLib.datalists import missing_files, read_datalist
from MissingModalitySegLib.errors import InputError, ResourceError
from MissingModalitySegLib.modalities import MODALITIES, Modality
from MissingModalitySegTraining.phantom import engine
from MissingModalitySegTraining.phantom.atlas import load_atlas
from MissingModalitySegTraining.phantom.cut import Cut
from MissingModalitySegTraining.phantom.geometry import native_geometry
from MissingModalitySegTraining.phantom.misalignment import move
from MissingModalitySegTraining.phantom.output import make, make_again, plan, runs, simulate
from MissingModalitySegTraining.phantom.output.volumes import Volume, as_integers, write_volume
from MissingModalitySegTraining.phantom.space import Grid

COARSE = 7.0
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def atlas():
    return load_atlas(CPU)


@pytest.fixture(scope="module")
def research(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("research")
    run = plan(2, ["ms", "glioma"], seed=11, spacing_mm=COARSE)
    list(make(run, 2, folder))
    return folder


@pytest.fixture(scope="module")
def clinic(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clinic")
    run = plan(1, ["glioma"], "clinic", seed=12, spacing_mm=4.0)
    list(make(run, 1, folder))
    return folder


def voxels(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.nii.gz"))
    }


def oblique() -> Volume:
    rotation = Rotation.from_rotvec([0.3, -0.2, 0.5]).as_matrix()
    affine = np.eye(4)
    affine[:3, :3] = rotation * [0.9, 1.1, 4.0]
    affine[:3, 3] = [-80.25, 12.5, -33.0]
    return Volume(np.random.default_rng(0).integers(0, 3000, (5, 6, 4)).astype(np.int16), affine)


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd"])
@pytest.mark.parametrize("axes", [(), (0,), (1, 2), (0, 1, 2)])
def test_files_keep_every_voxel_in_its_place(tmp_path, ending, axes):
    volume = oblique()
    write_volume(volume.flipped(axes), tmp_path / f"a{ending}")
    image = sitk.ReadImage(str(tmp_path / f"a{ending}"))
    assert image.GetPixelID() == sitk.sitkInt16
    for index in [(0, 0, 0), (4, 0, 1), (2, 5, 3)]:
        place = volume.affine[:3, :3] @ index + volume.affine[:3, 3]
        lps = [-float(place[0]), -float(place[1]), float(place[2])]
        assert image[image.TransformPhysicalPointToIndex(lps)] == volume.array[index]
        continuous = image.TransformPhysicalPointToContinuousIndex(lps)
        assert np.allclose(continuous, np.round(continuous), atol=1e-4)


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd"])
def test_the_same_volume_gives_the_same_bytes(tmp_path, ending):
    for name in "ab":
        write_volume(oblique(), tmp_path / f"{name}{ending}")
    assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()


@settings(deadline=None)
@given(st.floats(1e-3, 1e7), st.integers(0, 9))
def test_integers_keep_eleven_bits_and_clip_nothing(peak, seed):
    image = np.random.default_rng(seed).random((4, 4, 4)) * peak
    stored = as_integers(image)
    factor = stored.max() / image.max()
    assert stored.dtype == np.int16
    assert 2048 <= stored.max() <= 32767
    assert 2.0 ** round(np.log2(factor)) == pytest.approx(factor, rel=1e-3)
    assert np.abs(stored - image * 2.0 ** round(np.log2(factor))).max() <= 0.5


def test_an_empty_image_stays_empty():
    assert not as_integers(np.zeros((2, 2, 2))).any()


@pytest.mark.parametrize("cut", [None, Cut((0.0, -0.28, 0.96), 30.0)])
def test_a_research_case_is_what_the_engine_renders(atlas, cut):
    case = engine.sample_case(4, "glioma", atlas)
    case = replace(case, acquisition=replace(case.acquisition, cut=cut))
    rendered = simulate(case, atlas, spacing_mm=COARSE)
    t1 = rendered.sequences[Modality.T1].image
    grid = Grid(tuple(t1.affine[:3, 3]), (COARSE,) * 3, t1.array.shape)
    whole = engine.render([case], [grid], atlas)
    for channel, modality in enumerate(MODALITIES):
        written = rendered.sequences[modality]
        assert np.array_equal(written.brain.array, whole.brain[0].numpy())
        assert np.abs(written.image.array - as_integers(whole.images[0, channel].numpy()).astype(int)).max() <= 1
        assert not written.image.array[written.brain.array == 0].any()
    lesion, core, enhancing = whole.regions[0].numpy()
    expected = np.select([enhancing, core, lesion], [3, 1, 2], 0)
    assert lesion.any()
    assert (rendered.labels.array != expected).mean() < 1e-3
    edges = rendered.sequences[Modality.T1].brain.array
    assert not np.concatenate([edges[[0, -1]].ravel(), edges[:, [0, -1]].ravel(), edges[:, :, [0, -1]].ravel()]).any()


@pytest.mark.parametrize("mode", ["research", "clinic"])
def test_the_number_of_threads_does_not_change_a_voxel(atlas, mode):
    case = engine.sample_case(5, "ms", atlas, mode)
    one, three = (simulate(case, atlas, spacing_mm=COARSE, workers=workers) for workers in (1, 3))
    assert np.array_equal(one.labels.array, three.labels.array)
    assert np.array_equal(one.tissue.array, three.tissue.array)
    for modality in MODALITIES:
        assert np.array_equal(one.sequences[modality].image.array, three.sequences[modality].image.array)


def test_clinical_truth_lies_on_what_the_reference_shows(atlas):
    case = engine.sample_case(21, "glioma", atlas, "clinic")
    spacing = 2.5
    rendered = simulate(case, atlas, spacing_mm=spacing)
    channel = MODALITIES.index(rendered.reference)
    labels = rendered.labels
    sizes = {m: round(float(np.prod(s.image.spacing)), 4) for m, s in rendered.sequences.items()}
    assert sizes[rendered.reference] == min(sizes.values())
    assert labels.array.shape == rendered.sequences[rendered.reference].image.array.shape

    index = np.stack(np.meshgrid(*(np.arange(n) for n in labels.array.shape), indexing="ij"), axis=-1)
    points = torch.from_numpy(index @ labels.affine[:3, :3].T + labels.affine[:3, 3]).float()
    moved = move(points, case.acquisition.sequences[channel].misalignment)
    truth = engine.render_ideal(moved[None], [case], atlas, head=False).regions[0, 0].numpy()
    found = labels.array > 0
    assert 2 * (truth & found).sum() / (truth.sum() + found.sum()) > 0.85


def test_clinical_sequences_are_as_the_scanner_stores_them(atlas):
    case = engine.sample_case(22, "none", atlas, "clinic")
    rendered = simulate(case, atlas, spacing_mm=5.0)
    orientations = set()
    for modality, drawn in zip(MODALITIES, case.acquisition.sequences, strict=True):
        sequence = rendered.sequences[modality]
        coarser = replace(drawn, in_plane_mm=max(5.0, drawn.in_plane_mm), slice_mm=max(5.0, drawn.slice_mm))
        geometry = native_geometry(coarser, (0.0, 0.0, 0.0), (100.0, 100.0, 100.0))
        turned = np.linalg.inv(np.array(geometry.direction)) @ (sequence.image.affine[:3, :3] / sequence.image.spacing)
        assert np.allclose(np.abs(turned), np.eye(3), atol=1e-6)
        assert np.allclose(sequence.image.spacing, geometry.spacing)
        inside = sequence.image.array[sequence.brain.array > 0]
        assert 900e3 < inside.size * np.prod(geometry.spacing) < 2300e3
        assert (sequence.image.array > 0.2 * np.median(inside))[sequence.brain.array == 0].mean() > 0.05  # the head
        orientations.add(tuple(np.diag(turned).round().astype(int)))
    assert not rendered.labels.array.any()
    assert len(orientations) > 1


@pytest.mark.parametrize(("cut", "side"), [(Cut((0.0, 0.0, 1.0), 40.0), 1), (Cut((0.0, 0.0, -1.0), 30.0), -1)])
def test_clinical_slices_end_where_the_field_of_view_does(atlas, cut, side):
    case = engine.sample_case(23, "none", atlas, "clinic")
    level = tuple(replace(one, tilt_deg=(0.0, 0.0, 0.0)) for one in case.acquisition.sequences)
    case = replace(case, acquisition=replace(case.acquisition, sequences=level, cut=cut))
    for sequence in simulate(case, atlas, spacing_mm=8.0).sequences.values():
        corners = np.array([(0, 0, 0), np.array(sequence.image.array.shape) - 1])
        heights = side * (corners @ sequence.image.affine[2, :3] + sequence.image.affine[2, 3])
        assert abs(heights.max() - cut.distance_mm) <= 8  # within a voxel
        assert sequence.brain.array.any(axis=(0, 1)).any()


def test_the_folder_of_a_research_case(research):
    datalist = read_datalist(research / "datalist.json")
    assert missing_files(datalist) == []
    assert [case.id for case in datalist.cases] == ["0000-ms", "0001-glioma"]
    ms, glioma = datalist.cases
    assert (ms.scheme, glioma.scheme) == ("lesion", "glioma")
    assert ms.label.name == "label_lesion.nii.gz"
    assert glioma.label.name == "label_glioma.nii.gz"
    assert glioma.metadata["label_lesion"] == "0001-glioma/label_lesion.nii.gz"
    assert ms.brain_extracted
    assert ms.aligned
    assert ms.dataset == "phantom"
    assert ms.subject != glioma.subject
    for case in datalist.cases:
        images = [sitk.ReadImage(str(path)) for path in case.files]
        assert len({(i.GetSize(), i.GetOrigin(), i.GetSpacing(), i.GetDirection()) for i in images}) == 1
        folder = case.label.parent
        three = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "label_glioma.nii.gz")))
        two = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "label_lesion.nii.gz")))
        assert np.array_equal(two, three > 0)
        record = json.loads((folder / "parameters.json").read_text())
        assert record["volumes_ml"]["lesion"] == pytest.approx(two.sum() * COARSE**3 / 1000, abs=1e-3)
        assert (folder / "contact.png").stat().st_size < 500_000


def test_the_folder_of_a_clinical_case(clinic):
    (case,) = read_datalist(clinic / "datalist.json").cases
    assert not case.aligned
    assert not case.brain_extracted
    assert case.brain_mask is None
    assert set(case.brain_masks) == set(MODALITIES)
    for modality, path in case.modalities.items():
        image, mask = sitk.ReadImage(str(path)), sitk.ReadImage(str(case.brain_masks[modality]))
        assert image.GetSize() == mask.GetSize()
        assert np.allclose(image.GetOrigin(), mask.GetOrigin())
    reference = json.loads((case.label.parent / "parameters.json").read_text())["reference"]
    label = sitk.ReadImage(str(case.label))
    assert label.GetSize() == sitk.ReadImage(str(case.modalities[Modality(reference)])).GetSize()


def test_a_case_does_not_depend_on_how_many_there_are(research, tmp_path):
    list(make(plan(1, ["ms", "glioma"], seed=11, spacing_mm=COARSE), 1, tmp_path))
    assert voxels(tmp_path / "0000-ms") == voxels(research / "0000-ms")
    assert voxels(tmp_path / "0000-ms") != voxels(research / "0001-glioma")


def test_several_processes_make_the_same_voxels(research, tmp_path):
    run = plan(3, ["ms", "glioma"], seed=11, spacing_mm=COARSE)
    made = list(make(run, 3, tmp_path, jobs=2))
    assert {one.case_id for one in made} == {"0000-ms", "0001-glioma", "0002-ms"}
    for case_id in ("0000-ms", "0001-glioma"):
        assert voxels(tmp_path / case_id) == voxels(research / case_id)
    assert len(read_datalist(tmp_path / "datalist.json").cases) == 3


@pytest.mark.parametrize("which", ["research", "clinic"])
def test_a_record_repeats_its_case(which, request, tmp_path):
    folder = request.getfixturevalue(which)
    (record,) = folder.glob("*-glioma/parameters.json")
    list(make_again(record, tmp_path))
    again = voxels(tmp_path / record.parent.name)
    assert len(again) >= 9
    assert again == voxels(record.parent)


def test_a_rerun_makes_only_what_is_missing(research, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(research, folder)
    kept = voxels(folder / "0001-glioma")
    stamp = (folder / "0001-glioma" / "T1.nii.gz").stat().st_mtime_ns
    shutil.rmtree(folder / "0000-ms")
    (folder / ".0000-ms.part").mkdir()  # what a killed run leaves
    made = list(make(plan(2, ["ms", "glioma"], seed=11, spacing_mm=COARSE), 2, folder))
    assert [one.case_id for one in made if one.seconds] == ["0000-ms"]
    assert (folder / "0001-glioma" / "T1.nii.gz").stat().st_mtime_ns == stamp
    assert voxels(folder / "0001-glioma") == kept
    assert voxels(folder) == voxels(research)
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"seed": 12}, "seed"),
        ({"mode": "clinic"}, "mode"),
        ({"kinds": ["ms"]}, "kinds"),
        ({"spacing_mm": 3.0}, "spacing"),
    ],
)
def test_a_folder_of_another_run_is_refused(research, change, word):
    before = voxels(research)
    asked = {"kinds": ["ms", "glioma"], "seed": 11, "spacing_mm": COARSE} | change
    with pytest.raises(InputError, match=word) as caught:
        list(make(plan(2, **asked), 2, research))
    assert caught.value.code == "output-of-another-run"
    assert voxels(research) == before


def test_datalists_and_cases_of_others_are_not_overwritten(research, tmp_path):
    (tmp_path / "datalist.json").write_text('{"name": "mine", "cases": []}')
    run = plan(1, ["ms"])
    with pytest.raises(InputError, match="no datalist of phantoms"):
        list(make(run, 1, tmp_path))
    assert "mine" in (tmp_path / "datalist.json").read_text()
    other = tmp_path / "other"
    shutil.copytree(research, other)
    (other / "datalist.json").unlink()
    with pytest.raises(InputError, match=r"no datalist\.json"):
        list(make(run, 1, other))


def test_a_full_disk_leaves_complete_cases_only(research, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    shutil.copytree(research, folder)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runs, "write_case", full)
    with pytest.raises(ResourceError, match="full") as caught:
        list(make(plan(3, ["ms", "glioma"], seed=11, spacing_mm=COARSE), 3, folder))
    assert caught.value.hint
    assert {path.name for path in folder.iterdir()} == {"0000-ms", "0001-glioma", "datalist.json"}
    assert len(read_datalist(folder / "datalist.json").cases) == 2


def test_an_output_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        list(make(plan(1, ["ms"]), 1, tmp_path / "file"))
    assert caught.value.code == "output-not-writable"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"cases": 0}, "bad-number-of-cases"),
        ({"seed": -1}, "bad-seed"),
        ({"kinds": ["mumps"]}, "unknown-kind"),
        ({"kinds": []}, "unknown-kind"),
        ({"mode": "hospital"}, "unknown-mode"),
        ({"file_format": "analyze"}, "unknown-format"),
        ({"spacing_mm": 0.0}, "bad-spacing"),
        ({"lesion_masks": "/nowhere/at/all"}, None),
    ],
)
def test_impossible_settings_are_refused_before_anything_is_written(asked, code):
    with pytest.raises(InputError) as caught:
        plan(**({"cases": 1, "kinds": ["ms"]} | asked))
    assert code is None or caught.value.code == code
    assert caught.value.hint


def test_masks_in_another_space_are_refused(tmp_path):
    masks = tmp_path / "masks"
    masks.mkdir()
    sitk.WriteImage(sitk.Image(20, 20, 20, sitk.sitkUInt8) + 1, str(masks / "patient.nii.gz"))
    run = plan(4, ["ms"], seed=1, spacing_mm=8.0, lesion_masks=masks)
    with pytest.raises(InputError, match=r"patient\.nii\.gz"):  # some case in four takes its shape from a mask
        list(make(run, 4, tmp_path / "out", masks))
    assert not list((tmp_path / "out").glob(".*"))


def test_records_that_are_none_are_refused(research, tmp_path):
    broken = tmp_path / "parameters.json"
    record = json.loads((research / "0000-ms" / "parameters.json").read_text())
    for content in ("no json", "[]", "{}", json.dumps(record | {"case": {}}), json.dumps(record | {"version": "0.0"})):
        broken.write_text(content)
        with pytest.raises(InputError):
            make_again(broken, tmp_path / "out")
    with pytest.raises(InputError):
        make_again(tmp_path / "absent.json", tmp_path / "out")
