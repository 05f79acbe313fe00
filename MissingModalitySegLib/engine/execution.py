"""Running a network on what the machine has: the best device, a budget of memory, cheaper ways when it gives out."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor

from ..errors import OUT_OF_MEMORY, ResourceError, ran_out_of_memory
from ..modalities import Code
from ..networks.devices import find_device
from ..networks.memory import usable_memory
from ..options import Options
from ..watch import Watch
from .model import Model
from .predict import Pass, Precision, Way, by_windows, make, plan, probabilities_of
from .uncertainty import LEFT_RIGHT, View, answer

if TYPE_CHECKING:
    from .prepare import Prepared

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Execution:
    """How a network was computed.

    `rung` is the way that succeeded, as in “whole on cpu” or “windows on cuda:0, joined on cpu”; `precision` names type
    and layout.
    """

    device: str
    precision: str
    rung: str
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "seconds": round(self.seconds, 3)}


@dataclass(frozen=True)
class Prediction:
    """What a network said of a study, and how it was computed.

    `probabilities` (R, X, Y, Z) and `uncertainty` (X, Y, Z, from 0 to 1; None where nobody asked) are float32 on the
    CPU and zero outside the brain.
    """

    probabilities: Tensor
    uncertainty: Tensor | None
    execution: Execution


def run_network(
    model: Model, prepared: Prepared, options: Options | None = None, watch: Watch | None = None
) -> Prediction:
    """Probabilities for `prepared` as `options` say (device, inference, precision, mirror, uncertainty, threads).

    Raises what `descend` raises.
    """
    options, watch = options or Options(), watch or Watch()

    def work(ready: Pass) -> tuple[Tensor, Tensor | None]:
        return _answered(model, prepared, options, ready, watch)

    found, execution = descend(model, prepared, options, watch, work, options.inference)
    return Prediction(*found, execution)


def descend(
    model: Model, prepared: Prepared, options: Options, watch: Watch, work: Callable[[Pass], Answer], inference: str
) -> tuple[Answer, Execution]:
    """What `work` makes of the pass that was planned, in the first way (`rungs`) for which memory suffices.

    Ways whose memory would not suffice are not begun; one that runs out of memory is given up for the next, and `watch`
    is warned. Raises `ResourceError` (`out-of-memory`) after the last, `InputError` (`no-gpu`) where a GPU was asked
    for and is not there.
    """
    device = find_device(options.device, watch)
    start = time.perf_counter()
    ways = rungs(model, device, inference)
    with _threads(options.threads), torch.inference_mode():
        for way, following in zip(ways, [*ways[1:], None], strict=True):
            watch.check()
            try:
                ready = _affordable(model, prepared, options, way)
                answer = work(ready)
            except Exception as error:
                if not ran_out_of_memory(error):
                    raise
                reason = error.message if isinstance(error, ResourceError) else f"Memory gave out ({way})."
            else:
                seconds = time.perf_counter() - start
                return answer, Execution(str(way.device), str(ready.network.choice), str(way), seconds)
            ready = None
            _release(way.device)  # out here the error, and with it the tensors its frames hold, is gone
            if following is not None:
                watch.warn("less-memory", f"{reason} Trying {following} instead.")
    raise ResourceError(
        OUT_OF_MEMORY,
        reason,
        "Close other programs, choose sliding-window or a smaller model, or use a machine with more memory.",
    )


def planned_for(code: Code, model: Model, ready: Pass, precision: Precision) -> Pass:
    """The pass for another code in the same way: a part of what is there needs no more memory."""
    return ready if code == ready.code else plan(model, ready.image_shape, code, ready.way, precision)


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


def _affordable(model: Model, prepared: Prepared, options: Options, way: Way) -> Pass:
    """The pass, unless its memory is known not to suffice: then `ResourceError` before anything is allocated."""
    ready = plan(model, prepared.channels.shape, prepared.code, way, options.precision)
    needed, usable = memory_of(model, ready) + _kept(model, ready, options), usable_memory(way.device)
    if needed > usable:
        raise ResourceError(
            OUT_OF_MEMORY,
            f"{str(way).capitalize()} needs about {_gigabytes(needed)} of memory and {_gigabytes(usable)} are free.",
        )
    return ready


def memory_of(model: Model, ready: Pass) -> int:
    """Bytes that the pass takes on its device at its peak, with image, answer and sums of windows."""
    channels, voxels = ready.image_shape[0], math.prod(ready.image_shape[1:])
    here = 4 * voxels * channels
    if not ready.way.windows:
        here += 4 * voxels * model.outputs * 2
    elif ready.way.joined in (None, ready.way.device):
        here += 4 * voxels * (model.outputs + 1)
    return ready.run.needed_bytes + here


def _kept(model: Model, ready: Pass, options: Options) -> int:
    """Bytes of the answers that are kept beside a pass on the CPU while other views are looked at."""
    if ready.way.device.type != "cpu":
        return 0
    answers = 3 if options.uncertainty else 1 if options.mirror else 0
    return 4 * answers * model.outputs * math.prod(ready.image_shape[1:])


def _answered(
    model: Model, prepared: Prepared, options: Options, ready: Pass, watch: Watch
) -> tuple[Tensor, Tensor | None]:
    def look(view: View, share: Watch) -> Tensor:
        channels, brain = prepared.channels, prepared.brain
        if view.mirrored:
            channels, brain = channels.flip(LEFT_RIGHT), brain.flip(LEFT_RIGHT)
        needed = planned_for(view.code, model, ready, options.precision)
        found = probabilities_of(model, make(model, needed, channels, brain, share), brain)
        return found.flip(LEFT_RIGHT) if view.mirrored else found

    return answer(look, ready.code, options.mirror, options.uncertainty, watch)


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
