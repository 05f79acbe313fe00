"""PySide6 that behaves as PythonQt does inside Slicer, and the module `qt` made of it.

PythonQt serves properties as attributes (`label.text`, calling it fails), connects by signature
(`button.connect("clicked(bool)", f)`, an unknown one is refused), hands a function no more arguments than it takes, and
prints what a slot raises. All of it is done here for every Qt object of the process, wherever it comes from.
"""

from __future__ import annotations

import ctypes
import functools
import inspect
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

SLOT_ERRORS: list[BaseException] = []
"""What slots raised; a test that expects none looks here."""

_VIRTUAL = {"sizeHint", "minimumSizeHint"}
"""Properties that Qt reads through virtual methods: of a stand-in it would ask for them here, without an end."""

_METHODS = {"singleShot"}
"""Properties that PythonQt leaves aside for a static method of the same name: `QTimer.singleShot(0, f)`."""

_connections: dict[tuple[int, str, Any], Callable] = {}
_ORIGINAL_GET = QtCore.QObject.__getattribute__


def install() -> None:
    """Change every Qt object of this process; there is no way back, and a second call changes nothing."""
    _keep_none()
    QtCore.QObject.__getattribute__ = _get
    for kind in {QtCore.QObject, *_classes()}:
        kind.__setattr__ = _set  # PySide gives each class one of its own


def _keep_none() -> None:
    """PySide 6.12 counts on None being immortal, as it is from Python 3.12 on: every method that returns None takes
    a reference away, and after some ten thousand calls Python 3.11 would end."""
    if sys.version_info < (3, 12):
        ctypes.c_ssize_t.from_address(id(None)).value += 1 << 40


def module() -> ModuleType:
    """What `import qt` gives: all classes of Core, Gui and Widgets in one place."""
    qt = ModuleType("qt")
    for part in (QtCore, QtGui, QtWidgets):
        for name in dir(part):
            if name.startswith("Q"):
                setattr(qt, name, getattr(part, name))
    return qt


def _classes() -> list[type]:
    every = [getattr(part, name) for part in (QtCore, QtGui, QtWidgets) for name in dir(part)]
    return [one for one in every if isinstance(one, type) and issubclass(one, QtCore.QObject)]


@functools.cache
def properties_of(kind: type) -> frozenset[str]:
    """The names of the Q_PROPERTYs of a class."""
    meta = kind.staticMetaObject
    return frozenset(meta.property(i).name() for i in range(meta.propertyCount())) - _VIRTUAL - _METHODS


def signal_errors() -> list[str]:
    """What slots raised so far, in words; forgotten with the call."""
    words = ["".join(traceback.format_exception(error)) for error in SLOT_ERRORS]
    SLOT_ERRORS.clear()
    return words


def connect(sender: QtCore.QObject, signature: str, slot: Callable) -> bool:
    """Connect as PythonQt does. Raises where PythonQt only complains: the sender has no such signal."""
    signal = _signal(sender, signature)

    def call(*arguments: Any) -> None:
        count = _taken(slot)
        try:
            slot(*(arguments if count is None else arguments[:count]))
        except Exception as error:
            traceback.print_exc()
            SLOT_ERRORS.append(error)

    types = signature.split("(", 1)[1].rstrip(") ")
    receiver = _of_arity(call, types.count(",") + 1 if types else 0)
    _connections[id(sender), signature, slot] = receiver
    signal.connect(receiver)
    return True


def disconnect(sender: QtCore.QObject, signature: str, slot: Callable) -> bool:
    receiver = _connections.pop((id(sender), signature, slot), None)
    if receiver is not None:
        _signal(sender, signature).disconnect(receiver)
    return receiver is not None


