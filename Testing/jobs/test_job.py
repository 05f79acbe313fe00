"""A job and its way through JSON."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.jobs import Job
from MissingModalitySegLib.modalities import MODALITIES, Modality
from MissingModalitySegLib.options import Options

PATHS = st.text(st.characters(exclude_characters="\0", exclude_categories=()), min_size=1, max_size=20).map(
    lambda text: f"/study/{text}"
)


@given(
    st.dictionaries(st.sampled_from(MODALITIES), PATHS, min_size=1),
    PATHS,
    st.builds(Options, reference=st.sampled_from([None, *MODALITIES]), synthesize=st.booleans()),
)
def test_a_job_survives_json(inputs, output, options) -> None:
    job = Job(inputs, "moe", output, options, "synthesize")
    line = job.to_json()
    assert line.isascii()
    assert "\n" not in line
    assert Job.from_json(line) == job


def test_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    job = Job({"flair": "a.nrrd"}, "models/mine", "out", Options(brain="mask.nrrd"))
    assert job.inputs == {Modality.FLAIR: tmp_path / "a.nrrd"}
    assert (job.output, job.options.brain) == (tmp_path / "out", str(tmp_path / "mask.nrrd"))
    assert job.model == str(tmp_path / "models" / "mine")
    assert Job({"T1": "a"}, "moe", "out").model == "moe"
    assert Job({"T1": "a"}, Path("moe"), "out").model == str(tmp_path / "moe")
    assert Job({"T1": "a"}, "moe", "out", Options(brain="extracted")).options.brain == "extracted"


GOOD = {"inputs": {"T1": "/a.nrrd"}, "model": "moe", "output": "/out"}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"inputs": {}}, "inputs"),
        ({"inputs": []}, "inputs"),
        ({"inputs": {"T9": "/a"}}, "inputs.T9"),
        ({"inputs": {"T1": "/a", "t1w": "/b"}}, "inputs.t1w"),
        ({"inputs": {"T1": 3}}, "inputs.T1"),
        ({"inputs": {"T1": ""}}, "inputs.T1"),
        ({"inputs": {"T1": "a\0b"}}, "inputs.T1"),
        ({"model": ""}, "model"),
        ({"model": None}, "model"),
        ({"output": None}, "output"),
        ({"options": []}, "options"),
        ({"options": {"device": "abacus"}}, "options: The option device"),
        ({"options": {"colour": 1}}, "options: colour"),
        ({"task": "dance"}, "task"),
        ({"speed": 1}, "speed"),
    ],
)
def test_what_is_wrong_is_named(change: dict, names: str) -> None:
    with pytest.raises(InputError) as caught:
        Job.from_json(json.dumps(GOOD | change))
    assert names in caught.value.message


@pytest.mark.parametrize("key", GOOD)
def test_what_is_missing_is_named(key: str) -> None:
    with pytest.raises(InputError, match=key):
        Job.from_dict({name: value for name, value in GOOD.items() if name != key})


@pytest.mark.parametrize("text", ["", "[]", "nonsense", "[" * 100_000])
def test_what_is_no_job(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Job.from_json(text)
    assert caught.value.code == "bad-job"
