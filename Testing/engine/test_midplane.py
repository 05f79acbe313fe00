"""Left and right of brains that are turned, tilted, cut and lopsided."""

from __future__ import annotations

import numpy as np
import pytest

from MissingModalitySegLib.engine.midplane import find_midplane


def egg(turn: float, tilt: float, spacing: float, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """An egg, wider at the back, turned about z and tilted about y (radians); and every voxel's place from its middle,
    in mm along the egg's own axes."""
    shape = [round(length / spacing) for length in (180, 210, 170)]
    places = (np.indices(shape).transpose(1, 2, 3, 0) - (np.array(shape) - 1) / 2) * spacing - [shift, 0, 0]
    about_z = [[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    about_y = [[np.cos(tilt), 0, np.sin(tilt)], [0, 1, 0], [-np.sin(tilt), 0, np.cos(tilt)]]
    own = places @ np.array(about_z).T @ np.array(about_y).T
    half_width = 65 - own[..., 1] / 10
    return (own[..., 0] / half_width) ** 2 + (own[..., 1] / 85) ** 2 + (own[..., 2] / 60) ** 2 <= 1, own


@pytest.mark.parametrize(
    ("turn", "tilt", "shift"), [(0, 0, 0), (0.15, 0, 5), (-0.15, 0, -8), (0.1, -0.1, 3), (0, 0.1, 0)]
)
def test_the_plane_follows_the_head(turn: float, tilt: float, shift: float) -> None:
    brain, own = egg(turn, tilt, 3.0, shift)
    off = find_midplane(brain, 3.0).right_of(np.argwhere(brain) * 3.0) - own[brain][:, 0]
    # an egg turned by 9 degrees moves its outline little, and the plane follows only in part
    assert np.abs(off).mean() < 0.5 + 30 * max(abs(turn), abs(tilt))


def test_a_missing_part_does_not_draw_it_away() -> None:
    brain, own = egg(0.1, -0.05, 2.0)
    brain &= ~((own[..., 0] > 25) & (own[..., 1] > 20))  # a frontal lobe that the mask lost
    off = find_midplane(brain, 2.0).right_of(np.argwhere(brain) * 2.0) - own[brain][:, 0]
    assert np.abs(off).mean() < 3.0


@pytest.mark.parametrize(("x", "side"), [(-30, "left"), (30, "right"), (0, "midline")])
def test_sides_of_lesions(x: float, side: str) -> None:
    brain, own = egg(0.1, 0.1, 2.0)
    lesion = np.square(own - [x, 10, 5]).sum(-1) <= 10**2
    assert find_midplane(brain, 2.0).side_of(np.argwhere(lesion) * 2.0) == side


def test_too_little_brain_has_no_middle() -> None:
    assert find_midplane(np.zeros((20, 20, 20), bool), 1.0) is None
    few = np.zeros((20, 20, 20), bool)
    few[5:15, 10, 8:12] = True
    assert find_midplane(few, 1.0) is None
