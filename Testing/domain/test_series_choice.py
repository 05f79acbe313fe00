"""The best series of each sequence, with the reason; what is no volume or unsure stays out."""

from __future__ import annotations

import pytest

from MissingModalitySegLib.recognition import recognise
from MissingModalitySegLib.series_choice import choose_series
from MissingModalitySegLib.volume_headers import VolumeHeader

FINE = VolumeHeader((256, 256, 176), (1.0, 1.0, 1.0))
SLICES = VolumeHeader((512, 512, 24), (0.45, 0.45, 6.0))


def choose(headers: dict[str, VolumeHeader | None]):
    return choose_series({name: recognise(name) for name in headers}, headers.get)


@pytest.mark.parametrize(
    ("better", "worse", "why"),
    [
        (FINE, SLICES, "voxels of 1 mm at most, not 6 mm"),
        (
            VolumeHeader((512, 512, 24), (0.45, 0.45, 5)),
            VolumeHeader((256, 256, 24), (0.9, 0.9, 5)),
            "1.01 µl, not 4.05",
        ),
        (VolumeHeader((256, 256, 30), (1, 1, 5)), VolumeHeader((256, 256, 20), (1, 1, 5)), "covers 150 mm, not 100 mm"),
        (FINE, None, "can be read"),
    ],
)
def test_the_better_image_is_used(better, worse, why: str) -> None:
    """Whatever the order in which they come and however plain the other's name is."""
    for first, second in (("T2", "T2 tse"), ("T2 tse", "T2")):
        choice = choose({first: better, second: worse})
        assert choice.chosen == {"T2": first}
        assert why in choice.reasons["T2"]
        assert list(choice.skipped) == [second]
        assert why in choice.skipped[second]
        assert f"“{first}”" in choice.skipped[second]


def test_repeated_series_by_number() -> None:
    choice = choose(dict.fromkeys(("T1 10", "T1 9", "T1 11"), FINE))
    assert choice.chosen == {"T1": "T1 9"}
    assert set(choice.skipped) == {"T1 10", "T1 11"}


def test_what_is_no_volume_makes_room_for_what_is_one() -> None:
    unfit = {
        "T2 a": VolumeHeader((128, 128, 60, 65), (2, 2, 2)),
        "T2 b": VolumeHeader((256, 256, 1), (1, 1, 5)),
        "T2 c": VolumeHeader((256, 256, 5), (1, 1, 5)),
    }
    choice = choose({"T2 d": SLICES, **unfit})
    assert choice.chosen == {"T2": "T2 d"}
    assert "65 frames" in choice.skipped["T2 a"]
    assert "single slice" in choice.skipped["T2 b"]
    assert "25 mm" in choice.skipped["T2 c"]


def test_what_is_unsure_stays_out() -> None:
    names = {"FLAIR": FINE, "ADC": FINE, "image": FINE}
    choice = choose(names)
    assert list(choice.chosen) == ["FLAIR"]
    assert set(choice.skipped) == {"ADC", "image"}
    assert "ADC" in choice.skipped["ADC"]


def test_an_excluded_file_is_not_opened() -> None:
    asked = []
    choose_series({name: recognise(name) for name in ("T1", "ADC")}, lambda name: asked.append(name))
    assert asked == ["T1"]
