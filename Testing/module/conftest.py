"""An application, a scene, models and a real worker for every test of the window."""

import os
import sys
from pathlib import Path

import pytest

from Testing.slicer_harness import slicer_application

slicer_application.install()  # now, since tests import files that import qt


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny untrained models: two that find lesions, one that generates sequences."""
    from Testing.module.tiny_models import write_models

    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session", autouse=True)
def warm_worker():
    """The desk of the application, and with it the worker, live on from test to test; at the end nothing is left."""
    yield
    desk = sys.modules.get("MissingModalitySegLib.ui.desk")
    if desk is not None:
        desk._close()


@pytest.fixture
def slicer_app(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    """`slicer.app` with an empty scene; nothing of the user's own folders is seen."""
    import slicer

    from Testing.slicer_harness import pythonqt

    app = slicer_application.install()
    for name in ("mrmlScene", "modules", "dicomDatabase"):
        monkeypatch.setattr(slicer, name, None, raising=False)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(models))
    monkeypatch.setattr("MissingModalitySegLib.bundles.search.resources", lambda: tmp_path)  # none bundled
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    app.begin(tmp_path / "slicer")
    yield app
    _settle()
    app.end()
    assert not pythonqt.signal_errors()
    assert "A listener failed" not in caplog.text


def _settle() -> None:
    """Nothing of a test goes on in the next one."""
    from MissingModalitySegLib.ui.desk import desk
    from Testing.slicer_harness.module_window import until

    desk().cancel()
    until(lambda: not desk().works)
    assert not desk().on_change, "a window that is closed still listens"


@pytest.fixture
def window(slicer_app):
    """The module's widget; float32, so that the worker need not measure which precision is fastest."""
    from Testing.slicer_harness.module_window import close_module, open_module

    widget = open_module()
    widget.window.parameters.precision = "float32"
    widget.window.parameters.device = "cpu"
    yield widget
    close_module(widget)
