import math
import warnings
from itertools import product

import numpy as np
import pytest
import torch
from monai.metrics import compute_hausdorff_distance

from MissingModalitySegLib.measures.surface import hausdorff_95

from .random_masks import EMPTY, cube, pairs


def by_loops(found: np.ndarray, truth: np.ndarray, spacing: tuple[float, float, float]) -> float:
    """The definition written out: surfaces by looking at six neighbours, every distance, linear percentile."""

    def surface(mask: np.ndarray) -> list[tuple[int, ...]]:
        voxels = {tuple(index) for index in np.argwhere(mask).tolist()}
        steps = [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]
        return [v for v in voxels if any((v[0] + x, v[1] + y, v[2] + z) not in voxels for x, y, z in steps)]

    def directed(start: list, end: list) -> float:
        nearest = sorted(
            min(math.dist(*[[i * s for i, s in zip(p, spacing, strict=True)] for p in (one, other)]) for other in end)
            for one in start
        )
        rank = 0.95 * (len(nearest) - 1)
        low = int(rank)
        high = min(low + 1, len(nearest) - 1)
        return nearest[low] + (rank - low) * (nearest[high] - nearest[low])

    ends = surface(found), surface(truth)
    return max(directed(*ends), directed(*reversed(ends)))


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 1.0, 3.0)])
def test_it_is_monais_and_the_definition(spacing: tuple[float, float, float]) -> None:
    for i, (found, truth) in enumerate(pairs()):
        masks = [torch.from_numpy(mask)[None, None].float() for mask in (found, truth)]
        monai = compute_hausdorff_distance(*masks, include_background=True, percentile=95, spacing=spacing).item()
        assert hausdorff_95(found, truth, spacing) == pytest.approx(monai, abs=1e-5)
        if i % 3 == 0:
            assert hausdorff_95(found, truth, spacing) == pytest.approx(by_loops(found, truth, spacing))


def test_cubes_by_hand() -> None:
    assert hausdorff_95(cube((1, 1, 1)), cube((1, 1, 4)), (1, 1, 2)) == 6
    assert hausdorff_95(cube((0, 0, 0)), cube((0, 0, 0)), (1, 1, 1)) == 0
    found = cube((0, 0, 0)) | cube((9, 7, 11))  # half of what was found is far away
    assert hausdorff_95(found, cube((0, 0, 0)), (1, 1, 1)) > 10
    assert hausdorff_95(found, cube((0, 0, 0)), (1, 1, 1)) == hausdorff_95(cube((0, 0, 0)), found, (1, 1, 1))


def test_empty_masks() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert hausdorff_95(EMPTY, EMPTY, (1, 1, 1)) == 0
        assert hausdorff_95(cube((1, 1, 1)), EMPTY, (1, 1, 1)) == math.inf
        assert hausdorff_95(EMPTY, cube((1, 1, 1)), (1, 1, 1)) == math.inf


def test_every_voxel_moved_by_one_is_one_voxel_off() -> None:
    for axis, start in product(range(3), [(1, 1, 1), (4, 3, 5)]):
        mask = cube(start, 3)
        assert hausdorff_95(np.roll(mask, 1, axis), mask, (1.0, 2.0, 3.0)) == axis + 1
