"""Pictures on a page: slices to scroll through, and a montage that is printed."""

from __future__ import annotations

from typing import Any

from ..labels import Colour
from .markup import Markup, element
from .pictures import Kind, Panel, Pictures, Row, Tile

GENERATED = "GENERATED, not acquired"
_SWATCH = 12


def viewer_data(pictures: Pictures) -> dict[str, Any]:
    """What the script of the viewer needs."""
    return {
        "width": pictures.width,
        "height": pictures.height,
        "count": pictures.count,
        "columns": pictures.columns,
        "heights": list(pictures.heights_mm),
        "panels": [{"image": one.image, "generated": _is_made(one), "overlay": one.overlay} for one in pictures.panels],
        "overlays": [
            {"fill": one.fill, "outline": one.outline, "columns": one.columns, "slices": list(one.slices)}
            for one in pictures.overlays
        ],
        "places": {number: [place.slice, place.x, place.y] for number, place in pictures.places.items()},
        "start": next((place.slice for place in pictures.places.values()), pictures.count // 2),
        "mark": GENERATED,
    }


def viewer_section(pictures: Pictures, title: str = "Slices") -> Markup:
    """Panels that scroll together. They are drawn by the page's script, and not printed."""
    names = [
        element("label", element("input", type="checkbox", checked=True, data_panel=i), _full_name(one))
        for i, one in enumerate(pictures.panels)
    ]
    many = element("div", names, class_="controls", role="group", aria_label="Images shown")
    overlay = [
        element("label", element("input", type="checkbox", id="overlay", checked=True), "Overlay (o)"),
        element(
            "label",
            "Fill",
            element("input", type="range", id="opacity", min=0, max=100, value=35, aria_label="Opacity of the fill"),
        ),
    ]
    lesions = [
        element("button", "Previous lesion (p)", type="button", id="previous", class_="plain"),
        element("button", "Next lesion (n)", type="button", id="next", class_="plain"),
    ]
    bar = element(
        "div",
        element(
            "label",
            "Slice",
            element(
                "input", type="range", id="slice", min=0, max=pictures.count - 1, value=0, aria_describedby="shown"
            ),
            class_="long",
        ),
        element("span", id="shown", class_="shown", role="status"),
        overlay if pictures.overlays else None,
        lesions if pictures.places else None,
        class_="controls",
    )
    figures = [
        element(
            "figure",
            element("canvas", width=pictures.width * 2, height=pictures.height * 2, role="img", aria_label=_told(one)),
            element("figcaption", element("span", one.name), element("span", _remark(one))),
            class_="generated" if _is_made(one) else None,
        )
        for one in pictures.panels
    ]
    keys = "Mouse wheel or arrow keys: slice; Page up and down: ten; o: overlay; n, p: lesions. Seen from the feet."
    return element(
        "section",
        element("h2", title),
        many,
        bar,
        element("div", figures, class_="panels", id="viewer", tabindex=0, role="group", aria_label=f"{title}. {keys}"),
        legend(pictures),
        element("p", keys, class_="quiet small"),
        class_="screen",
    )


def montage_section(pictures: Pictures, title: str = "Largest lesions") -> Markup:
    """The same slice of all images, per lesion; also on paper."""
    title = title if pictures.places else "Slices across the brain"
    rows = [
        [element("h3", row.caption), element("div", [_tile(row, one) for one in row.tiles], class_="tiles")]
        for row in pictures.rows
    ]
    orientation = element("p", "Seen from the feet: the patient's right is on the left.", class_="quiet small")
    return element("section", element("h2", title), legend(pictures), rows, orientation, id="montage")


def legend(pictures: Pictures) -> Markup:
    """What the colours of the overlay mean."""
    if not pictures.legend:
        return Markup()
    items = [element("span", _swatch(colour), " ", name) for name, colour in pictures.legend]
    return element("div", items, class_="controls small")


def _swatch(colour: Colour) -> Markup:
    box = element("rect", width=_SWATCH, height=_SWATCH, rx=2, fill=f"rgb({','.join(map(str, colour))})")
    return element("svg", box, width=_SWATCH, height=_SWATCH, aria_hidden="true")


def _tile(row: Row, one: Tile) -> Markup:
    made = one.kind is Kind.GENERATED
    words = f"{one.name}, {GENERATED if made else one.kind}: {row.caption}"
    images = [element("img", src=one.image, alt=words)]
    if one.overlay is not None:
        images.append(element("img", src=one.overlay, alt=""))
    return element(
        "figure",
        element("div", images, element("span", "GENERATED", class_="stamp") if made else None, class_="layers"),
        element("figcaption", element("span", one.name), element("span", "generated" if made else one.note)),
        class_="tile generated" if made else "tile",
    )


def _is_made(panel: Panel) -> bool:
    return panel.kind is Kind.GENERATED


def _full_name(panel: Panel) -> str:
    return f"{panel.name}, {panel.note}" if panel.note and panel.kind is Kind.ACQUIRED else panel.name


def _remark(panel: Panel) -> str:
    return "generated" if _is_made(panel) else panel.note


def _told(panel: Panel) -> str:
    return f"{panel.name}, {GENERATED if _is_made(panel) else panel.kind}"
