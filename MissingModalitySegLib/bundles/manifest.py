"""`manifest.json`: everything a program must know about a model before it touches the weights.

The dataclasses are plain carriers; `Manifest.from_dict` and `from_json` are where everything is checked, and what they
accept is written back without loss by `to_dict` and `to_json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import BundleError
from ..labels import SCHEMES
from ..modalities import MODALITIES, Code, Modality
from . import fields, names
from .performance import Addition, Performance, best_additions, expected, measured

SCHEMA_VERSION = 1
LARGEST_MANIFEST = 1_000_000  # bytes
MOST_FILES = 64
LARGEST_FILE = 2 * 2**30  # bytes

FAMILIES = ("moe", "universal", "mome", "baseline", "ensemble", "synthesis", "brain")
"""The three methods, what they are compared with, several asked together, and two helpers: missing sequences and the
brain's mask."""

NORMALISATIONS = ("zscore", "minmax", "head")
"""Mean and deviation, extremes, or median and percentiles of what a whole head shows: brain extraction's, as it has no
brain to go by (`arrays.normalise.normalise_head`)."""
SCOPES = ("brain", "volume", "tile")
"""Over which voxels a channel's statistics are taken: the brain mask, everything, or each tile for itself."""

FUSIONS = ("mean", "max", "reliability")
_AXES = ({"R", "L"}, {"A", "P"}, {"S", "I"})
_SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}([-+.][0-9A-Za-z.-]{1,40})?")


@dataclass(frozen=True)
class FileEntry:
    """A file of the bundle; `size` in bytes."""

    name: str
    sha256: str
    size: int

    @classmethod
    def read(cls, value: Any, where: str) -> FileEntry:
        entry = fields.table(value, where, ("name", "sha256", "size"))
        name = names.check_file_name(fields.text(entry["name"], f"{where}.name"), f"{where}.name")
        checksum = fields.text(entry["sha256"], f"{where}.sha256")
        if not _SHA256.fullmatch(checksum):
            raise fields.wrong_value(f"{where}.sha256", "is no SHA-256 checksum (64 digits of 0-9 and a-f)")
        return cls(name, checksum, fields.whole(entry["size"], f"{where}.size", 0, LARGEST_FILE))

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "sha256": self.sha256, "size": self.size}


@dataclass(frozen=True)
class Grid:
    """The voxel grid the model works on: `spacing` in mm along axes that run towards `orientation` (as in `RAS`)."""

    spacing: tuple[float, float, float]
    orientation: str

    @classmethod
    def read(cls, value: Any, where: str) -> Grid:
        grid = fields.table(value, where, ("spacing", "orientation"))
        orientation = fields.text(grid["orientation"], f"{where}.orientation")
        if len(orientation) != 3 or not all(sum(letter in axis for letter in orientation) == 1 for axis in _AXES):
            raise fields.wrong_value(
                f"{where}.orientation",
                f"is {orientation!r}",
                "Name one end of each of the three axes R-L, A-P and S-I, as in RAS or LPS.",
            )
        spacing = fields.items(grid["spacing"], f"{where}.spacing", most=3, least=3)
        return cls(tuple(fields.positive(item, place, largest=50) for place, item in spacing), orientation)

    def to_dict(self) -> dict[str, Any]:
        return {"spacing": list(self.spacing), "orientation": self.orientation}


@dataclass(frozen=True)
class Normalisation:
    """How each channel's intensities are brought to a common scale, and over which voxels that scale is measured."""

    method: str
    scope: str
    bias_correction: bool = False
    """Whether the coil's uneven brightness is taken out before (`arrays.bias`)."""

    @classmethod
    def read(cls, value: Any, where: str) -> Normalisation:
        section = fields.table(value, where, ("method", "scope"), ("bias_correction",))
        return cls(
            fields.choice(section["method"], f"{where}.method", NORMALISATIONS),
            fields.choice(section["scope"], f"{where}.scope", SCOPES),
            fields.flag(section.get("bias_correction", False), f"{where}.bias_correction"),
        )

    def to_dict(self) -> dict[str, Any]:
        corrected = {"bias_correction": True} if self.bias_correction else {}
        return {"method": self.method, "scope": self.scope, **corrected}

    @property
    def is_by_brain(self) -> bool:
        """Whether channels are what `engine.prepare` makes of them: z-scored over the brain."""
        return (self.method, self.scope) == ("zscore", "brain")


