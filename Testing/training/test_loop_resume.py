"""Going on after an interruption: exactly, or not at all and with a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from torch import nn

from MissingModalitySegLib.errors import InputError, ResourceError
from MissingModalitySegTraining.loop import fit
from Testing.training.slopes import InterruptionError, Samples, Slope, StopsAt, counters, rows, settings


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimiser": "sgd", "learning_rate": 1e-3, "schedule": "poly", "accumulate": 2},
        {"precision": "16-mixed"},
    ],
    ids=["adamw", "sgd", "float16"],
)
def test_resuming_walks_the_same_path(tmp_path: Path, changes: dict) -> None:
    """Same losses, same samples, same noise, same weights as a run that was never interrupted."""
    whole = Slope()
    network = fit(whole, Samples(), settings(**changes), tmp_path / "whole")
    per_step = changes.get("accumulate", 1)
    first = StopsAt(call=7 * per_step)
    with pytest.raises(InterruptionError):
        fit(first, Samples(), settings(checkpoint_minutes=0, **changes), tmp_path / "parts")
    second = Slope()
    resumed = fit(second, Samples(), settings(**changes), tmp_path / "parts")
    assert first.drawn + second.drawn == whole.drawn
    assert len(second.drawn) == 5 * per_step
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    assert torch.equal(resumed.weight, network.weight)


def test_steps_after_the_last_checkpoint_are_taken_again_and_replaced(tmp_path: Path) -> None:
    fit(Slope(), Samples(), settings(), tmp_path / "whole")
    with pytest.raises(InterruptionError):
        fit(StopsAt(call=7), Samples(), settings(), tmp_path / "parts")  # seven rows of history, no checkpoint
    assert len(rows(tmp_path / "parts")) == 7
    fit(Slope(), Samples(), settings(), tmp_path / "parts")
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    assert rows(tmp_path / "parts", "step") == list(range(1, 13))


def test_choosing_the_best_goes_on_too(tmp_path: Path) -> None:
    def validate(network: nn.Module, step: int) -> dict[str, float]:
        return {"dice": {2: 0.1, 4: 0.9}.get(step, 0.5)}

    chosen = {"validate_every": 2, "best_score": "dice", "patience": 3}
    whole = fit(Slope(), Samples(), settings(**chosen), tmp_path / "whole", validate)
    with pytest.raises(InterruptionError):
        fit(StopsAt(7), Samples(), settings(checkpoint_minutes=0, **chosen), tmp_path / "parts", validate)
    resumed = fit(Slope(), Samples(), settings(**chosen), tmp_path / "parts", validate)
    assert torch.equal(whole.weight, resumed.weight)
    assert len(rows(tmp_path / "parts")) == 10
    assert (tmp_path / "parts" / "scores.csv").read_text() == (tmp_path / "whole" / "scores.csv").read_text()


def test_a_finished_training_is_left_alone(tmp_path: Path) -> None:
    network = fit(Slope(), Samples(), settings(), tmp_path)
    kept = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in tmp_path.iterdir()}
    again = Slope()
    assert torch.equal(fit(again, Samples(), settings(), tmp_path).weight, network.weight)
    assert again.calls == 0
    assert kept == {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("seed", 0, 1), ("learning_rate", 0.1, 0.2), ("steps", 12, 20), ("precision", "32-true", "bf16-mixed")],
)
def test_another_path_is_another_run(tmp_path: Path, name: str, before: object, after: object) -> None:
    fit(Slope(), Samples(), settings(), tmp_path)
    with pytest.raises(InputError, match=f"holds a run with {name} {before}, not {after}"):
        fit(Slope(), Samples(), settings(**{name: after}), tmp_path)


def test_batches_per_step_belong_to_the_path(tmp_path: Path) -> None:
    fit(Slope(), Samples(), settings(), tmp_path)
    with pytest.raises(InputError, match=r"batches per step .* 1, not 2"):
        fit(Slope(), Samples(), settings(accumulate=2), tmp_path)


def test_what_leaves_the_path_alone_may_change(tmp_path: Path) -> None:
    with pytest.raises(InterruptionError):
        fit(StopsAt(call=7), Samples(), settings(checkpoint_minutes=0), tmp_path / "parts")
    changes = {"minutes": 60.0, "workers": 1, "checkpoint_minutes": 5.0, "validate_every": 3, "device": "cpu"}
    fit(Slope(), Samples(), settings(**changes), tmp_path / "parts")
    fit(Slope(), Samples(), settings(), tmp_path / "whole")
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")


def test_another_network_is_refused(tmp_path: Path) -> None:
    fit(Slope(), Samples(), settings(), tmp_path)
    other = Slope()
    other.network = nn.Conv3d(1, 1, 3, padding=1)
    with pytest.raises(InputError, match="another network"):
        fit(other, Samples(), settings(), tmp_path)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text", "other"])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, damage: str) -> None:
    fit(Slope(), Samples(), settings(), tmp_path)
    path = tmp_path / "checkpoint.pt"
    whole = path.read_bytes()
    if damage == "other":
        torch.save({"weights": torch.ones(1)}, path)
    else:
        middle = len(whole) // 3
        flipped = whole[:middle] + bytes(byte ^ 255 for byte in whole[middle : 2 * middle]) + whole[2 * middle :]
        path.write_bytes({"cut": whole[: len(whole) // 2], "flipped": flipped, "empty": b"", "text": b"no"}[damage])
    with pytest.raises(InputError) as caught:
        fit(Slope(), Samples(), settings(), tmp_path)
    assert caught.value.code == "damaged-checkpoint"
    assert str(path) in caught.value.message
    assert "delete it" in caught.value.hint


def test_a_full_disk_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    """The system itself refuses: no file may grow beyond 40 kB, and a checkpoint does."""
    resource = pytest.importorskip("resource")

    class Wide(StopsAt):
        def __init__(self, call: int) -> None:
            super().__init__(call)
            self.network = nn.Sequential(nn.Conv3d(1, 999, 1), nn.Conv3d(999, 1, 1))

    with pytest.raises(InterruptionError):
        fit(Wide(4), Samples(), settings(checkpoint_minutes=0), tmp_path)
    kept = (tmp_path / "checkpoint.pt").read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))
    try:
        with pytest.raises(ResourceError, match="too large") as caught:
            fit(Wide(99), Samples(), settings(checkpoint_minutes=0), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.code == "checkpoint-not-written"
    assert "intact" in caught.value.hint
    assert (tmp_path / "checkpoint.pt").read_bytes() == kept
    assert not (tmp_path / "checkpoint.pt.new").exists()
    assert counters(tmp_path)["step"] == 4
    fit(Wide(99), Samples(), settings(), tmp_path)  # with space again, it goes on from there
    assert counters(tmp_path)["step"] == 12


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a Linux device")
def test_a_history_that_cannot_be_written_ends_the_training(tmp_path: Path) -> None:
    os.symlink("/dev/full", tmp_path / "history.csv.new")
    with pytest.raises(ResourceError, match="No space left"):
        fit(Slope(), Samples(), settings(), tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResourceError, match="file/run could not be made"):
        fit(Slope(), Samples(), settings(), tmp_path / "file" / "run")
