"""Studies of a scene: what belongs together, what is which sequence and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import slicer

from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.scene import candidate_volumes, studies_in, study_titles
from Testing.scene.finished_job import finished
from Testing.scene.scene_application import Application, noise


def names_of(app: Application, chosen) -> dict[str, str]:
    return {str(modality): app.scene.GetNodeByID(node).GetName() for modality, node in chosen.items()}


def test_dicom_studies_are_kept_apart(app: Application) -> None:
    for patient in ("Ångström^Åsa", 'O"Neill'):
        item = app.study(patient, "MR Schädel")
        app.volume("3: t1_mprage_sag", item=item)
        app.volume("5: t2_flair_tra", item=item)
    first, second = studies_in(app.scene)
    assert (first.title, second.title) == ("Ångström^Åsa / MR Schädel", 'O"Neill / MR Schädel')
    assert "one study" in first.reason
    assert names_of(app, first.chosen) == {"T1": "3: t1_mprage_sag", "FLAIR": "5: t2_flair_tra"}
    assert not set(first.volumes) & set(second.volumes)
    assert all(reason.endswith(".") for reason in first.reasons.values())


def loader(app: Application):
    """Adds volumes as if they had been loaded from files."""

    def loaded(name: str, path: str):
        node = app.volume(name)
        storage = app.scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
        storage.SetFileName(path)
        node.SetAndObserveStorageNodeID(storage.GetID())
        return node

    return loaded


def test_patients_of_one_name_in_several_data_sets_stay_apart(app: Application) -> None:
    loaded = loader(app)
    one = loaded("sub-01_T1w", "/data/siteA/raw/sub-01/anat/sub-01_T1w.nii.gz")
    other = loaded("sub-01_FLAIR", "/data/siteB/raw/sub-01/anat/sub-01_FLAIR.nii.gz")
    first, second = studies_in(app.scene)
    assert (first.title, second.title) == ("siteA/raw/sub-01", "siteB/raw/sub-01")
    assert (first.volumes, second.volumes) == ((one.GetID(),), (other.GetID(),))
    assert "/data/siteA/raw" in first.reason
    assert study_titles([one, other]) == (first.title, second.title)
    assert study_titles([one]) == ("sub-01",)


def test_names_and_folders_where_there_is_no_study(app: Application) -> None:
    loaded = loader(app)
    loaded("sub-01_ses-a_T1w", "/data/sub-01/ses-a/anat/sub-01_ses-a_T1w.nii.gz")
    loaded("sub-01_ses-b_T1w", "/data/sub-01/ses-b/anat/sub-01_ses-b_T1w.nii.gz")
    loaded("sub-01_ses-a_FLAIR", "/data/sub-01/ses-a/anat/sub-01_ses-a_FLAIR.nii.gz")
    loaded("BraTS20_t2", "/data/BraTS20_Training_001/BraTS20_t2.nii.gz")
    loaded("BraTS20_t1ce", "/data/BraTS20_Training_001/BraTS20_t1ce.nii.gz")
    app.volume("FLAIR")
    found = {study.title: names_of(app, study.chosen) for study in studies_in(app.scene)}
    assert found == {
        "sub-01_ses-a": {"T1": "sub-01_ses-a_T1w", "FLAIR": "sub-01_ses-a_FLAIR"},
        "sub-01_ses-b": {"T1": "sub-01_ses-b_T1w"},
        "BraTS20_Training_001": {"T1ce": "BraTS20_t1ce", "T2": "BraTS20_t2"},
        "Volumes without a study": {"FLAIR": "FLAIR"},
    }


def test_doubts_become_questions(app: Application) -> None:
    item = app.study("A", "MR")
    twins = [app.volume(f"FLAIR {i}", item=item).GetID() for i in (1, 2)]
    app.volume("ADC", item=item)
    (study,) = studies_in(app.scene)
    assert not study.chosen
    assert [question.modality for question in study.assignment.questions] == [Modality.FLAIR]
    assert set(study.assignment.questions[0].keys) == set(twins)
    assert any("ADC" in reason for reason in study.assignment.passed_over.values())


def test_what_cannot_be_an_input_is_no_candidate(app: Application, tmp_path: Path) -> None:
    node = app.volume("FLAIR")
    app.volume("mask", noise(dtype="uint8"), kind="vtkMRMLLabelMapVolumeNode")
    app.volume("colours", np.zeros((2, 3, 4, 3), "uint8"), kind="vtkMRMLVectorVolumeNode")
    app.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "T1 without voxels")
    hidden = app.volume("T1")
    hidden.SetHideFromEditors(True)
    finished(app, tmp_path, {"FLAIR": node}).place(app)
    assert candidate_volumes(app.scene) == (node,)
    assert [names_of(app, study.chosen) for study in studies_in(app.scene)] == [{"FLAIR": "FLAIR"}]


def test_the_header_decides_where_the_name_is_mute(app: Application) -> None:
    node = app.volume("401")
    times = {"EchoTime": 120, "RepetitionTime": 9000, "InversionTime": 2500, "Modality": "MR"}
    (study,) = studies_in(app.scene, lambda volume: times if volume is node else {})
    assert names_of(app, study.chosen) == {"FLAIR": "401"}
    assert "TI 2500" in study.reasons[node.GetID()]


def test_the_description_in_the_tree_is_read(app: Application) -> None:
    node = app.volume("401", item=app.study("A", "MR"))
    app.tree.SetItemAttribute(app.tree.GetItemByDataNode(node), "DICOM.SeriesDescription", "ax T2 FLAIR fs")
    (study,) = studies_in(app.scene)
    assert list(study.chosen) == [Modality.FLAIR]


def test_an_empty_scene_has_no_studies(app: Application) -> None:
    assert studies_in(app.scene) == ()
    assert studies_in(slicer.vtkMRMLScene()) == ()
