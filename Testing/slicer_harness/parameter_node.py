"""A stand-in for `slicer.parameterNodeWrapper`: typed parameters of a vtkMRMLScriptedModuleNode, bound to widgets.

It covers the types and widgets that the module uses, stores values under the same names and in the same form as
Slicer, and refuses what Slicer would refuse: unknown names, values of the wrong type, widgets that do not fit a type.
"""

from __future__ import annotations

import abc
import enum
import typing
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any

import slicer
import vtk
from PySide6 import QtWidgets

from Testing.slicer_harness import ctk_widgets, mrml_widgets

PROPERTY = "SlicerParameterName"


class GuiConnector(abc.ABC):
    """Between a widget and a value; subclasses say how to read and write the one as the other."""

    def __init__(self) -> None:
        super().__init__()
        self._callback: Callable[[], None] | None = None

    def onChanged(self, callback: Callable[[], None] | None) -> None:
        self._callback = callback
        if callback is None:
            self._disconnect()
        else:
            self._connect()

    def changed(self) -> None:
        if self._callback:
            self._callback()

    @staticmethod
    @abc.abstractmethod
    def canRepresent(widget: Any, datatype: Any) -> bool: ...

    @staticmethod
    @abc.abstractmethod
    def create(widget: Any, datatype: Any) -> GuiConnector | None: ...

    @abc.abstractmethod
    def _connect(self) -> None: ...

    @abc.abstractmethod
    def _disconnect(self) -> None: ...

    @abc.abstractmethod
    def widget(self) -> Any: ...

    @abc.abstractmethod
    def read(self) -> Any: ...

    @abc.abstractmethod
    def write(self, value: Any) -> None: ...


class _WidgetConnector(GuiConnector):
    """One of Slicer's own: a widget whose signal tells of a change."""

    signal, attribute = "", ""

    def __init__(self, widget: Any) -> None:
        super().__init__()
        self._widget = widget

    @classmethod
    def create(cls, widget: Any, datatype: Any) -> GuiConnector | None:
        return cls(widget) if cls.canRepresent(widget, datatype) else None

    def _connect(self) -> None:
        self._widget.connect(self.signal, self.changed)

    def _disconnect(self) -> None:
        self._widget.disconnect(self.signal, self.changed)

    def widget(self) -> Any:
        return self._widget

    def read(self) -> Any:
        return getattr(self._widget, self.attribute)

    def write(self, value: Any) -> None:
        setattr(self._widget, self.attribute, value)


class _CheckBox(_WidgetConnector):
    signal, attribute = "toggled(bool)", "checked"

    @staticmethod
    def canRepresent(widget: Any, datatype: Any) -> bool:
        return datatype is bool and type(widget) is QtWidgets.QCheckBox


class WithinRange:
    """An annotation of a number: what it may be."""

    def __init__(self, minimum: float, maximum: float) -> None:
        self.minimum, self.maximum = minimum, maximum

    def validate(self, value: float) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value} is not within {self.minimum} and {self.maximum}")


class _Number(_WidgetConnector):
    """As Slicer's: the range of the widget is that of the parameter, whatever its form says."""

    signal, attribute = "valueChanged(double)", "value"

    def __init__(self, widget: Any, datatype: Any) -> None:
        super().__init__(widget)
        bounds = _bounds(datatype)
        widget.minimum = float("-inf") if bounds is None else bounds.minimum
        widget.maximum = float("inf") if bounds is None else bounds.maximum

    @classmethod
    def create(cls, widget: Any, datatype: Any) -> GuiConnector | None:
        return cls(widget, datatype) if cls.canRepresent(widget, datatype) else None

    @staticmethod
    def canRepresent(widget: Any, datatype: Any) -> bool:
        return _plain(datatype) is float and type(widget) in (QtWidgets.QDoubleSpinBox, ctk_widgets.ctkSliderWidget)


class _Line(_WidgetConnector):
    signal, attribute = "textChanged(QString)", "text"

    @staticmethod
    def canRepresent(widget: Any, datatype: Any) -> bool:
        return datatype is str and type(widget) is QtWidgets.QLineEdit


