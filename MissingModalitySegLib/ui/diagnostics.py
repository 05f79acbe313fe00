"""Everything that a report of a problem needs, as text to copy. Nothing in it names a patient."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib import metadata

import slicer

from .. import __version__, bundles
from ..errors import MissingModalitySegError
from ..jobs import Hello
from ..resources import user_state

PACKAGES = ("torch", "monai", "safetensors", "numpy", "scipy", "SimpleITK")


def version_of(package: str) -> str | None:
    """The version of an installed package, without importing it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def diagnostics(hello: Hello | None = None) -> str:
    """Versions, folders, models, and what the worker found."""
    lines = [
        f"Missing Modality Segmentation {__version__}",
        f"Slicer {slicer.app.applicationVersion} (revision {slicer.app.revision})",
        f"{platform.platform()}, {os.cpu_count()} processors",
        f"Python {platform.python_version()} ({sys.executable})",
        f"PythonSlicer: {shutil.which('PythonSlicer') or 'not found'}",
        *(f"{package}: {version_of(package) or 'missing'}" for package in PACKAGES),
        f"Temporary files: {slicer.app.temporaryPath}",
        f"Log files: {user_state() / 'logs'}",
        f"Imported models: {bundles.user_models()}",
    ]
    for listing in bundles.available():
        state = f"damaged: {listing.error}" if listing.bundle is None else listing.bundle.manifest.version
        lines.append(f"Model {listing.name} ({listing.origin}): {state}")
    if hello is not None:
        lines.append(f"Worker: {hello.device} ({hello.device_name}), torch {hello.torch}. {hello.message}")
    wheels = f"pip download -d wheels --python-version {sys.version_info[0]}.{sys.version_info[1]} --only-binary=:all:"
    lines.append(f"For a computer without internet: {wheels} torch monai safetensors")
    return "\n".join(lines)


def details(error: MissingModalitySegError, log: str, hello: Hello | None) -> str:
    """A problem with its log and the diagnostics."""
    return f"{error.message}\n{error.hint}\n[{error.code}]\n\n{log}\n\n{diagnostics(hello)}\n"
