"""`slicer.app`, and what else of the application a module talks to, around a real scene."""

from __future__ import annotations

import os
import stat
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import slicer
import vtk
from PySide6 import QtCore, QtWidgets

from Testing.scene.scene_application import Application as SceneApplication
from Testing.slicer_harness import ctk_widgets, loader, mrml_widgets, parameter_node, pythonqt, scripted

MODULE_FILE = Path(__file__).resolve().parents[2] / "MissingModalitySeg" / "MissingModalitySeg.py"


class SlicerApplication(QtWidgets.QApplication):
    """The one application object of a process; every test begins it anew with `begin`."""

    startupCompleted = QtCore.Signal()
    revision = "0"

    def begin(self, folder: Path) -> SceneApplication:
        """A new empty scene, settings of its own, a temporary folder and a PythonSlicer, all below `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.temporaryPath = str(folder / "temp")
        self.defaultScenePath = str(folder / "scenes")
        for made in (self.temporaryPath, self.defaultScenePath):
            Path(made).mkdir(exist_ok=True)
        QtCore.QSettings.setPath(QtCore.QSettings.IniFormat, QtCore.QSettings.UserScope, str(folder / "settings"))
        pythonqt.SLOT_ERRORS.clear()
        self.selected_modules: list[str] = []
        self.messages: list[str] = []
        self.scenes = SceneApplication(folder)
        scene = self.scenes.scene
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
        self._tags = [scene.AddObserver(scene.NodeAddedEvent, _into_the_tree)]
        self._layout = LayoutManager(scene)
        slicer.modules.missingmodalityseg = SimpleNamespace(path=str(MODULE_FILE))
        slicer.app = self
        slicer.dicomDatabase = None
        python_slicer(folder / "bin")
        return self.scenes

    def end(self) -> None:
        """Forget the scene."""
        scene = self.scenes.scene
        for tag in self._tags:
            scene.RemoveObserver(tag)
        scene.Clear(1)

    def testingEnabled(self) -> bool:
        return True

    def layoutManager(self) -> LayoutManager:
        return self._layout

    def select(self, module: str) -> None:
        self.selected_modules.append(module)

    def tell(self, text: str, *_: Any, **__: Any) -> None:
        self.messages.append(text)


class LayoutManager(QtCore.QObject):
    """Slice views that a layout of the scene's layout node names: their nodes are real, their windows off-screen."""

    layoutChanged = QtCore.Signal(int)

    def __init__(self, scene: Any) -> None:
        super().__init__()
        self._scene, self._widgets = scene, {}
        self.node = slicer.vtkMRMLLayoutNode()
        self.node.SetViewArrangement(self.node.SlicerLayoutFourUpView)
        self.node.UndoEnabledOff()
        scene.AddNode(self.node)
        for name, orientation in (("Red", "Axial"), ("Green", "Coronal"), ("Yellow", "Sagittal")):
            self._add(name, orientation)
        self.node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self._follow())

    @QtCore.Property(int, notify=layoutChanged)
    def layout(self) -> int:
        return self.node.GetViewArrangement()

    def setLayout(self, layout: int) -> None:
        self.node.SetViewArrangement(layout)

    def layoutLogic(self) -> Any:
        return SimpleNamespace(GetLayoutNode=lambda: self.node)

    def sliceViewNames(self) -> tuple[str, ...]:
        return tuple(self._widgets)

    def sliceWidget(self, name: str) -> SliceWidget | None:
        return self._widgets.get(name)

    def mrmlSliceLogics(self) -> Any:
        logics = vtk.vtkCollection()
        for widget in self._widgets.values():
            logics.AddItem(widget.sliceLogic())
        return logics

    def _follow(self) -> None:
        if self._scene.IsBatchProcessing():
            return
        self._show(self.node.GetLayoutDescription(self.node.GetViewArrangement()))
        self.layoutChanged.emit(self.node.GetViewArrangement())  # whatever was changed of the node

    def _show(self, description: str) -> None:
        if not description or "vtkMRMLSliceNode" not in description or "Review" not in description:
            return
        for view in ET.fromstring(description).iter("view"):
            properties = {one.get("name"): one.text for one in view.iter("property")}
            if view.get("singletontag") not in self._widgets:
                self._add(view.get("singletontag"), properties["orientation"], int(properties.get("viewgroup", 0)))

    def _add(self, name: str, orientation: str, group: int = 0) -> None:
        self._widgets[name] = SliceWidget(self._scene, name, orientation, group)


class SliceWidget:
    """A slice view: node, composite node and logic of MRML, and an off-screen window for corner texts."""

    def __init__(self, scene: Any, name: str, orientation: str, group: int) -> None:
        node = scene.CreateNodeByClass("vtkMRMLSliceNode")
        node.UnRegister(None)
        node.SetLayoutName(name)
        node.SetName(name)
        node.SetSingletonTag(name)
        node.SetViewGroup(group)
        self._node = scene.AddNode(node)
        self._node.SetOrientation(orientation)
        self._logic = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLScene(scene)
        self._logic.SetSliceNode(self._node)
        self._window = None
        self._controller = SliceController(name)
        self.fitted = 0
        if group:  # a new view's slider tells later that it stands at 0, as Slicer's does
            QtCore.QTimer.singleShot(0, lambda: self._logic.SetSliceOffset(0))

    def sliceLogic(self) -> Any:
        return self._logic

    def mrmlSliceNode(self) -> Any:
        return self._node

    def mrmlSliceCompositeNode(self) -> Any:
        return self._logic.GetSliceCompositeNode()

    def fitSliceToBackground(self) -> None:
        self.fitted += 1
        self._logic.FitSliceToBackground(200, 200)

    def sliceView(self) -> SliceWidget:
        return self

    def sliceController(self) -> SliceController:
        return self._controller

    def renderWindow(self) -> Any:
        if self._window is None:
            self._window = vtk.vtkRenderWindow()
            self._window.SetOffScreenRendering(1)
            self._window.AddRenderer(vtk.vtkRenderer())
        return self._window

    def scheduleRender(self) -> None:
        """Drawn when somebody looks."""


