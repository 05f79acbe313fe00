"""The atlas: an honest partition of space, anatomy where anatomy is, and a cache that notices damage."""

import builtins

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from MissingModalitySegLib.errors import InputError
from MissingModalitySegTraining.phantom import atlas as atlas_module
from MissingModalitySegTraining.phantom.atlas import (
    TERRITORIES,
    Volume,
    _read_cache,
    _write_cache,
    load_atlas,
    pack,
    template_maps,
    territory,
    unpack,
)
from MissingModalitySegTraining.phantom.materials import TISSUES, Material
from MissingModalitySegTraining.phantom.space import Grid
from MissingModalitySegTraining.phantom.template import Lattice, Maps

WHOLE = Grid((-96.0, -130.0, -84.0), (3.0,) * 3, (65, 76, 62))


@pytest.fixture(scope="module")
def samples():
    return load_atlas().sample(WHOLE.points()[None])


def at(*place):
    return torch.tensor(place, dtype=torch.float32).reshape(1, 1, 1, 1, 3)


def material_at(*place):
    return Material(int(load_atlas().sample(at(*place)).fractions.flatten().argmax()))


def test_fractions_are_a_partition(samples):
    assert samples.fractions.shape == (1, len(TISSUES), *WHOLE.shape)
    assert samples.fractions.min() >= 0
    torch.testing.assert_close(samples.fractions.sum(1), torch.ones(1, *WHOLE.shape), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("place", "material"),
    [
        ((20, -30, 30), Material.WHITE_MATTER),
        ((12, -20, 8), Material.DEEP_GREY_MATTER),  # thalamus
        ((-12, -20, 8), Material.DEEP_GREY_MATTER),
        ((27, 0, 3), Material.DEEP_GREY_MATTER),  # putamen
        ((13, 16, 6), Material.DEEP_GREY_MATTER),  # caudate
        ((4, 10, 10), Material.CSF),  # lateral ventricle
        ((0, -26, -32), Material.BRAIN_STEM),  # pons
        ((20, 45, -2), Material.WHITE_MATTER),
        ((-38, -62, -52), Material.GREY_MATTER),  # cerebellar cortex
    ],
)
def test_known_places(place, material):
    """Materials at textbook coordinates."""
    assert material_at(*place) == material


def test_sampling_is_linear_interpolation():
    values = torch.randn((3, 6, 7, 8), generator=torch.Generator().manual_seed(0))
    volume = Volume.of(values, Lattice((-3.0, 5.0, 1.5), 2.0))
    points = torch.rand((2, 3, 4, 5, 3), generator=torch.Generator().manual_seed(1)) * 9 + torch.tensor([-3.0, 5, 1.5])
    indices = ((points - torch.tensor([-3.0, 5.0, 1.5])) / 2).movedim(-1, 0).double().numpy()
    expected = np.stack([map_coordinates(v.double().numpy(), indices, order=1, mode="nearest") for v in values], axis=1)
    torch.testing.assert_close(volume.read(points).double(), torch.from_numpy(expected), atol=1e-5, rtol=0)


def test_grey_and_white_matter_follow_the_source():
    """Sharpened, but in the same proportions, and where the source is sure the atlas agrees."""
    _, grey, white, origin = template_maps()
    grid = Grid(origin, (1.0,) * 3, grey.shape)
    axial = Grid((origin[0], origin[1], 30.0), (1.0,) * 3, (grid.shape[0], grid.shape[1], 1))
    plane = load_atlas().sample(axial.points()[None]).fractions[0, ..., 0]
    index = int(30 - origin[2])
    sure_grey, sure_white = grey[..., index] > 0.8, white[..., index] > 0.8
    near_ventricle = load_atlas().sample(axial.points()[None]).ventricle_distance[0, ..., 0].numpy() < 6
    assert plane[Material.GREY_MATTER].numpy()[sure_grey & ~near_ventricle].mean() > 0.9
    assert plane[Material.WHITE_MATTER].numpy()[sure_white].mean() > 0.95


def test_ventricles_are_the_size_of_ventricles(samples):
    volume = float((samples.ventricle_distance < 0).sum()) * 27e-3
    assert 15 < volume < 45  # ml, at the atlas's size
    inside = samples.ventricle_distance < -2
    assert samples.fractions[:, [Material.CSF, Material.CHOROID_PLEXUS]].sum(1)[inside].mean() > 0.9


