"""A bundle as it lies on disk: a folder with `manifest.json` and the files it lists, nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import file_digest
from io import BytesIO
from pathlib import Path
from typing import Any

from ..disk import disk_errors
from ..errors import BundleError
from . import names
from .manifest import LARGEST_FILE, LARGEST_MANIFEST, FileEntry, Manifest
from .safetensors_header import read_header
from .staging import open_regular, staged, write_and_hash


@dataclass(frozen=True)
class Bundle:
    """A model: the folder it lies in and its manifest."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        return self.manifest.name

    def path(self, name: str) -> Path:
        """Where the file called `name` lies. `BundleError` if the manifest does not list it."""
        return self.folder / self.manifest.file(name).name

    @property
    def weights(self) -> Path:
        if self.manifest.weights is None:
            raise BundleError("bundle-file-unlisted", f"The model “{self.name}” asks its members; it has no weights.")
        return self.path(self.manifest.weights)


def load(folder: Path) -> Bundle:
    """Read the manifest of the bundle in `folder` and see that its files are there in full.

    Sizes only: reading every byte for its checksum is `verify`, done once when a bundle is imported. Raises
    `BundleError`.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        hint = "Import it first: `missing-modality-seg models import`." if folder.exists() else "Check the path."
        raise BundleError("bundle-not-found", f"{folder} {what}, not the folder of a model.", hint)
    bundle = Bundle(folder, read_manifest(folder))
    for problem in _size_problems(bundle):
        raise problem
    return bundle


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the bundle in `folder`; its files are not looked at."""
    with open_regular(folder / names.MANIFEST) as stream:
        return Manifest.from_json(stream.read(LARGEST_MANIFEST + 1))


def problems(folder: Path) -> list[BundleError]:
    """Everything that is wrong with the bundle in `folder`: files missing, foreign, cut, changed, lying about tensors.

    Where the manifest itself cannot be read, that is all that can be told.
    """
    folder = Path(folder)
    try:
        manifest = read_manifest(folder)
    except BundleError as error:
        return [error]
    found = list(_foreign_files(folder, manifest))
    for entry in manifest.files:
        try:
            _verify_file(folder / entry.name, entry)
        except BundleError as error:
            found.append(error)
    return found


def verify(bundle: Bundle) -> None:
    """Raise a `BundleError` that tells every problem of the bundle at once."""
    found = problems(bundle.folder)
    if len(found) == 1:
        raise found[0]
    if found:
        raise BundleError(
            "bundle-damaged",
            f"The model in {bundle.folder} has {len(found)} problems: " + " ".join(error.message for error in found),
            "Get the model again.",
        )


def save(
    folder: Path, description: Mapping[str, Any], sources: Mapping[str, Path | bytes], replace: bool = False
) -> Bundle:
    """Write a bundle into `folder`: all of it, or nothing.

    `description` is the manifest as JSON data; its key `files` is not needed, since names, sizes and checksums are
    taken from `sources`, which maps file names to a file or to bytes. A bundle that is there is replaced only where
    `replace` says so, and only by a complete one. Raises `BundleError`, `ResourceError`.
    """
    folder = Path(folder)
    with staged(folder, replace) as fresh:
        entries = []
        for i, (name, source) in enumerate(sources.items()):
            names.check_file_name(name, f"files[{i}]")
            entries.append(_take(source, fresh / name))
        manifest = Manifest.from_dict({**description, "files": [entry.to_dict() for entry in entries]})
        check_weight_files(fresh, manifest)
        text = manifest.to_json()
        Manifest.from_json(text)  # refuses one that is too long to be read again
        with disk_errors(folder.parent):
            (fresh / names.MANIFEST).write_text(text, encoding="utf-8", newline="\n")
    return Bundle(folder, manifest)


def check_weight_files(folder: Path, manifest: Manifest) -> None:
    """Raise `weights-header` if a `.safetensors` file is not what its header says."""
    for entry in manifest.files:
        if entry.name.endswith(names.WEIGHT_SUFFIX):
            read_header(folder / entry.name)


def check_copy(entry: FileEntry, checksum: str, size: int) -> None:
    """Raise `BundleError` unless what was copied is what the manifest lists."""
    if size != entry.size:
        raise BundleError(
            "bundle-size",
            f"“{entry.name}” holds more than the {entry.size} bytes that the manifest lists."
            if size > entry.size
            else f"“{entry.name}” holds {size} of the {entry.size} bytes that the manifest lists.",
            "The file is incomplete or was changed: get the model again.",
        )
    if checksum != entry.sha256:
        raise BundleError(
            "bundle-checksum",
            f"“{entry.name}” was changed or damaged: its SHA-256 is not the one in the manifest.",
            "Get the model again, from where you trust it.",
        )


def _foreign_files(folder: Path, manifest: Manifest) -> Iterable[BundleError]:
    """A `BundleError` for each thing in `folder` that the manifest does not list."""
    listed = {names.MANIFEST, *(entry.name for entry in manifest.files)}
    for name in sorted(set(os.listdir(folder)) - listed):
        yield foreign_file(name)


def foreign_file(name: str) -> BundleError:
    """The error about a file that the manifest does not list."""
    try:
        names.refuse_pickle(name, "The bundle")
    except BundleError as error:
        return error
    return BundleError(
        "bundle-foreign-file",
        f"The bundle holds {name!a}, which its manifest does not list.",
        "Remove it, or make the bundle again with `missing-modality-seg models export`.",
    )


def _take(source: Path | bytes, target: Path) -> FileEntry:
    if isinstance(source, bytes):
        checksum, size = write_and_hash(BytesIO(source), target, LARGEST_FILE)
    else:
        with open_regular(Path(source).resolve()) as stream:  # a link is fine where the author points to it
            checksum, size = write_and_hash(stream, target, LARGEST_FILE)
    if size > LARGEST_FILE:
        raise BundleError(
            "bundle-too-large", f"“{target.name}” is larger than {LARGEST_FILE} bytes.", "Store half precision weights."
        )
    return FileEntry(target.name, checksum, size)


def _size_problems(bundle: Bundle) -> Iterable[BundleError]:
    for entry in bundle.manifest.files:
        try:
            with open_regular(bundle.folder / entry.name) as stream:
                size = os.fstat(stream.fileno()).st_size
            check_copy(entry, entry.sha256, size)
        except BundleError as error:
            yield error


def _verify_file(path: Path, entry: FileEntry) -> None:
    with open_regular(path) as stream:
        check_copy(entry, entry.sha256, os.fstat(stream.fileno()).st_size)
        check_copy(entry, file_digest(stream, "sha256").hexdigest(), entry.size)
    if entry.name.endswith(names.WEIGHT_SUFFIX):
        read_header(path)
