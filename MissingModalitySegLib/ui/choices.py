"""The options as a panel, their words, and remembering them from one scene to the next."""

from __future__ import annotations

from typing import Any

import qt
from slicer.i18n import tr as _

from ..jobs import Hello
from ..modalities import MODALITIES, Modality
from .binding import ChoiceConnector
from .looks import QUIET, paint
from .parameters import AUTO, OPTION_NAMES

_GROUP = "MissingModalitySeg/Options"
_MODEL = "MissingModalitySeg/Model"


def _choices() -> dict[str, list[tuple[str, str]]]:
    """The words of each combo box, and what the user reads."""
    return {
        "reference": [(AUTO, _("the volume with the finest voxels")), *((str(m), str(m)) for m in MODALITIES)],
        "brain": [
            (AUTO, _("find it where needed")),
            ("extracted", _("the volumes show nothing else")),
            ("mask", _("use a mask")),
            ("none", _("work on everything")),
        ],
        "device": [
            (AUTO, _("the best that works")),
            ("cpu", _("processor")),
            ("cuda", _("NVIDIA card")),
            ("mps", _("Apple GPU")),
        ],
        "precision": [(AUTO, _("the fastest that is right")), ("float32", _("32 bit"))],
        "inference": [
            (AUTO, _("whole brain where it fits")),
            ("whole", _("whole brain")),
            ("sliding-window", _("windows (less memory)")),
        ],
        "earlier": [("replace", _("replace them")), ("keep", _("keep them, number the new ones"))],
    }


class OptionsPanel:
    """Binds the boxes, and keeps what was chosen."""

    def __init__(self, ui: Any) -> None:
        self.ui = ui
        self._parameters: Any = None
        self._tag: int | None = None
        self._remembered: dict[str, str] = {}
        ui.defaultsButton.connect("clicked()", self._reset)
        ui.deviceFound.visible = False
        paint(ui.deviceFound, QUIET)

    def take(self, parameters: Any) -> None:
        """Bind to these parameters; None lets go of the former."""
        if self._parameters is not None and self._tag is not None:
            self._parameters.disconnectGui(self._tag)
        self._parameters, self._tag = parameters, None
        if parameters is not None:
            self._remembered = _chosen(parameters)  # what a scene brings along is no choice of the user's
            boxes = {name: ChoiceConnector(getattr(self.ui, f"{name}Box"), words) for name, words in _choices().items()}
            self._tag = parameters.connectParametersToGui(boxes)

    def show(self, present: tuple[Modality, ...], hello: Hello | None) -> None:
        """Grey out what means nothing now, and say what the worker found."""
        parameters, ui = self._parameters, self.ui
        ui.reconstructionsBox.enabled = parameters.synthesize
        ui.brainMaskLabel.visible = ui.brainMaskSelector.visible = parameters.brain == "mask"
        if hello is not None:
            name = f"{hello.device_name} ({hello.device})" if hello.device_name else hello.device
            ui.deviceFound.text = _("The worker computes on {name}. {message}").format(name=name, message=hello.message)
        ui.deviceFound.visible = hello is not None
        self._remember()

    def _remember(self) -> None:
        """Keep the options for scenes to come; settings are a file, and the window is brought up to date often."""
        chosen = _chosen(self._parameters)
        if changed := {key: value for key, value in chosen.items() if value != self._remembered[key]}:
            settings = qt.QSettings()
            for key, value in changed.items():
                settings.setValue(key, value)
            self._remembered = chosen

    def _reset(self) -> None:
        before = self._parameters.StartModify()
        for name in OPTION_NAMES:
            self._parameters.setValue(name, _default(self._parameters, name))
        self._parameters.EndModify(before)


def recall(parameters: Any) -> None:
    """Set the options as they were last; a setting that does not fit (any more) is passed over, and so is a mask: the
    scene that it was chosen in has gone."""
    settings = qt.QSettings()
    for name in OPTION_NAMES:
        text = settings.value(f"{_GROUP}/{name}")
        if text in (None, "mask"):
            continue
        kind = type(_default(parameters, name))
        try:
            parameters.setValue(name, str(text) == "True" if kind is bool else kind(text))
        except ValueError:
            continue
    parameters.model = str(settings.value(_MODEL) or "")


def _chosen(parameters: Any) -> dict[str, str]:
    """What is remembered, by its key in the settings."""
    return {_MODEL: parameters.model} | {f"{_GROUP}/{name}": str(parameters.getValue(name)) for name in OPTION_NAMES}


def _default(parameters: Any, name: str) -> Any:
    default = parameters.default(name)
    return getattr(default, "value", default)  # Slicer wraps it