@dataclass(frozen=True)
class Tile:
    """The window in voxels for sliding-window inference; the network needs sizes that `multiple` divides."""

    size: tuple[int, int, int]
    multiple: int
    overlap: float

    @classmethod
    def read(cls, value: Any, where: str) -> Tile:
        section = fields.table(value, where, ("size", "multiple", "overlap"))
        multiple = fields.whole(section["multiple"], f"{where}.multiple", 1, 256)
        items = fields.items(section["size"], f"{where}.size", most=3, least=3)
        size = tuple(fields.whole(item, place, 1, 1024) for place, item in items)
        if any(length % multiple for length in size):
            raise fields.contradiction(
                f"{where}.size is {list(size)}, which {where}.multiple ({multiple}) does not divide.",
                f"Make each size a multiple of {multiple}.",
            )
        return cls(size, multiple, fields.number(section["overlap"], f"{where}.overlap", 0, 0.95))

    def to_dict(self) -> dict[str, Any]:
        return {"size": list(self.size), "multiple": self.multiple, "overlap": self.overlap}


@dataclass(frozen=True)
class NetworkSection:
    """What `networks.registry.build` takes. Whether `config` fits the architecture is the network's to say."""

    architecture: str
    config: dict[str, Any]

    @classmethod
    def read(cls, value: Any, where: str) -> NetworkSection:
        section = fields.table(value, where, ("architecture", "config"))
        return cls(
            fields.text(section["architecture"], f"{where}.architecture", longest=64),
            fields.free_table(section["config"], f"{where}.config"),
        )

    def to_dict(self) -> dict[str, Any]:
        return {"architecture": self.architecture, "config": fields.free(self.config, "network.config")}


@dataclass(frozen=True)
class Synthesiser:
    """What generates missing sequences: a network of its own in `file`, or the bundle called `bundle`."""

    bundle: str | None = None
    file: str | None = None
    network: NetworkSection | None = None

    @classmethod
    def read(cls, value: Any, where: str) -> Synthesiser:
        section = fields.table(value, where, (), ("bundle", "file", "network"))
        if ("bundle" in section) == ("file" in section):
            raise fields.contradiction(
                f"{where} must name either a file of this bundle or another bundle.", "Give “file” or “bundle”."
            )
        if "bundle" in section:
            if "network" in section:
                raise fields.contradiction(
                    f"{where} names another bundle and describes a network.", "Leave out “network”."
                )
            return cls(bundle=_bundle_name(section["bundle"], f"{where}.bundle"))
        section = fields.table(value, where, ("file", "network"))
        return cls(
            file=fields.text(section["file"], f"{where}.file"),
            network=NetworkSection.read(section["network"], f"{where}.network"),
        )

    def to_dict(self) -> dict[str, Any]:
        if self.bundle is not None:
            return {"bundle": self.bundle}
        return {"file": self.file, "network": self.network.to_dict()}


@dataclass(frozen=True)
class Prompts:
    """Which text encoder made the embeddings of all prompts, which the network keeps among its weights."""

    encoder: str

    @classmethod
    def read(cls, value: Any, where: str) -> Prompts:
        section = fields.table(value, where, ("encoder",))
        return cls(fields.text(section["encoder"], f"{where}.encoder", 64))

    def to_dict(self) -> dict[str, Any]:
        return {"encoder": self.encoder}


