"""Stand-ins for the widgets of CTK that the module uses: their properties and signals, and roughly their looks."""

from __future__ import annotations

from types import ModuleType

import shiboken6
from PySide6 import QtCore, QtGui, QtWidgets

_HEADER = 24  # pixels


class ctkCollapsibleButton(QtWidgets.QWidget):
    """A titled section that a click on its title opens and closes."""

    toggled = QtCore.Signal(bool)
    clicked = QtCore.Signal()
    contentsCollapsed = QtCore.Signal(bool)

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._text, self._collapsed = "", False
        self._hidden: list[QtWidgets.QWidget] = []
        self.setFocusPolicy(QtCore.Qt.StrongFocus)

    def showEvent(self, event) -> None:
        self._fit()

    def resizeEvent(self, event) -> None:
        self._fit()

    def _fit(self) -> None:
        """Room for the title, and no child that shows while the section is closed."""
        layout = self.layout()
        margins = None if layout is None else layout.contentsMargins
        if margins is not None and margins.top() < _HEADER:
            layout.setContentsMargins(margins.left(), _HEADER + margins.top(), margins.right(), margins.bottom())
        for child in self._children() if self._collapsed else ():
            if not child.isHidden():
                child.hide()
                self._hidden.append(child)

    def _children(self) -> list[QtWidgets.QWidget]:
        return [child for child in self.children() if isinstance(child, QtWidgets.QWidget)]

    def _get_text(self) -> str:
        return self._text

    def _set_text(self, text: str) -> None:
        self._text = text
        self.update()

    def _get_collapsed(self) -> bool:
        return self._collapsed

    def _set_collapsed(self, collapsed: bool) -> None:
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        shown = [] if collapsed else self._hidden
        for child in shown:
            if shiboken6.isValid(child):
                child.show()
        self._hidden = []
        self._fit()
        self.setMaximumHeight(_HEADER + 2 if collapsed else 16777215)
        self.updateGeometry()
        self.contentsCollapsed.emit(collapsed)
        self.toggled.emit(not collapsed)

    def _is_open(self) -> bool:
        return not self._collapsed

    def _open(self, opened: bool) -> None:
        self._set_collapsed(not opened)

    text = QtCore.Property(str, _get_text, _set_text)
    collapsed = QtCore.Property(bool, _get_collapsed, _set_collapsed)
    checked = QtCore.Property(bool, _is_open, _open)

    def click(self) -> None:
        self._set_collapsed(not self._collapsed)
        self.clicked.emit()

    def mousePressEvent(self, event) -> None:
        if event.position().y() <= _HEADER:
            self.click()

    def keyPressEvent(self, event) -> None:
        if event.key() in (QtCore.Qt.Key_Space, QtCore.Qt.Key_Return):
            self.click()

    def minimumSizeHint(self) -> QtCore.QSize:
        return QtCore.QSize(80, _HEADER + 2) if self._collapsed else super().minimumSizeHint()

    def sizeHint(self) -> QtCore.QSize:
        return QtCore.QSize(80, _HEADER + 2) if self._collapsed else super().sizeHint()

    def paintEvent(self, event) -> None:
        self._fit()
        painter, option = QtWidgets.QStylePainter(self), QtWidgets.QStyleOptionButton()
        option.initFrom(self)
        option.rect = QtCore.QRect(0, 0, self.size.width(), _HEADER)
        painter.drawControl(QtWidgets.QStyle.CE_PushButtonBevel, option)
        painter.setPen(self.palette.color(QtGui.QPalette.ButtonText))
        mark = "▸" if self._collapsed else "▾"
        painter.drawText(option.rect.adjusted(8, 0, -8, 0), QtCore.Qt.AlignVCenter, f"{mark}  {self._text}")


class _WholePath(QtGui.QValidator):
    """What CTK takes for a whole path: one that ends as a name filter of the form `*.end` says, where there is any."""

    def validate(self, path: str, at: int) -> tuple[QtGui.QValidator.State, str, int]:
        ends = [one[1:] for one in self.parent().nameFilters if one.startswith("*.")]
        whole = path and (not ends or path.endswith(tuple(ends)))
        return (QtGui.QValidator.Acceptable if whole else QtGui.QValidator.Intermediate), path, at


