"""The Slicer module: thin wiring between the application and MissingModalitySegLib."""

import sys
from pathlib import Path

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

try:
    import MissingModalitySegLib
except ImportError:  # run from the source tree: the library lies beside the module's folder
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import MissingModalitySegLib  # noqa: F401

HOMEPAGE = "https://github.com/MissingModalitySeg/SlicerMissingModalitySeg"
DOCUMENTATION = f"{HOMEPAGE}/blob/main/docs/how-to/slicer.md"

RECALLED = "MissingModalitySeg.Recalled"
"""Of a parameter node whose options have been set. Parameters may be there before: in Slicer 5.10 the wrapper of the
scene that was closed writes its defaults."""


class MissingModalitySeg(ScriptedLoadableModule):
    """What the module list shows."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        speakSlicersLanguage()
        self.parent.title = _("Missing Modality Segmentation")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = []
        self.parent.contributors = ["The MissingModalitySeg developers"]
        self.parent.helpText = _(
            "Segments brain lesions from any subset of T1, T1ce, T2, FLAIR and DWI, and synthesises the missing "
            "sequences for review. Research use only, not a medical device."
        )
        link = _("See more information in the <a href='{address}'>documentation</a>.")
        self.parent.helpText += "<p>" + link.format(address=DOCUMENTATION) + "</p>"
        self.parent.acknowledgementText = _(
            "Methods: Novosad et al., MICCAI 2024; Zhao et al., 2024; Zhang et al., MICCAI 2024."
        )
        slicer.app.connect("startupCompleted()", onStartupCompleted)


def speakSlicersLanguage():
    """Load our translations where Slicer is set to a language that there is one of."""
    from MissingModalitySegLib.ui.language import speak

    speak(Path(__file__).parent / "Resources" / "Translations")


def onStartupCompleted():
    """Offer the generated patients in the Sample Data module, and know the layout of the review."""
    from MissingModalitySegLib.scene import know_layout
    from MissingModalitySegLib.ui.sample_data import register_sample_data

    register_sample_data(_("Missing Modality Segmentation"))
    know_layout(slicer.mrmlScene)


class MissingModalitySegWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel. All of it is in `MissingModalitySegLib.ui`; this ties it to the scene's life."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.window = None

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        from MissingModalitySegLib.ui.desk import desk
        from MissingModalitySegLib.ui.window import Window

        frame = self._load("UI/MissingModalitySeg.ui")
        self.layout.addWidget(frame)
        frame.setMRMLScene(slicer.mrmlScene)
        self.logic = MissingModalitySegLogic()
        self.window = Window(frame, self._load, desk())
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onSceneEndImport)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeAboutToBeRemovedEvent, self.onNodeAboutToBeRemoved)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeRemovedEvent, self.onNodeRemoved)
        self.window.take(self.logic.getParameterNode())

    def _load(self, name):
        return slicer.util.loadUI(self.resourcePath(name))

    def cleanup(self):
        self.removeObservers()
        if self.window is not None:
            self.window.leave()
            self.window = None

    def enter(self):
        from MissingModalitySegLib.ui.module_panel import enter_panel

        enter_panel(self.parent)
        if self.window is not None and self.window.parameters is None:
            self.window.take(self.logic.getParameterNode())

    def exit(self):
        from MissingModalitySegLib.ui.module_panel import leave_panel

        leave_panel(self.parent)

    def onSceneStartClose(self, caller, event):
        self.window.take(None)

    def onSceneEndClose(self, caller, event):
        self.window.take(self.logic.getParameterNode())

    def onSceneStartImport(self, caller, event):
        self.window.take(None)  # selectors let go of what is chosen, and the parameters become the imported ones

    def onSceneEndImport(self, caller, event):
        import qt

        qt.QTimer.singleShot(0, self.enterAgain)  # selectors find imported nodes only when all of them are there

    def enterAgain(self):
        if self.window is not None:
            self.window.take(self.logic.getParameterNode())

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAboutToBeRemoved(self, caller, event, node):
        self.window.node_goes(node)

    def onNodeRemoved(self, caller, event):
        self.window.scene_changed()


class MissingModalitySegLogic(ScriptedLoadableModuleLogic):
    """What the Python console calls. Each call is described, with examples, in `MissingModalitySegLib.ui.console`.

    >>> logic = MissingModalitySegLogic()
    >>> run = logic.segment({"T1": t1Node, "FLAIR": flairNode}, model="moe", synthesize=True)
    >>> run.segmentation, run.synthetic["T2"], run.table, run.report
    >>> help(logic.segment)
    """

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        from MissingModalitySegLib.ui import console

        for call in (
            console.segment,
            console.segmentAsync,
            console.synthesize,
            console.compare,
            console.segmentFolder,
            console.segmentFolderAsync,
            console.cancel,
            console.models,
        ):
            setattr(self, call.__name__, call)

    def getParameterNode(self):
        """The choices of the present scene, remembered options in a new one."""
        from MissingModalitySegLib.ui.choices import recall
        from MissingModalitySegLib.ui.parameters import Parameters

        node = super().getParameterNode()
        parameters = Parameters(node)
        if node.GetAttribute(RECALLED) is None:  # closing the scene takes it away
            recall(parameters)
            node.SetAttribute(RECALLED, "true")
        return parameters


class MissingModalitySegTest(ScriptedLoadableModuleTest):
    """The self-test that Slicer runs: a generated patient, all the way. Without PyTorch it goes up to the worker."""

    def runTest(self):
        from MissingModalitySegLib.ui.self_test import self_test

        self_test(self.delayDisplay)
