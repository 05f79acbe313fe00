"""The self-test of the module, as Slicer runs it; and that it notices what is wrong."""

from __future__ import annotations

import os
import stat
import venv
from pathlib import Path

import pytest
import slicer


@pytest.fixture
def told() -> list[str]:
    return []


def test_the_whole_way(slicer_app, told: list[str]) -> None:
    """With a real worker and a model that is too small to find much."""
    from MissingModalitySegLib.ui.self_test import self_test

    assert self_test(told.append)
    assert "The review opened." in told
    assert told[-1] == "Saved and opened again, the scene holds the same."


def test_without_a_model_it_goes_up_to_the_worker(slicer_app, told, monkeypatch: pytest.MonkeyPatch) -> None:
    from MissingModalitySegLib.ui import self_test

    monkeypatch.setattr(self_test, "models_for", lambda present: ())
    assert not self_test.self_test(told.append)
    assert told[-1] == "No model is installed: tested up to the worker."


def test_without_torch_it_goes_up_to_the_worker(slicer_app, told, tmp_path: Path, monkeypatch) -> None:
    """A PythonSlicer that has no torch, as before the first set-up."""
    from MissingModalitySegLib.ui import desk
    from MissingModalitySegLib.ui.self_test import self_test

    venv.create(tmp_path / "bare", with_pip=False)
    launcher = tmp_path / "bin" / "PythonSlicer"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nexec "{tmp_path}/bare/bin/python" "$@"\n')
    launcher.chmod(launcher.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{launcher.parent}{os.pathsep}{os.environ['PATH']}")
    desk._close()  # a warm worker would do
    assert not self_test(told.append)
    desk._close()
    assert "torch" in told[-1]
    assert told[-1].endswith("Tested up to the worker.")


def test_a_wrong_name_is_noticed(slicer_app, told, monkeypatch: pytest.MonkeyPatch) -> None:
    from MissingModalitySegLib.samples import Sample
    from MissingModalitySegLib.ui.self_test import SelfTestError, self_test

    monkeypatch.setattr(Sample, "node_name", lambda self, modality: f"sub-x_{'T2' if modality == 'T1' else 'FLAIR'}")
    with pytest.raises(SelfTestError, match="recognised"):
        self_test(told.append)


def test_results_that_do_not_last_are_noticed(slicer_app, told, monkeypatch: pytest.MonkeyPatch) -> None:
    from MissingModalitySegLib.ui import self_test

    monkeypatch.setattr(self_test, "open_review", lambda scene, run: scene.RemoveNode(run.table) or (1,))
    with pytest.raises((self_test.SelfTestError, AttributeError)):
        self_test.self_test(told.append)
    slicer.mrmlScene.Clear(0)
