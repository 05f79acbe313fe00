import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from MissingModalitySegLib.datalist_structure import check_structure
from MissingModalitySegLib.datalists import Case, Datalist, missing_files, read_datalist, write_datalist
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Modality

FULL = {
    "name": "two sites",
    "licence": "CC-BY",
    "cases": [
        {
            "id": "ms07",
            "modalities": {"FLAIR": "ms07/FLAIR.nii.gz", "T1": "../elsewhere/T1 Zürich.nii.gz"},
            "label": "ms07/lesion.nii.gz",
            "scheme": "lesion",
            "subject": "ms",
            "dataset": "open",
            "brain_mask": "ms07/brain.nii.gz",
            "brain_masks": {"T1": "ms07/brain_T1.nii.gz"},
            "brain_extracted": True,
            "aligned": False,
            "fold": 0,
            "disease": "multiple sclerosis",
            "scanner": {"field": 3, "names": ["a", None]},
        },
        {"id": "tumour", "modalities": {"DWI": "dwi.nii.gz"}, "label": None, "aligned": None},
    ],
}


def _write(folder: Path, document) -> Path:
    path = folder / "datalist.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def test_reading_keeps_everything(tmp_path):
    datalist = read_datalist(_write(tmp_path, FULL))
    case, other = datalist.cases
    assert datalist.name == "two sites"
    assert datalist.metadata == {"licence": "CC-BY"}
    assert case.modalities == {
        Modality.T1: tmp_path / "../elsewhere/T1 Zürich.nii.gz",
        Modality.FLAIR: tmp_path / "ms07/FLAIR.nii.gz",
    }
    assert str(case.code) == "T1+FLAIR"
    assert case.label == tmp_path / "ms07/lesion.nii.gz"
    assert (case.scheme, case.subject, case.dataset) == ("lesion", "ms", "open")
    assert case.brain_mask == tmp_path / "ms07/brain.nii.gz"
    assert case.brain_masks == {Modality.T1: tmp_path / "ms07/brain_T1.nii.gz"}
    assert (case.brain_extracted, case.aligned, case.fold) == (True, False, 0)
    assert case.metadata == {"disease": "multiple sclerosis", "scanner": {"field": 3, "names": ["a", None]}}
    assert other.modalities == {Modality.DWI: tmp_path / "dwi.nii.gz"}
    assert other.label is other.scheme is other.aligned is other.brain_extracted is None
    assert datalist.labelled == (case,)
    assert datalist.case("tumour") is other
    with pytest.raises(InputError, match="no case “x”"):
        datalist.case("x")


def test_paths_start_from_the_file_not_from_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    _write(tmp_path / "data", FULL)
    monkeypatch.chdir(tmp_path)
    assert read_datalist("data/datalist.json").cases[0].label == tmp_path / "data/ms07/lesion.nii.gz"


def test_absolute_paths_are_read_and_written_relative(tmp_path):
    elsewhere = tmp_path / "elsewhere" / "a.nii"
    (tmp_path / "lists").mkdir()
    datalist = read_datalist(_write(tmp_path / "lists", _case(modalities={"T1": str(elsewhere)})))
    assert datalist.cases[0].modalities == {Modality.T1: elsewhere}
    write_datalist(datalist, tmp_path / "lists" / "b.json")
    written = json.loads((tmp_path / "lists" / "b.json").read_text(encoding="utf-8"))
    assert written["cases"][0]["modalities"] == {"T1": "../elsewhere/a.nii"}


