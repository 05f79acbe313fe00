"""`demo`: its claims hold."""

from __future__ import annotations

import torch

from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.cli.tour import fold_all
from MissingModalitySegLib.networks import registry


def test_the_tour(capsys, tmp_path) -> None:
    assert run(["demo", "--output", str(tmp_path / "demo")]) == 0
    shown = capsys.readouterr().out
    for name in registry.ARCHITECTURES:
        assert name in shown
    assert "31 subsets" in shown
    assert "localiser" in shown
    assert "make test" in shown
    assert (tmp_path / "demo" / "datalist.json").exists()
    starter = registry.build({"architecture": "moe", "preset": "starter"})
    assert f"{sum(parameter.numel() for parameter in starter.parameters()):,}" in shown


def test_folding_is_exact_and_the_comparison_could_fail() -> None:
    torch.manual_seed(3)
    folds = fold_all()
    assert len(folds) == 31
    assert max(fold.difference for fold in folds) < 1e-5
    assert min(fold.wrong_difference for fold in folds) > 0.1
    assert folds[0].parameters < folds[-1].parameters  # one channel in the stem against five
