"""The pictures that explain the tables: each trains what it shows, or takes it from the tables' trainings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from MissingModalitySegLib.modalities import Code, Modality

from ..data.cache import CachedCase
from ..data.missing import RECORD
from ..evaluation.results import write_whole
from ..runs import Run
from . import moe, mome, universal
from .experiments import Laboratory
from .order import Order, open_laboratory, place_of
from .plots import heat_maps, pictures
from .prepared import Report
from .scales import Scale


def draw(order: Order, scale: Scale, report: Report) -> Path:
    """The PNG file of a figure, with the values behind it as JSON beside it."""
    cohort = {"gates": moe.OPERA, "fig3": universal.BRATS2018, "experts": mome.COHORT}[order.name]
    laboratory = open_laboratory(order, scale, cohort, report)
    path = place_of(order) / f"{order.name}.png"
    caption = f"{laboratory.data.kind} data, scale {scale.name}, seed {order.seed}"
    {"gates": _gates, "fig3": _reconstructions, "experts": _experts}[order.name](laboratory, path, caption)
    report(f"{order.paper} {order.name}: {path}")
    return path


def _gates(laboratory: Laboratory, path: Path, caption: str) -> None:
    """φˡ(m) of every mixture layer l for every code m: a row per code, a column per expert."""
    network = laboratory.run(moe.FULL.asked[0].training).products().network
    layers = gate_weights(network, moe.CODES)
    _write_values(path, {"codes": list(moe.CODES), "layers": {name: one.tolist() for name, one in layers.items()}})
    experts = [f"{n + 1}" for n in range(next(iter(layers.values())).shape[1])]
    panels = [(name, moe.CODES, experts, values) for name, values in layers.items()]
    heat_maps(path, f"Weights of the experts by code ({caption})", panels, (0.0, 1.0))


def gate_weights(network: nn.Module, codes: Sequence[str]) -> dict[str, np.ndarray]:
    """Layer → (codes, experts), noise-free."""
    vectors = torch.tensor([Code.parse(code, moe.MODALITIES).vector for code in codes], dtype=torch.float32)
    with torch.inference_mode():
        return {name: gates.numpy() for name, gates in network.gates(vectors).items()}


def _experts(laboratory: Laboratory, path: Path, caption: str) -> None:
    """How active each expert is on the images of each modality, without and with curriculum."""
    panels, values = [], {}
    names = [modality.value for modality in mome.COHORT.modalities]
    for title, arm in (("without curriculum", mome.WITHOUT_CURRICULUM), ("with curriculum", mome.FULL)):
        network = laboratory.run(arm.asked[0].training).products().network
        cases = [laboratory.data.cache[name] for name in laboratory.data.test if laboratory.data.is_seen(name)]
        shares = expert_activity(network, cases, mome.COHORT.modalities)
        values[title] = shares.tolist()
        panels.append((title, names, [f"{name} expert" for name in names], shares))
    _write_values(path, {"modalities": names, "shares": values})
    heat_maps(path, f"Share of each expert in the weighted answer, by modality ({caption})", panels, (0.0, 1.0))


@torch.inference_mode()
def expert_activity(network: nn.Module, cases: Sequence[CachedCase], modalities: Sequence[Modality]) -> np.ndarray:
    """(modalities, experts): Σ|eᵢ ⊙ gᵢ| over the brain at the top level as a share of all experts, mean over images.

    D: the paper shows pictures of eᵢ ⊙ gᵢ (supplementary Fig. I); its size is what can be averaged over images. Rows of
    modalities without images are NaN.
    """
    shares: list[list[np.ndarray]] = [[] for _ in modalities]
    for case in cases:
        brain = torch.from_numpy(np.array(case.brain))
        for channel, modality in zip(case.channels, case.code, strict=True):
            image = _padded(torch.from_numpy(np.array(channel, np.float32))[None, None], network.multiple)
            activity = _weighted_answers(network, image)[..., : brain.shape[0], : brain.shape[1], : brain.shape[2]]
            each = activity[:, brain].sum(dim=1).double()
            shares[modalities.index(modality)].append((each / each.sum()).numpy())
    rows = [np.mean(each, axis=0) if each else np.full(len(modalities), np.nan) for each in shares]
    return np.stack(rows)


def _weighted_answers(network: nn.Module, image: Tensor) -> Tensor:
    """Σ_R |eᵢ ⊙ gᵢ| (N, X, Y, Z) at the top level for one image (1, 1, X, Y, Z)."""
    total, answers = network.gate.open(image), []
    for i, expert in enumerate(network.experts):
        first = expert.first_stage(image)
        total = network.gate.admit(total, first, i)
        answers += expert.outputs(first, levels=1)
    weights = network.gate.close(total, levels=1)[0][0]  # N R X Y Z
    return torch.stack([(answer[0] * weight).abs().sum(dim=0) for answer, weight in zip(answers, weights, strict=True)])


def _reconstructions(laboratory: Laboratory, path: Path, caption: str) -> None:
    """Fig. 3: a modality that training had of a subject (first row) and one that it never had (second row),
    reconstructed from the subject's other modalities by the vanilla autoencoder, by ours, and the truth."""
    run = laboratory.run(universal.at(1, "universal", "full").asked[0].training)
    networks = run.networks()
    rows = []
    for title, name, hidden in shown_subjects(run, laboratory.data.training):
        case = laboratory.data.cache[name]
        columns = {
            "vanilla MAE": reconstruct(networks["mae"], case, hidden, universal.MODALITIES),
            "with distribution approximation": reconstruct(
                networks["distribution_approximation"], case, hidden, universal.MODALITIES
            ),
            "truth": np.array(case.channels[case.code.available.index(hidden)], np.float32),
        }
        rows.append((f"{title}: {hidden}", np.array(case.brain), np.array(case.regions), columns))
    _write_values(path, {title: _errors(brain, columns) for title, brain, _, columns in rows})
    pictures(path, f"Reconstructed modalities ({caption})", rows)


