"""Batches of crops from a cache."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Code
from MissingModalitySegTraining.data.cache import Cache, CacheOptions
from MissingModalitySegTraining.data.crops import CachedCrops

FIELDS = ("image", "code", "regions", "scored", "brain")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """Two cases whose voxels say where they are: channel 0 holds x, 1 y, 2 z, 3 the case."""
    cache = Cache(tmp_path / "cache", CacheOptions(precision="float32"))
    for number, (name, shape, code) in enumerate(
        [("a", (20, 22, 18), "T1+T1ce+T2+FLAIR"), ("b", (16, 16, 16), "T1+T1ce+T2+FLAIR+DWI")]
    ):
        axes = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij")
        channels = np.stack([*axes, np.full(shape, number), np.ones(shape)]).astype(np.float32)
        labels = np.zeros(shape, np.uint8)
        labels[3:5, 4:6, 5] = 3
        labels[10, 10, 10] = 2
        cache.add(
            name,
            channels,
            Code.parse(code),
            labels,
            ("lesion",) if name == "b" else ("lesion", "core", "enhancing"),
            np.ones(shape, bool),
        )
    return cache


def equal(one, other) -> bool:
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in FIELDS)


def test_a_batch_is_a_pure_function_of_seed_and_number(cache: Cache) -> None:
    crops = CachedCrops(cache, (8, 8, 8), 3, seed=5)
    first = [crops[i] for i in range(4)]
    again = CachedCrops(Cache(cache.folder), (8, 8, 8), 3, seed=5)
    assert all(equal(again[i], first[i]) for i in (3, 1, 0, 2))
    assert not equal(CachedCrops(cache, (8, 8, 8), 3, seed=6)[0], first[0])
    assert not equal(first[0], first[1])
    batch = first[0]
    assert [(tuple(getattr(batch, name).shape), getattr(batch, name).dtype) for name in FIELDS] == [
        ((3, 5, 8, 8, 8), torch.float32),
        ((3, 5), torch.float32),
        ((3, 3, 8, 8, 8), torch.float32),
        ((3, 3), torch.float32),
        ((3, 8, 8, 8), torch.bool),
    ]


def test_workers_give_the_same_batches(cache: Cache) -> None:
    class Four(torch.utils.data.Dataset):
        crops = CachedCrops(cache, (8, 8, 8), 2, seed=1)

        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int):
            return self.crops[index]

    loaded = list(DataLoader(Four(), batch_size=None, num_workers=2))
    assert all(equal(one, Four.crops[i]) for i, one in enumerate(loaded))


def test_crops_are_the_very_voxels_mirrored_as_a_whole(cache: Cache) -> None:
    """Coordinates run in steps of one, up or down; labels, image and mask are mirrored together."""
    crops = CachedCrops(cache, (8, 8, 8), 40, seed=2)
    batch = crops[0]
    directions = set()
    for image, regions, code, scored in zip(batch.image, batch.regions, batch.code, batch.scored, strict=True):
        for axis in range(3):
            steps = image[axis].diff(dim=axis)
            assert steps.unique().numel() == 1
            directions.add((axis, float(steps.unique())))
        case = "ab"[int(image[3, 0, 0, 0])]
        x, y, z = (image[axis].long().numpy() for axis in range(3))
        bits = np.array(cache[case].regions)[x, y, z]
        for i in range(3):
            np.testing.assert_array_equal(regions[i].numpy(), bits >> i & 1)
        assert code.tolist() == ([1, 1, 1, 1, 0] if case == "a" else [1, 1, 1, 1, 1])
        assert scored.tolist() == ([1, 1, 1] if case == "a" else [1, 0, 0])
        assert image[4].unique().tolist() == ([0.0] if case == "a" else [1.0])
    assert directions == {(axis, step) for axis in range(3) for step in (-1.0, 1.0)}
    unflipped = CachedCrops(cache, (8, 8, 8), 40, seed=2, flip=0.0)[0]
    assert all(float(image[axis].diff(dim=axis).min()) == 1 for image in unflipped.image for axis in range(3))


def test_the_share_of_crops_on_lesions(cache: Cache) -> None:
    """A crop on a lesion is centred on one of its voxels, moved inwards at the border."""
    centred = {}
    for share in (0.0, 0.8, 1.0):
        batch = CachedCrops(cache, (6, 6, 6), 400, seed=3, foreground=share, flip=0.0, ids=["a"])[0]
        starts = batch.image[:, :3, 0, 0, 0]
        lesion = [(x, y, 5) for x in (3, 4) for y in (4, 5)] + [(10, 10, 10)]
        wanted = {tuple(max(c - 3, 0) for c in voxel) for voxel in lesion}
        hits = [tuple(int(v) for v in start) in wanted for start in starts]
        centred[share] = sum(hits) / len(hits)
    assert centred[1.0] == 1
    assert abs(centred[0.8] - 0.8) < 4 * (0.16 / 400) ** 0.5 + 0.01
    assert centred[0.0] < 0.05


def test_every_place_can_come_up_and_the_border_is_never_crossed(cache: Cache) -> None:
    batch = CachedCrops(cache, (14, 14, 14), 600, seed=4, foreground=0.0, flip=0.0, ids=["b"])[0]
    starts = {tuple(int(v) for v in start) for start in batch.image[:, :3, 0, 0, 0]}
    assert starts == {(x, y, z) for x in range(3) for y in range(3) for z in range(3)}
    assert bool(batch.brain.all())


def test_small_volumes_are_padded(cache: Cache) -> None:
    batch = CachedCrops(cache, (24, 16, 20), 1, flip=0.0, ids=["b"])[0]
    assert batch.brain.sum() == 16**3
    assert bool(batch.brain[0, 4:20, :, 2:18].all())
    assert batch.image[0, :, :4].abs().sum() == 0
    assert batch.regions[0].sum(dim=(1, 2, 3)).tolist() == [5, 4, 4]
    assert bool(batch.regions[0, :, 4 + 3 : 4 + 5, 4:6, 2 + 5].all())


def test_only_slices_are_read(tmp_path: Path) -> None:
    """A quarter of a gigabyte as sparse files: drawing from it allocates little more than the crop."""
    cache = Cache(tmp_path / "cache", CacheOptions())
    cache.add("big", np.ones((5, 8, 8, 8)), Code.parse("T1"), np.zeros((8, 8, 8)))
    folder, shape = cache.entries / "big", (512, 512, 512)
    for name, dtype, full in (
        ("channels", "float16", (1, *shape)),
        ("regions", "uint8", shape),
        ("brain", "bool", shape),
    ):
        with (folder / f"{name}.npy").open("wb") as file:
            header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": full}
            np.lib.format.write_array_header_1_0(file, header)
            file.truncate(file.tell() + int(np.prod(full)) * np.dtype(dtype).itemsize)
    record = json.loads((folder / "entry.json").read_text())
    (folder / "entry.json").write_text(json.dumps(record | {"shape": list(shape)}))
    crops = CachedCrops(cache, (32, 32, 32), 1)
    crops[0]
    tracemalloc.start()
    crops[1]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * 2**20
    assert os.stat(folder / "channels.npy").st_size > 2**28


def test_an_empty_cache_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no case to train on"):
        CachedCrops(Cache(tmp_path / "cache", CacheOptions()))
