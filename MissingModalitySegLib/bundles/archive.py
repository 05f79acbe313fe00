"""Bundles on the move: import from a folder or `.zip` that somebody sent, and export as `.zip`."""

from __future__ import annotations

import os
import zipfile
import zlib
from contextlib import nullcontext
from pathlib import Path
from secrets import token_hex

from ..disk import disk_errors
from ..errors import BundleError
from . import names
from .folder import Bundle, check_copy, check_weight_files, foreign_file, verify
from .manifest import LARGEST_MANIFEST, Manifest
from .source import Limits, Member, folder_members
from .staging import open_regular, refuse_existing, staged, write_and_hash
from .zip_source import zip_members

_COPIED_AT_ONCE = 2**20  # bytes
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same bundle gives the same archive


def import_bundle(source: Path, destination: Path, replace: bool = False, limits: Limits | None = None) -> Bundle:
    """Bring the bundle in `source` (a folder or a `.zip`) into `destination`/NAME, after checking everything.

    Nothing becomes visible before all is checked, nothing is written outside `destination`, and whatever stops the
    import leaves `destination` as it was. A model that is there already stays unless `replace` is set; then it stays
    until the new one is complete. Raises `BundleError`, `ResourceError`.
    """
    source, destination, limits = Path(source), Path(destination), limits or Limits()
    if not os.path.exists(source):
        raise BundleError("bundle-not-found", f"{source} does not exist.", "Check the path.")
    opened = nullcontext(folder_members(source, limits)) if source.is_dir() else zip_members(source, limits)
    with opened as members:
        text = _read_manifest(members)
        manifest = Manifest.from_json(text)
        _check_members(members, manifest, limits)
        target = destination / manifest.name
        with staged(target, replace) as fresh:
            for entry in manifest.files:
                member = members[entry.name]
                with member.open() as stream:
                    checksum, size = write_and_hash(stream, fresh / entry.name, entry.size)
                if size > member.size:
                    raise _bomb(entry.name, member.size)
                check_copy(entry, checksum, size)
            check_weight_files(fresh, manifest)
            with disk_errors(destination):
                (fresh / names.MANIFEST).write_bytes(text)
    return Bundle(target, manifest)


def export_zip(bundle: Bundle, target: Path, replace: bool = False) -> Path:
    """Write `bundle` as the archive `target`, after verifying it. Raises `BundleError`, `ResourceError`."""
    target = Path(target)
    refuse_existing(target, replace)
    verify(bundle)
    temporary = target.with_name(f".{target.name}.{token_hex(8)}")
    with disk_errors(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with zipfile.ZipFile(temporary, "x") as archive:
                for name in (names.MANIFEST, *(entry.name for entry in bundle.manifest.files)):
                    _add(archive, bundle, name)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    return target


def _read_manifest(members: dict[str, Member]) -> bytes:
    if names.MANIFEST not in members:
        for name in members:
            names.refuse_pickle(name, "The bundle")
        raise BundleError(
            "bundle-missing-file",
            f"There is no {names.MANIFEST}: this is not a model.",
            "Choose a model's folder or .zip; the folder of a training run becomes one by `export`.",
        )
    member = members[names.MANIFEST]
    with member.open() as stream:
        text = stream.read(LARGEST_MANIFEST + 1)
    if len(text) > member.size:
        raise _bomb(names.MANIFEST, member.size)
    if len(text) <= LARGEST_MANIFEST and member.crc not in (None, zlib.crc32(text)):
        raise BundleError(
            "bundle-damaged-archive", f"{names.MANIFEST} was changed or damaged in the archive.", "Get the file again."
        )
    return text


def _check_members(members: dict[str, Member], manifest: Manifest, limits: Limits) -> None:
    listed = {entry.name: entry for entry in manifest.files}
    for name in members:
        if name not in listed and name != names.MANIFEST:
            raise foreign_file(name)
    for name, entry in listed.items():
        if name not in members:
            raise BundleError(
                "bundle-missing-file", f"“{name}” is listed in the manifest and missing.", "Get the model again."
            )
        if members[name].size != entry.size:
            check_copy(entry, entry.sha256, members[name].size)
    total = sum(member.size for member in members.values())
    if total > limits.total:
        raise BundleError("bundle-too-large", f"The model takes {total} bytes; {limits.total} are allowed.")


def _bomb(name: str, size: int) -> BundleError:
    return BundleError(
        "bundle-bomb",
        f"“{name}” claims {size} bytes and goes on after them.",
        "This is no archive that the program made: do not trust it.",
    )


def _add(archive: zipfile.ZipFile, bundle: Bundle, name: str) -> None:
    info = zipfile.ZipInfo(f"{bundle.name}/{name}", _LONG_AGO)
    info.external_attr = 0o644 << 16
    with open_regular(bundle.folder / name) as source:
        info.file_size = os.fstat(source.fileno()).st_size
        with archive.open(info, "w") as member:
            while chunk := source.read(_COPIED_AT_ONCE):
                member.write(chunk)
