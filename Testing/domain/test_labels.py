import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.label_json import scheme_from_dict, scheme_to_dict
from MissingModalitySegLib.labels import GLIOMA, LESION, SCHEMES, find_scheme
from MissingModalitySegLib.terminology import TERMS, Coded

SIBLINGS = {
    "name": "vascular",
    "regions": [
        {"name": "lesion", "values": [1, 2, 7], "colour": [1, 2, 3]},
        {"name": "infarct", "values": [2], "colour": [4, 5, 6]},
        {"name": "bleeding", "values": [7], "colour": [7, 8, 9]},
    ],
    "labels": [
        {"value": 1, "title": "Other", "colour": [1, 2, 3]},
        {
            "value": 2,
            "title": "Infarct",
            "colour": [4, 5, 6],
            "terminology": {
                "context": "ours",
                "type": {"scheme": "SCT", "value": "55641003", "meaning": "Infarct"},
            },
        },
        {"value": 7, "title": "Bleeding", "colour": [7, 8, 9]},
    ],
    "scored": ["lesion", "infarct"],
}


def test_the_glioma_table_as_the_design_writes_it():
    assert GLIOMA.values == (0, 1, 2, 3)
    assert GLIOMA.regions_of(0) == ()
    assert GLIOMA.regions_of(1) == ("lesion", "core")
    assert GLIOMA.regions_of(2) == ("lesion",)
    assert GLIOMA.regions_of(3) == ("lesion", "core", "enhancing")
    assert GLIOMA.scored == ("lesion", "core", "enhancing")


def test_lesion_scores_the_lesion_alone():
    assert LESION.values == (0, 1)
    assert LESION.scored == ("lesion",)
    assert LESION.regions_of(1) == ("lesion",)


@given(lesion=st.booleans(), core=st.booleans(), enhancing=st.booleans())
def test_label_of_against_nested_conditions(lesion, core, enhancing):
    if enhancing:
        expected = 3
    elif core:
        expected = 1
    elif lesion:
        expected = 2
    else:
        expected = 0
    assert GLIOMA.label_of({"lesion": lesion, "core": core, "enhancing": enhancing}) == expected
    assert GLIOMA.lookup[lesion + 2 * core + 4 * enhancing] == expected


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))
def test_values_and_regions_are_inverse(scheme):
    for value in scheme.values:
        assert scheme.label_of(dict.fromkeys(scheme.regions_of(value), True)) == value


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))
def test_a_scheme_survives_json(scheme):
    assert scheme_from_dict(json.loads(json.dumps(scheme_to_dict(scheme)))) == scheme


def test_a_new_scheme_is_data():
    scheme = scheme_from_dict(SIBLINGS)
    assert scheme.title == "vascular"
    assert scheme.label(2).terminology.type == Coded("SCT", "55641003", "Infarct")
    assert scheme.label_of({"infarct": True}) == 2
    assert scheme.label_of({"bleeding": True}) == 7
    assert scheme.label_of({"infarct": True, "bleeding": True}) == 7  # the later region wins
    assert scheme.label_of({"lesion": True}) == 1
    assert scheme_from_dict(scheme_to_dict(scheme)) == scheme


def _changed(change):
    data = copy.deepcopy(SIBLINGS)
    change(data)
    return data


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.pop("regions"), "lacks the key “regions”"),
        (lambda d: d["regions"][0].pop("values"), "lacks the key “values”"),
        (lambda d: d.update(regions=[]), "no region"),
        (lambda d: d.update(regions=3), "cannot be read"),
        (lambda d: d.update(name=" "), "not a text"),
        (lambda d: d["regions"][1].update(name="lesion"), "“lesion” is listed twice"),
        (lambda d: d["regions"][1].update(values=[]), "“infarct” has no values"),
        (lambda d: d["regions"][1].update(values=[2, 9]), "unlisted value 9"),
        (lambda d: d["regions"][1].update(values=[2.5]), "not a whole number"),
        (lambda d: d["regions"][1].update(colour=[1, 2]), "three numbers"),
        (lambda d: d["regions"][1].update(colour=[1, 2, 256]), "three numbers"),
        (lambda d: d["regions"].reverse(), "lies inside “lesion” but is listed before it"),
        (lambda d: d["labels"].append({"value": 8, "title": "x", "colour": [0, 0, 0]}), "label 8 belongs to no region"),
        (lambda d: d["labels"][0].update(value=300), "300 is not within"),
        (lambda d: d["labels"][1].update(value=1), "label 1 is listed twice"),
        (lambda d: d["labels"][1].update(value=0), "0 is not within"),
        (lambda d: d.update(scored=["tumour"]), "“tumour” is scored but no region"),
        (lambda d: d["regions"][1].update(values=[7]), "lie in the same regions|no label is|belongs to no region"),
        (lambda d: d["regions"][0].update(values=[2, 7]), "label 1 belongs to no region"),
        (lambda d: d["labels"][1]["terminology"].pop("type"), "lacks the key “type”"),
        (lambda d: d["labels"][1]["terminology"]["type"].update(meaning="a~b"), "without “~”"),
        (lambda d: d["labels"][1]["terminology"].update(context=""), "context"),
    ],
)
def test_bad_schemes_are_refused_in_words(change, words):
    with pytest.raises(InputError, match=words) as error:
        scheme_from_dict(_changed(change))
    assert error.value.code == "bad-label-scheme"


@pytest.mark.parametrize("found", [[0], [0, 1], [0.0, 1.0, 2.0, 3.0], []])
def test_values_of_the_scheme_pass(found):
    GLIOMA.check_values(found)


@pytest.mark.parametrize(
    ("scheme", "found", "words", "hint"),
    [
        (GLIOMA, [0, 1, 2, 4], "holds 4; the scheme “glioma” has 0, 1, 2, 3", "BraTS"),
        (GLIOMA, [0, 0.5, 3], "holds 0.5", "nearest"),
        (GLIOMA, [float("nan")], "holds nan", "nearest"),
        (LESION, [0, 1, 2], "cases\\[3\\].label holds 2", "glioma"),
        (LESION, [-1, 1], "holds -1", "glioma"),
        (LESION, range(100), "…", "glioma"),
    ],
)
def test_foreign_values_are_named(scheme, found, words, hint):
    with pytest.raises(InputError, match=words) as error:
        scheme.check_values(found, where="cases[3].label")
    assert error.value.code == "unexpected-label-values"
    assert hint in error.value.hint


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match="tumour"):
        find_scheme("tumour")
    with pytest.raises(InputError, match="“edema”"):
        GLIOMA.label_of({"edema": True})
    with pytest.raises(InputError, match="no label 4"):
        GLIOMA.regions_of(4)
    with pytest.raises(InputError, match="“core”"):
        LESION.region("core")
    assert find_scheme("glioma") is GLIOMA


def test_terms_serialise_as_slicer_reads_them():
    codes = {term.type.meaning: term for term in TERMS}
    assert codes["Edema"].entry() == (
        "Segmentation category and type - DICOM master list~SCT^49755003^Morphologically Altered Structure"
        "~SCT^79654002^Edema~^^~Anatomic codes - DICOM master list~SCT^12738006^Brain~^^"
    )
    assert all(term.entry().count("~") == 6 and term.entry().count("^") == 10 for term in TERMS)


def test_every_region_and_label_has_a_term_and_colours_differ():
    for scheme in SCHEMES.values():
        assert all(part.terminology in TERMS for part in (*scheme.regions, *scheme.labels))
        colours = [label.colour for label in scheme.labels]
        assert len(set(colours)) == len(colours)