class SliceController:
    """The bar above a slice view."""

    def __init__(self, label: str) -> None:
        self._slider, self._label = ctk_widgets.ctkSliderWidget(), QtWidgets.QLabel(label)

    def sliceOffsetSlider(self) -> Any:
        return self._slider

    def viewLabel(self) -> Any:
        return self._label


class FileDialog(QtWidgets.QFileDialog):
    """`qt.QFileDialog` whose user has decided before: the next of `answers`, nothing when there is none.

    `asked` tells what for, `began` in which folder. Where a new file is asked for, an answer is what the user types, or
    that and the kind chosen before; Qt itself makes a path of it. Whoever types the name of a file that is there
    replaces it.
    """

    answers: list[str | tuple[str, str]] = []
    asked: list[str] = []
    began: list[str] = []

    def exec(self) -> int:
        self.began.append(self.directory().absolutePath())
        self.setOption(QtWidgets.QFileDialog.Option.DontUseNativeDialog)
        self.setOption(QtWidgets.QFileDialog.Option.DontConfirmOverwrite)
        answer = self._next("new file")
        typed, kind = answer if isinstance(answer, tuple) else (answer, None)
        self.show()
        if kind is not None:
            box = self.findChild(QtWidgets.QComboBox, "fileTypeCombo")
            box.setCurrentText(kind)
            box.textActivated.emit(kind)
        if typed:
            self.findChild(QtWidgets.QLineEdit, "fileNameEdit").setText(typed)
            self.accept()
        self.close()
        return self.result()

    @classmethod
    def _next(cls, what: str) -> str:
        cls.asked.append(what)
        return cls.answers.pop(0) if cls.answers else ""

    @classmethod
    def getExistingDirectory(cls, _parent: Any = None, _title: str = "", folder: str = "", *_: Any) -> str:
        cls.began.append(folder)
        return cls._next("folder")

    @classmethod
    def getOpenFileName(cls, *_: Any) -> str:
        return cls._next("file")


class Settings(QtCore.QSettings):
    """QSettings as a later start of Slicer finds them: every value is a text."""

    def value(self, key: str, default: Any = None) -> Any:
        found = super().value(key, default)
        if isinstance(found, bool):
            return "true" if found else "false"
        return str(found) if isinstance(found, int | float) else found


def python_slicer(folder: Path) -> Path:
    """Slicer's launcher of Python, here one of this Python, first on the path."""
    folder.mkdir(parents=True, exist_ok=True)
    launcher = folder / "PythonSlicer"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    launcher.chmod(launcher.stat().st_mode | stat.S_IXUSR)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return launcher


@vtk.calldata_type(vtk.VTK_OBJECT)
def _into_the_tree(scene: Any, event: str, node: Any) -> None:
    """Slicer's plugins give every node that users see an item of the Data tree."""
    kinds = ("vtkMRMLVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLTableNode", "vtkMRMLTextNode")
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    if tree is not None and any(node.IsA(kind) for kind in kinds) and not scene.IsBatchProcessing():
        tree.CreateItem(tree.GetSceneItemID(), node)


def install() -> SlicerApplication:
    """Make `slicer`, `qt` and `ctk` those that a module finds inside Slicer, and start the application."""
    running = QtWidgets.QApplication.instance()
    if isinstance(running, SlicerApplication):
        return running
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    QtCore.QCoreApplication.setOrganizationName("NA-MIC")
    QtCore.QSettings.setDefaultFormat(QtCore.QSettings.IniFormat)
    app = SlicerApplication(["Slicer"])
    app.setApplicationName("Slicer")
    app.setApplicationVersion("5.12.0")
    pythonqt.install()
    qt, ctk = pythonqt.module(), ctk_widgets.module()
    qt.QUiLoader, qt.QFileDialog, qt.QSettings = loader.QUiLoader, FileDialog, Settings
    mrml_widgets.register()
    slicer.app = app
    slicer.util.mainWindow = lambda: None
    slicer.util.selectModule = app.select
    for name in ("infoDisplay", "warningDisplay", "errorDisplay"):
        setattr(slicer.util, name, app.tell)
    for name, made in {
        "qt": qt,
        "ctk": ctk,
        "slicer.ScriptedLoadableModule": scripted.scripted_module(),
        "slicer.i18n": scripted.i18n_module(),
        "slicer.packaging": scripted.packaging_module(),
        "slicer.parameterNodeWrapper": parameter_node.module(),
    }.items():
        _put(name, made)
    return app


def _put(name: str, module: ModuleType) -> None:
    sys.modules[name] = module
    if name.startswith("slicer."):
        setattr(slicer, name.removeprefix("slicer."), module)
