"""Running a network on what the machine has: the best device, a budget of memory, cheaper ways when it gives out."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..errors import ResourceError
from ..modalities import Code
from ..options import Options
from ..watch import Watch
from .devices import find_device
from .memory import needed_memory, ran_out_of_memory, usable_memory
from .model import Model
from .predict import Pass, Way, by_windows, make, plan, probabilities_of
from .uncertainty import LEFT_RIGHT, View, answer

if TYPE_CHECKING:
    from .prepare import Prepared


@dataclass(frozen=True)
class Prediction:
    """What a network said of a study, and how it was computed.

    `probabilities` (R, X, Y, Z) and `uncertainty` (X, Y, Z, from 0 to 1; None where nobody asked) are float32 on the
    CPU and zero outside the brain. `rung` is the way that succeeded, as in “whole on cpu” or “windows on cuda:0, joined
    on cpu”; `precision` names type and layout.
    """

    probabilities: Tensor
    uncertainty: Tensor | None
    device: str
    precision: str
    rung: str
    seconds: float


def run_network(
    model: Model, prepared: Prepared, options: Options | None = None, watch: Watch | None = None
) -> Prediction:
    """Probabilities for `prepared` as `options` say (device, inference, precision, mirror, uncertainty, threads).

    Ways whose memory would not suffice are not begun; one that runs out of memory is given up for the next (`rungs`),
    and `watch` is warned. Raises `ResourceError` (`out-of-memory`) after the last, `InputError` (`no-gpu`) where a GPU
    was asked for and is not there.
    """
    options, watch = options or Options(), watch or Watch()
    device = find_device(options.device, watch)
    start = time.perf_counter()
    with _threads(options.threads):
        return _descend(model, prepared, options, watch, rungs(model, device, options.inference), start)


def rungs(model: Model, device: torch.device, inference: str) -> tuple[Way, ...]:
    """The ways to try, one after the other: whole on the GPU, windows there, windows joined on the CPU, the CPU.

    A way that was asked for by name is the only one that is tried, on every device; where intensities are scaled tile
    by tile there are no others than windows.
    """
    cpu = torch.device("cpu")
    windows_alone = by_windows(model, inference)
    found = []
    for place in dict.fromkeys((device, cpu)):
        if not windows_alone:
            found.append(Way(place))
        if windows_alone or inference == "auto":
            found.append(Way(place, windows=True))
            if place != cpu:
                found.append(Way(place, windows=True, joined=cpu))
    return tuple(found)


def _descend(
    model: Model, prepared: Prepared, options: Options, watch: Watch, ways: tuple[Way, ...], start: float
) -> Prediction:
    reasons = []
    for number, way in enumerate(ways):
        try:
            ready = _affordable(model, prepared, options, way)
            probabilities, uncertainty = _answered(model, prepared, options, ready, watch)
        except Exception as error:
            if not (ran_out_of_memory(error) or (isinstance(error, ResourceError) and error.code == "out-of-memory")):
                raise
            reasons.append(error.message if isinstance(error, ResourceError) else f"Memory gave out ({way}).")
        else:
            seconds = time.perf_counter() - start
            return Prediction(probabilities, uncertainty, str(way.device), str(ready.network.choice), str(way), seconds)
        _release(way.device)  # out here the error, and with it the tensors its frames hold, is gone
        if number + 1 < len(ways):
            watch.warn("less-memory", f"{reasons[-1]} Trying {ways[number + 1]} instead.")
    raise ResourceError(
        "out-of-memory",
        reasons[-1],
        "Close other programs, choose sliding-window or a smaller model, or use a machine with more memory.",
    )


def _affordable(model: Model, prepared: Prepared, options: Options, way: Way) -> Pass:
    """The pass, unless its memory is known not to suffice: then `ResourceError` before anything is allocated."""
    ready = plan(model, prepared.channels.shape, prepared.code, way, options.precision)
    needed, usable = memory_of(model, ready), usable_memory(way.device)
    if needed > usable:
        raise ResourceError(
            "out-of-memory",
            f"{str(way).capitalize()} needs about {_gigabytes(needed)} of memory and {_gigabytes(usable)} are free.",
        )
    return ready


def memory_of(model: Model, ready: Pass) -> int:
    """Bytes that the pass takes on its device at its peak, with image, answer and sums of windows."""
    channels, *size = ready.image_shape
    voxels = size[0] * size[1] * size[2]
    here = 4 * voxels * channels
    if not ready.way.windows:
        here += 4 * voxels * model.outputs * 2
    elif ready.way.joined in (None, ready.way.device):
        here += 4 * voxels * (model.outputs + 1)
    return needed_memory(ready.run) + here


def _answered(
    model: Model, prepared: Prepared, options: Options, ready: Pass, watch: Watch
) -> tuple[Tensor, Tensor | None]:
    own = Code(prepared.code.available, model.modalities)

    def look(view: View, share: Watch) -> Tensor:
        needed = ready
        if view.code != own:
            needed = plan(model, prepared.channels.shape, view.code, ready.way, options.precision)
        channels, brain = prepared.channels, prepared.brain
        if view.mirrored:
            channels, brain = channels.flip(LEFT_RIGHT), brain.flip(LEFT_RIGHT)
        found = probabilities_of(model, make(model, needed, channels, brain, share), brain)
        return found.flip(LEFT_RIGHT) if view.mirrored else found

    with torch.inference_mode():
        return answer(look, own, options.mirror, options.uncertainty, watch)


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    if count is not None:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _release(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def _gigabytes(amount: int) -> str:
    return f"{amount / 1e9:.1f} GB"
