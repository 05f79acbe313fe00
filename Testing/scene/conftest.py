"""Every test of this room gets a scene of its own."""

from pathlib import Path

import pytest


@pytest.fixture
def app(tmp_path: Path):
    from Testing.scene.scene_application import Application

    folder = tmp_path / "slicer"
    folder.mkdir()
    application = Application(folder)
    yield application
    application.scene.Clear(1)
