"""What is found in a folder: studies and their volumes, and a reason for everything that is none."""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from copy import deepcopy

import numpy as np
import pytest
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from MissingModalitySegLib.dicom import find_dicom_studies
from MissingModalitySegLib.dicom.patients import Patient
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Modality
from Testing.dicom.made_series import DIRECTIONS, T1, Scan, datasets, enhanced, made_image, oblique, write


def only_study(folder):
    (study,) = find_dicom_studies(folder)
    return study


def test_series_in_any_folders(tmp_path):
    """Files of one series in several folders, several series in one, under names that say nothing."""
    scan = Scan()
    flair = datasets(made_image(), scan, 4)
    write(flair[:5], tmp_path / "a")
    write(flair[5:] + datasets(made_image(), scan, 2, **T1), tmp_path / "b" / "c")
    (tmp_path / "b" / "notes.txt").write_text("no DICOM")
    (tmp_path / "b" / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    (tmp_path / "b" / "empty.dcm").write_bytes(b"")
    study = only_study(tmp_path)
    assert [(one.series_number, one.description, one.size) for one in study.stacks] == [
        (2, "T1 SE", (9, 7, 12)),
        (4, "T2 FLAIR", (9, 7, 12)),
    ]
    assert [one.recognition.modality for one in study.usable] == [Modality.T1, Modality.FLAIR]
    assert study.notes() == ()


def test_studies_of_several_patients_are_told_apart(tmp_path):
    scans = [Scan(id="1"), Scan(id="2"), Scan(id="2")]
    for i, scan in enumerate(scans):
        write(datasets(made_image(), scan), tmp_path / f"{i}")
    studies = find_dicom_studies(tmp_path)
    assert [study.patient.id for study in studies] == ["1", "2", "2"]
    assert len({study.key for study in studies}) == 3
    assert [study.key for study in find_dicom_studies(tmp_path)] == [study.key for study in studies]


def test_one_study_uid_for_two_patients(tmp_path):
    """Careless anonymisation: the volumes of two people must not become one case."""
    shared = generate_uid()
    for name in ("A^A", "B^B"):
        write(datasets(made_image(), Scan(name=name, id="", study=shared)), tmp_path)
    assert [len(study.stacks) for study in find_dicom_studies(tmp_path)] == [1, 1]


def test_copies_are_used_once(tmp_path):
    """The same file twice, and an instance sent again under a new UID."""
    made = datasets(made_image())
    write(made, tmp_path / "a")
    write(made[3:6], tmp_path / "b")
    again = deepcopy(made[7])
    again.SOPInstanceUID = again.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    write(again, tmp_path / "c")
    (stack,) = only_study(tmp_path).stacks
    assert stack.notes == ("4 of its images are there more than once; the copies are not used.",)
    assert len(stack.slices) == 12
    assert not stack.left_out


def test_a_localiser_of_three_planes(tmp_path):
    scan, series = Scan(), generate_uid()
    for direction in DIRECTIONS.values():
        made = datasets(
            made_image(size=(9, 7, 3), direction=direction), scan, SeriesInstanceUID=series, SeriesDescription="3"
        )
        write(made, tmp_path)
    stacks = only_study(tmp_path).stacks
    assert [one.left_out for one in stacks] == ["it has 3 slices of its plane, as localisers have"] * 3


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"SeriesDescription": "AAHead_Scout"}, "it is a localiser"),
        (
            {"ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]},
            "it is an apparent diffusion coefficient (ADC) map",
        ),
        ({"ImageType": ["DERIVED", "SECONDARY", "PROJECTION IMAGE", "MIP"]}, "it is a projection"),
        ({"BodyPartExamined": "CSPINE"}, "it is an image of the spine"),
    ],
)
def test_what_the_header_rules_out(tmp_path, attributes, why):
    (stack,) = only_study(write(datasets(made_image(), **attributes), tmp_path)).stacks
    assert stack.left_out == why
    assert only_study(tmp_path).usable == ()


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"ImagePositionPatient": None}, "its images lack the tag ImagePositionPatient"),
        ({"ImageOrientationPatient": None}, "its images lack the tag ImageOrientationPatient"),
        ({"PixelSpacing": None}, "its images lack the tag PixelSpacing"),
        ({"SeriesInstanceUID": None}, "its images lack the tag SeriesInstanceUID"),
        ({"StudyInstanceUID": None}, "its images lack the tag StudyInstanceUID"),
        ({"Modality": None}, "its images lack the tag Modality"),
        ({"Modality": "CT"}, "it is a CT"),
        ({"Modality": "SEG"}, "it is a mask, label map or segmentation"),
        ({"SamplesPerPixel": 3}, "it is in colour"),
        ({"PixelSpacing": ["0", "0"]}, "its pixels have no size"),
        ({"ImageOrientationPatient": ["1", "0", "0", "1", "0", "0"]}, "its rows and columns are not at right angles"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]}, "its slices lie in one picture (a mosaic)"),
    ],
)
def test_what_makes_no_volume(tmp_path, attributes, why):
    study = only_study(write(datasets(made_image(), number=7, **attributes), tmp_path))
    assert study.stacks == ()
    assert [(one.series_number, one.images, one.why) for one in study.left_out] == [(7, 12, why)]
    assert study.notes() == (f"Series 7 “T2 FLAIR”, 12 images, left out: {why}.",)


