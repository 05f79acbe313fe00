import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr

from MissingModalitySegLib.measures.volumes import millilitres, volume_correlation

from .random_masks import EMPTY, cube


def test_volumes_are_counted_in_millilitres() -> None:
    assert millilitres(cube((0, 0, 0)), (1, 2, 5)) == pytest.approx(0.08)
    assert millilitres(EMPTY, (1, 1, 1)) == 0


volumes = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 300)).map(lambda pair: (pair[0] / 7, pair[1] / 7)),
    min_size=3,
    max_size=12,
)


@given(volumes)
def test_the_correlation_is_pearsons(pairs: list[tuple[float, float]]) -> None:
    found, true = zip(*pairs, strict=True)
    ours = volume_correlation(found, true)
    if len(set(found)) == 1 or len(set(true)) == 1:
        assert ours is None
    else:
        assert ours == pytest.approx(pearsonr(found, true).statistic, abs=1e-9)


def test_where_it_says_nothing() -> None:
    assert volume_correlation([], []) is None
    assert volume_correlation([1, 2], [3, 4]) is None  # any two points lie on a line
    assert volume_correlation([0, 0, 0], [1, 2, 3]) is None
    assert volume_correlation([1, 2, 3], [2, 4, 6]) == pytest.approx(1)
    assert volume_correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    with pytest.raises(ValueError, match="pairs"):
        volume_correlation([1, 2, 3], np.ones(4))
