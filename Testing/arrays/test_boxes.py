import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from MissingModalitySegLib.arrays.boxes import Box, bounding_box, cut, grow_to_multiple, paste


def test_bounding_box_is_numpys() -> None:
    mask = torch.zeros(9, 8, 7, dtype=torch.bool)
    mask[2, 3, 4] = mask[5, 3, 6] = True
    low, high = np.argwhere(mask.numpy()).min(0), np.argwhere(mask.numpy()).max(0) + 1
    assert bounding_box(mask) == Box(tuple(low), tuple(high))
    assert bounding_box(mask, margin=2) == Box(tuple(low - 2), tuple(high + 2))


def test_empty_mask_means_everything() -> None:
    assert bounding_box(torch.zeros(3, 4, 5, dtype=torch.bool)) == Box((0, 0, 0), (3, 4, 5))


edges = st.tuples(*[st.tuples(st.integers(-4, 8), st.integers(1, 9)) for _ in range(3)])


@settings(deadline=None)
@given(edges, st.integers(1, 8))
def test_growing_keeps_the_box_inside_and_divides(pairs, multiple: int) -> None:
    box = Box(tuple(start for start, _ in pairs), tuple(start + length for start, length in pairs))
    grown = grow_to_multiple(box, multiple)
    for size, before, after in zip(
        grown.shape, zip(box.start, box.stop, strict=True), zip(grown.start, grown.stop, strict=True), strict=True
    ):
        assert size % multiple == 0
        assert after[0] <= before[0]
        assert after[1] >= before[1]
        assert size - (before[1] - before[0]) < multiple


@settings(deadline=None)
@given(edges)
def test_cut_equals_numpy_pad_and_paste_returns_it(pairs) -> None:
    box = Box(tuple(start for start, _ in pairs), tuple(start + length for start, length in pairs))
    volume = torch.arange(2 * 6 * 5 * 7, dtype=torch.float32).reshape(2, 6, 5, 7) + 1
    wide = np.pad(volume.numpy(), [(0, 0)] + [(20, 20)] * 3)
    expected = wide[(slice(None), *(slice(a + 20, b + 20) for a, b in zip(box.start, box.stop, strict=True)))]
    part = cut(volume, box)
    assert np.array_equal(part.numpy(), expected)
    back = paste(part, box, torch.zeros_like(volume))
    kept = cut(volume, box) == part
    assert kept.all()
    inside = back != 0
    assert torch.equal(back[inside], volume[inside])
    assert int(inside.sum()) == int((part != 0).sum())
