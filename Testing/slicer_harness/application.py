"""Make this process look like Slicer to a scripted module that is imported into it."""

from __future__ import annotations

from types import ModuleType


def install() -> ModuleType:
    """Put real MRML, and stand-ins for the rest of the application, under the names that a module imports."""
    import slicer

    from Testing.slicer_harness import slicer_application

    slicer_application.install()
    return slicer
