"""A model made of others: `join` writes the bundle of an ensemble, which has no weights of its own."""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from MissingModalitySegLib.bundles import Bundle, Member, find, save
from MissingModalitySegLib.bundles.manifest import MOST_SHARE
from MissingModalitySegLib.errors import InputError, located
from MissingModalitySegLib.labels import find_scheme
from MissingModalitySegLib.modalities import Code

from .model_card import NAME as CARD
from .model_card import model_card
from .model_words import INTENDED_USE
from .origins import origin_of_members
from .provenance import now

TITLE = "Ensemble of several models"


def read_member(text: str, regions: Sequence[str], version: str | None = None) -> Member:
    """What `NAME[:REGION[=SHARE],…][@SEQUENCES]` says: a share of these regions (of all), with one of these sequences.

    >>> read_member("mome:lesion=2@FLAIR", ("lesion", "core"))
    Member(bundle='mome', shares=(('lesion', 2.0),), needs=(<Modality.FLAIR: 'FLAIR'>,), version=None)
    """
    name, _, needs = text.partition("@")
    name, _, chosen = name.partition(":")
    shares = dict(_share(part, text) for part in chosen.split(",")) if chosen else dict.fromkeys(regions, 1.0)
    if unknown := [region for region in shares if region not in regions]:
        raise InputError(
            "bad-members", f"“{unknown[0]}” in “{text}” is no region; there are {', '.join(regions)}.", "Name these."
        )
    with located(text):
        needed = Code.parse(needs).available if needs else ()
    return Member(name, tuple(shares.items()), needed, version)


def _share(part: str, text: str) -> tuple[str, float]:
    """The region, and how much the member counts for it, that `part` of `text` says."""
    region, _, number = part.partition("=")
    try:
        share = float(number or 1)
    except ValueError:
        share = math.nan
    if not 0 < share <= MOST_SHARE:
        raise InputError(
            "bad-members",
            f"“{number}” in “{text}” is no share; it is a number above 0 and not above {MOST_SHARE:,.0f}.",
            "Say how many times as much as a member with share 1 this one counts.",
        )
    return region, share


def join(
    target: Path, members: Sequence[str], title: str = TITLE, version: str = "0.1.0", replace: bool = False
) -> Bundle:
    """Write the bundle of an ensemble of `members` (as `read_member` reads them) into the folder `target`.

    Grid, labels and all else are those of the first, and must be those of the others, which may take fewer sequences.
    Raises `InputError`, `BundleError`, `ResourceError`.
    """
    target = Path(target).absolute()
    names = [text.partition("@")[0].partition(":")[0] for text in members]
    if len(names) < 2:
        raise InputError("bad-members", "An ensemble joins two models or more.", "Name another one.")
    manifests = [find(name).manifest for name in names]
    first = manifests[0]
    if first.labels is None:
        raise InputError("bad-members", f"The model “{first.name}” finds no lesions.", "Join models that segment.")
    regions = find_scheme(first.labels).region_names
    versions = [manifest.version for manifest in manifests]
    asked = [read_member(text, regions, version) for text, version in zip(members, versions, strict=True)]
    for other, member in zip(manifests, asked, strict=True):
        if reason := first.keeps_from_asking(other, member):
            hint = "Join models that see scans alike, each where there are sequences that it takes (NAME@SEQUENCES)."
            raise InputError("bad-members", f"The model “{other.name}” cannot be joined: it {reason}.", hint)
    if any(manifest.network.config.get("activation") == "softmax" for manifest in manifests):
        raise InputError("bad-members", "A model that answers with exclusive classes has no regions to join.")
    data = [text for manifest in manifests if isinstance(text := manifest.provenance.get("data"), str)]
    multiple = math.lcm(*(manifest.tile.multiple for manifest in manifests))
    description: dict[str, Any] = {
        "schema_version": first.schema_version,
        "name": target.name,
        "title": title,
        "version": version,
        "family": "ensemble",
        "labels": first.labels,
        "modalities": [str(modality) for modality in first.modalities],
        "grid": first.grid.to_dict(),
        "normalisation": first.normalisation.to_dict(),
        "tile": first.tile.to_dict() | {"multiple": multiple},
        "members": [member.to_dict() for member in asked],
        "provenance": {
            "method": "mean of logits",
            **({"data": ", ".join(dict.fromkeys(data))} if data else {}),
            "command": _text(shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])),
            "date": now(),
            **origin_of_members(manifests),
        },
        "licence": " AND ".join(dict.fromkeys(manifest.licence for manifest in manifests)),
        "citation": "\n".join(dict.fromkeys(manifest.citation for manifest in manifests)),
        "intended_use": INTENDED_USE[None],
        "warning": " ".join(dict.fromkeys(manifest.warning for manifest in manifests if manifest.warning)),
    }
    if first.synthesiser is not None:
        description["synthesiser"] = {"bundle": first.synthesiser.bundle or first.name}
    return save(target, description, {CARD: _text(model_card(description)).encode()}, replace)


def _text(words: str) -> str:
    """`words` with a question mark for what cannot be written: names of files may hold bytes that are no UTF-8."""
    return words.encode("utf-8", "replace").decode()
