"""The options of a run: what is accepted, what is refused with the option's name, and the way through JSON."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import MODALITIES, Modality
from MissingModalitySegLib.options import Options

whole = st.builds(
    Options,
    reference=st.sampled_from([None, *MODALITIES]),
    register=st.sampled_from(["auto", "off"]),
    brain=st.sampled_from(["auto", "extracted", "none", "mask.nii.gz", "/far/Hirn ä.nrrd"]),
    device=st.sampled_from(["auto", "cpu", "mps", "cuda", "cuda:0", "cuda:15"]),
    inference=st.sampled_from(["auto", "whole", "sliding-window"]),
    precision=st.sampled_from(["auto", "float32"]),
    synthesize=st.booleans(),
    reconstructions=st.booleans(),
    uncertainty=st.booleans(),
    mirror=st.booleans(),
    minimum_lesion_ml=st.floats(0, 1000),
    threads=st.none() | st.integers(1, 1024),
    format=st.sampled_from(["nii.gz", "nrrd"]),
)


@given(whole)
def test_through_json_and_back(options: Options) -> None:
    assert Options.from_dict(json.loads(json.dumps(options.to_dict()))) == options


def test_defaults() -> None:
    assert Options.from_dict({}) == Options()
    assert asdict(Options()) == {
        "reference": None, "register": "auto", "brain": "auto", "device": "auto", "inference": "auto",
        "precision": "auto", "synthesize": False, "reconstructions": False, "uncertainty": False, "mirror": False,
        "minimum_lesion_ml": 0.0, "report": True, "dicom_seg": False, "dicom_sr": False, "include_phi": False,
        "threads": None, "format": "nii.gz",
    }  # fmt: skip


def test_a_reference_is_read_as_people_write_it() -> None:
    assert Options(reference="t1c").reference is Modality.T1CE
    assert Options(reference="T2-FLAIR").to_dict()["reference"] == "FLAIR"


def test_options_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Options().device = "cpu"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("register", "on"), ("register", None), ("inference", "tiles"), ("precision", "bfloat16"),
        ("format", "mha"), ("format", ".nrrd"),
        ("brain", ""), ("brain", None), ("brain", 3),
        ("device", "gpu"), ("device", "cuda:"), ("device", "cuda:-1"), ("device", "cuda:1 "), ("device", "cpu:0"),
        ("device", "CUDA"), ("device", 0),
        ("synthesize", 1), ("reconstructions", "yes"), ("uncertainty", None), ("mirror", "false"),
        ("dicom_seg", 1), ("dicom_sr", "yes"), ("include_phi", None),
        ("minimum_lesion_ml", -0.1), ("minimum_lesion_ml", 1000.1), ("minimum_lesion_ml", float("nan")),
        ("minimum_lesion_ml", "1"), ("minimum_lesion_ml", True),
        ("threads", 0), ("threads", 1025), ("threads", 1.5), ("threads", True), ("threads", "2"),
    ],
)  # fmt: skip
def test_what_is_refused_is_named(name: str, value: object) -> None:
    with pytest.raises(InputError) as caught:
        Options(**{name: value})
    assert caught.value.code == "bad-option"
    assert name in caught.value.message
    assert caught.value.hint


def test_an_endless_value_is_not_repeated_in_full() -> None:
    with pytest.raises(InputError) as caught:
        Options(device="x" * 10_000)
    assert len(caught.value.message) < 120


@pytest.mark.parametrize("values", [None, [], "auto", 1])
def test_options_are_a_table(values: object) -> None:
    with pytest.raises(InputError) as caught:
        Options.from_dict(values)
    assert caught.value.code == "bad-options"


def test_unknown_options_are_named() -> None:
    with pytest.raises(InputError) as caught:
        Options.from_dict({"device": "cpu", "zeal": 1, "batch": 2})
    assert caught.value.code == "unknown-option"
    assert "batch, zeal" in caught.value.message
    assert "minimum_lesion_ml" in caught.value.hint


def test_an_unknown_reference_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        Options(reference="PD")
    assert caught.value.code == "unknown-modality"