class _Node(_WidgetConnector):
    """As Slicer's: the widget shows nodes of the parameter's class or classes, whatever its form says."""

    signal = "currentNodeChanged(vtkMRMLNode*)"

    def __init__(self, widget: Any, datatype: Any) -> None:
        super().__init__(widget)
        widget.nodeTypes = [kind.__name__ for kind in _kinds(datatype) if kind is not type(None)]

    @classmethod
    def create(cls, widget: Any, datatype: Any) -> GuiConnector | None:
        return cls(widget, datatype) if cls.canRepresent(widget, datatype) else None

    @staticmethod
    def canRepresent(widget: Any, datatype: Any) -> bool:
        fits = all(_is_node(kind) or kind is type(None) for kind in _kinds(datatype))
        return type(widget) is mrml_widgets.qMRMLNodeComboBox and fits

    def read(self) -> Any:
        return self._widget.currentNode()

    def write(self, value: Any) -> None:
        self._widget.setCurrentNode(value)


_CONNECTORS = (_CheckBox, _Number, _Line, _Node)


def createGuiConnector(widget: Any, datatype: Any) -> GuiConnector:
    for kind in _CONNECTORS:
        if kind.canRepresent(widget, datatype):
            return kind.create(widget, datatype)
    raise RuntimeError(f"No connector between {type(widget).__name__} and {datatype}")


def _is_node(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode)


def _is_union(kind: Any) -> bool:
    """Whether a type is a `typing.Union`; those with bars Slicer keeps, but binds no widget to them."""
    return typing.get_origin(kind) is typing.Union


def _kinds(kind: Any) -> tuple[Any, ...]:
    """The types of a union; of all others themselves."""
    return typing.get_args(kind) if _is_union(kind) else (kind,)


def _plain(kind: Any) -> Any:
    """A type without what is said of it."""
    return typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind


def _bounds(kind: Any) -> WithinRange | None:
    return next((one for one in getattr(kind, "__metadata__", ()) if isinstance(one, WithinRange)), None)


def _write(node: Any, name: str, kind: Any, value: Any) -> None:
    bounds, kind = _bounds(kind), _plain(kind)
    if _is_union(kind):
        _write_one_of(node, name, typing.get_args(kind), value)
        return
    if _is_node(kind):
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"{name}: {value!r} is no {kind.__name__}")
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, None if value is None else value.GetID())
        return
    if not isinstance(value, int | float if kind is float else kind):
        raise TypeError(f"{name}: {value!r} is no {kind.__name__}")
    if bounds is not None:
        bounds.validate(value)
    node.SetParameter(name, value.name if issubclass(kind, enum.Enum) else str(value))


def _write_one_of(node: Any, name: str, kinds: tuple[Any, ...], value: Any) -> None:
    """As Slicer's: under the name with the number of the first type that fits, and under no other any more."""
    number = next((i for i, kind in enumerate(kinds) if isinstance(value, kind)), None)
    if number is None:
        raise TypeError(f"{name}: {value!r} is none of {kinds}")
    before = node.StartModify()
    for i in range(len(kinds)):
        node.UnsetParameter(f"{name}.{i}")
        node.RemoveNodeReferenceIDs(f"{name}.{i}")
    if value is None:
        node.SetParameter(f"{name}.{number}", "True")
    else:
        _write(node, f"{name}.{number}", kinds[number], value)
    node.EndModify(before)


def _has(node: Any, name: str, kind: Any) -> bool:
    return any(node.HasParameter(one) for one in _names(name, kind))


def _names(name: str, kind: Any) -> list[str]:
    """What a parameter may be kept under."""
    return [f"{name}.{i}" for i in range(len(_kinds(kind)))] if _is_union(kind) else [name]


def _read(node: Any, name: str, kind: Any) -> Any:
    kind = _plain(kind)
    if _is_union(kind):
        kept = next(i for i, one in enumerate(_names(name, kind)) if node.HasParameter(one))
        return _read(node, f"{name}.{kept}", _kinds(kind)[kept])
    if kind is type(None):
        return None
    if _is_node(kind):
        return node.GetNodeReference(name)
    text = node.GetParameter(name)
    if kind is bool:
        return text == "True"
    return kind[text] if issubclass(kind, enum.Enum) else kind(text)


def _empty(kind: Any) -> Any:
    kind = _kinds(_plain(kind))[0]
    if _is_node(kind):
        return None
    return next(iter(kind)) if issubclass(kind, enum.Enum) else kind()


