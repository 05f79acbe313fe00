import itertools
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES, Code, Modality, by_modality

NAMES = ["T1", "T1ce", "T2", "FLAIR", "DWI"]

subsets = st.sets(st.sampled_from(NAMES), min_size=1)
orders = st.permutations(NAMES).flatmap(lambda names: st.integers(1, 5).map(lambda n: tuple(names[:n])))


def test_channel_order_is_that_of_the_papers():
    assert [modality.value for modality in MODALITIES] == NAMES
    assert [str(modality) for modality in MODALITIES] == NAMES


def test_a_modality_is_its_name_in_json_and_in_format_strings():
    assert json.dumps({Modality.T1CE: Modality.FLAIR}) == '{"T1ce": "FLAIR"}'
    assert f"{Modality.T1CE}" == "T1ce"
    assert pickle.loads(pickle.dumps(Modality.T2)) is Modality.T2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((name, name) for name in NAMES),
        *((name.lower(), name) for name in NAMES),
        *((name.upper(), name) for name in NAMES),
        ("T1w", "T1"),
        ("t1n", "T1"),
        ("T1c", "T1ce"),
        ("T1Gd", "T1ce"),
        ("T1 post", "T1ce"),
        ("t1-ce", "T1ce"),
        ("T2w", "T2"),
        ("t2f", "FLAIR"),
        ("T2-FLAIR", "FLAIR"),
        ("t2_flair", "FLAIR"),
    ],
)
def test_usual_spellings(text, expected):
    assert Modality.parse(text).value == expected


@pytest.mark.parametrize("text", ["", "T3", "T1x", "T1+T2", "ADC", "T1 FLAIR", "Т1", None, 1])
def test_everything_else_is_no_modality(text):
    with pytest.raises(InputError) as error:
        Modality.parse(text)
    assert error.value.code == "unknown-modality"
    assert all(name in error.value.hint for name in NAMES)


def test_all_31_codes_are_the_non_empty_subsets():
    codes = Code.all()
    subsets_by_hand = {frozenset(subset) for size in range(1, 6) for subset in itertools.combinations(NAMES, size)}
    assert len(codes) == 31
    assert {frozenset(modality.value for modality in code) for code in codes} == subsets_by_hand
    assert [code.mask for code in codes] == list(range(1, 32))


@pytest.mark.parametrize("code", Code.all(), ids=str)
def test_every_code_survives_each_way_of_writing_it(code):
    assert Code.parse(str(code)) == code
    assert Code.from_mask(code.mask) == code
    assert Code.from_vector(code.vector) == code
    assert pickle.loads(pickle.dumps(code)) == code
    assert len(code) == sum(code.vector) == len(str(code).split("+"))
    assert set(code.missing) | set(code.available) == set(MODALITIES)
    assert not set(code.missing) & set(code.available)
    assert [modality in code for modality in NAMES] == [bool(bit) for bit in code.vector]


@given(modalities=orders, data=st.data())
def test_round_trips_over_any_model_s_modalities(modalities, data):
    chosen = data.draw(st.lists(st.sampled_from(modalities), min_size=1, unique=True))
    code = Code(tuple(chosen), modalities)
    assert [str(modality) for modality in code] == [name for name in modalities if name in chosen]
    separator = data.draw(st.sampled_from(["+", ",", " ", " + ", ", "]))
    assert Code.parse(separator.join(chosen), modalities) == code
    assert Code.from_mask(code.mask, modalities) == code
    assert Code.from_vector(map(float, code.vector), modalities) == code
    assert hash(Code.from_mask(code.mask, modalities)) == hash(code)


@given(subsets, subsets)
def test_subset_is_that_of_sets(one, other):
    assert Code(tuple(one)).issubset(Code(tuple(other))) == (one <= other)


def test_full_has_every_modality():
    assert str(Code.full()) == "T1+T1ce+T2+FLAIR+DWI"
    assert str(Code.full(("FLAIR", "T1"))) == "FLAIR+T1"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Code(()), "empty-code"),
        (lambda: Code.parse(" + "), "empty-code"),
        (lambda: Code.from_mask(0), "empty-code"),
        (lambda: Code.from_vector([0] * 5), "empty-code"),
        (lambda: Code(("T1", "T1")), "duplicate-modality"),
        (lambda: Code.parse("T1ce+T1c"), "duplicate-modality"),
        (lambda: Code(("T1",), ("T1", "T1")), "duplicate-modality"),
        (lambda: Code(("DWI",), ("T1", "FLAIR")), "modality-not-in-model"),
        (lambda: Code.parse("T1+ADC"), "unknown-modality"),
        (lambda: Code.from_mask(32), "code-out-of-range"),
        (lambda: Code.from_mask(-1), "code-out-of-range"),
        (lambda: Code.from_vector([1, 0]), "bad-code-vector"),
        (lambda: Code.from_vector([1, 0, 0, 0, 0.5]), "bad-code-vector"),
        (lambda: Code.from_vector([1, 0, 0, 0, float("nan")]), "bad-code-vector"),
        (lambda: Code.from_vector("10001"), "bad-code-vector"),
        (lambda: "T3" in Code.full(), "unknown-modality"),
    ],
)
def test_bad_codes_are_refused_with_a_name_for_the_problem(make, code):
    with pytest.raises(InputError) as error:
        make()
    assert error.value.code == code
    assert error.value.message


def test_what_was_given_by_name() -> None:
    assert list(by_modality({"FLAIR": 2, "t1": 1}).items()) == [(Modality.T1, 1), (Modality.FLAIR, 2)]
    with pytest.raises(InputError, match="T1 is given twice"):
        by_modality({"T1": 1, "t1": 2})
    with pytest.raises(InputError):
        by_modality({"PD": 1})
