"""Where models are looked for, and finding one by name.

In order: the folders in `MISSING_MODALITY_SEG_MODELS`, the user's folder of imported models, what the program brought
along. The first sound bundle of a name is the one used; a damaged one is listed with its error and hides nothing.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import BundleError, InputError
from ..resources import resources, user_data
from . import names
from .folder import Bundle, load
from .manifest import Member

VARIABLE = "MISSING_MODALITY_SEG_MODELS"


@dataclass(frozen=True)
class Place:
    """A folder of bundles; `origin` is `environment`, `user` or `bundled`."""

    origin: str
    folder: Path


@dataclass(frozen=True)
class Listing:
    """A bundle that was found. Either `bundle` or `error` is set; `used` says whether its name leads to it."""

    name: str
    folder: Path
    origin: str
    bundle: Bundle | None = None
    error: BundleError | None = None
    used: bool = False


def user_models() -> Path:
    """The per-user folder that imports go to. Need not exist yet."""
    return user_data() / "models"


def places() -> tuple[Place, ...]:
    """The search path, most important first; folders need not exist."""
    named = [Path(part) for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part]
    found = [Place("environment", folder) for folder in named]
    found.append(Place("user", user_models()))
    with suppress(InputError):  # an installation without data still uses imported models; `doctor` tells
        found.append(Place("bundled", resources() / "models"))
    return tuple(found)


def available(search: tuple[Place, ...] | None = None) -> tuple[Listing, ...]:
    """Every bundle on the search path, damaged ones included, in the order of the path and then by name.

    An ensemble without its members is as little use as a damaged model.
    """
    listings: list[Listing] = []
    used: set[str] = set()
    for listing in _listed(places() if search is None else search):
        if listing.bundle is not None and (error := lack(listing.bundle, search)):
            listing = replace(listing, bundle=None, error=error, used=False)
        elif listing.bundle is not None:
            listing = replace(listing, used=listing.name not in used)
            used.add(listing.name)
        listings.append(listing)
    return tuple(listings)


def _listed(search: tuple[Place, ...]) -> Iterator[Listing]:
    """What lies on the search path, whatever else it needs."""
    used: set[str] = set()
    for place in search:
        for folder in _bundle_folders(place.folder):
            try:
                bundle = load(folder)
            except BundleError as error:
                yield Listing(folder.name, folder, place.origin, error=error)
                continue
            yield Listing(bundle.name, folder, place.origin, bundle, used=bundle.name not in used)
            used.add(bundle.name)


def find(name: str, search: tuple[Place, ...] | None = None) -> Bundle:
    """The bundle called `name`, or the one in the folder `name`. Raises `BundleError`."""
    if os.sep in str(name) or "/" in str(name):
        return load(Path(name))
    return _named(name, available(search))


def _named(name: str, listings: Sequence[Listing]) -> Bundle:
    for listing in listings:
        if listing.used and listing.name == name:
            return listing.bundle
    for listing in listings:
        if listing.error is not None and listing.name == name:
            raise listing.error
    known = sorted({listing.name for listing in listings if listing.used})
    near = difflib.get_close_matches(str(name), known, n=1)
    if name and Path(name).is_dir():
        hint = f"A folder is named with a slash: ./{name}"
    elif near:
        hint = f"Did you mean “{near[0]}”?"
    elif known:
        hint = f"There are {', '.join(known)}."
    else:
        hint = "There are no models yet; get one with `missing-modality-seg models import`."
    raise BundleError("bundle-not-found", f"There is no model “{name}”.", hint)


def members(bundle: Bundle, search: tuple[Place, ...] | None = None) -> list[Bundle]:
    """The models whose answers count in that of an ensemble; none for any other model.

    They are those beside it, else those on the search path, so that models that came together stay together. Raises
    `BundleError` where one is missing, joins others itself, or sees scans otherwise than the ensemble says.
    """
    return [_member(bundle, member, search) for member in bundle.manifest.members]


def _member(bundle: Bundle, member: Member, search: tuple[Place, ...] | None) -> Bundle:
    name = member.bundle
    sentence = f"The model “{bundle.name}” asks “{name}”"
    try:
        found = _companion(bundle, name, search)
    except BundleError as error:
        raise BundleError("bad-members", f"{sentence}, which cannot be used: {error.message}", error.hint) from error
    if reason := bundle.manifest.keeps_from_asking(found.manifest, member):
        hint = f"Use the “{name}” that it was made with, or join them anew (`missing-modality-seg models join`)."
        raise BundleError("bad-members", f"{sentence}, which {reason}.", hint)
    return found


def _companion(bundle: Bundle, name: str, search: tuple[Place, ...] | None) -> Bundle:
    beside = bundle.folder.parent / name
    if os.path.lexists(beside / names.MANIFEST) and (found := load(beside)).name == name:
        return found
    return _named(name, list(_listed(places() if search is None else search)))


def lack(bundle: Bundle, search: tuple[Place, ...] | None = None) -> BundleError | None:
    """What keeps an ensemble from being asked, such as a member that was not imported; None for a model that works."""
    try:
        members(bundle, search)
    except BundleError as error:
        return error
    return None


def checksums(bundle: Bundle) -> dict[str, str]:
    """SHA-256 of every file that an answer depends on; those of members as `MEMBER/FILE`. Raises `BundleError`."""
    files = {entry.name: entry.sha256 for entry in bundle.manifest.files}
    for member in members(bundle):
        files |= {f"{member.name}/{entry.name}": entry.sha256 for entry in member.manifest.files}
    return files


def _bundle_folders(folder: Path) -> list[Path]:
    """The folders in `folder` that mean to be bundles, or `folder` itself if it is one."""
    if os.path.lexists(folder / names.MANIFEST):
        return [folder]
    try:
        inside = sorted(folder.iterdir())
    except OSError:  # not there, or not to be read: nothing is found in it
        return []
    return [path for path in inside if not path.name.startswith(".") and path.is_dir()]
