"""Every test of this room gets a scene of its own."""

from pathlib import Path

import pytest


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import slicer

    from Testing.scene.scene_application import Application

    for name in ("mrmlScene", "modules"):  # what the application sets; put back for tests of other rooms
        monkeypatch.setattr(slicer, name, None, raising=False)
    folder = tmp_path / "slicer"
    folder.mkdir()
    application = Application(folder)
    yield application
    application.scene.Clear(1)