def test_distances_measure_millimetres():
    """Away from a border, a step along the gradient changes a distance by as much."""
    line = Grid((-30.0, 60.0, 40.0), (1.0, 1.0, 1.0), (1, 60, 1))
    distance = load_atlas().sample(line.points()[None]).surface_distance.flatten()
    steps = distance.diff()
    assert steps.abs().max() < 1.2
    outside = (distance > 2) & (distance < 9)
    assert steps[outside[:-1]].mean() == pytest.approx(1, abs=0.35)
    assert float(load_atlas().sample(at(20, -30, 30)).cortex_distance) > 2
    assert float(load_atlas().sample(at(20, -30, 30)).surface_distance) < -15


def test_hemisphere_follows_ras():
    assert float(load_atlas().sample(at(20, 0, 20)).hemisphere) == 1
    assert float(load_atlas().sample(at(-20, 0, 20)).hemisphere) == -1


def test_cerebellum_lies_low_and_behind(samples):
    inside = (samples.cerebellum > 0.5) & (samples.surface_distance < 0)
    volume = float(inside.sum()) * 27e-3
    assert 90 < volume < 260
    y, z = samples.points[..., 1][inside], samples.points[..., 2][inside]
    assert y.mean() < -50
    assert z.mean() < -25


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ((5, 50, 20), "anterior"),
        ((45, -10, 20), "middle"),
        ((-12, -90, 5), "posterior"),
        ((12, -20, 8), "posterior"),
        ((20, -65, -40), "vertebrobasilar"),
        ((0, -26, -32), "vertebrobasilar"),
    ],
)
def test_territories(place, name):
    assert TERRITORIES[int(load_atlas().sample(at(*place)).territory)] == name


def test_territory_is_symmetric():
    points = torch.rand((500, 3), generator=torch.Generator().manual_seed(0)) * 160 - torch.tensor([80.0, 110, 60])
    nowhere = torch.zeros(500, dtype=torch.bool)
    mirrored = points * torch.tensor([-1.0, 1.0, 1.0])
    assert torch.equal(territory(points, nowhere), territory(mirrored, nowhere))


def tiny_maps():
    generator = np.random.default_rng(0)
    lattice = Lattice((0.0, 0.0, 0.0), 1.0)
    counts = {"fine": 4, "coarse": 7, "head": 6, "push": 3}
    return Maps(**{name: (generator.random((n, 4, 4, 4), np.float32) / 8, lattice) for name, n in counts.items()})


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "missing"])
def test_a_damaged_cache_is_noticed_and_made_again(tmp_path, monkeypatch, damage):
    monkeypatch.setattr(atlas_module, "template_maps", lambda: ())
    monkeypatch.setattr(atlas_module, "build_maps", tiny_maps)
    load = load_atlas.__wrapped__  # without the memory of earlier calls
    first = load("cpu", tmp_path)
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        flipped = content[:-1] + bytes([content[-1] ^ 1])
        path.write_bytes({"flip": flipped, "cut": content[: len(content) // 2], "empty": b""}[damage])
        assert _read_cache(path) is None
    again = load("cpu", tmp_path)
    assert torch.equal(first.fine.values, again.fine.values)
    assert path.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_good_cache_needs_no_source(tmp_path, monkeypatch):
    stored = pack(tiny_maps())
    _write_cache(tmp_path / f"atlas-{atlas_module.VERSION}.safetensors", stored)
    monkeypatch.setattr(atlas_module, "template_maps", lambda: pytest.fail("the cache was not used"))
    loaded = load_atlas.__wrapped__("cpu", tmp_path)
    assert torch.equal(loaded.coarse.values, unpack(stored, torch.device("cpu")).coarse.values)


def test_an_unwritable_folder_only_costs_time(tmp_path, monkeypatch):
    monkeypatch.setattr(atlas_module, "template_maps", lambda: ())
    monkeypatch.setattr(atlas_module, "build_maps", tiny_maps)
    occupied = tmp_path / "file"
    occupied.write_text("")
    assert load_atlas.__wrapped__("cpu", occupied / "folder").fine.values.shape == (1, 4, 4, 4, 4)


def test_without_nilearn_the_message_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.startswith("nilearn"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(InputError, match="nilearn") as caught:
        template_maps()
    assert caught.value.code == "atlas-source-missing"
    assert "pip install" in caught.value.hint
