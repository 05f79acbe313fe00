import numpy as np
import pytest
import torch
from monai.data.utils import compute_importance_map, dense_patch_slices
from monai.inferers.utils import _get_scan_interval

from MissingModalitySegLib.arrays.windows import gaussian_weights, windows


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.5, 0.8])
@pytest.mark.parametrize("shape", [(32, 40, 33), (16, 17, 47), (48, 16, 31)])
def test_windows_lie_where_monai_puts_them(shape, overlap):
    size = (16, 16, 16)
    steps = _get_scan_interval(shape, size, 3, (overlap,) * 3)
    expected = {tuple(part.start for part in slices) for slices in dense_patch_slices(shape, size, steps)}
    found = windows(shape, size, overlap)
    assert {box.start for box in found} == expected
    assert len(found) == len(expected)
    assert all(box.shape == size for box in found)


def test_a_window_larger_than_the_volume_is_centred_as_monai_pads():
    (box,) = windows((10, 16, 15), (16, 16, 16), 0.5)
    assert box.start == (-3, 0, 0)
    assert box.stop == (13, 16, 16)


def test_windows_cover_every_voxel():
    covered = np.zeros((21, 30, 17), bool)
    for box in windows(covered.shape, (8, 12, 16), 0.5):
        covered[tuple(slice(start, stop) for start, stop in zip(box.start, box.stop, strict=True))] = True
    assert covered.all()


@pytest.mark.parametrize("size", [(16, 16, 16), (8, 12, 32), (96, 96, 64)])
def test_weights_are_monais(size):
    assert torch.allclose(gaussian_weights(size), compute_importance_map(size, "gaussian", 0.125), atol=1e-7)