class ctkPathLineEdit(QtWidgets.QWidget):
    """A path and a button to choose it."""

    currentPathChanged = QtCore.Signal(str)
    validInputChanged = QtCore.Signal(bool)
    Dirs, Files, Writable, Readable, Executable = 0x001, 0x002, 0x020, 0x010, 0x080

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        line = QtWidgets.QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        self._edit, button = QtWidgets.QLineEdit(self), QtWidgets.QToolButton(self)
        button.setText("…")
        button.clicked.connect(lambda: self.browse())
        line.addWidget(self._edit)
        line.addWidget(button)
        self._edit.textChanged.connect(self._tell)
        self._filters = 0x002
        self.nameFilters: list[str] = []
        self._edit.setValidator(_WholePath(self))
        self._key = ""
        self.setFocusProxy(self._edit)

    def _tell(self, path: str) -> None:
        """The real one tells of whole paths only."""
        if self._edit.hasAcceptableInput():
            self.currentPathChanged.emit(path)

    def _get_path(self) -> str:
        return QtCore.QObject.property(self._edit, "text")

    def _set_path(self, path: str) -> None:
        self._edit.setText(path)

    def _get_filters(self) -> int:
        return self._filters

    def _set_filters(self, filters: int) -> None:
        self._filters = filters

    def _get_key(self) -> str:
        return self._key

    def _set_key(self, key: str) -> None:
        self._key = key

    def browse(self) -> None:
        """What the button does: where files are among the filters, it offers files alone."""
        from .slicer_application import FileDialog

        found = FileDialog.getOpenFileName() if self._filters & self.Files else FileDialog.getExistingDirectory()
        if found:
            self._set_path(found)

    currentPath = QtCore.Property(str, _get_path, _set_path)
    filters = QtCore.Property(int, _get_filters, _set_filters)
    settingKey = QtCore.Property(str, _get_key, _set_key)

    def setCurrentPath(self, path: str) -> None:
        self._set_path(path)

    def addCurrentPathToHistory(self) -> None:
        """The real one moves the path to the top of its drop-down list, and another is shown for a moment."""
        path = self._get_path()
        if path:
            self._set_path("")
            self._set_path(path)


class ctkSliderWidget(QtWidgets.QWidget):
    """A slider over real numbers with a box for the number."""

    valueChanged = QtCore.Signal(float)
    CPP_SIGNALS = {"valueChanged(double)": "valueChanged"}

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        line = QtWidgets.QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Horizontal, self)
        self._box = QtWidgets.QDoubleSpinBox(self)
        line.addWidget(self._slider)
        line.addWidget(self._box)
        self._slider.setRange(0, 1000)
        self._slider.valueChanged.connect(self._slid)
        self._box.valueChanged.connect(self._typed)

    def _span(self) -> tuple[float, float]:
        box = self._box
        return QtCore.QObject.property(box, "minimum"), QtCore.QObject.property(box, "maximum")

    def _slid(self, position: int) -> None:
        low, high = self._span()
        self._box.setValue(low + (high - low) * position / 1000)

    def _typed(self, value: float) -> None:
        low, high = self._span()
        self._slider.blockSignals(True)
        self._slider.setValue(round(1000 * (value - low) / (high - low or 1)))
        self._slider.blockSignals(False)
        self.valueChanged.emit(value)

    def _box_is_visible(self) -> bool:
        return not self._box.isHidden()

    def _show_box(self, shown: bool) -> None:
        self._box.setVisible(shown)

    spinBoxVisible = QtCore.Property(bool, _box_is_visible, _show_box)

    def _passed_on(name: str, kind: type):  # noqa: N805
        def read(self):
            return QtCore.QObject.property(self._box, name)

        def write(self, value):
            QtCore.QObject.setProperty(self._box, name, value)

        return QtCore.Property(kind, read, write)

    value = _passed_on("value", float)
    minimum = _passed_on("minimum", float)
    maximum = _passed_on("maximum", float)
    singleStep = _passed_on("singleStep", float)
    decimals = _passed_on("decimals", int)
    suffix = _passed_on("suffix", str)


def module() -> ModuleType:
    """What `import ctk` gives."""
    ctk = ModuleType("ctk")
    for kind in (ctkCollapsibleButton, ctkPathLineEdit, ctkSliderWidget):
        setattr(ctk, kind.__name__, kind)
    return ctk