@dataclass(frozen=True)
class Fusion:
    """How a model that sees one modality at a time joins its answers; `weights` per modality, in channel order."""

    method: str
    weights: tuple[float, ...] = ()

    @classmethod
    def read(cls, value: Any, where: str, modalities: tuple[Modality, ...]) -> Fusion:
        section = fields.table(value, where, ("method",), ("weights",))
        method = fields.choice(section["method"], f"{where}.method", FUSIONS)
        if ("weights" in section) != (method == "reliability"):
            raise fields.contradiction(
                f"{where}: weights belong to the method “reliability”, and only to it; the method is “{method}”."
            )
        if method != "reliability":
            return cls(method)
        weights = fields.table(section["weights"], f"{where}.weights", [str(modality) for modality in modalities])
        values = tuple(
            fields.number(weights[str(modality)], f"{where}.weights.{modality}", 0, 1e6) for modality in modalities
        )
        if not any(values):
            raise fields.contradiction(f"{where}.weights are all zero.", "Give at least one modality a weight.")
        return cls(method, values)

    def to_dict(self, modalities: tuple[Modality, ...]) -> dict[str, Any]:
        if not self.weights:
            return {"method": self.method}
        weights = {str(modality): weight for modality, weight in zip(modalities, self.weights, strict=True)}
        return {"method": self.method, "weights": weights}


MOST_SHARE = 1e6
"""How many times as much as another a member of an ensemble may count."""


@dataclass(frozen=True)
class Member:
    """Another model whose answer counts: with its share for each region, for codes that have one of what it `needs`.

    `version` is the one that it was joined and measured with; any will do where none is said.
    """

    bundle: str
    shares: tuple[tuple[str, float], ...]
    needs: tuple[Modality, ...] = ()
    version: str | None = None

    @classmethod
    def read(cls, value: Any, where: str, modalities: tuple[Modality, ...]) -> Member:
        section = fields.table(value, where, ("bundle", "shares"), ("needs", "version"))
        shares = fields.free_table(section["shares"], f"{where}.shares")
        known = [str(modality) for modality in modalities]
        return cls(
            _bundle_name(section["bundle"], f"{where}.bundle"),
            tuple(
                (name, fields.number(share, f"{where}.shares.{name}", 0, MOST_SHARE)) for name, share in shares.items()
            ),
            tuple(
                Modality(fields.choice(item, place, known))
                for place, item in fields.items(section.get("needs", []), f"{where}.needs", len(modalities))
            ),
            _version(section["version"], f"{where}.version") if "version" in section else None,
        )

    def to_dict(self) -> dict[str, Any]:
        version = {"version": self.version} if self.version is not None else {}
        needs = {"needs": [str(modality) for modality in self.needs]} if self.needs else {}
        return {"bundle": self.bundle, **version, "shares": dict(self.shares), **needs}


