import pytest

from MissingModalitySegLib.measures.composite import cscore, cscore_as_printed


def test_by_hand() -> None:
    terms = {"dice": 0.8, "ppv": 0.4, "ltpr": 0.6, "lfpr": 0.2, "correlation": 0.5}
    assert cscore(**terms) == pytest.approx(0.1 + 0.05 + 0.15 + 0.2 + 0.125)
    assert cscore_as_printed(**terms) == pytest.approx(0.1 + 0.05 + 0.15 + 0.2 + 0.0625)


def test_the_best_and_the_worst() -> None:
    assert cscore(1, 1, 1, 0, 1) == 1
    assert cscore_as_printed(1, 1, 1, 0, 1) == 7 / 8
    assert cscore(0, 0, 0, 1, -1) == -1 / 4
    assert cscore(0, 0, 0, 1, 0) == 0