def test_other_objects_beside_the_series(tmp_path):
    scan = Scan()
    write(datasets(made_image(), scan), tmp_path)
    capture = datasets(made_image(), scan, 99, Modality="OT", SeriesDescription="Protocol")[:1]
    capture[0].SOPClassUID = capture[0].file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    write(capture, tmp_path)
    study = only_study(tmp_path)
    assert len(study.usable) == 1
    assert study.notes() == ("Series 99 “Protocol”, 1 image, left out: it is a screen shot or report.",)


@pytest.mark.parametrize(
    ("syntax", "why"),
    [
        ("1.2.840.113619.5.2", "its pixels are stored in a private way (1.2.840.113619.5.2)"),
        ("1.2.840.10008.1.2.4.201", "its pixels are stored as High-Throughput JPEG 2000"),
    ],
)
def test_transfer_syntaxes_that_nobody_here_reads(tmp_path, syntax, why):
    write(datasets(made_image()), tmp_path)
    for path in tmp_path.iterdir():
        meta = path.read_bytes()
        old = str(ExplicitVRLittleEndian).encode()
        old += b"\0" * (len(old) % 2)
        new = syntax.encode() + b"\0" * (len(syntax) % 2)
        at = meta.index(b"UI" + len(old).to_bytes(2, "little") + old)
        meta = meta[:at] + b"UI" + len(new).to_bytes(2, "little") + new + meta[at + 4 + len(old) :]
        path.write_bytes(meta)
    (left_out,) = only_study(tmp_path).left_out
    assert left_out.why.startswith(why)


def test_a_diffusion_series_of_two_b_values(tmp_path):
    scan, series = Scan(), generate_uid()
    for b in (0, 1000):
        made = datasets(made_image(), scan, SeriesInstanceUID=series, SeriesDescription="ep2d_diff", DiffusionBValue=b)
        write(made, tmp_path)
    stacks = only_study(tmp_path).stacks
    assert [one.part for one in stacks] == ["b = 0", "b = 1000"]
    assert [one.recognition.modality for one in stacks] == [None, Modality.DWI]


@pytest.mark.parametrize(
    ("manufacturer", "tag", "vr", "value"),
    [
        ("SIEMENS", (0x0019, 0x100C), "IS", "800"),
        ("SIEMENS", (0x0019, 0x100C), "UN", b"800 "),
        ("GE MEDICAL SYSTEMS", (0x0043, 0x1039), "IS", ["1000000800", "8", "0", "0"]),
        ("Philips Medical Systems", (0x2001, 0x1003), "UN", np.float32(800).tobytes()),
    ],
)
def test_b_values_of_vendors(tmp_path, manufacturer, tag, vr, value):
    made = datasets(made_image(), Manufacturer=manufacturer, SeriesDescription="diff", InversionTime=None)
    for one in made:
        one.add_new(tag, vr, value)
    (stack,) = only_study(write(made, tmp_path)).stacks
    assert stack.attributes["DiffusionBValue"] == 800
    assert stack.recognition.modality is Modality.DWI


def test_a_series_over_time(tmp_path):
    """A perfusion series is no input, and one of its volumes would not be one either."""
    scan, series = Scan(), generate_uid()
    for moment in range(8):
        made = datasets(
            made_image(), scan, SeriesInstanceUID=series, SeriesDescription="dyn", TemporalPositionIdentifier=moment + 1
        )
        write(made, tmp_path)
    stacks = only_study(tmp_path).stacks
    assert {one.left_out for one in stacks} == {"it is one of 8 volumes of a series over time or directions"}


def test_repetitions_that_nothing_tells_apart(tmp_path):
    scan, series = Scan(), generate_uid()
    for turn in range(2):
        made = datasets(made_image(seed=turn), scan, SeriesInstanceUID=series)
        for k, one in enumerate(made):
            one.InstanceNumber, one.AcquisitionTime = turn * 12 + k + 1, f"13{turn}0{k:02d}"
        write(made, tmp_path)
    assert [(one.part, one.size[2]) for one in only_study(tmp_path).stacks] == [
        ("repetition 1", 12),
        ("repetition 2", 12),
    ]