@dataclass(frozen=True)
class Manifest:
    """A model in words and numbers. Read it with `from_json` or `from_dict`, which check every field."""

    name: str
    title: str
    version: str
    family: str
    labels: str | None  # a label scheme's name; None where the answer is no lesion
    modalities: tuple[Modality, ...]  # in channel order
    grid: Grid
    normalisation: Normalisation
    tile: Tile
    files: tuple[FileEntry, ...]
    provenance: dict[str, Any]
    licence: str
    citation: str
    intended_use: str
    warning: str
    network: NetworkSection | None = None  # None where it is its members that answer
    weights: str | None = None  # the file that holds the network's weights
    members: tuple[Member, ...] = ()
    performance: tuple[Performance, ...] = ()
    synthesiser: Synthesiser | None = None
    prompts: Prompts | None = None
    fusion: Fusion | None = None
    schema_version: int = SCHEMA_VERSION

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """Read the text of a `manifest.json`. Raises `BundleError`, whose message names the place."""
        if len(text) > LARGEST_MANIFEST:
            raise BundleError(
                "manifest-too-large",
                f"{names.MANIFEST} has {len(text)} bytes; {LARGEST_MANIFEST} are allowed.",
                "Long texts belong into a .md file of the bundle.",
            )
        return cls.from_dict(fields.parse_json(text, names.MANIFEST))

    @classmethod
    def from_dict(cls, value: Any) -> Manifest:
        """Read a manifest from JSON data. Raises `BundleError`, whose message names the place."""
        _check_schema_version(value)
        data = fields.table(value, "the manifest", _REQUIRED, _OPTIONAL)
        modalities = _read_modalities(data["modalities"])
        files = tuple(FileEntry.read(item, place) for place, item in fields.items(data["files"], "files", MOST_FILES))
        rows = fields.items(data.get("performance", []), "performance", most=10_000)
        labels = data.get("labels")
        manifest = cls(
            name=_bundle_name(data["name"], "name"),
            title=fields.text(data["title"], "title"),
            version=_version(data["version"]),
            family=fields.choice(data["family"], "family", FAMILIES),
            labels=None if labels is None else fields.choice(labels, "labels", SCHEMES),
            modalities=modalities,
            grid=Grid.read(data["grid"], "grid"),
            normalisation=Normalisation.read(data["normalisation"], "normalisation"),
            tile=Tile.read(data["tile"], "tile"),
            network=_if_given(data, "network", NetworkSection.read),
            weights=_if_given(data, "weights", fields.text),
            members=tuple(
                Member.read(item, place, modalities)
                for place, item in fields.items(data.get("members", []), "members", most=8)
            ),
            files=files,
            provenance=fields.free_table(data["provenance"], "provenance"),
            licence=fields.text(data["licence"], "licence"),
            citation=fields.text(data["citation"], "citation", 4000, several_lines=True, empty=True),
            intended_use=fields.text(data["intended_use"], "intended_use", 4000, several_lines=True),
            warning=fields.text(data["warning"], "warning", 4000, several_lines=True, empty=True),
            performance=tuple(Performance.read(item, place, modalities) for place, item in rows),
            synthesiser=_if_given(data, "synthesiser", Synthesiser.read),
            prompts=_if_given(data, "prompts", Prompts.read),
            fusion=_if_given(data, "fusion", lambda item, place: Fusion.read(item, place, modalities)),
        )
        _check_agreement(manifest)
        return manifest

    def keeps_from_asking(self, member: Manifest, terms: Member) -> str | None:
        """Why an ensemble that sees scans as this model does cannot ask `member` on these `terms`, as the end of a
        sentence; None where it can. A member may take fewer modalities, if it is asked where it has one.
        """
        if member.members:
            return "asks others itself"
        if terms.version not in (None, member.version):
            return f"has the version {member.version} instead of {terms.version}"
        if not set(member.modalities) <= set(self.modalities):
            return "takes other modalities"
        for key in ("labels", "grid", "normalisation"):
            if getattr(self, key) != getattr(member, key):
                return f"has other {key}"
        if not set(terms.needs or self.modalities) <= set(member.modalities):
            return "would be asked where there is none of its sequences"
        return None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data in a fixed order; what is not given is left out."""
        data: dict[str, Any] = {
            "schema_version": self.schema_version,
            "name": self.name,
            "title": self.title,
            "version": self.version,
            "family": self.family,
            "labels": self.labels,
            "modalities": [str(modality) for modality in self.modalities],
            "grid": self.grid.to_dict(),
            "normalisation": self.normalisation.to_dict(),
            "tile": self.tile.to_dict(),
            "network": self.network and self.network.to_dict(),
            "weights": self.weights,
            "members": [member.to_dict() for member in self.members] or None,
            "files": [entry.to_dict() for entry in self.files],
            "synthesiser": self.synthesiser and self.synthesiser.to_dict(),
            "prompts": self.prompts and self.prompts.to_dict(),
            "fusion": self.fusion and self.fusion.to_dict(self.modalities),
            "provenance": fields.free(self.provenance, "provenance"),
            "licence": self.licence,
            "citation": self.citation,
            "intended_use": self.intended_use,
            "warning": self.warning,
            "performance": [row.to_dict() for row in self.performance],
        }
        return {key: value for key, value in data.items() if value is not None}

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def file(self, name: str) -> FileEntry:
        """The entry of the file called `name`."""
        for entry in self.files:
            if entry.name == name:
                return entry
        raise BundleError(
            "bundle-file-unlisted",
            f"The model “{self.name}” has no file “{name}”.",
            f"It has {', '.join(entry.name for entry in self.files)}.",
        )

    def measured(self, code: Code, region: str = "lesion", metric: str = "dice") -> tuple[Performance, ...]:
        """What was measured from `code`, a figure per data set, the most telling first."""
        return measured(self.performance, self._own(code), region, metric)

    def expected(self, code: Code, region: str = "lesion", metric: str = "dice") -> Performance | None:
        """The figure that best tells what to expect from `code`; None if nobody measured it."""
        return expected(self.performance, self._own(code), region, metric)

    def best_additions(self, code: Code, region: str = "lesion", metric: str = "dice") -> tuple[Addition, ...]:
        """Which missing modalities should help, the most helpful first."""
        return best_additions(self.performance, self._own(code), region, metric)

    def _own(self, code: Code) -> Code:
        """The code among this model's modalities; `InputError` if it has one that the model does not take."""
        return Code(code.available, self.modalities)


