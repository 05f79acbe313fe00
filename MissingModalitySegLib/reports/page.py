"""A page that is one file: style, script, pictures and data lie inside it, and it may ask for nothing else.

The page forbids itself every request (Content-Security-Policy), and runs no script but its own, which it names by its
checksum: what a file name or a warning holds is never run, even where somebody forgot to escape it.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from .markup import Markup, data_block, element, text

_TEMPLATES = Path(__file__).with_name("templates")


def page(
    title: str,
    body: Markup,
    scripts: Sequence[str] = (),
    data: Mapping[str, Any] | None = None,
    icon: str | None = None,
) -> str:
    """The whole file. `scripts` are names of templates, `data` are blocks of JSON by their id, `icon` is a data URI."""
    style = _template("page.css")
    script = "".join(_template(name) for name in ("page.js", *scripts))
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_checksum(style)}'; script-src '{_checksum(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template(_template("page.html")).substitute(
        title=text(title),
        policy=text(policy),
        icon=text(None if icon is None else element("link", rel="icon", href=icon)),
        style=style,
        body=body,
        data=text([data_block(name, value) for name, value in (data or {}).items()]),
        script=script,
    )


def when(moment: Any) -> str:
    """As in “2026-05-04 09:30 UTC”, of an ISO time; what is none stays as it is."""
    try:
        return f"{datetime.datetime.fromisoformat(moment).astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC"
    except (TypeError, ValueError, OverflowError):
        return str(moment or "")


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _checksum(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")