def _delete_later(theirs: Callable, sender: QtCore.QObject) -> None:
    """Delete what has a parent. Raises for what has none: it belongs to its wrapper.

    Were the last reference to that wrapper one of the slots of what is deleted, PythonQt would delete it twice.
    """
    if _ORIGINAL_GET(sender, "parent")() is None:
        raise AssertionError(f"deleteLater() of a {type(sender).__name__} without a parent: let go of it instead")
    theirs()


def _either(ours: Callable, theirs: Callable, sender: QtCore.QObject, *arguments: Any) -> Any:
    """PySide itself connects in its own way, too, in `QTimer.singleShot` for example."""
    if len(arguments) == 2 and isinstance(arguments[0], str):
        return ours(sender, *arguments)
    return theirs(*arguments)


def _signal(sender: QtCore.QObject, signature: str) -> Any:
    stand_ins = getattr(type(sender), "CPP_SIGNALS", {})
    wanted = QtCore.QMetaObject.normalizedSignature(signature).data().decode()
    if wanted in stand_ins:
        return _ORIGINAL_GET(sender, stand_ins[wanted])
    if type(sender).staticMetaObject.indexOfSignal(wanted) < 0:
        raise AttributeError(f"{type(sender).__name__} has no signal {signature}")
    bound = _ORIGINAL_GET(sender, wanted.split("(", 1)[0])
    try:
        return bound[wanted]
    except (IndexError, KeyError, TypeError):
        return bound


def _of_arity(call: Callable, count: int) -> Callable:
    """PySide goes by the number of arguments that a slot names."""
    of = {
        0: lambda: call(),
        1: lambda a: call(a),
        2: lambda a, b: call(a, b),
        3: lambda a, b, c: call(a, b, c),
        4: lambda a, b, c, d: call(a, b, c, d),
    }
    return of[count]


def _taken(slot: Callable) -> int | None:
    """How many arguments PythonQt hands over: those that functions and bound methods take; None: all."""
    function = slot.__func__ if inspect.ismethod(slot) else slot
    if not inspect.isfunction(function) or function.__code__.co_flags & inspect.CO_VARARGS:
        return None
    return function.__code__.co_argcount - inspect.ismethod(slot)


def _get(self: QtCore.QObject, name: str) -> Any:
    if name == "connect":
        return functools.partial(_either, connect, _ORIGINAL_GET(self, name), self)
    if name == "disconnect":
        return functools.partial(_either, disconnect, _ORIGINAL_GET(self, name), self)
    if name == "exec_":
        return _ORIGINAL_GET(self, "exec")
    if name == "deleteLater":
        return functools.partial(_delete_later, _ORIGINAL_GET(self, name), self)
    if name == "name":
        name = "objectName"
    kind = type(self)
    if name in properties_of(kind):
        own = _own_property(kind, name)
        return QtCore.QObject.property(self, name) if own is None else own.fget(self)
    return _ORIGINAL_GET(self, name)


def _set(self: QtCore.QObject, name: str, value: Any) -> None:
    kind = type(self)
    name = "objectName" if name == "name" else name
    if name in properties_of(kind):
        own = _own_property(kind, name)
        if own is not None:
            own.fset(self, value)
        elif not QtCore.QObject.setProperty(self, name, value):
            raise TypeError(f"{kind.__name__}.{name} does not take {value!r}")
    elif isinstance(value, QtCore.SignalInstance):
        return  # PySide keeps the signals it has looked up
    elif isinstance(value, QtCore.QObject) and value.objectName == name:
        return  # PySide's loader of .ui files hangs children on their parents; PythonQt's does not
    elif kind.__module__.startswith("PySide6"):
        raise AttributeError(f"{kind.__name__} has no property {name}")
    else:
        self.__dict__[name] = value


@functools.cache
def _own_property(kind: type, name: str) -> QtCore.Property | None:
    """The property that a stand-in defines in Python; None for those of Qt."""
    found = next((one.__dict__[name] for one in kind.__mro__ if name in one.__dict__), None)
    return found if isinstance(found, QtCore.Property) else None
