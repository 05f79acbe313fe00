"""The ladder of ways, what is known before a pass begins, progress and cancelling, views of a study."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch

from MissingModalitySegLib.arrays.normalise import z_normalise
from MissingModalitySegLib.bundles import Normalisation, Tile
from MissingModalitySegLib.engine import Model, predict_channels, run_network
from MissingModalitySegLib.engine import execution as execution_module
from MissingModalitySegLib.engine.execution import rungs
from MissingModalitySegLib.engine.predict import plan
from MissingModalitySegLib.errors import CancelledError, ResourceError
from MissingModalitySegLib.modalities import Code
from MissingModalitySegLib.networks import streaming
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegLib.options import Options
from MissingModalitySegLib.watch import Watch

CODE = Code.parse("T1+FLAIR")
EXACT = Options(device="cpu", precision="float32")
CPU, CARD = torch.device("cpu"), torch.device("cuda:0")


@dataclass(frozen=True)
class Ready:
    """As much of a prepared study as a network needs."""

    channels: torch.Tensor
    brain: torch.Tensor
    code: Code


class Kept(Watch):
    """Remembers what it was told, and stops the work at the given check."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.fractions: list[float] = []
        self.warnings: list[tuple[str, str]] = []
        self.checks, self.stop_at = 0, stop_at

    def progress(self, fraction: float) -> None:
        self.fractions.append(fraction)

    def warn(self, code: str, message: str) -> None:
        self.warnings.append((code, message))

    def check(self) -> None:
        self.checks += 1
        if self.checks == self.stop_at:
            raise CancelledError("cancelled", "Stopped.")


@pytest.fixture
def ready() -> Ready:
    generator = torch.Generator().manual_seed(1)
    axes = torch.meshgrid(*[torch.linspace(-1, 1, size) for size in (24, 20, 16)], indexing="ij")
    brain = sum(axis.square() for axis in axes) < 0.9
    channels = z_normalise(torch.randn(1, 5, 24, 20, 16, generator=generator), brain[None])[0]
    return Ready(channels * torch.tensor(CODE.vector).view(-1, 1, 1, 1), brain, CODE)


@pytest.fixture
def model() -> Model:
    torch.manual_seed(0)
    return Model(build({"architecture": "unet", "preset": "tiny"}), tile=Tile((16, 16, 16), 16, 0.5))


def failing(monkeypatch: pytest.MonkeyPatch, *failures: BaseException | None) -> None:
    """The first passes fail as told, one after the other; None and all later ones succeed."""
    make, coming = execution_module.make, list(failures)

    def made(*arguments):
        failure = coming.pop(0) if coming else None
        if failure is not None:
            raise failure
        return make(*arguments)

    monkeypatch.setattr(execution_module, "make", made)


NO_MEMORY = RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory: you tried …")


def test_one_pass_where_there_is_memory(model: Model, ready: Ready) -> None:
    found = run_network(model, ready, EXACT)
    assert torch.equal(
        found.probabilities, predict_channels(model, ready.channels, ready.brain, CODE, precision="float32")
    )
    assert found.uncertainty is None
    assert (found.execution.device, found.execution.rung) == ("cpu", "whole on cpu")
    assert "float32" in found.execution.precision
    assert found.execution.seconds > 0


def test_windows_when_one_pass_runs_out_of_memory(model: Model, ready: Ready, monkeypatch) -> None:
    failing(monkeypatch, NO_MEMORY)
    watch = Kept()
    found = run_network(model, ready, EXACT, watch)
    assert found.execution.rung == "windows on cpu"
    expected = predict_channels(model, ready.channels, ready.brain, CODE, "sliding-window", "float32")
    assert torch.equal(found.probabilities, expected)
    ((code, message),) = watch.warnings
    assert code == "less-memory"
    assert "windows on cpu" in message


def test_a_budget_known_before_anything_is_computed(model: Model, ready: Ready, monkeypatch) -> None:
    whole = execution_module.memory_of(model, plan(model, ready.channels.shape, CODE, execution_module.Way(CPU)))
    monkeypatch.setattr(execution_module, "usable_memory", lambda device: whole - 1)
    watch = Kept()
    assert run_network(model, ready, EXACT, watch).execution.rung == "windows on cpu"
    assert "are free" in watch.warnings[0][1]
    monkeypatch.setattr(execution_module, "usable_memory", lambda device: 1000)
    with pytest.raises(ResourceError) as refused:
        run_network(model, ready, EXACT)
    assert refused.value.code == "out-of-memory"
    assert refused.value.hint


def test_after_the_last_rung_an_error(model: Model, ready: Ready, monkeypatch) -> None:
    failing(monkeypatch, NO_MEMORY, MemoryError(), torch.cuda.OutOfMemoryError("CUDA out of memory."))
    with pytest.raises(ResourceError, match="Memory gave out"):
        run_network(model, ready, EXACT)


