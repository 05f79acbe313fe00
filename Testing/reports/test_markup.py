"""Pages are made of escaped text, and name their own script and style by checksum."""

from __future__ import annotations

import base64
import hashlib
import json
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from MissingModalitySegLib.reports.markup import Markup, data_block, element, text
from MissingModalitySegLib.reports.page import page


class Read(HTMLParser):
    """What a browser would see."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.texts: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._open.append(tag)

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        where = self._open[-1] if self._open else ""
        self.texts[where] = self.texts.get(where, "") + data


@given(st.text())
def test_any_text_stays_text(value: str) -> None:
    read = Read(element("p", value, title=value, class_="a"))
    ((tag, attributes),) = read.tags
    assert tag == "p"
    assert attributes["class"] == "a"
    shown = "".join(
        "\N{REPLACEMENT CHARACTER}" if (ord(c) < 32 and c not in "\t\n\r") or c == "\x7f" else c for c in value
    )
    assert read.texts.get("p", "") == shown
    assert attributes["title"] == shown


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_data_cannot_end_their_block(value: object) -> None:
    block = data_block("data", value)
    inside = block.removeprefix('<script type="application/json" id="data">').removesuffix("</script>")
    assert "<" not in inside
    assert json.loads(inside) == value


def test_what_is_left_out() -> None:
    assert text([None, "a", Markup("<b>"), ["&", 3]]) == "a<b>&amp;3"
    assert element("input", disabled=True, value=None, for_="x") == '<input disabled for="x">'
    assert element("td", data_sort=0.5) == '<td data-sort="0.5"></td>'


def test_a_page_names_its_own_script_and_style() -> None:
    document = page("Tit<le", Markup("<p>x</p>"), data={"one": {"a": "</script>"}})
    read = Read(document)
    (policy,) = [one["content"] for tag, one in read.tags if one.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for opening in ("<style>", "<script>"):
        inside = document.split(opening, 1)[1].split(opening.replace("<", "</"), 1)[0]
        assert base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode() in policy
    assert read.texts["title"] == "Tit<le"
