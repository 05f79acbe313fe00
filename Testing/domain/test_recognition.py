import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.recognition import CONFIDENT, Candidate, Recognition, assign, recognise
from MissingModalitySegLib.recognition.attributes import read_times
from MissingModalitySegLib.recognition.evidence import averaged, evidence, multiplied
from MissingModalitySegLib.recognition.words import read_words

from .recognition_cases import AGENT, CASES, FLAIR, MPRAGE, OPEN, TURBO_T2, ask

ROWS = [
    pytest.param(name, attributes, verdict, id=f"{source}: {name} {i}")
    for source, rows in CASES.items()
    for i, (name, attributes, verdict) in enumerate(rows)
]


def _verdict(recognition: Recognition):
    if recognition.excluded:
        return ("no", recognition.excluded)
    if recognition.modality is None:
        return OPEN
    return recognition.modality.value if recognition.certain else ask(recognition.modality.value)


@pytest.mark.parametrize(("name", "attributes", "expected"), ROWS)
def test_names_and_headers(name, attributes, expected):
    recognition = recognise(name, attributes)
    told = f"{recognition.reason} ({recognition.confidence}, {recognition.alternatives})"
    if isinstance(expected, tuple) and expected[0] == "no":
        assert expected[1] in recognition.excluded, told
        assert recognition.modality is None
    else:
        assert _verdict(recognition) == expected, told
    _holds(recognition)


def _holds(recognition: Recognition) -> None:
    """What is true of every recognition."""
    assert 0.0 <= recognition.confidence <= 1.0
    confidences = [candidate.confidence for candidate in recognition.alternatives]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 < confidence <= 1 for confidence in confidences)
    assert recognition.modality not in [candidate.modality for candidate in recognition.alternatives]
    assert recognition.certain == (recognition.modality is not None and recognition.confidence >= CONFIDENT)
    assert recognition.reason
    assert recognition.reason.endswith(".")
    if recognition.excluded:
        assert recognition.modality is None
        assert not recognition.alternatives
        assert recognition.excluded in recognition.reason
    elif recognition.modality is None:
        assert recognition.confidence == 0
    else:
        assert not confidences or recognition.confidence > confidences[0]


def test_the_table_is_large_and_holds_every_kind_of_verdict():
    verdicts = [row[2] for rows in CASES.values() for row in rows]
    assert len(verdicts) >= 300
    assert {verdict for verdict in verdicts if isinstance(verdict, str)} == {m.value for m in Modality}
    assert sum(verdict == OPEN or verdict[0] == "ask" for verdict in verdicts) >= 60


@pytest.mark.parametrize(
    "name", ["T1 with and without contrast", "T1+FLAIR", "3D_SPACE", "IR TSE", "T1 post-op", "T1 C", "T2 tirm"]
)
def test_what_is_ambiguous_names_its_alternatives(name):
    recognition = recognise(name)
    assert recognition.confidence < CONFIDENT
    assert recognition.alternatives


def test_contradictions_are_said_and_cost_confidence():
    agreed, contradicted = recognise("T2", TURBO_T2), recognise("T2", FLAIR)
    assert agreed.confidence > recognise("T2").confidence > contradicted.confidence
    assert "does not fit" in contradicted.reason
    assert "does not fit" not in agreed.reason
    assert "does not fit" in recognise("T1 pre", AGENT).reason
    assert "TI 2500 ms" in contradicted.reason


def test_reasons_quote_what_was_read():
    assert recognise("5: t1_tse_fs_KM").reason == "“t1 km” names a T1 with contrast agent."
    assert "contrast agent" in recognise("MPRAGE +C").reason
    assert "T1 FLAIR, which is a T1" in recognise("Ax T1 FLAIR").reason


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("t1mprage", ["t1", "mprage"]),
        ("SagT1MPRAGEpost", ["sag", "t1", "mprage", "post"]),
        ("3DT1GADO", ["3d", "t1gado"]),
        ("T1_3D", ["t1", "3d"]),
        ("T12", ["t12"]),
        ("dwib1000", ["dwi", "b1000"]),
        ("b = 1000", ["b1000"]),
        ("FLAIR2T1", ["flair", "2", "t1"]),
        ("object", ["object"]),
        ("T2 *", ["t2 *"]),
        ("m.d.c.", ["m d c"]),
        ("Т1", ["t1"]),
        ("造影T1強調", ["造影", "t1", "強調"]),
    ],
)
def test_glued_words_are_cut_and_phrases_joined(text, words):
    assert [word.text for word in read_words(text)] == words


WORDS = {word for rows in CASES.values() for name, _, _ in rows for word in name.split()}
names = st.text(max_size=40) | st.lists(st.sampled_from(sorted(WORDS)), max_size=7).map(" ".join)
values = (
    st.none()
    | st.text(max_size=12)
    | st.integers(-10, 10_000)
    | st.floats()
    | st.booleans()
    | st.binary(max_size=4)
    | st.lists(st.text(max_size=6) | st.floats() | st.integers(), max_size=3)
    | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2)
)
KEYS = sorted({key for rows in CASES.values() for _, attributes, _ in rows for key in attributes})
keys = st.sampled_from(KEYS)


@settings(max_examples=300, deadline=None)
@given(names, st.dictionaries(keys, values, max_size=6))
def test_nothing_is_ever_raised(name, attributes):
    _holds(recognise(name, attributes))


