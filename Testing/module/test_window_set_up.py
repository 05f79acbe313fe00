"""The page for the first use: what is missing, one button that brings it, and a folder for those without internet."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import zipfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import slicer

from MissingModalitySegLib import bundles
from MissingModalitySegLib.ui import packages
from MissingModalitySegLib.ui.desk import desk
from Testing.engine.small_runs import write_segmenter
from Testing.module.hands import click, load_and_guess, problem
from Testing.module.tiny_models import write_ensemble
from Testing.slicer_harness.module_window import close_module, open_module, until
from Testing.slicer_harness.slicer_application import FileDialog


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The packages of Slicer's Python with their versions, as a first start finds them; tests may change it."""
    there = {"scipy": "1.15.0", "SimpleITK": "2.5.0", "numpy": "2.4.0"}

    def version(name: str) -> str:
        if name not in there:
            raise packages.metadata.PackageNotFoundError(name)
        return there[name]

    monkeypatch.setattr(packages.metadata, "version", version)
    return there


@pytest.fixture
def extension(monkeypatch: pytest.MonkeyPatch, installed) -> SimpleNamespace:
    """The extension PyTorch, and slicer.packaging, that put into `installed` what they are asked for."""
    asked = SimpleNamespace(torch=[], others=[], answer="yes")

    class PyTorchUtilsLogic:
        def installTorch(self, askConfirmation=False, forceComputationBackend=None, torchVersionRequirement=None):
            asked.torch.append((askConfirmation, torchVersionRequirement))
            if asked.answer == "no":
                return None
            installed["torch"] = "2.8.0+cpu"
            return object()

    def pip_ensure(requirements, requester=None, prompt_install=False, show_progress=False):
        if asked.answer == "declines":
            raise RuntimeError("User declined package installation")
        if asked.answer == "breaks":
            raise OSError("No space left on device")
        asked.others.append((requirements, requester, prompt_install, show_progress))
        for one in requirements:
            installed[one.split(">=")[0]] = one.split(">=")[1]

    made = ModuleType("PyTorchUtils")
    made.PyTorchUtilsLogic = PyTorchUtilsLogic
    monkeypatch.setitem(sys.modules, "PyTorchUtils", made)
    monkeypatch.setattr(slicer.packaging, "pip_ensure", pip_ensure)
    return asked


@pytest.fixture
def page(slicer_app, installed):
    """The page of a window that was opened for the first time."""
    widget = open_module()
    yield widget.window.set_up
    close_module(widget)


def message(page) -> str:
    return "" if page.ui.setUpMessage.isHidden() else page.ui.setUpMessage.text


def front(widget) -> str:
    return widget.window.ui.tabs.currentWidget().name


def test_a_first_use_begins_here(slicer_app, installed) -> None:
    widget = open_module()
    assert front(widget) == "setUpPage"
    assert "torch, monai, safetensors" in widget.window.set_up.ui.setUpHeadline.text
    assert not widget.window.set_up.ui.installButton.isHidden()
    load_and_guess(widget, "T1")
    assert not widget.window.run.ui.segmentButton.enabled
    assert "Set-up" in widget.window.run.ui.whyNot.text
    close_module(widget)


def test_later_uses_do_not(window) -> None:
    assert front(window) == "studyPage"
    assert window.window.set_up.ui.installButton.isHidden()
    assert "is installed" in window.window.set_up.ui.setUpHeadline.text


def test_one_button_brings_everything(page, extension) -> None:
    click(page.ui.installButton)
    assert extension.torch == [(True, ">=2.4")]
    ((wanted, requester, asks, shows),) = extension.others
    assert [one.split(">=")[0] for one in wanted] == ["monai", "safetensors"]
    assert (requester, asks, shows) == ("MissingModalitySeg", True, True)
    assert message(page) == "Installed."
    assert page.is_ready
    assert page.ui.installButton.isHidden()


