"""The repository is ready for Slicer's index of extensions, and each rule notices when it is broken."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from Testing.module_rules.files import ROOT
from Testing.module_rules.index import (
    COMMUNITY,
    clone_size,
    complaints,
    contents,
    entry,
    file_names,
    homepage,
    pictures,
    versions,
    workflows,
)

FILES = (
    *COMMUNITY, "CMakeLists.txt", "MissingModalitySeg.json", "Makefile", "pyproject.toml",
    "MissingModalitySegLib/__init__.py", "MissingModalitySeg/Resources/Icons/MissingModalitySeg.png",
    ".ci/test-in-slicer", ".ci/build-in-slicer", ".ci/setup",
)  # fmt: skip


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """What the rules look at, somewhere else."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for path in (ROOT / ".github" / "workflows").iterdir():
        shutil.copy(path, tmp_path / ".github" / "workflows")
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_repository_obeys() -> None:
    assert complaints() == []


def test_a_clone_counts_what_it_fetches_once(tmp_path: Path) -> None:
    """Neither what is stored a second time makes it larger, nor what no commit refers to."""

    def git(*words: str, given: bytes | None = None) -> None:
        author = ("-c", "user.name=A", "-c", "user.email=a@b.c")
        subprocess.run(["git", *author, *words], cwd=tmp_path, input=given, check=True, capture_output=True)

    noise = random.Random(0)
    git("init", "--quiet")
    (tmp_path / "first.bin").write_bytes(noise.randbytes(100_000))
    git("add", ".")
    git("commit", "--quiet", "-m", "first")
    (tmp_path / "first.bin").unlink()
    git("add", ".")
    git("commit", "--quiet", "-m", "without it")
    git("repack", "-a")
    git("hash-object", "-w", "--stdin", given=noise.randbytes(200_000))
    stored = sum(path.stat().st_size for path in (tmp_path / ".git" / "objects").rglob("*") if path.is_file())
    assert stored > 400_000
    assert [*clone_size(tmp_path, limit=110_000)] == []
    assert [*clone_size(tmp_path, limit=90_000)] == ["a clone takes 0.1 MB; 0.1 are allowed"]


def test_the_copy_obeys(copied: Path) -> None:
    """So that what is planted below is what is found."""
    assert [*entry(copied), *pictures(copied), *versions(copied), *workflows(copied)] == []


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("category", "Magic", "not one of the index"),
        ("tier", 6, "1 to 5"),
        ("scm_url", "git@github.com:a/b.git", "scm_url"),
        ("build_dependencies", [], "dependencies differ"),
        ("scmurl", "https://github.com/a/b.git", "schema of the catalogue"),
        ("enabled", "true", "schema of the catalogue"),
        ("$schema", "v1.0.1", "another schema"),
    ],
)
def test_faults_of_the_entry(copied: Path, key: str, value: object, words: str) -> None:
    path = copied / "MissingModalitySeg.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    assert any(words in one for one in entry(copied))


@pytest.mark.parametrize(
    ("file", "old", "new", "rule", "words"),
    [
        ("CMakeLists.txt", "project(MissingModalitySeg)", "project(Other)", entry, "no Other.json"),
        ("CMakeLists.txt", "/SlicerMissingModalitySeg\"", "/Seg\"", entry, "should be called"),
        ("CMakeLists.txt", "screenshot-module.png", "none.png", pictures, "no file of this repository"),
        ("CITATION.cff", "version: 0", "version: 9", versions, "the package has"),
        ("CITATION.cff", "Apache-2.0", "MIT", versions, "another licence"),
        ("CHANGELOG.md", "## 0.2.0", "## soon", versions, "says nothing of version"),
        ("README.md", "docs/images/", "docs/lost/", homepage, "leads nowhere"),
        (".github/workflows/test.yml", "contents: read", "contents: write", workflows, "more than to read"),
        (".github/workflows/test.yml", "run: make test", "run: make tests", workflows, "no `make tests`"),
        (".github/workflows/test.yml", "actions/checkout@v4", "someone/checkout@main", workflows, "GitHub's own"),
        (".github/workflows/slicer.yml", "    timeout-minutes: 60\n", "", workflows, "may run for ever"),
        (".github/workflows/slicer.yml", ".ci/test-in-slicer", ".ci/test-slicer", workflows, "no .ci/test-slicer"),
    ],
)  # fmt: skip
def test_planted_faults(copied: Path, file: str, old: str, new: str, rule, words: str) -> None:
    replace(copied / file, old, new)
    assert any(words in one for one in rule(copied)), list(rule(copied))


@pytest.mark.parametrize("name", ["a b.py", "Größe.md", "aux.txt", "a/nul.py", "x" * 151, "end."])
def test_names_that_some_system_does_not_take(name: str) -> None:
    assert list(file_names([name]))


def test_names_that_differ_by_case() -> None:
    assert list(file_names(["a/b.py", "A/b.py"])) == ["a/b.py: there twice but for case"]
    assert list(file_names(["a/b.py", "a/c.py"])) == []


def test_contents_that_do_not_belong_here(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a\0b")
    (tmp_path / "key.md").write_text("-----BEGIN RSA PRIVATE" + " KEY-----\n")
    (tmp_path / "fine.md").write_text("keys of a table\n")
    (tmp_path / "large.png").write_bytes(bytes(11 << 20))
    (tmp_path / "link").symlink_to("a.txt")
    found = "\n".join(contents(tmp_path, ["a.txt", "key.md", "fine.md", "large.png", "link"]))
    assert [word for word in ("binary", "secret", "11 MB", "link") if word not in found] == []
    assert "fine" not in found


def test_the_papers_are_those_of_the_models() -> None:
    """Each author of the citation stands in a paper's name in the docs or cards of the models."""
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert len(re.findall(r"^  - type: ", text, re.MULTILINE)) == 3
    assert [name for name in ("Novosad", "Zhao", "Zhang") if name not in text] == []
