import json
from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.configs import read_config, require, write_config


@dataclass(frozen=True)
class Example:
    count: int = 1
    rate: float = 0.5
    name: str = "a"
    on: bool = False
    sizes: tuple[int, ...] = (1, 2)
    kind: Literal["mean", "max"] = "mean"
    limit: int | None = None

    def __post_init__(self) -> None:
        require(self.count > 0, "count", "one or more are needed.")


examples = st.builds(
    Example,
    count=st.integers(1, 9),
    rate=st.floats(0, 1),
    name=st.text(),
    on=st.booleans(),
    sizes=st.lists(st.integers(), max_size=4).map(tuple),
    kind=st.sampled_from(["mean", "max"]),
    limit=st.none() | st.integers(),
)


@given(examples)
def test_writing_and_reading_through_json_is_the_identity(example):
    assert read_config(Example, json.loads(json.dumps(write_config(example)))) == example


def test_keys_not_given_keep_their_defaults_and_whole_numbers_serve_as_rates():
    assert read_config(Example, {"rate": 1, "limit": None}) == Example(rate=1.0)
    assert isinstance(read_config(Example, {"rate": 1}).rate, float)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"count": 1.5}, r"network\.config\.count is 1\.5, not a whole number"),
        ({"count": True}, "count is True, not a whole number"),
        ({"count": "1"}, "count is '1', not a whole number"),
        ({"rate": "fast"}, "rate is 'fast', not a number"),
        ({"rate": False}, "rate is False, not a number"),
        ({"name": 3}, "name is 3, not a text"),
        ({"on": 1}, "on is 1, not true or false"),
        ({"sizes": 3}, "sizes is 3, not a list"),
        ({"sizes": [1, "b"]}, r"sizes\[1\] is 'b', not a whole number"),
        ({"kind": "median"}, "kind is 'median'"),
        ({"limit": "none"}, "limit is 'none', not a whole number"),
        ({"count": 0}, "count: one or more are needed"),
        ({"colour": 1, "shape": 2}, "unknown keys: colour, shape"),
        ([1], "not a table of keys and values"),
    ],
)
def test_what_is_wrong_is_named(values, said):
    with pytest.raises(InputError, match=said):
        read_config(Example, values)


def test_a_long_value_is_cut_in_the_message():
    with pytest.raises(InputError) as caught:
        read_config(Example, {"count": "x" * 1000})
    assert len(caught.value.message) < 200
