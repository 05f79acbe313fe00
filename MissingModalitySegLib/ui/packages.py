"""The packages that the worker needs, in Slicer's Python: which are missing, and how they come."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import slicer

from ..errors import InputError, MissingModalitySegError

TORCH = "torch>=2.4"
OTHERS = ("monai>=1.4", "safetensors>=0.4", "scipy>=1.11", "SimpleITK>=2.3")
"""What the project file asks for; torch apart, since the extension PyTorch knows which one fits the graphics card."""

REQUESTER = "MissingModalitySeg"


def missing() -> tuple[str, ...]:
    """The requirements that are not there; nothing is imported to find out."""
    importlib.invalidate_caches()
    return tuple(one for one in (TORCH, *OTHERS) if not _is_there(one))


def _is_there(requirement: str) -> bool:
    name, least = requirement.split(">=")
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return _numbers(version) >= _numbers(least)


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split("+")[0].split(".")[:2]
    return tuple(int("".join(letter for letter in part if letter.isdecimal()) or 0) for part in parts)


def install() -> None:
    """Install what is missing, with Slicer's own dialogs. Raises `InputError` when the user declines, and the family's
    base when it fails."""
    wanted = missing()
    try:
        if TORCH in wanted:
            _install_torch()
        others = [one for one in wanted if one != TORCH]
        if others:
            _ensure(others)
    except MissingModalitySegError:
        raise
    except RuntimeError as error:
        raise InputError("install-declined", f"Nothing was installed: {error}.", "Press the button again.") from error
    except Exception as error:
        logging.exception("Installing packages failed.")
        raise MissingModalitySegError(
            "install-failed",
            f"Installing failed: {error}",
            "Is there a connection to the internet? The log tells more.",
        ) from error


def _install_torch() -> None:
    try:
        import PyTorchUtils
    except ImportError:
        raise InputError(
            "no-pytorch-extension",
            "The extension “PyTorch” is not installed.",
            "Open the Extensions Manager, install “PyTorch”, start Slicer again and come back here.",
        ) from None
    if PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=True, torchVersionRequirement=">=2.4") is None:
        raise RuntimeError("PyTorch was declined")


def _ensure(requirements: Sequence[str]) -> None:
    packaging = getattr(slicer, "packaging", None)
    if packaging is None:
        try:
            packaging = importlib.import_module("slicer.packaging")
        except ImportError:  # Slicer 5.10 and before
            question = "These Python packages are to be installed: " + ", ".join(requirements)
            if not slicer.util.confirmOkCancelDisplay(question):
                raise RuntimeError("the user declined") from None
            slicer.util.pip_install(list(requirements))
            return
    packaging.pip_ensure(list(requirements), requester=REQUESTER, prompt_install=True, show_progress=True)


def offline_command(python: str, wheels: Path) -> list[str]:
    """The command that installs everything from a folder of wheels, without internet."""
    flags = ["-m", "pip", "install", "--no-index", "--find-links", str(wheels)]
    return [python, *flags, TORCH, *OTHERS]


def check_wheels(folder: Path) -> None:
    """Raise `InputError` for a folder without a wheel of torch."""
    if not any(path.name.lower().startswith("torch-") for path in folder.glob("*.whl")):
        raise InputError(
            "no-wheels",
            f"There is no wheel of torch in “{folder}”.",
            "The diagnostics tell how to download the wheels.",
        )