def test_a_slab_is_no_head(tmp_path):
    (stack,) = only_study(write(datasets(made_image(spacing=(1.0, 1.0, 1.0))), tmp_path)).stacks
    assert stack.left_out == "it covers 12 mm, a part of a head"


def test_slices_of_another_size_make_a_stack_of_their_own(tmp_path):
    scan, series = Scan(), generate_uid()
    write(datasets(made_image(), scan, SeriesInstanceUID=series), tmp_path)
    odd = datasets(made_image(size=(5, 5, 8)), scan, SeriesInstanceUID=series)[:1]
    odd[0].InstanceNumber = 99
    write(odd, tmp_path)
    stacks = only_study(tmp_path).stacks
    assert [(one.size, bool(one.left_out)) for one in stacks] == [((9, 7, 12), False), ((5, 5, 1), True)]


def test_broken_files_stop_nothing(tmp_path):
    write(datasets(made_image()), tmp_path)
    rng = np.random.default_rng(5)
    (tmp_path / "noise").write_bytes(b"\0" * 128 + b"DICM" + rng.bytes(4000))
    cut = (tmp_path / "I0001").read_bytes()
    (tmp_path / "cut").write_bytes(cut[:300])
    study = next(one for one in find_dicom_studies(tmp_path) if one.usable)
    assert study.usable[0].size == (9, 7, 12)


@pytest.mark.parametrize("seed", range(6))
def test_headers_with_random_damage_never_raise(tmp_path, seed):
    """Bytes of headers changed at random: what comes of it is a study or a reason."""
    write(datasets(made_image()), tmp_path)
    rng = np.random.default_rng(seed)
    for path in tmp_path.iterdir():
        content = bytearray(path.read_bytes())
        for at in rng.integers(132, len(content) - 126, 12):
            content[at] = rng.integers(256)
        path.write_bytes(bytes(content))
    (tmp_path / "whole").mkdir()
    write(datasets(made_image()), tmp_path / "whole")
    assert any(one.usable for one in find_dicom_studies(tmp_path))


@pytest.mark.parametrize("make", [lambda folder: None, lambda folder: (folder / "a.txt").write_text("a")])
def test_no_dicom_at_all(tmp_path, make):
    make(tmp_path)
    with pytest.raises(InputError) as caught:
        find_dicom_studies(tmp_path)
    assert caught.value.code == "no-dicom"
    shutil.rmtree(tmp_path)
    with pytest.raises(InputError) as caught:
        find_dicom_studies(tmp_path)
    assert caught.value.code == "no-such-folder"


NAMES = [
    ("ISO_IR 192", "Müller^Jürgen"),
    ("ISO_IR 100", "Müller^Jürgen"),
    ("ISO_IR 144", "Люкceмбypг^Анна"),
    (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    ("GB18030", "王^小东"),
    ("NOT A SET", "Doe^Jane"),
    (None, "Doe^Jane"),
]


@pytest.mark.parametrize(("charset", "name"), NAMES)
def test_names_in_any_letters_stay_with_the_patient(tmp_path, charset, name, caplog, capfd):
    """Read as they are written; never printed, logged or warned of; taken out of texts that quote them."""
    family = name.split("^")[0]
    made = datasets(
        made_image(),
        Scan(name=name),
        SpecificCharacterSet=charset,
        SeriesDescription=f"T2 FLAIR {family} PAT-4711 19610203",
        StudyDescription=f"Brain of {family}",
        PatientSex="X",
    )
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        write(made, tmp_path)
        caplog.clear()
        warned.clear()
        study = only_study(tmp_path)
        shown = repr(study) + str(study) + "".join(study.notes()) + "".join(one.name for one in study.stacks)
        shown += "".join(caplog.messages) + "".join(str(one.message) for one in warned) + "".join(capfd.readouterr())
    assert study.patient.name == name
    for secret in (*name.replace("=", "^").split("^"), "4711", "19610203", "90125", "20240501"):
        assert secret not in shown
    assert study.stacks[0].recognition.modality is Modality.FLAIR


def test_words_that_are_no_names_stay(tmp_path):
    patient = Patient(name="Ax^T", id="12", birth_date="19610203")
    assert patient.hidden_in("Ax T2 FLAIR 12 mm, 19610203") == "Ax T2 FLAIR 12 mm, …"


def test_enhanced_and_classic_series_of_one_study(tmp_path):
    scan = Scan()
    write(enhanced(made_image(direction=oblique()), scan, 3), tmp_path)
    write(datasets(made_image(), scan, 5, **T1), tmp_path)
    assert [one.series_number for one in only_study(tmp_path).usable] == [3, 5]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are Unix")
def test_a_pipe_among_the_files_is_not_waited_for(tmp_path):
    write(datasets(made_image()), tmp_path)
    os.mkfifo(tmp_path / "pipe.dcm")
    assert len(find_dicom_studies(tmp_path)) == 1