def test_a_way_asked_for_by_name_is_the_only_one(model: Model, ready: Ready, monkeypatch) -> None:
    failing(monkeypatch, NO_MEMORY)
    with pytest.raises(ResourceError):
        run_network(model, ready, Options(device="cpu", precision="float32", inference="whole"))


def test_other_errors_are_not_taken_for_want_of_memory(model: Model, ready: Ready, monkeypatch) -> None:
    failing(monkeypatch, RuntimeError("The size of tensor a (3) must match"))
    with pytest.raises(RuntimeError, match="must match"):
        run_network(model, ready, EXACT)


def test_the_order_of_the_ladder(model: Model) -> None:
    assert [str(way) for way in rungs(model, CARD, "auto")] == [
        "whole on cuda:0",
        "windows on cuda:0",
        "windows on cuda:0, joined on cpu",
        "whole on cpu",
        "windows on cpu",
    ]
    assert [str(way) for way in rungs(model, CPU, "auto")] == ["whole on cpu", "windows on cpu"]
    assert [str(way) for way in rungs(model, CARD, "whole")] == ["whole on cuda:0", "whole on cpu"]
    assert [str(way) for way in rungs(model, CPU, "sliding-window")] == ["windows on cpu"]
    tiles = Model(model.network, normalisation=Normalisation("zscore", "tile"))
    assert [str(way) for way in rungs(tiles, CPU, "auto")] == ["windows on cpu"]


@pytest.mark.parametrize("inference", ["whole", "sliding-window"])
def test_progress_runs_to_one_within_a_pass(model: Model, ready: Ready, inference: str, monkeypatch) -> None:
    monkeypatch.setattr(streaming, "SLAB_BYTES", 20_000)
    watch = Kept()
    run_network(model, ready, Options(device="cpu", precision="float32", inference=inference), watch)
    assert len(watch.fractions) > 20
    assert watch.fractions == sorted(watch.fractions)
    assert max(b - a for a, b in zip([0.0, *watch.fractions], watch.fractions, strict=False)) < 0.4
    assert watch.fractions[-1] == pytest.approx(1)


@pytest.mark.parametrize("stop_at", [1, 2, 9])
def test_a_pass_is_left_at_once(model: Model, ready: Ready, stop_at: int) -> None:
    watch = Kept(stop_at)
    with pytest.raises(CancelledError):
        run_network(model, ready, EXACT, watch)
    assert watch.checks == stop_at
    assert len(watch.fractions) < stop_at


def test_the_mirrored_view_counts_half(model: Model, ready: Ready) -> None:
    found = run_network(model, ready, Options(device="cpu", precision="float32", mirror=True)).probabilities
    straight = predict_channels(model, ready.channels, ready.brain, CODE, precision="float32")
    mirrored = predict_channels(model, ready.channels.flip(1), ready.brain.flip(0), CODE, precision="float32").flip(1)
    assert (found - (straight + mirrored) / 2).abs().max() < 1e-6
    assert (straight - mirrored).abs().max() > 1e-4


def test_uncertainty_is_the_spread_over_views(model: Model, ready: Ready) -> None:
    found = run_network(model, ready, Options(device="cpu", precision="float32", uncertainty=True))

    def look(code: str, mirrored: bool = False) -> torch.Tensor:
        channels, brain = (ready.channels.flip(1), ready.brain.flip(0)) if mirrored else (ready.channels, ready.brain)
        seen = predict_channels(model, channels, brain, Code.parse(code), precision="float32")
        return seen.flip(1) if mirrored else seen

    looks = torch.stack([look("T1+FLAIR"), look("T1+FLAIR", mirrored=True), look("T1"), look("FLAIR")])
    expected = (2 * looks.std(0, correction=0)).amax(0)
    assert (found.uncertainty - expected).abs().max() < 1e-5
    assert torch.equal(found.probabilities, looks[0])
    assert not found.uncertainty[~ready.brain].any()


def test_one_modality_alone_has_no_smaller_codes(model: Model, ready: Ready) -> None:
    alone = Ready(ready.channels, ready.brain, Code.parse("FLAIR"))
    watch = Kept()
    found = run_network(model, alone, Options(device="cpu", precision="float32", uncertainty=True, mirror=True), watch)
    assert found.uncertainty.max() > 0
    assert watch.fractions[-1] == pytest.approx(1)


def test_threads_are_given_back(model: Model, ready: Ready) -> None:
    before = torch.get_num_threads()
    seen = []

    class Looking(Watch):
        def check(self) -> None:
            seen.append(torch.get_num_threads())

    run_network(model, ready, Options(device="cpu", precision="float32", threads=1), Looking())
    assert set(seen) == {1}
    assert torch.get_num_threads() == before
