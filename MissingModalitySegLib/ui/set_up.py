"""First use: what is missing, one button that brings it, and everything to copy when it does not work."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from .. import bundles
from ..errors import InputError, MissingModalitySegError
from . import packages
from .background import Background
from .desk import Desk, interpreter
from .diagnostics import diagnostics
from .looks import BAD, GOOD, say

_LAST_LINES = 15


class SetUpPanel:
    """The page; `on_change()` is called when something was installed or imported."""

    def __init__(self, ui: Any, desk: Desk, on_change: Callable[[], None]) -> None:
        self.ui, self._desk, self._on_change = ui, desk, on_change
        self._busy: Background | None = None
        self._is_in_front = False
        ui.setUpMessage.visible = False
        for button, action in (
            (ui.installButton, self._install),
            (ui.wheelsButton, self._install_offline),
            (ui.modelsButton, self._import_models),
            (ui.checkButton, self._check),
            (ui.copyDiagnosticsButton, self._copy),
        ):
            button.connect("clicked()", action)
        desk.on_change.append(self._desk_changed)
        self.look()

    def leave(self) -> None:
        """The window goes; what is being installed or imported arrives all the same."""
        self._desk.on_change.remove(self._desk_changed)
        if self._heard in self._desk.on_line:
            self._desk.on_line.remove(self._heard)
        if self._busy is not None:
            self._busy.forget()

    @property
    def is_ready(self) -> bool:
        """Whether the worker can compute, as far as can be told without starting it."""
        return not self._missing

    def look(self) -> None:
        """See what is missing."""
        self._missing = packages.missing()
        ui = self.ui
        if self._missing:
            names = ", ".join(one.split(">=")[0] for one in self._missing)
            ui.setUpHeadline.text = _(
                "<b>One step before the first use.</b><br>The networks run in a process of their own, which needs "
                "Python packages that Slicer does not bring along: {names}."
            ).format(names=names)
        else:
            ui.setUpHeadline.text = _("Everything that computes is installed.")
        ui.installButton.visible = bool(self._missing)
        self._write_diagnostics()

    def come_forward(self, is_in_front: bool) -> None:
        """The page is shown or hidden."""
        self._is_in_front = is_in_front
        self._desk_changed()

    def _desk_changed(self) -> None:
        if self._is_in_front:  # it takes a look at all models
            self._write_diagnostics()

    def _write_diagnostics(self) -> None:
        text = diagnostics(self._desk.hello)
        if self.ui.diagnostics.plainText != text:  # what is marked stays marked
            self.ui.diagnostics.plainText = text

    def _install(self) -> None:
        try:
            packages.install()
        except MissingModalitySegError as error:
            say(self.ui.setUpMessage, str(error), BAD)
        else:
            say(self.ui.setUpMessage, _("Installed."), GOOD)
        self._desk.renew_worker()
        self._settled()

    def _install_offline(self) -> None:
        folder = qt.QFileDialog.getExistingDirectory(None, _("Choose the folder with the wheels"))
        if not folder:
            return
        try:
            packages.check_wheels(Path(folder))
            command = packages.offline_command(interpreter(), Path(folder))
        except MissingModalitySegError as error:
            say(self.ui.setUpMessage, str(error), BAD)
            return
        words = _("Installing from {folder}… This takes some minutes.").format(folder=folder)
        say(self.ui.setUpMessage, words)
        self.ui.wheelsButton.enabled = False
        lines: list[str] = []

        def going_on() -> None:
            say(self.ui.setUpMessage, "\n".join([words, *lines[-1:]]))

        def done(result: Any, error: MissingModalitySegError | None) -> None:
            self.ui.wheelsButton.enabled = True
            if error is None and result == 0:
                say(self.ui.setUpMessage, _("Installed."), GOOD)
            else:
                last = str(error) if error is not None else "\n".join(lines[-_LAST_LINES:])
                say(self.ui.setUpMessage, last, BAD)
            self._desk.renew_worker()
            self._settled()

        self._busy = Background(lambda: _run(command, lines), done, going_on)

    def _import_models(self) -> None:
        folder = qt.QFileDialog.getExistingDirectory(None, _("Choose a folder with models"))
        if not folder:
            return
        say(self.ui.setUpMessage, _("Verifying the models in {folder}…").format(folder=folder))

        def done(result: Any, error: MissingModalitySegError | None) -> None:
            if error is not None:
                say(self.ui.setUpMessage, str(error), BAD)
            else:
                added, problems = result
                words = _("Models added: {names}.").format(names=", ".join(added) or _("none"))
                say(self.ui.setUpMessage, "\n".join([words, *problems]), BAD if problems else GOOD)
            self._settled()

        self._busy = Background(lambda: import_models(Path(folder)), done)

    def _check(self) -> None:
        """Start a worker to see what it finds now; one that works has just found it."""
        if not self._desk.renew_worker() and self._desk.hello is not None:
            say(self.ui.setUpMessage, self._desk.hello.message, GOOD if self._desk.hello.device_ok else BAD)
            return
        say(self.ui.setUpMessage, _("Starting the worker…"))
        if self._heard not in self._desk.on_line:
            self._desk.on_line.append(self._heard)
        try:
            self._desk.try_worker()
        except MissingModalitySegError as error:
            self._heard(str(error))

    def _heard(self, line: str) -> None:
        if self._heard in self._desk.on_line:
            self._desk.on_line.remove(self._heard)
        say(self.ui.setUpMessage, line, GOOD if self._desk.hello is not None else BAD)

    def _settled(self) -> None:
        self.look()
        self._on_change()

    def _copy(self) -> None:
        self._write_diagnostics()
        qt.QApplication.clipboard().setText(self.ui.diagnostics.plainText)


def import_models(folder: Path) -> tuple[list[str], list[str]]:
    """Import every model of a folder: names of those that were added, and what is wrong with others. Raises
    `InputError` where the folder cannot be read."""
    added, problems = [], []
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        words = f"The folder “{folder}” cannot be read: {error.strerror or error}."
        raise InputError("folder-not-readable", words, "Choose another one.") from error
    for path in paths:
        if path.suffix != ".zip" and not (path / "manifest.json").is_file():
            continue
        try:
            added.append(bundles.import_bundle(path, bundles.user_models()))
        except MissingModalitySegError as error:
            problems.append(f"{path.name}: {error}")
    problems += [str(missing) for bundle in added if (missing := bundles.lack(bundle))]
    return [bundle.name for bundle in added], problems


def _run(command: list[str], lines: list[str]) -> int:
    """Run a command, add what it says to `lines` as it says it, and give its exit code."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, text=True, encoding="utf-8", errors="replace", **pipes) as process:
        for line in process.stdout:
            lines.append(line.rstrip())
    return process.returncode
