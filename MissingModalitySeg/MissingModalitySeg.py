"""The Slicer module: thin wiring between the application and MissingModalitySegLib."""

import sys
from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)

try:
    import MissingModalitySegLib
except ImportError:  # run from the source tree: the library lies beside the module's folder
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import MissingModalitySegLib


class MissingModalitySeg(ScriptedLoadableModule):
    """What the module list shows."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Missing Modality Segmentation")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = []
        self.parent.contributors = ["The MissingModalitySeg developers"]
        self.parent.helpText = _(
            "Segments brain lesions from any subset of T1, T1ce, T2, FLAIR and DWI. Not a medical device."
        )
        self.parent.acknowledgementText = _(
            "Methods: Novosad et al., MICCAI 2024; Zhao et al., 2024; Zhang et al., MICCAI 2024."
        )


class MissingModalitySegWidget(ScriptedLoadableModuleWidget):
    """Lists the models at hand. This version has no segmentation panel yet, and says so."""

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        import qt

        names = [str(name) for name in self.logic().models()]
        text = _("Version {version}. Segmenting from this panel is not possible yet. Models found: {models}").format(
            version=MissingModalitySegLib.__version__, models=", ".join(names) or _("none")
        )
        label = qt.QLabel(text)
        label.wordWrap = True
        self.layout.addWidget(label)
        self.layout.addStretch(1)

    @staticmethod
    def logic():
        return MissingModalitySegLogic()


class MissingModalitySegLogic(ScriptedLoadableModuleLogic):
    """What the Python console calls."""

    def models(self):
        """Names of the model bundles that can be used."""
        from MissingModalitySegLib import bundles

        return [entry.name for entry in bundles.available() if entry.error is None]


class MissingModalitySegTest(ScriptedLoadableModuleTest):
    """The self-test that Slicer runs."""

    def runTest(self):
        slicer.mrmlScene.Clear()
        self.assertIsInstance(MissingModalitySegLogic().models(), list)
