"""One pass over the brain against windows over the volume: MONAI's and nnU-Net's."""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import torch
from inference_subject import DEVICE, Subject, window
from monai.inferers import sliding_window_inference
from reporting import row
from timing import seconds
from torch import Tensor

from MissingModalitySegLib.engine.predict import Pass, Way, make, plan

OVERLAP = 0.5


def measure(subject: Subject, rounds: int, small: bool) -> list[dict[str, Any]]:
    """Rows for `reporting.report`: every contender once per round, in turn; ratios of one round, their medians."""
    tile = window(small)
    ready = plan(subject.model, subject.crop.shape, subject.code, Way(DEVICE))
    image, crop, brain = subject.image[None].to(DEVICE), subject.crop, subject.brain_crop
    plain = exact(subject)
    contenders: dict[str, Callable[[], Any]] = {
        "ours": lambda: make(subject.model, ready, crop, brain),
        "equal": lambda: windows(image, tile, ready.network),
        "crop": lambda: windows(crop[None].to(DEVICE), tile, ready.network),
        "defaults": lambda: windows(image, tile, plain),
    }
    make(subject.model, ready, crop, brain)  # whatever happens once
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name in list(contenders) if number % 2 == 0 else reversed(contenders):
            times[name].append(seconds(contenders[name]))
    ours = median(times["ours"])
    where = f"{ready.network.choice}, {DEVICE} ({torch.get_num_threads()} threads), medians of {rounds} rounds"
    on_cpu = DEVICE.type == "cpu"

    def against(name: str) -> float:
        return median(theirs / own for theirs, own in zip(times[name], times["ours"], strict=True))

    what = f"MONAI's sliding_window_inference ({tile[0]}³, overlap {OVERLAP}, Gaussian)"
    return [
        row(
            "speedup_equal_precision",
            against("equal"),
            bar=6 if on_cpu else 5,
            better="higher",
            how=f"{what} over the volume, the very same prepared network: {median(times['equal']):.1f} s; one pass "
            f"over the brain {ours:.2f} s; {where}",
        ),
        row(
            "speedup_defaults",
            against("defaults"),
            bar=20 if on_cpu and has_amx() else None,
            better="higher",
            how=f"{what}, float32, layout as it comes: {median(times['defaults']):.1f} s; a bar where the CPU has AMX",
        ),
        row(
            "speedup_same_crop",
            against("crop"),
            bar=3.5,
            better="higher",
            how=f"{what} over the brain crop, the very same prepared network: {median(times['crop']):.1f} s",
        ),
        *nnu_net(crop.to(DEVICE), plain, ours, tile),
        roofline(ready, ours),
    ]


def exact(subject: Subject) -> torch.nn.Module:
    """The folded network as torch has it: float32, contiguous, nothing else changed."""
    code = torch.tensor(subject.code.vector, dtype=torch.float32, device=DEVICE)
    return subject.model.network.fold(code)


@torch.inference_mode()
def windows(image: Tensor, tile: tuple[int, ...], network: Callable[[Tensor], Tensor]) -> Tensor:
    """Logits (1, R, X, Y, Z), as MONAI makes them."""
    return sliding_window_inference(image, tile, 1, network, overlap=OVERLAP, mode="gaussian")


def nnu_net(crop: Tensor, network: torch.nn.Module, ours: float, tile: tuple[int, ...]) -> list[dict[str, Any]]:
    """Its predictor around the same network in float32, on the brain crop, which is what its preprocessing leaves."""
    if find_spec("nnunetv2") is None:
        print("nnunetv2 is not installed (pip install -e .[bench]): no comparison with nnU-Net's predictor")
        return []
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    rows = []
    for name, mirroring in (("speedup_nnunet_mirroring", True), ("speedup_nnunet", False)):
        predictor = nnUNetPredictor(use_mirroring=mirroring, device=DEVICE, allow_tqdm=False)
        predictor.network = network
        predictor.configuration_manager = SimpleNamespace(patch_size=list(tile))
        predictor.label_manager = SimpleNamespace(num_segmentation_heads=network.config.regions)
        predictor.allowed_mirroring_axes = (0, 1, 2) if mirroring else None
        with torch.inference_mode():
            took = seconds(lambda predictor=predictor: predictor.predict_sliding_window_return_logits(crop))
        how = (
            f"nnU-Net's predictor, {'its defaults' if mirroring else 'mirroring off'}, on the crop: {took:.1f} s, once"
        )
        rows.append(row(name, took / ours, bar=None, better="higher", how=how))
    return rows


def roofline(ready: Pass, ours: float) -> dict[str, Any]:
    """How near the pass comes to what the machine multiplies at best."""
    size = 2048 if DEVICE.type == "cpu" else 8192
    a, b = (torch.randn(size, size, device=DEVICE).bfloat16() for _ in range(2))
    with torch.inference_mode():
        torch.mm(a, b)
        rate = 2 * size**3 / median(seconds(lambda: torch.mm(a, b)) for _ in range(5))
    operations = ready.run.operations
    return row(
        "roofline_share",
        operations / rate / ours,
        bar=None,
        better="higher",
        how=f"{operations / 1e9:.0f} GFLOP at the {rate / 1e9:.0f} GFLOP/s of a bfloat16 matrix product ({size}²) are "
        f"{operations / rate:.2f} s; the pass takes {ours:.2f} s",
    )


def has_amx() -> bool:
    """Whether this CPU multiplies bfloat16 matrices in AMX tiles."""
    if platform.system() != "Linux":
        return False
    return "amx_bf16" in Path("/proc/cpuinfo").read_text(errors="replace")
