"""`missing-modality-seg models`: list, show, import, export and verify model bundles."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ..bundles import (
    Bundle,
    Listing,
    Manifest,
    Normalisation,
    available,
    export_zip,
    find,
    import_bundle,
    lack,
    problems,
    user_models,
)
from ..errors import BundleError, InputError
from .output import Json, console, print_json, readable_size, table, training_packages

application = typer.Typer(help="Models: list, show, import, export, verify, join and more.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="MODEL", help="A model's name, or the path of its folder.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace what is there already.")]


@application.command("list")
def list_models(as_json: Json = False) -> None:
    """List the models that are found, damaged ones with what is wrong."""
    listings = available()
    if as_json:
        print_json([_listing_data(listing) for listing in listings])
        return
    if not listings:
        console().print("There are no models yet. Import one: missing-modality-seg models import FILE.zip")
        return
    rows = table("Name", "Version", "Family", "Modalities", "From", "State", "Title")
    for listing in listings:
        state = listing.error.message if listing.error else "ready" if listing.used else "hidden by the one above"
        if listing.bundle is None:
            rows.add_row(listing.name, "", "", "", listing.origin, f"damaged: {state}", "")
            continue
        manifest = listing.bundle.manifest
        modalities = " ".join(map(str, manifest.modalities))
        rows.add_row(
            manifest.name, manifest.version, manifest.family, modalities, listing.origin, state, manifest.title
        )
    console().print(rows)


@application.command("show")
def show_model(name: Name, as_json: Json = False) -> None:
    """Show what a model is, what it is for and what to expect from it."""
    bundle = find(name)
    if as_json:
        print_json({"folder": str(bundle.folder), "manifest": bundle.manifest.to_dict()})
        return
    manifest, out = bundle.manifest, console()
    out.print(f"{manifest.title} ({manifest.name} {manifest.version})", style="bold")
    if manifest.warning:
        out.print(f"Warning: {manifest.warning}", style="yellow")
    facts = table("", "")
    facts.show_header = False
    for key, value in _facts(bundle):
        facts.add_row(key, value)
    out.print(facts)
    if not manifest.performance:
        out.print("\nNobody has measured yet what to expect from it.")
        return
    out.print("\nWhat to expect", style="bold")
    rows = table("Modalities", "Region", "Metric", "Mean ± SE", "Cases", "Data set", "Data")
    for row in manifest.performance:
        figure = f"{row.mean:.3f}" + ("" if row.standard_error is None else f" ± {row.standard_error:.3f}")
        data = "simulated scans only" if row.data == "simulated" else "real scans"
        rows.add_row(str(row.code), row.region, row.metric, figure, str(row.n), row.dataset, data)
    out.print(rows)


@application.command("import")
def import_model(
    source: Annotated[Path, typer.Argument(help="The .zip or the folder of a model.")],
    to: Annotated[Path | None, typer.Option(help="The folder of models to import into; default: the user's.")] = None,
    replace: Replace = False,
) -> None:
    """Import a model, after checking every byte of it. Needs no network."""
    bundle = import_bundle(source, user_models() if to is None else to, replace=replace)
    console().print(f"Imported {bundle.name} {bundle.manifest.version} into {bundle.folder}", soft_wrap=True)
    if missing := lack(bundle):
        console().print(f"It cannot be used yet. {missing}", style="yellow", soft_wrap=True)


@application.command("export")
def export_model(
    name: Name,
    target: Annotated[Path | None, typer.Argument(help="The .zip to write; default: MODEL-VERSION.zip here.")] = None,
    replace: Replace = False,
) -> None:
    """Write a model as .zip, for another computer."""
    bundle = find(name)
    written = export_zip(bundle, target or Path(f"{bundle.name}-{bundle.manifest.version}.zip"), replace=replace)
    console().print(f"Wrote {written} ({readable_size(written.stat().st_size)})", soft_wrap=True)


@application.command("verify", short_help="Compare every byte with the checksums in the manifests.")
def verify_models(
    names: Annotated[list[str] | None, typer.Argument(metavar="[MODEL]...", help="Default: all models.")] = None,
) -> None:
    """Read every byte of models and compare with the checksums in their manifests."""
    out = console()
    damaged = 0
    for folder in [_folder(name) for name in names] if names else [listing.folder for listing in available()]:
        found = problems(folder)
        damaged += bool(found)
        out.print(f"{folder}: {'damaged' if found else 'all right'}", soft_wrap=True)
        for problem in found:
            out.print(f"  {problem.code}: {problem.message}", soft_wrap=True)
    if damaged:
        sentence = "1 model is damaged." if damaged == 1 else f"{damaged} models are damaged."
        raise BundleError("bundle-damaged", sentence, "Import them again.")


@application.command("measured", short_help="Tell a model what was measured with it.")
def add_measured_figures(
    name: Name,
    results: Annotated[
        list[Path] | None, typer.Argument(metavar="[RESULTS]...", help="results.json of `evaluate` with this model.")
    ] = None,
    notes: Annotated[
        Path | None, typer.Option("--notes", help="Markdown for the model's card: failures seen, limits.")
    ] = None,
) -> None:
    """Tell a model what was measured with it: shown as what to expect before a run, and in its card."""
    with training_packages("Reading figures of evaluations"):
        from MissingModalitySegTraining.measured import add_measured
    if not results and notes is None:
        raise InputError("nothing-to-add", "There are neither results nor notes.", "Give what `evaluate` wrote.")
    try:
        text = None if notes is None else notes.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError("unreadable-notes", f"{notes} cannot be read: {error}.") from None
    bundle = add_measured(find(name).folder, results or [], text)
    console().print(f"{bundle.name} holds {len(bundle.manifest.performance)} figures now.", soft_wrap=True)


@application.command("picture", short_help="Draw what a model makes of simulated patients, for its card.")
def picture_model(name: Name) -> None:
    """Draw what a model makes of a few simulated patients into its card. Takes a minute or two."""
    with training_packages("Drawing simulated patients"):
        from MissingModalitySegTraining.illustrated import CASES, illustrate
    bundle = illustrate(find(name).folder)
    console().print(f"Drew {bundle.folder / CASES}", soft_wrap=True)


@application.command("join", short_help="Make a model of several: the mean of their answers.")
def join_models(
    target: Annotated[Path, typer.Argument(help="Folder to write the model into; its name is the model's.")],
    members: Annotated[
        list[str],
        typer.Argument(
            metavar="MEMBER...",
            help="NAME[:REGION[=SHARE],…][@SEQUENCES], as in mome:lesion=2@FLAIR+T2: which regions it answers for "
            "(counting as much as so many), and one of which sequences there must be.",
        ),
    ],
    title: Annotated[str | None, typer.Option(help="For people.")] = None,
    version: Annotated[str, typer.Option(help="Of the model.")] = "0.1.0",
    replace: Replace = False,
) -> None:
    """Make a model of several that are alike: the mean of their logits, without weights of its own."""
    with training_packages("Joining models"):
        from MissingModalitySegTraining.joining import TITLE, join
    bundle = join(target, members, title or TITLE, version, replace)
    console().print(f"{bundle.folder} joins {', '.join(m.bundle for m in bundle.manifest.members)}.", soft_wrap=True)


def _folder(name: str) -> Path:
    """Where a model lies; that of a damaged one, too, so that all of its problems can be told."""
    for listing in available():
        if name == listing.name and (listing.used or listing.error is not None):
            return listing.folder
    return find(name).folder


def _normalisation(scale: Normalisation) -> str:
    return f"{scale.method} over the {scale.scope}{', bias field taken out' * scale.bias_correction}"


def _network(manifest: Manifest) -> str:
    if manifest.network is not None:
        return manifest.network.architecture
    return f"those of {', '.join(member.bundle for member in manifest.members)}"


def _facts(bundle: Bundle) -> list[tuple[str, str]]:
    manifest = bundle.manifest
    grid = " x ".join(f"{spacing:g}" for spacing in manifest.grid.spacing)
    tile = " x ".join(map(str, manifest.tile.size))
    size = readable_size(sum(entry.size for entry in manifest.files))
    facts = [
        ("Family", manifest.family),
        ("Network", _network(manifest)),
        ("Modalities", ", ".join(map(str, manifest.modalities))),
        ("Labels", manifest.labels or "none"),
        ("Grid", f"{grid} mm, {manifest.grid.orientation}"),
        ("Normalisation", _normalisation(manifest.normalisation)),
        ("Tile", f"{tile} voxels, overlap {manifest.tile.overlap:g}"),
        ("Intended use", manifest.intended_use),
        ("Licence", manifest.licence),
        ("Citation", manifest.citation),
        ("Files", f"{len(manifest.files)}, {size}"),
        ("Folder", str(bundle.folder)),
    ]
    if manifest.synthesiser is not None:
        facts.append(("Missing sequences by", manifest.synthesiser.bundle or manifest.synthesiser.file))
    if manifest.prompts is not None:
        facts.append(("Prompts by", manifest.prompts.encoder))
    known = manifest.provenance.items()  # whole configurations are for `--json`
    return facts + [(f"Provenance: {key}", str(value)) for key, value in known if not isinstance(value, Mapping)]


def _listing_data(listing: Listing) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": listing.name,
        "folder": str(listing.folder),
        "origin": listing.origin,
        "used": listing.used,
    }
    if listing.error is not None:
        return data | {"error": listing.error.as_dict()}
    manifest = listing.bundle.manifest
    return data | {
        "title": manifest.title,
        "version": manifest.version,
        "family": manifest.family,
        "modalities": [str(modality) for modality in manifest.modalities],
    }