def test_writing_and_reading_again(tmp_path):
    datalist = read_datalist(_write(tmp_path, FULL))
    copy = tmp_path / "datalist copy.json"
    write_datalist(datalist, copy)
    assert read_datalist(copy) == datalist
    written = json.loads(copy.read_text(encoding="utf-8"))
    assert written["cases"][0]["modalities"] == {
        "T1": "../elsewhere/T1 Zürich.nii.gz",
        "FLAIR": "ms07/FLAIR.nii.gz",
    }
    assert "label" not in written["cases"][1]

    write_datalist(datalist, tmp_path / "deeper" / "datalist.json")
    moved = json.loads((tmp_path / "deeper" / "datalist.json").read_text(encoding="utf-8"))
    assert moved["cases"][0]["label"] == "../ms07/lesion.nii.gz"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = _write(tmp_path, FULL)
    before = path.read_bytes()
    case = Case("a", {Modality.T1: tmp_path / "a.nii"}, metadata={"bad": object()})
    with pytest.raises(InputError, match="no JSON"):
        write_datalist(Datalist("x", (case,)), path)
    twice = Case("a", {Modality.T1: tmp_path / "a.nii"})
    with pytest.raises(InputError, match="already"):
        write_datalist(Datalist("x", (twice, twice)), path)
    with pytest.raises(InputError, match="metadata called fold"):
        write_datalist(Datalist("x", (Case("a", twice.modalities, metadata={"fold": 2}),)), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(InputError, match="cannot be written"):
        write_datalist(Datalist("x", (twice,)), path / "below a file.json")


def test_missing_files_are_listed(tmp_path):
    document = {"name": "x", "cases": [{"id": "a", "modalities": {"T1": "a.nii", "T2": "b.nii"}}]}
    datalist = read_datalist(_write(tmp_path, document))
    (tmp_path / "a.nii").touch()
    (problem,) = missing_files(datalist)
    assert problem.where == "cases[0] (a)"
    assert "b.nii" in problem.sentence


def _case(**changes):
    case = {"id": "a", "modalities": {"T1": "a.nii"}} | changes
    return {"name": "x", "cases": [{key: value for key, value in case.items() if value != "absent"}]}


@pytest.mark.parametrize(
    ("document", "where", "words"),
    [
        ([], "(file)", "a list"),
        (None, "(file)", "null"),
        ({"cases": []}, "name", "missing"),
        ({"name": 3, "cases": []}, "name", "must be a text, not 3"),
        ({"name": "x"}, "cases", "missing"),
        ({"name": "x", "cases": {}}, "cases", "an object"),
        ({"name": "x", "cases": ["a"]}, "cases[0]", "'a'"),
        (_case(id="absent"), "cases[0].id", "missing"),
        (_case(id=7), "cases[0].id", "must be a text, not 7"),
        (_case(id=" "), "cases[0].id", "empty"),
        (_case(id="a/b"), "cases[0].id", "cannot name a folder"),
        (_case(id=".."), "cases[0].id", "cannot name a folder"),
        (_case(modalities="absent"), "cases[0].modalities", "missing"),
        (_case(modalities=None), "cases[0].modalities", "null"),
        (_case(modalities=["T1"]), "cases[0].modalities", "a list"),
        (_case(modalities={}), "cases[0].modalities", "empty"),
        (_case(modalities={"T1x": "a.nii"}), "cases[0].modalities.T1x", "use T1, T1ce, T2, FLAIR, DWI"),
        (_case(modalities={"t1c": "a.nii"}), "cases[0].modalities.t1c", "write it as T1ce"),
        (_case(modalities={"T1": ""}), "cases[0].modalities.T1", "empty"),
        (_case(modalities={"T1": None}), "cases[0].modalities.T1", "null"),
        (_case(modalities={"T1": "a\x00b"}), "cases[0].modalities.T1", "zero character"),
        (_case(label="l.nii"), "cases[0].scheme", "missing; a label needs one of glioma, lesion"),
        (_case(label=3, scheme="lesion"), "cases[0].label", "not 3"),
        (_case(label="l.nii", scheme="tumor"), "cases[0].scheme", "“tumor” is not a label scheme"),
        (_case(scheme=["lesion"]), "cases[0].scheme", "a list"),
        (_case(subject=12), "cases[0].subject", "not 12"),
        (_case(dataset=False), "cases[0].dataset", "false"),
        (_case(brain_mask=True), "cases[0].brain_mask", "true"),
        (_case(brain_masks="m.nii"), "cases[0].brain_masks", "'m.nii'"),
        (_case(brain_masks={"T2": "m.nii"}), "cases[0].brain_masks.T2", "does not have"),
        (_case(brain_masks={"PD": "m.nii"}), "cases[0].brain_masks.PD", "not a modality"),
        (_case(brain_extracted="yes"), "cases[0].brain_extracted", "true or false, not 'yes'"),
        (_case(aligned=1), "cases[0].aligned", "true or false, not 1"),
        (_case(fold=-1), "cases[0].fold", "not -1"),
        (_case(fold=1.0), "cases[0].fold", "not 1.0"),
        (_case(fold=True), "cases[0].fold", "true"),
    ],
)
def test_each_problem_has_its_place(document, where, words, tmp_path):
    (problem,) = check_structure(document)
    assert problem.where == where
    assert words in problem.sentence
    path = _write(tmp_path, document)
    with pytest.raises(InputError) as error:
        read_datalist(path)
    assert error.value.code == "bad-datalist"
    assert str(path) in error.value.message
    assert f"{where}: " in error.value.message


def test_all_problems_come_at_once():
    document = {
        "name": "",
        "cases": [
            {"id": "Case1", "modalities": {"T1": "a"}},
            {"id": "Case1", "modalities": {"T1": "a"}},
            {"id": "case1", "modalities": {}},
            {"modalities": {"T1x": "a", "T2": 3}, "fold": "one"},
        ],
    }
    assert [problem.where for problem in check_structure(document)] == [
        "name",
        "cases[1].id",
        "cases[2].id",
        "cases[2].modalities",
        "cases[3].id",
        "cases[3].modalities.T1x",
        "cases[3].modalities.T2",
        "cases[3].fold",
    ]


def test_a_flood_of_problems_is_counted_not_printed(tmp_path):
    path = _write(tmp_path, {"name": "x", "cases": [{"id": f"c{i}", "modalities": {}} for i in range(500)]})
    with pytest.raises(InputError, match="500 problems") as error:
        read_datalist(path)
    assert "and 480 more" in error.value.message
    assert len(error.value.message) < 5000


def test_schemes_of_a_bundle_can_be_allowed():
    document = _case(label="l.nii", scheme="vascular")
    assert check_structure(document, {"vascular", "glioma"}) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "no JSON"),
        ("", "no JSON"),
        ('{"name": "x", "name": "y", "cases": []}', "“name” is given twice"),
        ('{"name": "x", "cases": [{"id": "a", "modalities": {"T1": "a", "T1": "b"}}]}', "“T1” is given twice"),
        ("[" * 100_000, "nested|no JSON"),
    ],
)
def test_files_that_are_no_datalist(tmp_path, content, words):
    with pytest.raises(InputError, match=words):
        read_datalist(_write(tmp_path, content))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="no data list") as error:
        read_datalist(tmp_path / "absent.json")
    assert error.value.code == "no-such-file"
    with pytest.raises(InputError, match="cannot be read"):
        read_datalist(tmp_path)
    (tmp_path / "latin.json").write_bytes('{"name": "Zürich"}'.encode("latin-1"))
    with pytest.raises(InputError, match="UTF-8"):
        read_datalist(tmp_path / "latin.json")
    (tmp_path / "bom.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(_case()).encode())
    assert read_datalist(tmp_path / "bom.json").name == "x"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "cases", "id", "modalities", "T1", "FLAIR", "label", "scheme", "fold", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(json_values)
def test_no_json_makes_the_check_fail_itself(document):
    for problem in check_structure(document):
        assert problem.where
        assert problem.sentence.endswith(".")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"name": "x", "cases": [], "n": ' + "1" * 5000 + "}", "no JSON"),
        (json.dumps({"name": "x", "cases": [{"id": "\ud800", "modalities": {"T1": "a"}}]}), "half of a letter"),
        (json.dumps({"name": "x", "cases": [{"id": "a", "modalities": {"T1": "a\udfff"}}]}), "half of a letter"),
    ],
)
def test_numbers_and_letters_that_cannot_be_read(tmp_path, content, words):
    with pytest.raises(InputError, match=words):
        read_datalist(_write(tmp_path, content))


def test_names_of_files_that_are_no_utf_8_are_kept(tmp_path):
    """As disks of older systems have them; Python reads such bytes as halves of surrogate pairs."""
    path = _write(tmp_path, json.dumps({"name": "x", "cases": [{"id": "a\udce4", "modalities": {"T1": "b\udcff"}}]}))
    read = read_datalist(path)
    write_datalist(read, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes().decode("utf-8")
    assert read_datalist(tmp_path / "again.json") == read


def test_a_table_of_very_many_keys_is_read_in_no_time(tmp_path):
    """To look each of them up among all others took hours."""
    keys = ", ".join(f'"{i}": 0' for i in range(300_000))
    with pytest.raises(InputError, match="given twice"):
        read_datalist(_write(tmp_path, f'{{"name": "x", "cases": [], {keys}, "299999": 1}}'))