_OPTIONAL = ("labels", "network", "weights", "members", "performance", "synthesiser", "prompts", "fusion")
_REQUIRED = tuple(key for key in Manifest.__dataclass_fields__ if key not in _OPTIONAL)


def _check_schema_version(value: Any) -> None:
    """First of all: a manifest of a later kind may differ in everything else."""
    if not isinstance(value, Mapping) or "schema_version" not in value:
        return
    version = fields.whole(value["schema_version"], "schema_version", smallest=1)
    if version != SCHEMA_VERSION:
        raise BundleError(
            "manifest-schema-version",
            f"schema_version is {version}; this program reads version {SCHEMA_VERSION}.",
            "The model was made for a newer version of the program: update the program.",
        )


def _read_modalities(value: Any) -> tuple[Modality, ...]:
    known = [str(modality) for modality in MODALITIES]
    entries = fields.items(value, "modalities", most=len(MODALITIES), least=1)
    modalities = tuple(Modality(fields.choice(item, place, known)) for place, item in entries)
    if len(set(modalities)) != len(modalities):
        raise fields.contradiction("modalities lists one of them twice.", "Each modality is one channel.")
    return modalities


def _bundle_name(value: Any, where: str) -> str:
    name = fields.text(value, where)
    if not names.BUNDLE_NAME.fullmatch(name) or names.name_problem(name):
        raise fields.wrong_value(
            where,
            f"is {name!r}, which cannot be a model's name",
            "Use up to 64 of a-z, 0-9, dot, dash and underscore, beginning and ending with a letter or digit.",
        )
    return name


def _version(value: Any, where: str = "version") -> str:
    version = fields.text(value, where)
    if not _VERSION.fullmatch(version):
        raise fields.wrong_value(where, f"is {version!r}", "Write it as in 1.0.2 or 2.1.0-beta.")
    return version


def _if_given(data: Mapping[str, Any], key: str, read):
    return None if data.get(key) is None else read(data[key], key)


def _check_agreement(manifest: Manifest) -> None:
    """Raise `manifest-contradiction` where fields that are fine by themselves do not fit together."""
    _check_files(manifest)
    _check_answerer(manifest)
    family, architecture = manifest.family, manifest.network and manifest.network.architecture
    if family in ("moe", "universal", "mome") and family != architecture:
        raise fields.contradiction(f"family is “{family}” but network.architecture is “{architecture}”.")
    if (family in ("synthesis", "brain")) != (manifest.labels is None):
        raise fields.contradiction(
            f"labels is {'missing' if manifest.labels is None else 'given'}, but family is “{family}”.",
            "A model that finds lesions has a label scheme; one for sequences or brain masks has none.",
        )
    scale = manifest.normalisation
    if (scale.method == "head") != (family == "brain") or (family == "brain" and scale.scope != "volume"):
        raise fields.contradiction(
            f"normalisation is “{scale.method}” over the {scale.scope}, but family is “{family}”.",
            "Brain extraction sees whole heads: method “head”, scope “volume”. No other model does.",
        )
    if (family == "universal") != (manifest.prompts is not None):
        raise fields.contradiction(
            f"prompts is {'missing' if manifest.prompts is None else 'given'}, but family is “{family}”.",
            "The universal model has a prompt table, and only it.",
        )
    if manifest.fusion is not None and family not in ("mome", "baseline"):
        raise fields.contradiction(
            f"fusion is given, but a model of family “{family}” sees all modalities at once.", "Leave it out."
        )
    if manifest.synthesiser is not None and manifest.synthesiser.bundle == manifest.name:
        raise fields.contradiction("synthesiser.bundle is this bundle itself.", "Name its file instead.")
    _check_performance(manifest)


