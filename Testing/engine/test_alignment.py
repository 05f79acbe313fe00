"""Registration of simulated sequences with motions that are known, and what must stay where it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.engine import Study
from MissingModalitySegLib.engine.alignment import align_study
from MissingModalitySegLib.engine.registration import Fixed, register
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.watch import Watch

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from registration_pairs import Pair, errors, make_pair, moved


@pytest.fixture(scope="module", params=[0, 5], ids=["head", "thick-slices"])
def pair(request) -> Pair:
    return make_pair(request.param, spacing=3.0)


def test_a_known_motion_is_found(pair) -> None:
    study = Study({Modality.T1: pair.fixed, Modality.T2: pair.moving})
    alignment = align_study(study, Modality.T1, "auto", Watch())[Modality.T2]
    shift, angle = errors(alignment.transform, pair.truth)
    assert alignment.applied
    assert shift <= 1.0
    assert angle <= 1.0
    assert alignment.after > alignment.before
    assert alignment.angle_deg == pytest.approx(errors(None, pair.truth)[1], abs=1.0)
    off = align_study(study, Modality.T1, "off", Watch())[Modality.T2]
    assert not off.applied
    assert off.transform is None


def test_what_lies_well_is_left_alone(pair) -> None:
    aligned = moved(pair.moving, sitk.Euler3DTransform(pair.truth.GetInverse()))
    motion = register(Fixed.of(pair.fixed), aligned)
    assert errors(motion.transform, sitk.Euler3DTransform())[0] < 0.5
    assert motion.before > 0.05


def test_a_patient_who_moves_between_series_on_one_grid_is_noticed(pair) -> None:
    """As with a T1 before and after contrast agent: headers are equal, the head is not where it was."""
    edge = float(pair.moving[0, 0, 0])
    on_one_grid = sitk.Resample(pair.moving, pair.fixed, sitk.Transform(), sitk.sitkLinear, edge)
    study = Study({Modality.T1: pair.fixed, Modality.T2: on_one_grid})
    alignment = align_study(study, Modality.T1, "auto", Watch())[Modality.T2]
    assert max(errors(alignment.transform, pair.truth)) <= 1.0
    assert alignment.overlap == 1.0

    aligned = moved(pair.moving, sitk.Euler3DTransform(pair.truth.GetInverse()))
    on_one_grid = sitk.Resample(aligned, pair.fixed, sitk.Transform(), sitk.sitkLinear, edge)
    study = Study({Modality.T1: pair.fixed, Modality.T2: on_one_grid})
    assert not align_study(study, Modality.T1, "auto", Watch())[Modality.T2].applied


@pytest.mark.parametrize("register_", ["auto", "off"])
def test_volumes_of_other_places_are_refused(register_) -> None:
    here = sitk.Image([20, 20, 20], sitk.sitkFloat32)
    there = sitk.Image(here)
    there.SetOrigin((12.0, 0.0, 0.0))
    with pytest.raises(InputError, match=r"4\d %|38 %") as caught:
        align_study(Study({Modality.T1: here, Modality.T2: there}), Modality.T1, register_, Watch())
    assert caught.value.code == "no-overlap"


def test_an_empty_volume_is_left_alone() -> None:
    here = sitk.Image([20, 20, 20], sitk.sitkFloat32)
    there = sitk.Image(here)
    there.SetOrigin((0.5, 0.0, 0.0))
    assert register(Fixed.of(here), there).transform is None
