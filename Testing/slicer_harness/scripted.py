"""Stand-ins for `slicer.ScriptedLoadableModule`, `slicer.i18n` and `slicer.packaging`."""

from __future__ import annotations

import inspect
import unittest
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import slicer
from PySide6 import QtCore, QtWidgets


class ScriptedLoadableModule:
    def __init__(self, parent: Any) -> None:
        self.parent, self.moduleName = parent, type(self).__name__
        slicer.selfTests = getattr(slicer, "selfTests", {})
        slicer.selfTests[self.moduleName] = self.runTest

    def resourcePath(self, filename: str) -> str:
        return str(Path(self.parent.path).parent / "Resources" / filename)

    def runTest(self, msec: int = 100, **options: Any) -> None:
        import importlib

        kind = getattr(importlib.import_module(type(self).__module__), self.moduleName + "Test")
        test = kind()
        test.messageDelay = msec
        test.runTest(**options)


class ScriptedLoadableModuleWidget:
    def __init__(self, parent: Any = None) -> None:
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.developerMode = False
        self.parent = parent
        if parent is None:
            self.parent = slicer.qMRMLWidget()
            self.parent.setLayout(QtWidgets.QVBoxLayout())
            self.parent.setMRMLScene(slicer.mrmlScene)
        self.layout = self.parent.layout()
        if parent is None:
            self.setup()
            self.parent.show()

    def resourcePath(self, filename: str) -> str:
        return str(Path(slicer.util.modulePath(self.moduleName)).parent / "Resources" / filename)

    def setup(self) -> None:
        """Slicer adds its reload buttons here, in developer mode."""

    def cleanup(self) -> None:
        """Called before the module goes."""


class ScriptedLoadableModuleLogic:
    def __init__(self, parent: Any = None) -> None:
        self.moduleName = type(self).__name__.removesuffix("Logic")
        self.isSingletonParameterNode = True

    def getParameterNode(self) -> Any:
        node = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if node is None:
            node = slicer.mrmlScene.AddNode(self.createParameterNode())
        node.SetAttribute("ModuleName", self.moduleName)
        return node

    def createParameterNode(self) -> Any:
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
        node.UnRegister(None)
        node.SetSingletonTag(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    messageDelay = 0

    def runTest(self) -> None:
        """Subclasses do all."""

    def delayDisplay(self, message: str, *_: Any, **__: Any) -> None:
        print(message)


def scripted_module() -> ModuleType:
    made = ModuleType("slicer.ScriptedLoadableModule")
    kinds = (ScriptedLoadableModule, ScriptedLoadableModuleWidget, ScriptedLoadableModuleLogic)
    for kind in (*kinds, ScriptedLoadableModuleTest):
        setattr(made, kind.__name__, kind)
    made.__all__ = [kind.__name__ for kind in (*kinds, ScriptedLoadableModuleTest)]
    return made


def i18n_module() -> ModuleType:
    made = ModuleType("slicer.i18n")

    def tr(text: str) -> str:
        """Looked up by the file that asks: the folder where that is a package, and its name."""
        path = Path(inspect.currentframe().f_back.f_code.co_filename)
        package = f"{path.parent.name}." if (path.parent / "__init__.py").is_file() else ""
        return QtCore.QCoreApplication.translate(package + path.stem, text)

    made.tr, made.translate = tr, QtCore.QCoreApplication.translate
    return made


def packaging_module() -> ModuleType:
    """`slicer.packaging`, which installs nothing: what would be installed is kept in `installed`."""
    made = ModuleType("slicer.packaging")
    made.installed = []
    made.declined = False

    def load_requirements(path: str | Path) -> list[str]:
        lines = [line.split("#")[0].strip() for line in Path(path).read_text(encoding="utf-8").splitlines()]
        return [line for line in lines if line]

    def pip_check(requirements: Any) -> bool:
        wanted = [requirements] if isinstance(requirements, str) else list(requirements)
        return all(_is_there(one) for one in wanted)

    def pip_ensure(requirements: Any, requester: str | None = None, **options: Any) -> None:
        if made.declined:
            raise RuntimeError("User declined package installation")
        made.installed.append((list(requirements), requester))

    def pip_install(requirements: Any, completedCallback: Any = None, **options: Any) -> None:
        made.installed.append((requirements, options.get("requester")))
        if completedCallback is not None:
            completedCallback(0)

    for function in (load_requirements, pip_check, pip_ensure, pip_install):
        setattr(made, function.__name__, function)
    return made


def _is_there(requirement: str) -> bool:
    import re

    try:
        metadata.version(re.split(r"[<>=!~ \[]", requirement, maxsplit=1)[0])
    except metadata.PackageNotFoundError:
        return False
    return True
