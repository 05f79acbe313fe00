"""`MODEL_CARD.md`: the manifest for people, generated from the same data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .expected_performance import Figure
from .provenance import AVERAGED_WITH, BEGAN_FROM, lineage, predecessors

NAME = "MODEL_CARD.md"
NOTES = "notes"
"""Of the provenance: Markdown for the card."""
PICTURES = "pictures"
"""Of the provenance: files of the bundle, each with what it shows."""

ATLAS = (
    "The anatomy of simulated scans derives from the MNI152 template (© 1993–2009 Louis Collins, McConnell Brain "
    "Imaging Centre, Montreal Neurological Institute, McGill University)."
)


def model_card(description: Mapping[str, Any]) -> str:
    """The card of the model whose manifest data are `description`."""
    grid, tile, scale = description["grid"], description["tile"], description["normalisation"]
    provenance = description["provenance"]
    parts = [
        f"# {description['title']} ({description['name']} {description['version']})",
        f"**{description['warning']}**",
        f"## Intended use\n\n{description['intended_use']}",
        "## Model\n\n"
        + _list(
            {
                "Family": description["family"],
                "Network": (description.get("network") or {}).get("architecture"),
                "Members": _members(description),
                "Sequences": ", ".join(description["modalities"])
                + ("; any one of them will do" if description["family"] == "brain" else "; any subset of them will do"),
                "Labels": description.get("labels") or "none",
                "Grid": f"{grid['spacing'][0]:g} mm, axes towards {grid['orientation']}",
                "Intensities": "median and percentiles of what the head shows"
                if scale["method"] == "head"
                else f"{scale['method']} over the {scale['scope']}"
                + (", bias field taken out before" if scale.get("bias_correction") else ""),
                "Window": f"{_times(tile['size'])} voxels, overlap {tile['overlap']:g}, where windows are used",
                "Several sequences": _fusion(description.get("fusion")),
                "Missing sequences": _synthesiser(description.get("synthesiser")),
                "Prompts": (description.get("prompts") or {}).get("encoder"),
                "Weights": "half precision, safetensors" if description.get("weights") else None,
            }
        ),
        "## Training\n\n" + _list(_training(provenance)),
        *_performance(description.get("performance", []), NOTES in provenance),
        *([f"## Seen on scans\n\n{provenance[NOTES].strip()}"] if provenance.get(NOTES) else []),
        *_pictures(provenance.get(PICTURES, {})),
        f"## Licence\n\n{description['licence']}",
        f"## Citation\n\n{description['citation']}",
    ]
    if attribution := _attribution(provenance):
        parts.append(f"## Attribution\n\n{attribution}")
    return "\n\n".join(parts) + "\n"


def _list(entries: Mapping[str, Any]) -> str:
    return "\n".join(f"- {key}: {value}" for key, value in entries.items() if value is not None)


def _training(provenance: Mapping[str, Any]) -> dict[str, Any]:
    known = lineage(provenance).values()
    return {
        "Method": provenance.get("method"),
        "Data": provenance.get("data"),
        "Steps": provenance.get("steps"),
        "Samples": provenance.get("samples"),
        "Hours": None if provenance.get("seconds") is None else _hours(provenance),
        "Hours with what came before, as far as known": _hours(*known) if len(known) > 1 else None,
        "Seed": provenance.get("seed"),
        "Began from": _began_from(provenance),
        "Weights": _averaged(provenance),
        "Calibrated": _calibration(provenance.get("calibration")),
        "Command": _commands(provenance),
        "Held out": _held_out(provenance),
        "Commit": provenance.get("commit"),
        "Date": provenance.get("date"),
    }


def _began_from(provenance: Mapping[str, Any]) -> str | None:
    known = lineage(provenance)
    named = {f"expert for {one}: " if one else "": key for one, key in predecessors(provenance).items()}
    return "; ".join(place + _ancestor(key, known[key]) for place, key in named.items()) or None


def _averaged(provenance: Mapping[str, Any]) -> str | None:
    known = lineage(provenance)
    others = provenance.get(BEGAN_FROM, {}).get(AVERAGED_WITH, ())
    named = " and ".join(_ancestor(key, known[key]) for key in others)
    return f"the mean of what this training left and those of {named}" if named else None


def _ancestor(key: str, facts: Mapping[str, Any]) -> str:
    """Its name, and what is known of how it was trained."""
    known = [str(facts[name]) + unit for name, unit in (("method", ""), ("steps", " steps")) if facts.get(name)]
    if facts.get("seconds"):
        known.append(f"{_hours(facts)} h")
    if sources := predecessors(facts).values():
        known.append(f"from {' and '.join(sources)}")
    return f"{key} ({', '.join(known)})" if known else key


def _hours(*trainings: Mapping[str, Any]) -> str:
    return f"{sum(facts.get('seconds') or 0 for facts in trainings) / 3600:.2g}"


def _commands(provenance: Mapping[str, Any]) -> str | None:
    """Of all stages; a training that was gone on with in another way has several."""
    stages = [stage.get("command") for stage in provenance.get("stages", {}).values()]
    given = dict.fromkeys(command for command in (*stages, provenance.get("command")) if command)
    return "; ".join(f"`{command}`" for command in given) or None


def _calibration(found: Mapping[str, float] | None) -> str | None:
    if not found:
        return None
    asked = ", ".join(f"{region} {probability:g}" for region, probability in found.items())
    return f"where most overlap was in validation, at probabilities of the network as it was trained: {asked}"


def _held_out(provenance: Mapping[str, Any]) -> str | None:
    """How many simulated cases the figures of validation are of, and of which kinds."""
    config = provenance.get("config", {})
    cases = config.get("validation", {}).get("cases")
    if not cases or provenance.get("data") != "phantom":
        return None
    kinds = [kind for kind, share in config["data"]["phantom"]["kinds"].items() if share > 0]
    return f"{cases} simulated cases ({', '.join(kinds[:cases])})"


def _pictures(pictures: Mapping[str, str]) -> list[str]:
    if not pictures:
        return []
    return ["## Pictures", *(f"![{caption}]({name})\n\n{caption}" for name, caption in pictures.items())]


def _performance(figures: Sequence[Figure], noted: bool) -> list[str]:
    """What to expect by code; without figures nothing, where notes say what was measured otherwise."""
    parts = ["## What to expect"]
    if not figures:
        return [] if noted else [*parts, "Nobody has measured it yet."]
    for dataset, kind in dict.fromkeys((figure["dataset"], figure["data"]) for figure in figures):
        own = [figure for figure in figures if (figure["dataset"], figure["data"]) == (dataset, kind)]
        regions = list(dict.fromkeys(figure["region"] for figure in own))
        cells = {(figure["code"], figure["region"]): _figure(figure) for figure in own}
        scans = "simulated scans only" if kind == "simulated" else "real scans"
        lines = [
            f"Dice on “{dataset}”, **{scans}**: mean ± standard error (cases that have the region).",
            "",
            "| Sequences | " + " | ".join(regions) + " |",
            "|---" * (len(regions) + 1) + "|",
        ]
        for code in dict.fromkeys(figure["code"] for figure in own):
            lines.append(f"| {code} | " + " | ".join(cells.get((code, region), "–") for region in regions) + " |")
        parts.append("\n".join(lines))
    return parts


def _figure(figure: Figure) -> str:
    error = f" ± {figure['standard_error']:.3f}" if "standard_error" in figure else ""
    return f"{figure['mean']:.3f}{error} ({figure['n']})"


def _fusion(fusion: Mapping[str, Any] | None) -> str | None:
    if fusion is None:
        return None
    weights = ", ".join(f"{modality} {weight:g}" for modality, weight in fusion.get("weights", {}).items())
    how = {"mean": "the mean", "max": "the maximum", "reliability": f"a mean weighted by reliability ({weights})"}
    return f"each is answered alone; {how[fusion['method']]} of the answers is taken (our addition to the method)"


def _members(description: Mapping[str, Any]) -> str | None:
    if not description.get("members"):
        return None
    return f"the mean of the logits of {'; '.join(map(_member, description['members']))}"


def _member(member: Mapping[str, Any]) -> str:
    shares = ", ".join(f"{region} {share:g}" for region, share in member["shares"].items())
    needs = f", where there is {' or '.join(member['needs'])}" if member.get("needs") else ""
    version = f" {member['version']}" if "version" in member else ""
    return f"“{member['bundle']}”{version} ({shares}{needs})"


def _synthesiser(synthesiser: Mapping[str, Any] | None) -> str | None:
    if synthesiser is None:
        return None
    return f"by the model “{synthesiser['bundle']}”" if "bundle" in synthesiser else "by a network of this model"


def _attribution(provenance: Mapping[str, Any]) -> str:
    """What the data of this training, and of all that it began from, derive from."""
    trainings = lineage(provenance).values()
    data = [facts.get("config", {}).get("data", {}) for facts in trainings]
    sources = {section.get("source") for section in data}
    sources |= {source for facts in trainings for source in str(facts.get("data")).split(", ")}
    if not {"phantom", "heads"} & sources:
        return ""
    lines = [ATLAS]
    for masks in dict.fromkeys(section.get("phantom", {}).get("lesion_masks") for section in data):
        if masks:
            words = "Some lesions have the shapes of real ones, from the masks in"
            lines.append(f"{words} “{masks}”: name their source, too.")
    return " ".join(lines)


def _times(size: Sequence[int]) -> str:
    return " x ".join(map(str, size))