def test_a_version_that_is_too_old_is_brought_anew(slicer_app, installed, extension) -> None:
    installed |= {"torch": "2.8.0", "monai": "1.3.2", "safetensors": "0.5"}
    widget = open_module()
    click(widget.window.set_up.ui.installButton)
    assert [one.split(">=")[0] for one in extension.others[0][0]] == ["monai"]
    assert extension.torch == []
    close_module(widget)


@pytest.mark.parametrize(
    ("answer", "words"),
    [("no", "Nothing was installed"), ("declines", "Nothing was installed"), ("breaks", "No space")],
)
def test_it_does_not_work_out(page, extension, answer: str, words: str) -> None:
    extension.answer = answer
    click(page.ui.installButton)
    assert words in message(page)
    assert not page.is_ready
    assert not page.ui.installButton.isHidden()
    extension.answer = "yes"
    click(page.ui.installButton)
    assert message(page) == "Installed."


def test_the_extension_pytorch_is_missing(page, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)
    click(page.ui.installButton)
    assert "Extensions Manager" in message(page)


def test_an_older_slicer(page, extension, monkeypatch) -> None:
    """Without slicer.packaging there are slicer.util's pip and a question."""
    monkeypatch.delattr(slicer, "packaging")
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)
    asked, brought = [], []
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text: asked.append(text) or len(asked) > 1)
    monkeypatch.setattr(slicer.util, "pip_install", brought.append, raising=False)
    click(page.ui.installButton)
    assert "Nothing was installed" in message(page)
    click(page.ui.installButton)
    assert "monai" in asked[0]
    assert [one.split(">=")[0] for one in brought[0]] == ["monai", "safetensors"]


def fake_pip(folder: Path, says: str, code: int) -> Path:
    """A PythonSlicer that keeps its arguments and says something instead of installing."""
    launcher = folder / "PythonSlicer"
    folder.mkdir(parents=True, exist_ok=True)
    launcher.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > "{folder}/arguments"\necho "{says}"\nsleep 0.3\nexit {code}\n'
    )
    launcher.chmod(launcher.stat().st_mode | stat.S_IXUSR)
    return launcher


def test_a_folder_of_wheels(page, tmp_path: Path, monkeypatch) -> None:
    wheels = tmp_path / "wheels “für uns”"
    wheels.mkdir()
    FileDialog.answers = [str(wheels)]
    page.ui.offlineSection.collapsed = False
    click(page.ui.wheelsButton)
    assert "no wheel of torch" in message(page)
    (wheels / "torch-2.8.0-cp312-none-any.whl").write_bytes(b"")
    for says, code, expected in (("No matching distribution found", 1, "No matching"), ("ok", 0, "Installed.")):
        fake_pip(tmp_path / "bin", says, code)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
        FileDialog.answers = [str(wheels)]
        click(page.ui.wheelsButton)
        assert "takes some minutes" in message(page)
        assert not page.ui.wheelsButton.enabled
        until(lambda says=says: message(page).splitlines()[-1] == says)
        until(lambda: page.ui.wheelsButton.enabled)
        assert expected in message(page)
    arguments = (tmp_path / "bin" / "arguments").read_text().splitlines()
    assert arguments[:6] == ["-m", "pip", "install", "--no-index", "--find-links", str(wheels)]
    assert arguments[6:] == [packages.TORCH, *packages.OTHERS]


def test_a_window_closed_while_wheels_are_installed(slicer_app, installed, tmp_path, monkeypatch) -> None:
    (tmp_path / "torch-2.8.0.whl").write_bytes(b"")
    fake_pip(tmp_path / "bin", "ok", 0)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    widget = open_module()
    FileDialog.answers = [str(tmp_path)]
    widget.window.set_up.ui.offlineSection.collapsed = False
    click(widget.window.set_up.ui.wheelsButton)
    close_module(widget)
    until(lambda: (tmp_path / "bin" / "arguments").is_file())


