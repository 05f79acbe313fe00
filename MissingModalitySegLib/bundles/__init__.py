"""Model bundles: a folder or `.zip` with `manifest.json` and weights as safetensors; no pickle anywhere.

>>> bundle = find("moe")
>>> bundle.manifest.expected(Code.parse("T1+FLAIR"), "lesion")
>>> bundle.weights

Everything here is standard library and serves both processes. What is wrong with a bundle is a `BundleError`:

| code | what it says |
|---|---|
| `manifest-not-json` | not UTF-8, not JSON, a key twice, NaN |
| `manifest-too-large` | more than 1 MB |
| `manifest-schema-version` | made for a newer program |
| `manifest-missing-field` | a field is missing |
| `manifest-unknown-field` | a field this program does not know |
| `manifest-wrong-type` | a text where a number is due, and the like |
| `manifest-wrong-value` | out of range, empty, no such choice |
| `manifest-contradiction` | fields that do not fit together |
| `manifest-file-name` | a file name that is not plain, or of a kind a bundle cannot hold |
| `bundle-not-found` | no such model, folder or archive |
| `bundle-exists` | a model of this name is there already |
| `bundle-missing-file` | a file that the manifest lists (or the manifest) is missing |
| `bundle-foreign-file` | a file that the manifest does not list |
| `bundle-file-unlisted` | the program asked for a file that the manifest does not list |
| `bundle-pickle` | a file that can run code when opened |
| `bundle-size` | a file is longer or shorter than listed |
| `bundle-checksum` | a file's SHA-256 is another |
| `bundle-damaged` | several problems, all told in the message |
| `bundle-link` | a link, folder, pipe or device where a file is due |
| `bundle-not-readable` | a file cannot be read |
| `bundle-not-an-archive` | neither a folder nor a zip archive |
| `bundle-truncated` | the end of the archive is missing |
| `bundle-damaged-archive` | the archive cannot be unpacked |
| `bundle-encrypted` | the archive has a password |
| `bundle-compression` | packed by a method that is not read |
| `bundle-path-escape` | a path in the archive leads out of it |
| `bundle-nested` | folders within the bundle |
| `bundle-duplicate` | the archive holds a file twice |
| `bundle-too-large` | a file, or all together, over the limit |
| `bundle-too-many-files` | more than 64 files |
| `bundle-bomb` | an entry that grows absurdly when unpacked, or goes on after its size |
| `weights-header` | a safetensors header that does not describe its file |
| `weights-do-not-fit` | weights of another network |
| `weights-not-finite` | NaN or infinity among the weights, or a value that half precision cannot hold |
"""

from .archive import export_zip, import_bundle
from .folder import Bundle, load, problems, save, verify
from .manifest import (
    FAMILIES,
    SCHEMA_VERSION,
    FileEntry,
    Fusion,
    Grid,
    Manifest,
    Member,
    NetworkSection,
    Normalisation,
    Prompts,
    Synthesiser,
    Tile,
)
from .performance import METRICS, Addition, Performance
from .safetensors_header import TensorEntry, read_header
from .search import Listing, Place, available, checksums, find, lack, members, places, user_models
from .source import Limits

__all__ = [
    "FAMILIES",
    "METRICS",
    "SCHEMA_VERSION",
    "Addition",
    "Bundle",
    "FileEntry",
    "Fusion",
    "Grid",
    "Limits",
    "Listing",
    "Manifest",
    "Member",
    "NetworkSection",
    "Normalisation",
    "Performance",
    "Place",
    "Prompts",
    "Synthesiser",
    "TensorEntry",
    "Tile",
    "available",
    "checksums",
    "export_zip",
    "find",
    "import_bundle",
    "lack",
    "load",
    "members",
    "places",
    "problems",
    "read_header",
    "save",
    "user_models",
    "verify",
]
