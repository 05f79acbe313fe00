"""Where preparation takes the brain from, and what it says about it."""

from __future__ import annotations

import os
import stat
import sys

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch

from MissingModalitySegLib.engine import Study, prepare, restore_image
from MissingModalitySegLib.errors import CancelledError, InputError
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.watch import Notes, Watch

HD_BET = """#!{python}
import sys, SimpleITK as sitk
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
if {fails}:
    sys.exit("no weights")
sitk.WriteImage(sitk.ReadImage(given["-i"]) > 50, given["-o"].replace(".nii.gz", "_bet.nii.gz"))
"""


def head() -> tuple[sitk.Image, np.ndarray]:
    """Noise with a bright block that stands for a brain."""
    values = np.random.default_rng(0).normal(20, 3, (24, 26, 28)).astype(np.float32)
    brain = np.zeros(values.shape, bool)
    brain[6:18, 6:20, 6:22] = True
    values[brain] += 80
    return sitk.GetImageFromArray(values), brain


@pytest.fixture
def hd_bet(tmp_path, monkeypatch):
    """Puts a program named hd-bet on the path that either finds the bright block or fails."""

    def install(fails: bool) -> None:
        program = tmp_path / "hd-bet"
        program.write_text(HD_BET.format(python=sys.executable, fails=fails))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", "")
    monkeypatch.setattr("MissingModalitySegLib.bundles.search.places", tuple)  # no model `brain`
    return install


def test_a_mask_may_be_a_file(tmp_path) -> None:
    image, brain = head()
    mask = sitk.GetImageFromArray(brain.astype(np.uint8))
    sitk.WriteImage(mask, str(tmp_path / "mask.nii.gz"))
    prepared = prepare(Study({Modality.T1: image}), brain=str(tmp_path / "mask.nii.gz"))
    assert prepared.brain_source == "given"
    assert int(prepared.brain.sum()) == brain.sum()
    with pytest.raises(InputError) as caught:
        prepare(Study({Modality.T1: image}, brain=mask * 0))
    assert caught.value.code == "empty-brain-mask"


def test_heads_may_be_refused() -> None:
    with pytest.raises(InputError) as caught:
        prepare(Study({Modality.T1: head()[0]}), extract=False)
    assert caught.value.code == "brain-not-extracted"


def test_none_works_on_everything() -> None:
    image, brain = head()
    prepared = prepare(Study({Modality.T1: image}), brain="none")
    assert prepared.brain_source == "none"
    assert int(prepared.brain.sum()) == brain.size


def test_extracted_is_taken_at_its_word() -> None:
    image, brain = head()
    blank = sitk.GetImageFromArray(np.where(brain, sitk.GetArrayFromImage(image), -7).astype(np.float32))
    for study in (Study({Modality.T1: blank}), Study({Modality.T1: blank, Modality.T2: image})):
        prepared = prepare(study, brain="extracted")
        assert prepared.brain_source == "extracted-input"
        assert int(prepared.brain.sum()) == brain.sum()


def test_hd_bet_is_used_where_it_is(hd_bet) -> None:
    image, brain = head()
    hd_bet(fails=False)
    prepared = prepare(Study({Modality.T1: image}))
    assert prepared.brain_source == "hd-bet"
    assert int(prepared.brain.sum()) == brain.sum()


def test_where_hd_bet_fails_others_are_tried(hd_bet) -> None:
    hd_bet(fails=True)
    notes = Notes(Watch())
    with pytest.raises(InputError, match=r"[Nn]o brain|no head"):  # a block of noise has none
        prepare(Study({Modality.T1: head()[0]}), watch=notes)
    assert [code for code, _ in notes.warnings] == ["hd-bet-failed", "classical-brain-extraction"]
    assert "no weights" in notes.warnings[0][1]


def test_cancelling_ends_preparation(hd_bet) -> None:
    class Cancelled(Watch):
        def check(self) -> None:
            raise CancelledError("cancelled", "Stopped.")

    hd_bet(fails=False)
    with pytest.raises(CancelledError):
        prepare(Study({Modality.T1: head()[0]}), watch=Cancelled())


def test_scales_lead_back_to_native_intensities() -> None:
    image, brain = head()
    prepared = prepare(Study({Modality.T1: image}, brain=sitk.GetImageFromArray(brain.astype(np.uint8))))
    scale = prepared.scales[Modality.T1]
    inside = sitk.GetArrayFromImage(image)[brain]
    assert scale.mean == pytest.approx(inside.mean(), rel=1e-5)
    assert scale.deviation == pytest.approx(inside.std(), rel=1e-5)
    back = restore_image(prepared.channels[0] * scale.deviation + scale.mean, prepared.frame)
    assert np.allclose(sitk.GetArrayFromImage(back)[brain], inside, atol=1e-3)


def test_beyond_a_field_of_view_a_channel_is_as_if_missing() -> None:
    """And what is not seen does not count for the scale."""
    image, brain = head()
    mask = sitk.GetImageFromArray(brain.astype(np.uint8))
    slab = image[:, :, :15]
    prepared = prepare(Study({Modality.T1: image, Modality.T2: slab}, brain=mask), register="off")
    seen = brain.copy()
    seen[15:] = False
    assert prepared.scales[Modality.T2].mean == pytest.approx(sitk.GetArrayFromImage(image)[seen].mean(), rel=1e-4)
    assert int(torch.count_nonzero(prepared.channels[2])) == seen.sum()
    assert prepared.alignments[Modality.T2].overlap == 1.0


def test_the_reference_must_be_there() -> None:
    with pytest.raises(InputError, match="FLAIR"):
        prepare(Study({Modality.T1: head()[0]}), reference=Modality.FLAIR)
