"""A model on a card: what it finds, what it takes, what to expect of it from the chosen sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import qt
from slicer.i18n import tr as _

from ..advice import advise
from ..bundles import Listing, Manifest, Performance
from ..errors import InputError
from ..labels import find_scheme
from ..modalities import MODALITIES, Code, Modality
from .looks import BAD, DOUBTFUL, GOOD, QUIET, Colour
from .words import advice_words, region_word


class Card:
    """One model in the list; `on_choose(name)` is called when the user picks it."""

    def __init__(self, listing: Listing, on_choose: Callable[[str], None]) -> None:
        self.name, self._listing, self._on_choose = listing.name, listing, on_choose
        self.frame = qt.QFrame()
        self.frame.name = f"card-{listing.name}"
        self.frame.setFrameShape(qt.QFrame.StyledPanel)
        column = qt.QVBoxLayout(self.frame)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(2)
        self.button = qt.QRadioButton()
        self.button.autoExclusive = False  # each card has a parent of its own; the panel keeps one chosen
        self.button.name = f"choose-{listing.name}"
        self.text = qt.QLabel()
        self.text.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Preferred)  # long words widen no panel
        self.text.wordWrap = True
        self.text.indent = 20
        self.text.setTextFormat(qt.Qt.RichText)
        column.addWidget(self.button)
        column.addWidget(self.text)
        if listing.bundle is None:
            self.button.text = listing.name
            self.button.toolTip = escape(str(listing.error))
            self.button.enabled = False
        else:
            self.button.text = listing.bundle.manifest.title
        self.button.connect("clicked()", self._choose)

    def leave(self) -> None:
        """Vanish, with the last that holds the card.

        As long as the button's slot held it, that would be the frame, within its own destructor: deleted twice.
        """
        self.button.disconnect("clicked()", self._choose)
        self.frame.setParent(None)

    def _choose(self) -> None:
        self._on_choose(self.name)

    def show(self, chosen: bool, modalities: tuple[Modality, ...]) -> None:
        """Bring the card up to date: details only on the chosen one."""
        self.button.checked = chosen
        if self._listing.bundle is None:
            self.text.text = _coloured(escape(str(self._listing.error)), BAD)
            return
        manifest = self._listing.bundle.manifest
        paragraphs = [_takes(manifest, modalities), *_expectations(manifest, modalities)]
        if chosen:
            paragraphs += _details(manifest)
        self.text.text = "<br>".join(paragraphs)
        self.text.toolTip = self.button.toolTip = escape(manifest.intended_use)


def _takes(manifest: Manifest, present: tuple[Modality, ...]) -> str:
    regions = ", ".join(region_word(region.name) for region in find_scheme(manifest.labels).regions)
    words = [f"<b>{one}</b>" if one in present else _coloured(one, QUIET) for one in manifest.modalities]
    return _("Finds {regions}. Takes any of {sequences}.").format(regions=escape(regions), sequences=" ".join(words))


def _expectations(manifest: Manifest, present: tuple[Modality, ...]) -> list[str]:
    """What was measured for exactly these sequences, else for most of them, and which further one would help most."""
    if not present:
        return [_coloured(_("Choose sequences to see what to expect."), QUIET)]
    try:
        advice = advise(manifest, Code(tuple(one for one in MODALITIES if one in present)))
    except InputError as error:
        return [_coloured(escape(str(error)), BAD)]
    sentences = advice.worded(advice_words())
    if told := advice.figures or advice.of_fewer:
        scans = dict.fromkeys((one.dataset, one.data, one.n) for one in told)
        groups = [[one for one in told if (one.dataset, one.data, one.n) == group] for group in scans]
        sentences["expected"] = " ".join(map(_expected_in_short, groups))
    shown = {kind: escape(sentence) for kind, sentence in sentences.items()}
    if "helpful" in shown:
        shown["helpful"] = _coloured(shown["helpful"], GOOD)
    return list(shown.values())


def _expected_in_short(told: Sequence[Performance]) -> str:
    """All regions that were measured on the same scans in one line."""
    first = told[0]
    figures = ", ".join(f"{region_word(one.region)} {one.mean:.2f}" for one in told)
    scans = _("{n} simulated scans only") if first.data == "simulated" else _("{n} real scans of {dataset}")
    if first.n == 1:
        scans = advice_words()["one case"] + advice_words()[first.data]
    words = _("Expected from {code}: {metric} {figures} ({scans}).")
    metric = {"dice": "Dice", "hd95": "HD95 [mm]"}.get(first.metric, first.metric)
    scans = scans.format(n=first.n, dataset=first.dataset)
    return words.format(code=first.code, metric=metric, figures=figures, scans=scans)


def _details(manifest: Manifest) -> list[str]:
    lines = []
    if manifest.warning:
        lines.append(_coloured(escape(manifest.warning), DOUBTFUL))
    facts = [
        (_("Use"), manifest.intended_use),
        (_("Trained on"), _training_data(manifest)),
        (_("Licence"), manifest.licence),
    ]
    facts.append((_("Version"), f"{manifest.version} ({manifest.family})"))
    lines += [f"<i>{name}:</i> {escape(text)}" for name, text in facts if text]
    if manifest.citation:
        lines.append(_coloured(escape(manifest.citation).replace("\n", "<br>"), QUIET))
    return lines


def _training_data(manifest: Manifest) -> str:
    """What the provenance says of the data, as far as it is words."""
    told = manifest.provenance.get("data")
    if not isinstance(told, str):
        config = manifest.provenance.get("config")
        data = config.get("data") if isinstance(config, dict) else None
        told = data.get("source") if isinstance(data, dict) else None
    return {"phantom": _("simulated scans"), "heads": _("simulated heads")}.get(told, told or "")


def _coloured(text: str, colour: Colour) -> str:
    return f"<span style='color: {colour}'>{text}</span>"
