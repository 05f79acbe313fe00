"""A `slicer` package with just what a scripted module imports at file scope, and nothing that computes."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace


def install() -> ModuleType:
    """Put the stand-in under the names `slicer`, `slicer.i18n` and `slicer.ScriptedLoadableModule`."""
    slicer = ModuleType("slicer")
    slicer.__path__ = []
    i18n = ModuleType("slicer.i18n")
    i18n.tr = lambda text: text
    i18n.translate = lambda context, text: text
    scripted = ModuleType("slicer.ScriptedLoadableModule")

    class ScriptedLoadableModule:
        def __init__(self, parent) -> None:
            self.parent = parent

    for name in ("ScriptedLoadableModuleWidget", "ScriptedLoadableModuleLogic", "ScriptedLoadableModuleTest"):
        setattr(scripted, name, type(name, (), {"__init__": lambda self, parent=None: setattr(self, "parent", parent)}))
    scripted.ScriptedLoadableModule = ScriptedLoadableModule
    slicer.i18n, slicer.ScriptedLoadableModule = i18n, scripted
    slicer.mrmlScene = SimpleNamespace(Clear=lambda: None)
    sys.modules |= {"slicer": slicer, "slicer.i18n": i18n, "slicer.ScriptedLoadableModule": scripted}
    return slicer