def shown_subjects(run: Run, training: Sequence[str]) -> list[tuple[str, str, Modality]]:
    """A complete training subject and one that lacks modalities, each with the modality to reconstruct."""
    record = json.loads((run.folder / RECORD).read_text(encoding="utf-8"))
    dropped = {name: record["dropped"].get(name, []) for name in training}
    complete = next(name for name, lost in dropped.items() if not lost)
    lacking = next(name for name, lost in dropped.items() if lost)
    return [
        ("truth seen in training", complete, Modality.parse(dropped[lacking][0])),
        ("truth absent in training", lacking, Modality.parse(dropped[lacking][0])),
    ]


@torch.inference_mode()
def reconstruct(network: nn.Module, case: CachedCase, hidden: Modality, modalities: Sequence[Modality]) -> np.ndarray:
    """`hidden` (X, Y, Z) as φ makes it from all other modalities of the case."""
    image = torch.zeros(1, len(modalities), *case.shape)
    code = torch.zeros(1, len(modalities))
    for channel, modality in zip(case.channels, case.code, strict=True):
        if modality is not hidden and modality in modalities:
            image[0, modalities.index(modality)] = torch.from_numpy(np.array(channel, np.float32))
            code[0, modalities.index(modality)] = 1
    made = network(_padded(image, network.multiple), code)[0, modalities.index(hidden)]
    x, y, z = case.shape
    return np.where(np.array(case.brain), made[:x, :y, :z].numpy(), 0.0)


def _errors(brain: np.ndarray, columns: dict[str, np.ndarray]) -> dict[str, float]:
    """Root mean square error over the brain, in standard deviations of the modality."""
    truth = columns["truth"]
    return {
        name: float(np.sqrt(np.mean((image[brain] - truth[brain]) ** 2)))
        for name, image in columns.items()
        if name != "truth"
    }


def _padded(image: Tensor, multiple: int) -> Tensor:
    """Zeros behind the last voxels, so that sizes are divisible by `multiple`."""
    padding = [pad for size in reversed(image.shape[2:]) for pad in (0, -size % multiple)]
    return nn.functional.pad(image, padding)


def _write_values(path: Path, values: object) -> None:
    write_whole(path.with_suffix(".json"), json.dumps(values, indent=1) + "\n")
