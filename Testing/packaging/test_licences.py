"""Every package that the program uses is listed with a licence that fits."""

from __future__ import annotations

import re

import pytest

from Testing.packaging.licences import PAGE, SHIPPED, kind, licence_of, named, packages


def test_the_page_lists_every_package() -> None:
    listed = re.findall(r"^\| ([\w.-]+) \| ", PAGE.read_text(encoding="utf-8"), re.MULTILINE)[1:]
    installed = {name for name, _, _ in named() if licence_of(name) is not None}
    assert installed <= set(listed), "run python -m Testing.packaging.licences"
    assert set(listed) <= {name for name, _, _ in named()}


def test_what_users_install_is_permissive() -> None:
    assert {
        one.name: one.licence for one in packages() if one.extra in SHIPPED and kind(one.licence) != "permissive"
    } == {}


def test_what_developers_install_binds_nobody_else() -> None:
    assert {one.name: one.licence for one in packages() if kind(one.licence) == "other"} == {}


def test_every_package_has_a_reason() -> None:
    """Beside it in pyproject.toml, or above the group that it is in."""
    assert [name for name, extra, why in named() if not why and extra not in ("cli", "scene", "bench", "test")] == []


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("MIT", "permissive"),
        ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", "permissive"),
        ("Apache Software License; BSD License", "permissive"),
        ("MPL-2.0", "weak"),
        ("LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", "weak"),
        ("MIT AND GPL-3.0-only", "other"),
        ("GPL-3.0-only", "other"),
        ("", "other"),
    ],
)
def test_kinds_of_licences(licence: str, expected: str) -> None:
    assert kind(licence) == expected