def test_a_folder_of_models(page, tmp_path: Path) -> None:
    write_segmenter(tmp_path / "in" / "six", name="six")
    seven = write_segmenter(tmp_path / "seven", name="seven")
    with zipfile.ZipFile(tmp_path / "in" / "seven.zip", "w") as target:
        for path in seven.iterdir():
            target.write(path, path.name)
    bad = write_segmenter(tmp_path / "in" / "bad", name="bad")
    (bad / "weights.safetensors").write_bytes(b"cut")
    (tmp_path / "in" / "notes.txt").write_text("")
    FileDialog.answers = [str(tmp_path / "in")]
    page.ui.offlineSection.collapsed = False
    click(page.ui.modelsButton)
    until(lambda: "Models added" in message(page))
    assert "Models added: seven, six." in message(page)
    assert "bad: " in message(page)
    assert sorted(os.listdir(bundles.user_models())) == ["seven", "six"]


def test_a_folder_with_an_ensemble_and_without_its_members(page, tmp_path: Path) -> None:
    write_ensemble(tmp_path / "in" / "joint", "one", "nine")
    FileDialog.answers = [str(tmp_path / "in")]
    page.ui.offlineSection.collapsed = False
    click(page.ui.modelsButton)
    until(lambda: "Models added: joint." in message(page))
    assert "asks “nine”, which cannot be used" in message(page)


def test_a_folder_of_models_that_cannot_be_read(page, tmp_path: Path) -> None:
    FileDialog.answers = [str(tmp_path / "missing")]
    page.ui.offlineSection.collapsed = False
    click(page.ui.modelsButton)
    until(lambda: "Verifying" not in message(page))
    assert "cannot be read" in message(page)


def test_what_the_worker_finds(slicer_app) -> None:
    from MissingModalitySegLib.ui import desk as room

    room._close()  # begin without a worker
    widget = open_module()
    page = widget.window.set_up
    widget.window.ui.tabs.setCurrentWidget(widget.window.ui.setUpPage)
    click(page.ui.checkButton)
    assert "Starting" in message(page)
    until(lambda: "Starting" not in message(page))
    assert "cpu" in message(page)
    assert desk().hello.device == "cpu"
    assert "Worker: cpu" in page.ui.diagnostics.plainText
    first, runner = desk().hello, desk()._runner
    click(page.ui.checkButton)  # anew: something may have been installed since
    assert "Starting" in message(page)
    assert desk().hello is None
    assert "Worker: cpu" not in page.ui.diagnostics.plainText
    click(page.ui.checkButton)
    until(lambda: "Starting" not in message(page))
    until(lambda: not runner.busy and runner.hello is None)
    assert desk().hello.device == "cpu"
    assert desk().hello.pid != first.pid
    assert page._heard not in desk().on_line
    close_module(widget)


def test_a_worker_that_works_is_not_disturbed(window) -> None:
    load_and_guess(window, "T1")
    click(window.window.run.ui.segmentButton)
    until(lambda: desk().hello is not None and desk().works)
    runner = desk()._runner
    page = window.window.set_up
    window.window.ui.tabs.setCurrentWidget(window.window.ui.setUpPage)
    click(page.ui.checkButton)
    assert message(page) == desk().hello.message
    assert desk()._runner is runner
    until(lambda: not desk().works)
    assert not problem(window)


def test_what_was_installed_is_seen_by_the_next_worker(page, extension) -> None:
    desk().try_worker()
    until(lambda: desk().hello is not None)
    runner = desk()._runner
    click(page.ui.installButton)
    assert desk().hello is desk()._runner is None
    until(lambda: runner.hello is None)


def test_diagnostics_can_be_copied(page) -> None:
    click(page.ui.copyDiagnosticsButton)
    text = slicer.app.clipboard().text()
    for word in ("Slicer 5.12.0", "torch: missing", "scipy: 1.15.0", "PythonSlicer: /", "Model one", "pip download"):
        assert word in text
    assert shutil.which("PythonSlicer") in text