class _Wrapper:
    """What the decorated class becomes."""

    allParameters: typing.ClassVar[dict[str, Any]] = {}
    _defaults: typing.ClassVar[dict[str, Any]] = {}

    def __init__(self, parameterNode: Any) -> None:
        self.parameterNode = parameterNode
        self._guis: dict[int, tuple[dict[str, GuiConnector], int]] = {}
        self._next_tag, self._writing = 0, False
        self._fill()
        self._filler = parameterNode.AddObserver(vtk.vtkCommand.ModifiedEvent, _filler(weakref.ref(self)))

    def __del__(self) -> None:
        self.parameterNode.RemoveObserver(self._filler)

    def _fill(self) -> None:
        """As Slicer's: as long as the wrapper lives, a parameter that goes from the node comes back as its default."""
        for name, kind in self.allParameters.items():
            if not _has(self.parameterNode, name, kind):
                _write(self.parameterNode, name, kind, self._defaults[name])

    def getValue(self, name: str) -> Any:
        return _read(self.parameterNode, name, self.dataType(name))

    def setValue(self, name: str, value: Any) -> None:
        _write(self.parameterNode, name, self.dataType(name), value)

    def default(self, name: str) -> Any:
        return self._defaults[name]

    @classmethod
    def dataType(cls, name: str) -> Any:
        if name not in cls.allParameters:
            raise ValueError(f"Cannot find a param with the given name: {name}")
        return cls.allParameters[name]

    def connectGui(self, gui: Any) -> int:
        widgets = gui.findChildren(QtWidgets.QWidget) if isinstance(gui, QtWidgets.QWidget) else vars(gui).values()
        return self.connectParametersToGui({w.property(PROPERTY): w for w in widgets if w.property(PROPERTY)})

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:
        connectors = {
            name: one if isinstance(one, GuiConnector) else createGuiConnector(one, self.dataType(name))
            for name, one in mapping.items()
        }
        for name, connector in connectors.items():
            connector.write(self.getValue(name))
            connector.onChanged(self._taker(name, connector))
        observer = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: self._show_all())
        tag, self._next_tag = self._next_tag, self._next_tag + 1
        self._guis[tag] = connectors, observer
        return tag

    def disconnectGui(self, tag: int) -> None:
        if tag in self._guis:
            connectors, observer = self._guis.pop(tag)
            self.RemoveObserver(observer)
            for connector in connectors.values():
                connector.onChanged(None)

    def StartModify(self) -> int:
        return self.parameterNode.StartModify()

    def EndModify(self, before: int) -> None:
        self.parameterNode.EndModify(before)

    def AddObserver(self, event: Any, callback: Callable, priority: float = 0.0) -> int:
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag: int) -> None:
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:
        self.parameterNode.Modified()

    def _taker(self, name: str, connector: GuiConnector) -> Callable[[], None]:
        def take() -> None:
            if not self._writing:
                self.setValue(name, connector.read())

        return take

    def _show_all(self) -> None:
        if self._writing:
            return
        self._writing = True
        try:
            for connectors, _ in list(self._guis.values()):
                for name, connector in connectors.items():
                    connector.write(self.getValue(name))
        finally:
            self._writing = False


def _filler(of: weakref.ref) -> Callable[[Any, str], None]:
    def fill(caller: Any, event: str) -> None:
        wrapper = of()
        if wrapper is not None:
            wrapper._fill()

    return fill


def parameterNodeWrapper(described: type | None = None) -> Any:
    if described is None:
        return parameterNodeWrapper
    hints = typing.get_type_hints(described, include_extras=True)
    for name in hints:
        if hasattr(_Wrapper, name):
            raise ValueError(f"Cannot use reserved name '{name}' in a parameterNodeWrapper")
    defaults = {name: getattr(described, name, _empty(kind)) for name, kind in hints.items()}
    body = {name: _property(name) for name in hints} | {"allParameters": hints, "_defaults": defaults}
    own = {name: value for name, value in vars(described).items() if name not in body and name not in _NOT_OWN}
    return type(described.__name__, (_Wrapper,), {**own, **body, "__doc__": described.__doc__})


_NOT_OWN = ("__dict__", "__weakref__", "__annotations__", "__doc__")


def _property(name: str) -> property:
    return property(lambda self: self.getValue(name), lambda self, value: self.setValue(name, value))


def module() -> ModuleType:
    """What `import slicer.parameterNodeWrapper` gives."""
    made = ModuleType("slicer.parameterNodeWrapper")
    for one in (parameterNodeWrapper, createGuiConnector, GuiConnector, WithinRange):
        setattr(made, one.__name__, one)
    made.SlicerParameterNamePropertyName = PROPERTY
    return made
