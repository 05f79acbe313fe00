"""Configurations as plain data: YAML files, what they extend, presets, variants, single keys.

Every method has a file `<method>.yaml` beside this one: its `presets`, each over the one of that name in `shared.yaml`
or over that of another method (`like`), and named `variants`, the rows of the paper's tables; several are joined by
`+`. A user's file holds the sections of a configuration, and may say `extends:` METHOD, METHOD/PRESET,
METHOD/PRESET/VARIANT or the path of another file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from MissingModalitySegLib.errors import InputError, located

FOLDER = Path(__file__).parent
SHARED = FOLDER / "shared.yaml"
DEFAULT_PRESET = "starter"
REPLACED_WHOLE = frozenset({"data.phantom.kinds", "data.phantom.spacings"})
"""Tables whose entries belong together: giving one anew does not mix it with the one before."""

FILE_HINT = "Look at that line and the one before: brackets and quotes must be closed, and every key be there once."
VALUE_HINT = "Close brackets and quotes, and put a text with other signs in quotes: 'data.cache=\"a: b\"'."

MOST_REFERENCES = 20
"""In a file; with so many, values grow at most a thousandfold."""

Document = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML in which 1e-4 is a number, and a key that is given twice is an error.

    So are many references (*name): each of a few lines of them doubling the one before is more than fits into memory.
    """

    references = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node:
        if self.check_event(yaml.AliasEvent):
            self.references += 1
            if self.references > MOST_REFERENCES:
                mark = self.peek_event().start_mark
                raise yaml.composer.ComposerError(None, None, f"more than {MOST_REFERENCES} references (*name)", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key in (key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"“{key}” is given twice", node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def compose(
    source: str | Path, preset: str | None = None, variant: str | None = None, overrides: Mapping[str, Any] = {}
) -> Document:
    """The sections that `source` means, as plain data; keys are not looked at yet.

    `source` is a method (with its preset, by default `starter`) or a file; a file with a `preset` or `variant` lies
    over that of its method. `overrides` are values by dotted key. Raises `InputError`.
    """
    if is_file(source):
        document = _read_extended(Path(source), ())
        if preset is not None or variant is not None:
            method = document.get("method")
            if not isinstance(method, str):
                raise InputError("no-method", f"{source} names no method, so there is no preset of it.")
            document = merge(_shipped(method, preset or DEFAULT_PRESET, variant), document)
    else:
        document = _shipped(str(source), preset or DEFAULT_PRESET, variant)
    for key, value in overrides.items():
        document = merge(document, _nested(key.split("."), value))
    return document


def is_file(source: str | Path) -> bool:
    """Whether `source` is meant as a file rather than a method's name."""
    return isinstance(source, Path) or source.endswith((".yaml", ".yml")) or "/" in source or "\\" in source


def parse_override(text: str) -> tuple[str, Any]:
    """Key and value of `a.b=c`; the value is YAML. Raises `InputError`."""
    key, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"\w+(\.\w+)*", key.strip()):
        raise InputError(
            "bad-override", f"“{text}” does not set a key.", "Write it as loop.steps=1000 or data.crop=[64, 64, 64]."
        )
    with located(f"“{text}”"):
        return key.strip(), parse(value, VALUE_HINT)


def parse(text: str, hint: str = FILE_HINT) -> Any:
    """The value of a YAML text; `InputError` says what is wrong with it and where, with a `hint` to the writer."""
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError("bad-yaml", f"This is no YAML: {getattr(error, 'problem', error)}{where}.", hint) from None
    except (ValueError, RecursionError) as error:
        raise InputError("bad-yaml", f"This is no YAML: {error}.", hint) from None


def merge(base: Mapping[str, Any], over: Mapping[str, Any], where: str = "") -> Document:
    """`base` with the keys of `over`, table by table.

    Where `over` changes the method, network and options of the other method are dropped; where it changes the
    network's architecture, that network's own keys.
    """
    if not where and over.get("method", base.get("method")) != base.get("method"):
        base = {key: value for key, value in base.items() if key not in ("network", "options", "stages")}
    if where == "network" and over.get("architecture", base.get("architecture")) != base.get("architecture"):
        base = {key: value for key, value in base.items() if key != "config"}
    merged = dict(base)
    for key, value in over.items():
        place = f"{where}.{key}" if where else str(key)
        before = merged.get(key)
        tables = isinstance(value, Mapping) and isinstance(before, Mapping)
        merged[key] = merge(before, value, place) if tables and _inside(place) not in REPLACED_WHOLE else value
    return merged


def methods() -> tuple[str, ...]:
    """The methods that have presets."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml") if path != SHARED))


def presets_of(method: str) -> tuple[str, ...]:
    """The presets of a method."""
    return tuple(_method_file(method)["presets"])


def variants_of(method: str) -> dict[str, str]:
    """The variants of a method and what each is."""
    return {name: variant["about"] for name, variant in _method_file(method).get("variants", {}).items()}


def suggestion(name: str, known: Iterable[str]) -> str:
    """“Did you mean …?” for a name that is nearly known, else what is known."""
    known = list(known)
    near = difflib.get_close_matches(name, known, 1, 0.6)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Known are {', '.join(known)}." if known else ""


def _shipped(method: str, preset: str, variant: str | None = None) -> Document:
    file = _method_file(method)
    if preset not in file["presets"]:
        raise InputError("unknown-preset", f"{method} has no preset “{preset}”.", suggestion(preset, file["presets"]))
    own = dict(file["presets"][preset])
    like = own.pop("like", None)
    base = _shipped(like, preset) if like else _read(SHARED)["presets"].get(preset, {})
    document = merge(base, {"method": method} | own)
    for name in variant.split("+") if variant else ():
        known = file.get("variants", {})
        if name not in known:
            raise InputError("unknown-variant", f"{method} has no variant “{name}”.", suggestion(name, known))
        changes = {key: value for key, value in known[name].items() if key not in ("about", "extends")}
        other = known[name].get("extends")
        document = merge(_shipped(other, preset) if other else document, changes)
    return document


def _method_file(method: str) -> Document:
    names = methods()
    if method not in names:
        raise InputError("unknown-method", f"“{method}” is no training method.", suggestion(method, names))
    return _read(FOLDER / f"{method}.yaml")


def _read_extended(path: Path, seen: tuple[Path, ...]) -> Document:
    path = path.absolute()
    if path in seen:
        raise InputError("endless-extends", f"{path} extends itself.")
    document = _with_absolute_paths(_read(path), path.parent)
    base = document.pop("extends", None)
    if base is None:
        return document
    if not isinstance(base, str):
        raise InputError("bad-extends", f"{path}: extends: a text is meant.", "Write METHOD/PRESET or a file.")
    if base.endswith((".yaml", ".yml")):
        return merge(_read_extended(path.parent / base, (*seen, path)), document)
    parts = base.split("/")
    if len(parts) > 3:
        raise InputError("bad-extends", f"{path}: extends: “{base}” is not METHOD/PRESET/VARIANT.")
    with located(f"{path}: extends"):
        method, preset, variant = (*parts, *[None] * (3 - len(parts)))
        return merge(_shipped(method, preset or DEFAULT_PRESET, variant), document)


def _read(path: Path) -> Document:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError("no-such-file", f"There is no configuration {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("unreadable-file", f"{path} cannot be read: {error}.") from None
    with located(str(path)):
        document = parse(text)
        if not isinstance(document, dict):
            raise InputError("bad-yaml", "It holds no table of keys and values.")
    return document


def _with_absolute_paths(document: Document, folder: Path) -> Document:
    """Paths in a file start from its folder, as in a datalist."""

    def found(start: Any) -> Any:  # else it is the name of a bundle
        return str(folder / start) if isinstance(start, str) and (folder / start).is_dir() else start

    if "start" in document:
        document = document | {"start": found(document["start"])}
    if isinstance(experts := document.get("experts"), dict):
        document = document | {"experts": {modality: found(start) for modality, start in experts.items()}}
    data = document.get("data")
    if not isinstance(data, dict):
        return document
    data = dict(data)
    for key in ("source", "cache"):
        if isinstance(data.get(key), str) and data[key] not in ("phantom", "heads"):
            data[key] = str(folder / data[key])
    return document | {"data": data}


def _nested(keys: list[str], value: Any) -> Document:
    for key in reversed(keys):
        value = {key: value}
    return value


def _inside(place: str) -> str:
    """The place as it is called in the configuration as a whole: `stages.mae.data.…` is `data.…`."""
    return re.sub(r"^stages\.[^.]+\.", "", place)
