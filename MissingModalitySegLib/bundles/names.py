"""Names that are safe as files on every system: a bundle may come from anywhere and go anywhere."""

from __future__ import annotations

import re
import unicodedata

from ..errors import BundleError

MANIFEST = "manifest.json"
WEIGHT_SUFFIX = ".safetensors"
SUFFIXES = (WEIGHT_SUFFIX, ".json", ".md", ".png")
PICKLE_SUFFIXES = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt", ".joblib")
"""Files that can run code when they are opened."""

_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{device}{digit}" for device in ("com", "lpt") for digit in "0123456789¹²³"
}
_LONGEST = 128  # bytes; file systems take 255, and the folder around it needs room on Windows


def name_problem(name: str) -> str:
    """Why `name` is no plain file name, as the end of a sentence (“it …”); empty if it is one."""
    if not name:
        return "is empty"
    if any(unicodedata.category(character) in _UNPRINTABLE for character in name):
        return "holds control or direction characters"
    if "/" in name or "\\" in name:
        return "holds a path separator"
    if name in (".", ".."):
        return "points to a folder"
    if any(character in '<>:"|?*' for character in name):
        return "holds a character that Windows forbids in names"
    if name[0] in ". " or name[-1] in ". ":
        return "begins or ends with a dot or a blank"
    if unicodedata.normalize("NFC", name) != name:
        return "is not in Unicode normal form C"
    if len(name.encode("utf-8")) > _LONGEST:
        return f"is longer than {_LONGEST} bytes"
    if name.split(".")[0].rstrip().casefold() in _RESERVED:
        return "is reserved by Windows"
    return ""


_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def check_file_name(name: str, where: str) -> str:
    """Return `name` if a bundle may hold a file of that name; raise `BundleError` otherwise."""
    if problem := name_problem(name):
        raise BundleError(
            "manifest-file-name",
            f"{where}: the file name {name!r} {problem}.",
            "A bundle holds files with plain names in one folder.",
        )
    refuse_pickle(name, where)
    if not name.endswith(SUFFIXES):
        raise BundleError(
            "manifest-file-name",
            f"{where}: a bundle cannot hold “{name}”.",
            f"Its files end with {', '.join(SUFFIXES)}.",
        )
    return name


def refuse_pickle(name: str, where: str) -> None:
    """Raise `BundleError` if `name` is that of a file that may run code when it is opened."""
    if name.casefold().endswith(PICKLE_SUFFIXES):
        raise BundleError(
            "bundle-pickle",
            f"{where}: “{name}” is of a kind that can run hidden code when it is opened, so it is refused.",
            "Ask the author for weights as .safetensors.",
        )


def key_of(name: str) -> str:
    """Equal for names that are one file on some file system."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


BUNDLE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
"""Lower case only, since a bundle's name is also its folder's."""
