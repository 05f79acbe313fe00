"""What to expect of a subset, and which sequence to look for."""

from __future__ import annotations

import pytest

from MissingModalitySegLib.bundles import Manifest
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Code, Modality
from Testing.bundles.samples import manifest_data


def row(code: str, mean: float, metric: str = "dice", n: int = 10, dataset: str = "a", data: str = "simulated") -> dict:
    return {"code": code, "region": "lesion", "metric": metric, "mean": mean, "n": n, "dataset": dataset, "data": data}


def manifest(*rows: dict) -> Manifest:
    return Manifest.from_dict(manifest_data(performance=list(rows)))


def test_expected_figure_of_a_code() -> None:
    model = manifest(row("FLAIR", 0.7), row("T1+FLAIR", 0.8))
    assert model.expected(Code.parse("FLAIR+T1")).mean == 0.8  # any order, and a code over all five modalities
    assert model.expected(Code.parse("T1")) is None
    assert model.expected(Code.parse("FLAIR"), region="core") is None
    assert model.expected(Code.parse("FLAIR"), metric="hd95") is None


def test_real_scans_count_before_simulated_ones_and_many_before_few() -> None:
    model = manifest(
        row("FLAIR", 0.9, n=500),
        row("FLAIR", 0.5, n=6, dataset="b", data="real"),
        row("FLAIR", 0.6, n=3, dataset="c", data="real"),
    )
    figure = model.expected(Code.parse("FLAIR"))
    assert (figure.mean, figure.data, figure.dataset) == (0.5, "real", "b")


def test_a_modality_the_model_does_not_take() -> None:
    with pytest.raises(InputError, match="DWI"):
        manifest(row("FLAIR", 0.7)).expected(Code.parse("FLAIR+DWI"))


def test_best_additions_in_order_of_gain() -> None:
    model = manifest(row("FLAIR", 0.7), row("T1+FLAIR", 0.75), row("T1ce+FLAIR", 0.8), row("T1+T1ce+FLAIR", 0.82))
    first, second = model.best_additions(Code.parse("FLAIR"))
    assert (first.modality, second.modality) == (Modality.T1CE, Modality.T1)
    assert first.gain == pytest.approx(0.1)
    assert second.gain == pytest.approx(0.05)
    assert first.after.mean == 0.8
    assert model.best_additions(Code.parse("T1+T1ce+FLAIR")) == ()
    assert model.best_additions(Code.parse("T1")) == ()  # nobody measured it


def test_what_would_not_help_is_not_recommended() -> None:
    model = manifest(row("FLAIR", 0.7), row("T1+FLAIR", 0.7), row("T1ce+FLAIR", 0.6))
    assert model.best_additions(Code.parse("FLAIR")) == ()


def test_lower_is_better_for_distances() -> None:
    model = manifest(row("FLAIR", 12, "hd95"), row("T1+FLAIR", 9, "hd95"), row("T1ce+FLAIR", 14, "hd95"))
    (only,) = model.best_additions(Code.parse("FLAIR"), metric="hd95")
    assert (only.modality, only.gain) == (Modality.T1, 3)


def test_only_figures_of_one_data_set_are_compared() -> None:
    model = manifest(
        row("FLAIR", 0.5, dataset="b", data="real"),
        row("FLAIR", 0.9),
        row("T1+FLAIR", 0.95),  # would be a gain of 0.45 over the real figure
        row("T1ce+FLAIR", 0.6, dataset="b", data="real"),
    )
    (only,) = model.best_additions(Code.parse("FLAIR"))
    assert only.modality == Modality.T1CE
