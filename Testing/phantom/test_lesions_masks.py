"""Real masks as shapes: space, orientation, components, exclusion, and cases that are shaped by them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK
import torch

from MissingModalitySegLib.errors import InputError
from MissingModalitySegTraining.phantom.atlas import load_atlas
from MissingModalitySegTraining.phantom.lesions import (
    Lesions,
    lesion_fractions,
    open_mask_folder,
    regions,
    sample_lesions,
)
from MissingModalitySegTraining.phantom.lesions.blocks import Blocks
from MissingModalitySegTraining.phantom.lesions.ground import BRAIN_GRID
from MissingModalitySegTraining.phantom.lesions.masks import (
    MaskShape,
    load_mask,
    mask_ball,
    mask_levels,
    mask_reach,
    mask_volume_ml,
    sample_mask_shape,
)
from MissingModalitySegTraining.phantom.records import from_record, to_record
from MissingModalitySegTraining.phantom.space import Grid

UNCHANGED = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def write_mask(path, balls, size=(91, 109, 91), spacing=2.0, low=(-90, -126, -72), flipped=False):
    """Balls (x, y, z, radius) in RAS mm, in a volume whose first voxel lies at `low`; `flipped` stores x reversed."""
    axes = [lo + spacing * np.arange(n) for lo, n in zip(low, size, strict=True)]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    inside = np.zeros(size, np.uint8)
    for cx, cy, cz, radius in balls:
        inside |= ((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 <= radius**2).astype(np.uint8)
    first = list(low)
    direction = np.diag([-1.0, -1.0, 1.0])  # RAS axes in ITK's LPS
    if flipped:
        inside = inside[::-1]
        first[0] = axes[0][-1]
        direction[0, 0] = 1.0
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(inside.transpose(2, 1, 0)))
    image.SetSpacing((spacing,) * 3)
    image.SetOrigin((-first[0], -first[1], first[2]))
    image.SetDirection(direction.ravel().tolist())
    path.parent.mkdir(parents=True, exist_ok=True)
    SimpleITK.WriteImage(image, str(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("masks")
    write_mask(root / "ms" / "a.nii.gz", [(24, -20, 24, 5), (-26, 10, 22, 7), (30, 30, 10, 4)])
    write_mask(root / "ms" / "b.nii.gz", [(20, 0, 28, 8)], flipped=True)
    write_mask(root / "stroke" / "c.nii.gz", [(45, -10, 20, 20)])
    return open_mask_folder(root)


def shape_of(name, kept=()):
    return MaskShape(name, UNCHANGED, (0.0, 0.0, 0.0), 0.0, 0, 0.0, kept)


@pytest.mark.parametrize("name", ["ms/a.nii.gz", "ms/b.nii.gz", "stroke/c.nii.gz"])
def test_unchanged_mask_comes_back_where_it_was(folder, name):
    centre = {"a": (-26, 10, 22, 7), "b": (20, 0, 28, 8), "c": (45, -10, 20, 20)}[name[-8]]
    points = Grid.centred(centre[:3], 1.0, (40, 40, 40)).points()
    level = mask_levels(points.reshape(1, -1, 3), shape_of(name), folder)[0]
    distance = centre[3] - (points.reshape(-1, 3) - torch.tensor(centre[:3])).norm(dim=-1)
    near = distance.abs() < 4
    assert float((level - distance)[near].abs().mean()) < 0.8
    assert float(((level > 0) ^ (distance > 0)).sum()) / float((distance > 0).sum()) < 0.2


def test_orientation_of_the_file_does_not_matter(folder, tmp_path):
    balls = [(24, -20, 24, 6), (-40, 12, 8, 9)]
    write_mask(tmp_path / "plain.nii.gz", balls)
    write_mask(tmp_path / "flipped.nii.gz", balls, flipped=True)
    plain, flipped = (load_mask(tmp_path / f"{name}.nii.gz") for name in ("plain", "flipped"))
    torch.testing.assert_close(plain.depth, flipped.depth)
    assert plain.origin_mm == pytest.approx(flipped.origin_mm)


def test_components_can_be_left_out(folder):
    mask = load_mask(folder.folder / "ms" / "a.nii.gz")
    assert len(mask.sizes_mm3) == 3
    points = torch.tensor([[[24.0, -20, 24], [-26.0, 10, 22], [30.0, 30, 10]]])
    for kept in range(1, 4):
        inside = mask_levels(points, shape_of("ms/a.nii.gz", (kept,)), folder)[0] > 0
        assert int(inside.sum()) == 1
    assert bool((mask_levels(points, shape_of("ms/a.nii.gz"), folder) > 0).all())


def test_volume_and_ball(folder):
    shape = shape_of("ms/b.nii.gz")
    assert mask_volume_ml(shape, folder) == pytest.approx(4 / 3 * np.pi * 8**3 / 1000, rel=0.1)
    centre, radius = mask_ball(shape, folder)
    assert centre == pytest.approx((20, 0, 28), abs=0.5)
    assert radius > 8


def test_reach_holds_all_of_a_changed_mask(folder):
    shape = sample_mask_shape(torch.Generator().manual_seed(4), folder, "ms")
    blocks = Blocks.of(BRAIN_GRID.points())
    inside = mask_levels(blocks.points, shape, folder) > 0
    assert bool(inside.any())
    assert set(torch.nonzero(inside.any(1))[:, 0].tolist()) <= set(mask_reach(blocks, shape, folder).tolist())


@pytest.mark.parametrize(("kind", "names"), [("ms", {"ms/a.nii.gz", "ms/b.nii.gz"}), ("stroke", {"stroke/c.nii.gz"})])
def test_cases_take_shapes_of_their_disease(folder, kind, names):
    atlas = load_atlas()
    used = set()
    for seed in range(6):
        lesions = sample_lesions(kind, torch.Generator().manual_seed(seed), atlas, folder, mask_share=1.0)
        shapes = [i.mask for i in lesions.infarcts] + [m for group in lesions.spots for m in group.masks]
        used |= {shape.name for shape in shapes if shape is not None}
        points = BRAIN_GRID.points()
        samples = atlas.sample(points[None])
        again = from_record(Lesions, json.loads(json.dumps(to_record(lesions))))
        shares = lesion_fractions(points, samples, 0, again, folder)
        assert bool(regions(shares)[0].any())
        assert torch.equal(shares, lesion_fractions(points, samples, 0, lesions, folder))
        with pytest.raises(InputError, match="no folder of masks was given"):
            lesion_fractions(points, samples, 0, lesions)
    assert used == names


def test_tumours_take_shapes_from_the_folder_itself(tmp_path):
    write_mask(tmp_path / "any.nii.gz", [(30, 20, 20, 18), (36, 2, 26, 10)])
    folder, atlas = open_mask_folder(tmp_path), load_atlas()
    for kind in ("glioma", "metastases"):
        lesions = sample_lesions(kind, torch.Generator().manual_seed(3), atlas, folder, mask_share=1.0)
        assert lesions.tumours[0].mask.name == "any.nii.gz"
        points = BRAIN_GRID.points()
        lesion, core, _ = regions(lesion_fractions(points, atlas.sample(points[None]), 0, lesions, folder))
        assert float(lesion.sum()) * 0.064 > 5
        assert 0 < int(core.sum()) <= int(lesion.sum())


def test_excluded_masks_are_never_used(folder):
    without = open_mask_folder(folder.folder, exclude=("a",))
    assert without.names("ms") == ("ms/b.nii.gz",)
    with pytest.raises(InputError, match="to exclude are not in"):
        open_mask_folder(folder.folder, exclude=("zz",))


@pytest.mark.parametrize(
    "space",
    [
        {"size": (60, 60, 60)},  # a crop
        {"low": (0, 0, 0)},  # another origin
        {"size": (120, 120, 78), "low": (-120, -120, -78)},  # a scanner's field of view
    ],
)
def test_masks_in_another_space_are_refused(tmp_path, space):
    write_mask(tmp_path / "odd.nii.gz", [(20, 0, 20, 8)], **space)
    with pytest.raises(InputError, match="not the box of MNI space") as caught:
        load_mask(tmp_path / "odd.nii.gz")
    assert caught.value.code == "mask-space"


def test_what_is_no_mask_is_refused(tmp_path):
    with pytest.raises(InputError, match="is not a folder"):
        open_mask_folder(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no NIfTI file"):
        open_mask_folder(tmp_path)
    write_mask(tmp_path / "empty.nii.gz", [])
    with pytest.raises(InputError, match="contains no lesion"):
        load_mask(tmp_path / "empty.nii.gz")
    (tmp_path / "broken.nii").write_bytes(b"no image")
    with pytest.raises(InputError, match="cannot be read"):
        load_mask(tmp_path / "broken.nii")


def test_disease_without_masks_is_named(tmp_path):
    write_mask(tmp_path / "ms" / "a.nii.gz", [(20, 0, 20, 8)])
    folder = open_mask_folder(tmp_path)
    with pytest.raises(InputError, match="no mask for stroke"):
        sample_mask_shape(torch.Generator(), folder, "stroke")
