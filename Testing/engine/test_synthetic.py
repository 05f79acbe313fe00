"""Synthesised sequences as images: where they lie, how they display, and what confidence is measured against."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import torch
from torch import Tensor, nn

from MissingModalitySegLib.bundles import Normalisation, Tile
from MissingModalitySegLib.engine.model import Model
from MissingModalitySegLib.engine.study import Study
from MissingModalitySegLib.engine.synthetic import synthesise_missing
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.measures.synthesis import psnr
from MissingModalitySegLib.modalities import MODALITIES, Code
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegLib.options import Options
from MissingModalitySegLib.watch import Notes, Watch
from Testing.engine.made_studies import prepared, tissues, volume

T1, T1CE, T2, FLAIR, DWI = MODALITIES
EXACT = Options(device="cpu", precision="float32")


@dataclass(frozen=True)
class MeanConfig:
    channels: int = 5
    regions: int = 5


class MeanOfAll(nn.Module):
    """Says of every sequence that it is the mean of those that are there: what it answers can be worked out."""

    multiple = 1

    def __init__(self, available: Tensor | None = None) -> None:
        super().__init__()
        self.config = MeanConfig()
        self.weight = nn.Conv3d(5, 5, 1, bias=False)
        code = torch.ones(5) if available is None else available
        self.weight.weight.data = (code / code.sum()).expand(5, 5)[..., None, None, None].clone()

    def fold(self, code: Tensor) -> MeanOfAll:
        return MeanOfAll(code).eval()

    def forward(self, x: Tensor, code: Tensor | None = None) -> Tensor:
        return self.weight(x)


def mean_of_all() -> Model:
    return Model(MeanOfAll(), spacing=2.0, scheme=None, tile=Tile((32, 32, 32), 16, 0.5), name="mean")


def ras(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.DICOMOrient(image, "RAS")).transpose(2, 1, 0)


def test_missing_sequences_lie_on_the_reference_and_look_like_it() -> None:
    images = {T1: volume(T1, axes="LPS"), FLAIR: volume(FLAIR)}
    made = synthesise_missing(mean_of_all(), prepared(images), Study(images), EXACT)
    assert list(made.missing) == [T1CE, T2, DWI]
    brain, reference = tissues() > 0, images[T1]
    for sequence in made.missing.values():
        assert sequence.image.GetSize() == reference.GetSize()
        assert sequence.image.GetDirection() == reference.GetDirection()
        values, real = ras(sequence.image), ras(reference).astype(float)
        assert (values[~brain] == 0).all()  # the background of the reference
        scored = [(ras(image) - ras(image)[brain].mean()) / ras(image)[brain].std() for image in images.values()]
        expected = np.mean(scored, axis=0) * real[brain].std() + real[brain].mean()
        np.testing.assert_allclose(values[brain], np.maximum(expected[brain], 0), rtol=1e-3, atol=0.05)
        low, high = np.quantile(values[brain], [0.005, 0.995])
        assert sequence.level == pytest.approx((low + high) / 2, rel=0.02)
        assert sequence.window == pytest.approx(high - low, rel=0.02)


def test_confidence_compares_what_was_hidden_with_what_was_rebuilt() -> None:
    images = {T1: volume(T1), T2: volume(T2), FLAIR: volume(FLAIR)}
    made = synthesise_missing(mean_of_all(), prepared(images), Study(images), EXACT, reconstructions=True)
    brain = tissues() > 0
    z = {m: (ras(image) - ras(image)[brain].mean()) / ras(image)[brain].std() for m, image in images.items()}
    truth = np.where(brain, z[FLAIR], 0)
    span = np.subtract(*np.quantile(z[FLAIR][brain], [0.995, 0.005]))
    expected = psnr(np.where(brain, (z[T1] + z[T2]) / 2, 0), truth, brain, span)
    assert made.confidence[FLAIR].psnr == pytest.approx(expected, abs=0.01)
    assert made.confidence[FLAIR].code == Code((T1, T2))
    assert list(made.reconstructions) == [T1, T2, FLAIR]
    native = ras(made.reconstructions[FLAIR].image)[brain]  # in the unit of the real FLAIR
    assert native.mean() == pytest.approx(ras(images[FLAIR])[brain].mean(), rel=0.05)


def test_a_single_sequence_has_nothing_to_compare_with() -> None:
    images = {FLAIR: volume(FLAIR)}
    made = synthesise_missing(mean_of_all(), prepared(images), Study(images), EXACT)
    assert made.confidence == {}
    assert len(made.missing) == 4


def test_a_sequence_that_only_the_synthesiser_takes_is_not_generated_when_it_is_there() -> None:
    images = {FLAIR: volume(FLAIR)}
    study = Study(images | {DWI: volume(DWI)})
    narrow = prepared(images, (T1, FLAIR))  # as a model of two sequences has it
    made = synthesise_missing(mean_of_all(), narrow, study, EXACT)
    assert list(made.missing) == [T1, T1CE, T2]


def test_a_real_autoencoder_with_random_weights() -> None:
    torch.manual_seed(0)
    network = build({"architecture": "masked_autoencoder", "preset": "tiny"}).eval()
    images = {FLAIR: volume(FLAIR)}
    made = synthesise_missing(Model(network, spacing=2.0, scheme=None), prepared(images), Study(images), EXACT)
    for sequence in made.missing.values():
        assert np.isfinite(ras(sequence.image)).all()
        assert sequence.window > 0


def test_how_it_was_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As asked for, one step down where memory gives out, and in one pass where windows would not join."""
    images = {T1: volume(T1), FLAIR: volume(FLAIR)}
    arguments = prepared(images), Study(images)
    windows = Options(device="cpu", precision="float32", inference="sliding-window")
    straight = synthesise_missing(mean_of_all(), *arguments, EXACT)
    assert straight.execution.rung == "whole on cpu"
    assert straight.to_dict()["execution"]["precision"].startswith("float32")
    by_windows = synthesise_missing(mean_of_all(), *arguments, windows)
    assert by_windows.execution.rung == "windows on cpu"
    tiles = replace(mean_of_all(), normalisation=Normalisation("zscore", "tile"))
    assert synthesise_missing(tiles, *arguments, windows).execution.rung == "whole on cpu"

    class Failing(MeanOfAll):
        """Its first pass over everything gives out."""

        def fold(self, code: Tensor) -> MeanOfAll:
            return Folded(code).eval()

    class Folded(MeanOfAll):
        def forward(self, x: Tensor, code: Tensor | None = None) -> Tensor:
            if not x.is_meta and x.shape[2:] != (32, 32, 32):
                raise MemoryError
            return self.weight(x)

    notes = Notes(Watch())
    found = synthesise_missing(replace(mean_of_all(), network=Failing()), *arguments, EXACT, notes)
    assert found.execution.rung == "windows on cpu"
    assert [code for code, _ in notes.warnings] == ["less-memory"]
    assert found.confidence.keys() == straight.confidence.keys()
    np.testing.assert_allclose(ras(found.missing[T2].image), ras(by_windows.missing[T2].image), atol=1e-3)


def test_a_synthesiser_that_does_not_fit() -> None:
    images = {FLAIR: volume(FLAIR)}
    with pytest.raises(InputError, match="1 mm") as caught:
        synthesise_missing(Model(MeanOfAll(), spacing=1.0, scheme=None), prepared(images), Study(images), EXACT)
    assert caught.value.code == "synthesiser-of-another-grid"