def _check_answerer(manifest: Manifest) -> None:
    """A network with its weights, or members: one of the two, and of the members enough for every case."""
    wanted = ["members"] if manifest.family == "ensemble" else ["network", "weights"]
    given = [key for key in ("network", "weights", "members") if getattr(manifest, key)]
    if given != wanted:
        raise fields.contradiction(
            f"A model of family “{manifest.family}” has {' and '.join(wanted)}; this one has "
            f"{' and '.join(given) or 'neither'}."
        )
    if not manifest.members:
        return
    bundles = [member.bundle for member in manifest.members]
    if len(bundles) < 2 or len(set(bundles)) < len(bundles) or manifest.name in bundles:
        raise fields.contradiction(f"members are {', '.join(bundles)}.", "Name two other models or more, each once.")
    regions = () if manifest.labels is None else SCHEMES[manifest.labels].region_names
    always = [dict(member.shares) for member in manifest.members if not member.needs]
    for i, member in enumerate(manifest.members):
        if foreign := [name for name, _ in member.shares if name not in regions]:
            raise fields.contradiction(
                f"members[{i}].shares names “{foreign[0]}”, which is no region of the labels “{manifest.labels}”."
            )
    for region in regions:
        if not any(shares.get(region, 0) > 0 for shares in always):
            raise fields.contradiction(
                f"no member answers for “{region}” whatever sequences there are.",
                "Give one member without needs a share of every region.",
            )


def _check_performance(manifest: Manifest) -> None:
    regions = () if manifest.labels is None else SCHEMES[manifest.labels].region_names
    seen = set()
    for i, row in enumerate(manifest.performance):
        if regions and row.region not in regions:
            raise fields.contradiction(
                f"performance[{i}].region is “{row.region}”; the label scheme “{manifest.labels}” has no such region.",
                f"It has {', '.join(regions)}.",
            )
        if row.key in seen:
            raise fields.contradiction(
                f"performance[{i}] tells again what an earlier row told: {row.metric} of {row.region} from {row.code} "
                f"on {row.dataset}."
            )
        seen.add(row.key)


def _check_files(manifest: Manifest) -> None:
    listed = {}
    for i, entry in enumerate(manifest.files):
        key = names.key_of(entry.name)
        if key == names.MANIFEST:
            raise fields.contradiction(f"files[{i}] is the manifest itself, which cannot hold its own checksum.")
        if key in listed:
            raise fields.contradiction(
                f"files[{i}] (“{entry.name}”) is listed before as “{listed[key]}”.",
                "Upper and lower case are the same file on some systems.",
            )
        listed[key] = entry.name
    uses = {} if manifest.weights is None else {"weights": manifest.weights}
    if manifest.synthesiser is not None and manifest.synthesiser.file is not None:
        uses["synthesiser.file"] = manifest.synthesiser.file
    for where, name in uses.items():
        if name not in listed.values():
            raise fields.contradiction(f"{where} is “{name}”, which is not listed in files.")
        if not name.endswith(names.WEIGHT_SUFFIX):
            raise fields.contradiction(f"{where} is “{name}”; weights are {names.WEIGHT_SUFFIX} files.")
