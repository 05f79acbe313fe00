"""Choosing a model among those at hand, and bringing in another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from .. import bundles
from ..errors import MissingModalitySegError
from ..modalities import Modality
from .background import Background
from .cards import Card
from .looks import BAD, DOUBTFUL, GOOD, say


class ModelPanel:
    """The cards, and import; `on_choose(name)` tells which model the user wants."""

    def __init__(self, ui: Any, on_choose: Callable[[str], None]) -> None:
        self.ui, self._on_choose = ui, on_choose
        self._cards: list[Card] = []
        self._listings: tuple[bundles.Listing, ...] = ()
        self._import: Background | None = None
        menu = qt.QMenu(ui.importButton)
        self._archive, self._folder = menu.addAction(_("From a .zip file…")), menu.addAction(_("From a folder…"))
        self._archive.connect("triggered(bool)", self._import_archive)
        self._folder.connect("triggered(bool)", self._import_folder)
        ui.importButton.setMenu(menu)
        ui.modelFolderButton.connect("clicked()", self._open_folder)
        ui.modelMessage.visible = False
        self.look()

    def leave(self) -> None:
        """The window goes; a model that is being imported arrives all the same."""
        if self._import is not None:
            self._import.forget()

    def look(self) -> None:
        """See which models there are."""
        self._listings = tuple(
            listing
            for listing in bundles.available()
            if listing.error is not None or (listing.used and listing.bundle.manifest.labels is not None)
        )
        layout = self.ui.cards.layout()
        for card in self._cards:
            layout.removeWidget(card.frame)
            card.leave()
        self._cards = [Card(listing, self._on_choose) for listing in self._listings]
        for card in self._cards:
            layout.addWidget(card.frame)
        if not self.names:
            say(self.ui.modelMessage, _("There is no model yet. Import one from a .zip file or a folder."), DOUBTFUL)

    @property
    def names(self) -> tuple[str, ...]:
        """The models that can be used."""
        return tuple(listing.name for listing in self._listings if listing.bundle is not None)

    @property
    def first_choice(self) -> str:
        """What is chosen for a user who has not chosen yet: an ensemble, which asks several of the others."""
        return next((name for name in self.names if self.manifest(name).members), self.names[0])

    @property
    def buttons(self) -> list[Any]:
        """What the models are chosen with."""
        return [card.button for card in self._cards]

    def manifest(self, name: str) -> bundles.Manifest | None:
        """What is known of a model; None where it is not there."""
        return next((one.bundle.manifest for one in self._listings if one.bundle and one.name == name), None)

    def show(self, chosen: str, modalities: tuple[Modality, ...]) -> None:
        """Bring the cards up to date."""
        for card in self._cards:
            card.show(card.name == chosen, modalities)

    def _import_archive(self) -> None:
        self.import_from(qt.QFileDialog.getOpenFileName(None, _("Choose a model"), "", _("Models (*.zip)")))

    def _import_folder(self) -> None:
        self.import_from(qt.QFileDialog.getExistingDirectory(None, _("Choose the folder of a model")))

    def import_from(self, path: str, replace: bool = False) -> None:
        """Verify and add the model at `path`; asks before one of the same name is replaced."""
        if not path:
            return
        say(self.ui.modelMessage, _("Verifying {name}…").format(name=Path(path).name))
        self.ui.importButton.enabled = False

        def done(bundle: bundles.Bundle | None, error: MissingModalitySegError | None) -> None:
            self.ui.importButton.enabled = True
            if error is not None and error.code == "bundle-exists" and not replace:
                question = _("{message} Replace it?").format(message=error.message)
                if slicer.util.confirmYesNoDisplay(question):
                    self.import_from(path, replace=True)
                else:
                    say(self.ui.modelMessage, "")
            elif error is not None:
                say(self.ui.modelMessage, str(error), BAD)
            else:
                self.look()
                text = _("“{title}” was added; every checksum is right.").format(title=bundle.manifest.title)
                if missing := bundles.lack(bundle):
                    say(self.ui.modelMessage, f"{text} {missing}", DOUBTFUL)
                else:
                    say(self.ui.modelMessage, text, GOOD)
                if bundle.name in self.names and bundle.manifest.labels is not None:
                    self._on_choose(bundle.name)

        self._import = Background(lambda: bundles.import_bundle(Path(path), bundles.user_models(), replace), done)

    def _open_folder(self) -> None:
        folder = bundles.user_models()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            say(self.ui.modelMessage, f"{folder}: {error.strerror}", BAD)
            return
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(folder)))
