"""The licences of the packages that pyproject.toml names, as the packages themselves tell them.

`python -m Testing.packaging.licences` writes docs/reference/licences.md from what is installed.
"""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "licences.md"
PERMISSIVE = ("Apache", "MIT", "BSD", "ISC", "Python Software Foundation", "HPND", "Zlib", "0BSD", "CC0", "BSL", "PSF")
WEAK = ("MPL", "LGPL")
"""Licences that bind who changes the package itself, not who uses it."""

WHERE = {
    "": "to segment",
    "cli": "command line",
    "dicom": "DICOM",
    "training": "training",
    "prompts": "new prompt tables",
    "cohorts": "batches",
    "scene": "tests",
    "bench": "a benchmark",
    "docs": "this site",
    "test": "tests",
}
SHIPPED = {"", "cli", "dicom", "training", "prompts", "cohorts"}
"""What a user of the program installs; the rest is for developers."""


@dataclass(frozen=True)
class Package:
    """A package, for what it is needed, why, and under which licence."""

    name: str
    extra: str
    why: str
    licence: str


def named() -> list[tuple[str, str, str]]:
    """Name, extra and reason of every package, in the order of pyproject.toml; the first mention counts."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    found: dict[str, tuple[str, str, str]] = {}
    for extra, requirements in groups.items():
        for requirement in requirements:
            name = re.split(r"[\[<>=!;~ ]", requirement, maxsplit=1)[0]
            if name != project["name"] and name not in found:
                line = re.search(rf'"{re.escape(requirement)}",?[^\n#]*#\s*(.*)', text)
                found[name] = (name, extra, line[1].lstrip("… ") if line else "")
    return list(found.values())


def licence_of(name: str) -> str | None:
    """A package's licence in a few words; None where it is not installed."""
    try:
        told = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    classified = [one.split(" :: ")[-1] for one in told.get_all("Classifier", []) if one.startswith("License :: ")]
    text = told.get("License-Expression") or "; ".join(classified) or (told.get("License") or "").strip().split("\n")[0]
    return " ".join(text.split())[:120]


def packages() -> list[Package]:
    """Those that are installed."""
    return [
        Package(name, extra, why, licence) for name, extra, why in named() if (licence := licence_of(name)) is not None
    ]


def kind(licence: str) -> str:
    """permissive, weak (of its own files only), or other."""
    words = re.split(r"\bOR\b", licence)
    if any(all(any(sign in part for sign in PERMISSIVE) for part in re.split(r"\bAND\b|;", one)) for one in words):
        return "permissive"
    return "weak" if any(sign in licence for sign in WEAK) else "other"


def page(found: list[Package]) -> str:
    lines = [
        "# Licences",
        "",
        "The program is under Apache-2.0. These are the packages that it uses, each under the licence that the package",
        "itself tells; none of them travels with the extension. The anatomy of generated scans derives from the MNI152",
        "template (© 1993–2009 Louis Collins, McConnell Brain Imaging Centre, Montreal Neurological Institute, McGill",
        "University), which nilearn carries. Some plaques that `moe` and `mome` learned from have shapes of those in",
        "25 masks: Lesjak et al., A novel public MR image dataset of multiple sclerosis patients with lesion",
        "segmentations based on multi-rater consensus, Neuroinformatics 16:51, 2018, CC-BY 4.0. Written by",
        "`python -m Testing.packaging.licences`.",
        "",
        "| package | needed for | licence |",
        "|---|---|---|",
    ]
    lines += [f"| {one.name} | {WHERE.get(one.extra, one.extra)} | {one.licence} |" for one in found]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(packages()), encoding="utf-8")
    print(PAGE)
