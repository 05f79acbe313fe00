"""Rules of Slicer's index of extensions that can be told from a clone; each gives complaints in words.

`complaints` gives all; `python -m Testing.module_rules` prints them.
"""

from __future__ import annotations

import json
import re
import struct
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml

from .files import ROOT

CLONE_MB, LARGEST_FILE_MB, LARGEST_PICTURE_KB = 100, 10, 300
CATEGORIES = {"Segmentation", "Neuroimaging"}
"""Of those that the index accepts, the two that could be meant."""

SCHEMA = {
    "$schema": str, "category": str, "scm_url": str, "scm_revision": str, "scm_type": str, "build_dependencies": list,
    "dicom_support_rule": str, "build_subdirectory": str, "enabled": bool, "tier": int,
}  # fmt: skip
"""Version 1.0.2 of the catalogue's schema allows these and no others."""

RESERVED = {"con", "prn", "aux", "nul", *(f"{device}{digit}" for device in ("com", "lpt") for digit in range(1, 10))}
BINARY = {".png", ".safetensors", ".nrrd", ".gz", ".npz", ".qm"}
SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b"
    r"|\b(?:ghp|gho|ghs|github_pat|glpat|xox[abp]|hf)_?[A-Za-z0-9_]{30,}"
)
COMMUNITY = (
    "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "SECURITY.md",
    ".pre-commit-config.yaml", ".github/ISSUE_TEMPLATE/bug.yml", ".github/ISSUE_TEMPLATE/config.yml",
    ".github/PULL_REQUEST_TEMPLATE.md", ".github/workflows/test.yml", ".github/workflows/slicer.yml",
)  # fmt: skip


def tracked(root: Path) -> list[str]:
    """The files that git keeps; none where this is no clone."""
    done = subprocess.run(["git", "ls-files", "-z"], capture_output=True, cwd=root, check=False)
    return [name for name in done.stdout.decode("utf-8", "surrogateescape").split("\0") if name]


def entry(root: Path = ROOT) -> Iterator[str]:
    """The entry is one of the catalogue, and is called as CMake calls the extension."""
    top = (root / "CMakeLists.txt").read_text(encoding="utf-8")
    project = re.search(r"project\((\w+)", top)
    name = project[1] if project else ""
    path = root / f"{name}.json"
    if not path.is_file():
        yield f"CMakeLists.txt: there is no {name}.json for the project {name}"
        return
    told = json.loads(path.read_text(encoding="utf-8"))
    for key, value in told.items():
        if key not in SCHEMA or not isinstance(value, SCHEMA[key]):
            yield f"{path.name}: {key} is not as the schema of the catalogue has it"
    for key in {"$schema", "category", "scm_url"} - set(told):
        yield f"{path.name}: lacks {key}"
    if not str(told.get("$schema")).endswith("slicer-extension-catalog-entry-schema-v1.0.2.json#"):
        yield f"{path.name}: names another schema than version 1.0.2"
    if told.get("category") not in CATEGORIES:
        yield f"{path.name}: the category {told.get('category')} is not one of the index"
    if told.get("tier") not in range(1, 6):
        yield f"{path.name}: the tier must be 1 to 5"
    if name.startswith("Slicer"):
        yield f"{path.name}: the extension's name should not begin with Slicer"
    home = cmake_says(top, "HOMEPAGE")
    if home.rsplit("/", 1)[-1] != f"Slicer{name}":
        yield f"CMakeLists.txt: the repository should be called Slicer{name}"
    if not re.fullmatch(r"https://[^/]+/[^/]+/[^/]+\.git", str(told.get("scm_url"))):
        yield f"{path.name}: scm_url is no https://HOST/OWNER/NAME.git"
    for one, other, what in (
        (told.get("scm_url"), f"{home}.git", "homepage"),
        (told.get("category"), cmake_says(top, "CATEGORY"), "category"),
        (told.get("build_dependencies"), cmake_says(top, "DEPENDS").split(), "dependencies"),
    ):
        if one != other:
            yield f"{path.name}: the {what} differ from CMakeLists.txt: {one}, {other}"
    description = cmake_says(top, "DESCRIPTION")
    if not 40 <= len(description) <= 400 or ";" in description:
        yield "CMakeLists.txt: the description is not one or two sentences without a semicolon"


def pictures(root: Path = ROOT) -> Iterator[str]:
    """Icon and screenshots are raw addresses of PNG files of the repository, not too large."""
    top = (root / "CMakeLists.txt").read_text(encoding="utf-8")
    start = cmake_says(top, "HOMEPAGE").replace("github.com", "raw.githubusercontent.com") + "/main/"
    icon, shots = cmake_says(top, "ICONURL"), cmake_says(top, "SCREENSHOTURLS").split()
    if not shots:
        yield "CMakeLists.txt: there is no screenshot"
    for url in (icon, *shots):
        path = root / url.removeprefix(start)
        if not url.startswith(start) or not path.is_file():
            yield f"CMakeLists.txt: {url} is no file of this repository"
            continue
        content = path.read_bytes()
        if not content.startswith(b"\x89PNG"):
            yield f"{url}: is no PNG"
        elif url == icon and struct.unpack(">II", content[16:24]) != (128, 128):
            yield f"{url}: the icon is not 128 x 128"
        if len(content) > LARGEST_PICTURE_KB * 1000:
            yield f"{url}: has {len(content) // 1000} kB; {LARGEST_PICTURE_KB} are enough"


