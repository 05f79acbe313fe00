"""What the networks are, in numbers that this computer works out: sizes, folding, and names of series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..modalities import MODALITIES, Code
from .output import table

SERIES = (
    "t1_mprage_sag_p2_iso", "AX T1 SE POST GD", "T2w_TSE_tra_320", "Flair long TR", "ep2d_diff_3scan_trace_ADC",
    "ep2d_diff_3scan_trace_TRACEW", "localizer", "series 7",
)  # fmt: skip
"""Names of series as scanners write them."""


def show_networks(out: Any) -> None:
    from ..networks import registry

    out.print("The networks", style="bold")
    rows = table("Parameters of", "preset paper", "preset starter")
    for name in registry.ARCHITECTURES:
        rows.add_row(name, *(f"{_count_parameters(name, preset):,}" for preset in ("paper", "starter")))
    out.print(rows)
    out.print()


def _count_parameters(name: str, preset: str) -> int:
    """Built on torch's meta device, which takes neither memory nor time."""
    import torch

    from ..networks import registry

    with torch.device("meta"):
        network = registry.build({"architecture": name, "preset": preset})
    return sum(parameter.numel() for parameter in network.parameters())


def show_folding(out: Any) -> None:
    out.print("The mixture of experts, folded into a plain network for each subset", style="bold")
    folds = fold_all()
    counts = [fold.parameters for fold in folds]
    out.print(
        f"{len(folds)} subsets: {counts[0]:,} to {counts[-1]:,} parameters after folding.\n"
        "Largest difference of logits (random weights) between the folded and the whole network: "
        f"{max(fold.difference for fold in folds):.1e}; when folded for another subset at least "
        f"{min(fold.wrong_difference for fold in folds):.1e}.\n"
    )


@dataclass(frozen=True)
class Fold:
    """A network folded for one code: `parameters` left, and the largest difference of logits from the whole network.

    `wrong_difference` is that of the network folded for the next code: what tells a small `difference` from a test that
    cannot fail.
    """

    parameters: int
    difference: float
    wrong_difference: float


def fold_all() -> list[Fold]:
    """Fold the tiny mixture with random weights for every code, in the order of bit masks."""
    import torch

    from ..networks import registry

    x = torch.randn(1, len(MODALITIES), 16, 16, 16, generator=torch.Generator().manual_seed(0))
    network = registry.build({"architecture": "moe", "preset": "tiny"}).eval()
    codes = torch.tensor([code.vector for code in Code.all()], dtype=torch.float32)
    with torch.no_grad():
        networks = [network.fold(code) for code in codes]
        folded = torch.cat([one(x) for one in networks])
        whole = torch.cat([network(x, code[None]) for code in codes])
    right = (folded - whole).abs().flatten(1).amax(1)
    wrong = (folded.roll(-1, 0) - whole).abs().flatten(1).amax(1)
    return [
        Fold(sum(parameter.numel() for parameter in one.parameters()), float(right[i]), float(wrong[i]))
        for i, one in enumerate(networks)
    ]


def show_recognition(out: Any) -> None:
    from ..recognition import recognise

    out.print("Which sequence is it?", style="bold")
    rows = table("Name of the series", "Sequence", "Confidence", "Why")
    for name in SERIES:
        found = recognise(name)
        rows.add_row(name, str(found.modality or "-"), f"{found.confidence:.2f}", found.reason)
    out.print(rows)
    out.print()
