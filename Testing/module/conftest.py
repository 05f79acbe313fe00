"""An application, a scene, models and a real worker for every test of the window."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny untrained models: two that find lesions, one that generates sequences."""
    from Testing.module.tiny_models import write_models

    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture
def slicer_app(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch):
    """`slicer.app` with an empty scene; nothing of the user's own folders is seen."""
    import os

    import slicer

    from Testing.slicer_harness import slicer_application

    app = slicer_application.install()
    for name in ("mrmlScene", "modules", "dicomDatabase"):
        monkeypatch.setattr(slicer, name, None, raising=False)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(models))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    app.begin(tmp_path / "slicer")
    yield app
    from MissingModalitySegLib.ui import desk
    from Testing.slicer_harness import pythonqt

    desk._close()
    app.end()
    assert not pythonqt.signal_errors()


@pytest.fixture
def window(slicer_app):
    """The module's widget."""
    from Testing.slicer_harness.module_window import close_module, open_module

    widget = open_module()
    yield widget
    close_module(widget)