def homepage(root: Path = ROOT) -> Iterator[str]:
    """The README has what a reviewer of the index looks for."""
    text = (root / "README.md").read_text(encoding="utf-8")
    for pattern, what in (
        (r"!\[[^\]]+\]\((?!http)[^)]+\.png\)", "a picture with words for those who do not see it"),
        (r"\]\((docs/tutorials/[^)]+)\)", "a link to a tutorial"),
        (r"Apache", "the licence by name"),
        (r"CITATION\.cff|doi\.org|arxiv\.org", "a publication"),
        (r"(?i)not a medical device", "that it is no medical device"),
    ):
        if not re.search(pattern, text):
            yield f"README.md: lacks {what}"
    for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", text):
        if not (root / target).exists():
            yield f"README.md: the link to {target} leads nowhere"
    for name in COMMUNITY:
        if not (root / name).is_file():
            yield f"{name} is missing"


def versions(root: Path = ROOT) -> Iterator[str]:
    """Package, citation, changes and homepage speak of the same program."""
    init = (root / "MissingModalitySegLib" / "__init__.py").read_text(encoding="utf-8")
    version = re.search(r'__version__ = "([^"]+)"', init)[1]
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    if str(citation.get("version")) != version:
        yield f"CITATION.cff: version {citation.get('version')}, the package has {version}"
    heads = re.findall(r"^## (\S+)", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    if version not in heads:
        yield f"CHANGELOG.md: says nothing of version {version}"
    if len(citation.get("references", ())) != 3:
        yield "CITATION.cff: should refer to the three papers"
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    home = cmake_says((root / "CMakeLists.txt").read_text(encoding="utf-8"), "HOMEPAGE")
    for where, url in (
        ("pyproject.toml", project["urls"]["Homepage"]),
        ("CITATION.cff", citation.get("repository-code")),
    ):
        if url != home:
            yield f"{where}: {url} is not the homepage {home}"
    if project["license"] != citation.get("license"):
        yield "CITATION.cff: another licence than pyproject.toml"


def file_names(names: list[str]) -> Iterator[str]:
    """Every system can check the repository out: names in ASCII, short, none reserved, none twice but for case."""
    for name in names:
        parts = name.split("/")
        if not name.isascii() or re.search(r'[<>:"|?*\\\x00-\x1f ]', name):
            yield f"{name!a}: a letter or blank that some system does not take"
        if any(part.split(".")[0].casefold() in RESERVED or part.endswith(".") for part in parts):
            yield f"{name}: a name that Windows keeps for itself"
        if len(name) > 150:
            yield f"{name}: {len(name)} letters, too many below a folder of Windows"
    for name, count in Counter(name.casefold() for name in names).items():
        if count > 1:
            yield f"{name}: there twice but for case"


def contents(root: Path, names: list[str]) -> Iterator[str]:
    """No links, no large files, nothing binary but pictures, weights, volumes and translations, and no secrets."""
    for name in names:
        path = root / name
        if path.is_symlink():
            yield f"{name}: is a link, which Windows checks out as a text"
        elif path.is_file():
            content = path.read_bytes()
            if len(content) > LARGEST_FILE_MB * 2**20:
                yield f"{name}: has {len(content) >> 20} MB"
            if path.suffix in BINARY:
                continue
            if b"\0" in content:
                yield f"{name}: is binary, of a kind that is not expected here"
            elif SECRETS.search(content.decode("utf-8", "replace")):
                yield f"{name}: holds what looks like a secret"


def clone_size(root: Path = ROOT, limit: int = CLONE_MB * 10**6) -> Iterator[str]:
    """What a clone has to fetch stays below the limit of the index.

    Only what the history reaches counts, and once: a clone may hold things twice, or what nothing refers to any more.
    """
    command = ["git", "rev-list", "--disk-usage", "--objects", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)
    if done.returncode == 0 and int(done.stdout) > limit:
        yield f"a clone takes {int(done.stdout) / 1e6:.1f} MB; {limit / 1e6:.1f} are allowed"


def workflows(root: Path = ROOT) -> Iterator[str]:
    """Public CI asks for no more rights than to read, ends by itself, and calls what the repository has."""
    targets = set(re.findall(r"^([a-z-]+)(?:\s+[a-z-]+)*:", (root / "Makefile").read_text(encoding="utf-8"), re.M))
    targets |= set(re.search(r"^\.PHONY: (.*)$", (root / "Makefile").read_text(encoding="utf-8"), re.M)[1].split())
    for path in sorted((root / ".github" / "workflows").glob("*.yml")):
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        where = f".github/workflows/{path.name}"
        if told.get("permissions") != {"contents": "read"}:
            yield f"{where}: asks for more than to read the repository"
        for name, job in told["jobs"].items():
            if "timeout-minutes" not in job:
                yield f"{where}: {name} may run for ever"
            for step in job["steps"]:
                if "uses" in step and not re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]):
                    yield f"{where}: {step['uses']} is not one of GitHub's own actions by its major version"
                for target in re.findall(r"^make ([a-z-]+)", step.get("run", ""), re.MULTILINE):
                    if target not in targets:
                        yield f"{where}: there is no `make {target}`"
                for script in re.findall(r"(\.ci/[a-z-]+)", step.get("run", "")):
                    if not (root / script).is_file():
                        yield f"{where}: there is no {script}"


def cmake_says(text: str, name: str) -> str:
    """A field of the extension's metadata in the top CMakeLists.txt."""
    found = re.search(rf'set\(EXTENSION_{name} "([^"]*)"\)', text)
    return found[1] if found else ""


def complaints(root: Path = ROOT) -> list[str]:
    """What is wrong by any of the rules."""
    names = [name for name in tracked(root) if (root / name).exists() or (root / name).is_symlink()]
    return [
        *entry(root), *pictures(root), *homepage(root), *versions(root), *file_names(names), *contents(root, names),
        *clone_size(root), *workflows(root),
    ]  # fmt: skip
