"""`missing-modality-seg doctor`: what this computer has, and whether the program can work with it."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

from .. import __version__
from ..bundles import available, user_models
from ..bundles import problems as verify_all
from ..errors import InputError
from ..resources import resources, user_state
from .output import Json, console, print_json, readable_size, table

PACKAGES = {
    "segmentation": ("numpy", "scipy", "SimpleITK", "torch", "monai", "safetensors"),
    "command line": ("typer", "rich"),
    "DICOM": ("pydicom", "highdicom"),
    "many studies": ("dask", "distributed", "pyarrow"),
    "training": ("lightning", "nilearn", "nibabel", "pydantic", "PyYAML", "matplotlib", "tensorboard"),
}
"""Packages by what they are needed for."""

EXTRAS = {"DICOM": "dicom", "many studies": "cohorts", "training": "training"}
"""What not everybody needs, and under which name pip brings it."""

NEEDED_MEMORY = 6 * 10**9  # bytes; a whole brain at 1 mm in float32, and the rest of the computer


def doctor(as_json: Json = False) -> None:
    """Report versions, devices, memory, folders and models. Changes nothing, sends nothing."""
    findings = examine()
    if as_json:
        print_json(findings)
    else:
        _print(findings)


def examine() -> dict[str, Any]:
    """Everything the report says, as JSON data; `problems` lists in words what keeps the program from working."""
    packages = [
        {"name": name, "needed_for": purpose, "version": _version(name)}
        for purpose, names in PACKAGES.items()
        for name in names
    ]
    findings: dict[str, Any] = {
        "program": __version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "memory_bytes": total_memory(),
        "packages": packages,
        "devices": _devices() if _version("torch") else [],
        "folders": _folders(),
        "models": _models(),
    }
    return findings | {"problems": _problems(findings)}


def total_memory() -> int | None:
    """The computer's memory in bytes; None where it cannot be told."""
    if sys.platform == "win32":
        return _windows_memory()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def _windows_memory() -> int | None:
    # MEMORYSTATUSEX: two DWORDs (its own length, load), then seven 64-bit counts, the first of them the total.
    status = (ctypes.c_ulonglong * 8)()
    status[0] = ctypes.sizeof(status)
    return int(status[1]) if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else None


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _devices() -> list[dict[str, Any]]:
    """The devices torch can compute on, each tried with one small convolution."""
    from ..networks.devices import devices, self_test

    found = []
    for device in devices():
        test = self_test(device)
        memory = total_memory() if device == "cpu" else test.memory_bytes
        found.append(
            {
                "device": device,
                "name": test.name,
                "memory_bytes": memory,
                "free_bytes": test.memory_bytes,
                "precision": test.precision or None,
                "error": None if test.ok else test.message,
            }
        )
    return found


def _models() -> list[dict[str, Any]]:
    """Every bundle on the search path, each byte of it held against its checksum."""
    return [
        {
            "name": listing.name,
            "version": listing.bundle.manifest.version if listing.bundle else None,
            "family": listing.bundle.manifest.family if listing.bundle else None,
            "origin": listing.origin,
            "folder": str(listing.folder),
            "used": listing.used,
            "error": listing.error.message if listing.error else _damage(listing.folder),
        }
        for listing in available()
    ]


def _damage(folder: Path) -> str | None:
    found = verify_all(folder)
    return " ".join(problem.message for problem in found) or None


def _folders() -> list[dict[str, Any]]:
    try:
        own = str(resources())
    except InputError:
        own = None
    folders = [{"what": "the program's own data", "folder": own, "ok": own is not None}]
    for what, folder in (
        ("imported models", user_models()),
        ("log files", user_state()),
        ("temporary files", Path(tempfile.gettempdir())),
    ):
        folders.append({"what": what, "folder": str(folder), "ok": _can_be_written(folder)})
    return folders


def _can_be_written(folder: Path) -> bool:
    """Whether `folder`, or the nearest one above that exists, lets us write."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _problems(findings: dict[str, Any]) -> list[str]:
    problems = [
        f"The package {package['name']} is missing, which {package['needed_for']} needs."
        for package in findings["packages"]
        if package["version"] is None and package["needed_for"] not in EXTRAS
    ]
    problems += [f"{device['device']}: {device['error']}" for device in findings["devices"] if device["error"]]
    problems += [
        f"The folder for {folder['what']} cannot be used: {folder['folder'] or 'it is missing'}."
        for folder in findings["folders"]
        if not folder["ok"]
    ]
    problems += [f"The model {model['name']}: {model['error']}" for model in findings["models"] if model["error"]]
    if not any(model["used"] for model in findings["models"]):
        problems.append("There is no model; import one with “missing-modality-seg models import FILE.zip”.")
    if findings["memory_bytes"] is not None and findings["memory_bytes"] < NEEDED_MEMORY:
        problems.append(f"{readable_size(findings['memory_bytes'])} of memory are little; large scans will be slow.")
    return problems


def _print(findings: dict[str, Any]) -> None:
    out = console()
    rows = table("", "")
    rows.show_header = False
    rows.add_row("Program", findings["program"])
    rows.add_row("Python", f"{findings['python']}, {findings['executable']}")
    rows.add_row("System", f"{findings['system']}, {findings['processors']} processors, {_size(findings)} of memory")
    for purpose in PACKAGES:
        packages = [package for package in findings["packages"] if package["needed_for"] == purpose]
        versions = ", ".join(f"{package['name']} {package['version'] or 'missing'}" for package in packages)
        if purpose in EXTRAS and any(package["version"] is None for package in packages):
            versions += f'; if you need it, in a clone of the repository: pip install ".[{EXTRAS[purpose]}]"'
        rows.add_row(f"For {purpose}", versions)
    for device in findings["devices"]:
        state = device["error"] or f"works ({device['precision'] or 'precision not measured yet'})"
        rows.add_row(f"Device {device['device']}", f"{device['name']}, {_size(device)}, {state}")
    for folder in findings["folders"]:
        state = "" if folder["ok"] else " (cannot be used)"
        rows.add_row(f"Folder for {folder['what']}", f"{folder['folder'] or 'missing'}{state}")
    for model in findings["models"]:
        state = model["error"] or f"{model['version']}, {model['origin']}, every checksum is right"
        rows.add_row(f"Model {model['name']}", state)
    out.print(rows)
    out.print()
    if not findings["problems"]:
        out.print("Everything is in place.", style="green")
    for problem in findings["problems"]:
        out.print(f"! {problem}", style="yellow", soft_wrap=True)


def _size(findings: dict[str, Any]) -> str:
    return "unknown memory" if findings["memory_bytes"] is None else readable_size(findings["memory_bytes"])