@settings(max_examples=200, deadline=None)
@given(names)
def test_case_does_not_matter(name):
    assert recognise(name.upper()) == recognise(name.lower())


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text("abcdt12", min_size=1, max_size=6) | st.sampled_from(["t1", "flair", "gd", "post", "op", "adc"])),
    st.sampled_from(["_", "-", " ", "  ", " - ", ", ", "/", "^", ":", "("]),
)
def test_separators_do_not_matter(words, separator):
    assert recognise(separator.join(words)) == recognise(" ".join(words))


@pytest.mark.parametrize(("name", "attributes", "expected"), ROWS)
def test_table_rows_keep_their_verdict_in_capitals_and_with_underscores(name, attributes, expected):
    reference = recognise(name, attributes)
    assert recognise(name.upper(), attributes) == reference
    if "." not in name and "/" not in name:
        assert recognise(name.replace(" ", "_").replace("-", "_"), attributes) == reference


def test_a_very_long_name_is_no_trouble():
    _holds(recognise("t1" * 100_000))
    _holds(recognise("t1 " * 100_000))


def test_times_in_milliseconds_and_in_seconds():
    assert read_times({"EchoTime": "110", "RepetitionTime": 9000, "InversionTime": [2500.0]}) == read_times(
        {"EchoTime": 0.11, "RepetitionTime": 9, "InversionTime": 2.5}
    )
    assert math.isnan(read_times({"EchoTime": "", "RepetitionTime": None}).echo)
    assert math.isnan(read_times({"EchoTime": -4}).echo)
    assert read_times({"EchoTime": 2.5, "RepetitionTime": 8}).repetition == 8


def test_evidence_multiplies_like_bayes():
    first = evidence("a", {Modality.T1: 0.6, Modality.T2: 0.3})
    second = evidence("b", {Modality.T1: 0.2, Modality.T2: 0.7})
    product = {kind: first.weights[kind] * second.weights[kind] for kind in first.weights}
    for kind, value in multiplied([first, second]).items():
        assert value == pytest.approx(product[kind] / sum(product.values()))
    assert sum(first.weights.values()) == pytest.approx(1)
    assert averaged([first, first]).weights == pytest.approx(first.weights)
    assert sum(averaged([first, second]).weights.values()) == pytest.approx(1)


def test_a_plain_study_assigns_itself():
    study = {
        "2": recognise("localizer"),
        "3": recognise("t1_mprage_sag_p2_iso", MPRAGE),
        "4": recognise("t2_tirm_tra_dark-fluid", FLAIR),
        "5": recognise("t2_tse_tra", TURBO_T2),
        "6": recognise("ep2d_diff_trace_p2"),
        "7": recognise("ep2d_diff_trace_p2_ADC"),
        "8": recognise("t1_mprage_sag_KM", MPRAGE | AGENT),
    }
    assignment = assign(study)
    assert {str(modality): key for modality, key in assignment.chosen.items()} == {
        "T1": "3",
        "FLAIR": "4",
        "T2": "5",
        "DWI": "6",
        "T1ce": "8",
    }
    assert assignment.questions == ()
    assert set(assignment.passed_over) == {"2", "7"}
    assert "ADC" in assignment.passed_over["7"]


def _is(modality: str, confidence: float) -> Recognition:
    return Recognition(Modality(modality), confidence, "It is said so.")


def test_duplicates_go_to_the_more_certain_and_the_other_is_named():
    assignment = assign({"a": _is("T1", 0.80), "b": _is("T1", 0.95)})
    assert assignment.chosen == {Modality.T1: "b"}
    assert "more like T1" in assignment.passed_over["a"]


def test_ties_are_asked_never_chosen():
    assignment = assign({"a": _is("FLAIR", 0.94), "b": _is("FLAIR", 0.96), "c": _is("FLAIR", 0.8)})
    assert assignment.chosen == {}
    (question,) = assignment.questions
    assert (question.modality, question.keys) == (Modality.FLAIR, ("b", "a"))
    assert "2 volumes" in question.sentence
    assert set(assignment.passed_over) == {"c"}


def test_doubts_are_asked():
    assignment = assign({7: recognise("T1", AGENT), 8: recognise("T1 nativ")})
    assert assignment.chosen == {Modality.T1: 8}
    (question,) = assignment.questions
    assert (question.modality, question.keys) == (Modality.T1CE, (7,))
    assert "contrast agent" in question.sentence


def test_open_volumes_are_offered_where_nothing_was_found():
    both = Recognition(
        None, 0.0, "Open.", (Candidate(Modality.T1, 0.47), Candidate(Modality.T1CE, 0.47), Candidate(Modality.T2, 0.03))
    )
    assignment = assign({"x": both, "t1": _is("T1", 0.9)})
    assert assignment.chosen == {Modality.T1: "t1"}
    assert [(question.modality, question.keys) for question in assignment.questions] == [(Modality.T1CE, ("x",))]


@given(
    st.dictionaries(
        st.integers(0, 9),
        st.builds(_is, st.sampled_from([m.value for m in Modality]), st.floats(0.5, 1)),
        max_size=8,
    )
)
def test_nothing_gets_lost_and_nothing_is_chosen_in_doubt(recognitions):
    assignment = assign(recognitions)
    asked = {key for question in assignment.questions for key in question.keys}
    accounted = set(assignment.chosen.values()) | asked | set(assignment.passed_over)
    assert accounted == set(recognitions)
    assert not asked & set(assignment.chosen.values())
    for modality, key in assignment.chosen.items():
        assert recognitions[key].certain
        rivals = [r.confidence for k, r in recognitions.items() if k != key and r.modality is modality]
        assert all(recognitions[key].confidence > rival for rival in rivals)


def test_an_empty_study():
    assignment = assign({})
    assert (assignment.chosen, assignment.questions, assignment.passed_over) == ({}, (), {})
