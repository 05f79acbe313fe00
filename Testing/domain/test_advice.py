"""What a user is told before a run."""

from __future__ import annotations

import json

import pytest

from MissingModalitySegLib.advice import advise
from MissingModalitySegLib.bundles import Manifest
from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.modalities import Code, Modality
from Testing.bundles.samples import manifest_data


def row(code: str, mean: float, region: str = "lesion", data: str = "simulated", error: float | None = 0.02) -> dict:
    figure = {"code": code, "region": region, "metric": "dice", "mean": mean, "n": 40, "dataset": data, "data": data}
    return figure if error is None else figure | {"standard_error": error}


def manifest(*rows: dict) -> Manifest:
    return Manifest.from_dict(manifest_data(performance=list(rows)))


def test_figures_of_every_region_and_the_best_addition() -> None:
    model = manifest(
        row("FLAIR", 0.7), row("FLAIR", 0.4, "core"), row("T1+FLAIR", 0.75), row("T1ce+FLAIR", 0.83), row("T1", 0.3)
    )
    advice = advise(model, Code.parse("FLAIR"))
    assert [(figure.region, figure.mean) for figure in advice.figures] == [("lesion", 0.7), ("core", 0.4)]
    assert [addition.modality for addition in advice.additions] == [Modality.T1CE, Modality.T1]
    text = " ".join(advice.sentences())
    assert "T1ce would help most" in text
    assert "0.70 → 0.83" in text


def test_every_figure_in_words_says_what_it_was_measured_on() -> None:
    advice = advise(manifest(row("FLAIR", 0.7), row("T1ce+FLAIR", 0.83)), Code.parse("FLAIR"))
    for sentence in advice.sentences():
        assert sentence.count("simulated scans only") == 1
    assert advice.simulated
    real = advise(manifest(row("FLAIR", 0.6, data="real"), row("FLAIR", 0.9)), Code.parse("FLAIR"))
    assert "0.60" in real.sentences()[0]
    assert "real scans" in real.sentences()[0]
    assert not real.simulated


def test_one_case_is_one_case() -> None:
    advice = advise(manifest(row("FLAIR", 0.7) | {"n": 1}), Code.parse("FLAIR"))
    assert "(1 case, few, simulated scans only)" in " ".join(advice.sentences())


def test_a_gain_within_the_error_is_no_advice() -> None:
    advice = advise(manifest(row("FLAIR", 0.70), row("T1ce+FLAIR", 0.715)), Code.parse("FLAIR"))
    assert advice.additions  # it is told as a figure
    assert not any("help" in sentence for sentence in advice.sentences())


def test_modalities_the_model_does_not_take() -> None:
    model = manifest(row("FLAIR", 0.7))
    advice = advise(model, Code.parse("FLAIR+DWI"))
    assert advice.unused == (Modality.DWI,)
    assert str(advice.code) == "FLAIR"
    assert advice.sentences()[0] == "DWI is not used by this model."
    with pytest.raises(InputError, match="T1, T1ce and FLAIR, not T2 and DWI") as caught:
        advise(model, Code.parse("T2+DWI"))
    assert caught.value.code == "no-usable-modality"


def test_what_nobody_measured_is_said_so() -> None:
    advice = advise(manifest(row("FLAIR", 0.7)), Code.parse("T1"))
    assert (advice.figures, advice.additions) == ((), ())
    assert "has not been measured" in advice.sentences()[0]


def of(dataset: str, n: int, figure: dict) -> dict:
    return figure | {"dataset": dataset, "n": n, "data": "real"}


def test_a_data_set_does_not_stand_for_another() -> None:
    model = manifest(
        row("FLAIR", 0.99),
        of("plaques", 2, row("FLAIR", 0.14)),
        of("tumours", 3, row("FLAIR", 0.88)),
        of("tumours", 3, row("FLAIR", 0.55, "core")),
        of("cavities", 1, row("FLAIR", 0.66, "core")),
    )
    advice = advise(model, Code.parse("FLAIR"))
    assert [(one.dataset, one.region) for one in advice.figures] == [
        ("tumours", "lesion"), ("plaques", "lesion"), ("tumours", "core")
    ]  # fmt: skip
    (sentence,) = advice.sentences()
    assert [sentence.count(word) for word in ("0.88", "0.14", "of tumours", "of plaques", "0.99", "0.66")] == [
        1, 1, 2, 1, 0, 0
    ]  # fmt: skip


def test_where_nothing_was_measured_the_largest_measured_part_is_told() -> None:
    model = manifest(
        of("scans", 2, row("FLAIR", 0.7)),
        of("scans", 2, row("T1+FLAIR", 0.5)),
        of("scans", 2, row("T1ce+FLAIR", 0.6)),
        row("T1+T1ce", 0.9),
    )
    advice = advise(model, Code.parse("T1+T1ce+FLAIR"))
    assert (advice.figures, advice.additions) == ((), ())
    assert [(str(one.code), one.mean) for one in advice.of_fewer] == [("T1ce+FLAIR", 0.6)]
    unmeasured, fewer = advice.sentences()
    assert unmeasured == "How well this model does from T1, T1ce and FLAIR has not been measured."
    assert fewer.startswith("Expected from T1ce and FLAIR: Dice of the lesion 0.60")
    assert not advice.simulated
    assert advice.to_dict()["expected"] == []


def test_advice_is_plain_json() -> None:
    data = advise(manifest(row("FLAIR", 0.7, error=None), row("T1ce+FLAIR", 0.83)), Code.parse("FLAIR")).to_dict()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["missing"] == ["T1", "T1ce"]
    assert data["additions"][0]["gain"] == pytest.approx(0.13)
    assert data["expected"][0]["data"] == "simulated"
