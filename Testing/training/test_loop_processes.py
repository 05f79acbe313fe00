"""Two processes under torchrun against one that accumulates, on the CPU."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from torch import nn

from MissingModalitySegTraining.loop import fit
from MissingModalitySegTraining.loop.processes import Processes
from Testing.training.slopes import ROOT, InterruptionError, Samples, Slope, counters, rows, settings


class Experts(Slope):
    """Three weights: one for every batch, one for batches of even numbers, of which the second process gets none, and
    one that nobody uses and that weight decay must leave alone."""

    def __init__(self) -> None:
        torch.manual_seed(int(os.environ.get("RANK", "0")))  # processes that begin apart
        self.network = nn.ParameterDict({name: torch.rand(1) for name in ("shared", "even", "unused")})
        self.numbers = {float(Samples()[i].image.sum()): i for i in range(64)}

    def losses(self, batch, progress, generator):
        slope = self.network["shared"]
        even = self.numbers[float(batch.image.sum())] % 2 == 0
        if even:
            slope = slope + self.network["even"]
        parts = {"loss": (slope * batch.image - batch.regions).square().mean()}
        return parts | {"even": parts["loss"]} if even else parts


CHANGES = {"steps": 20, "weight_decay": 0.5, "optimiser": "adamw"}


def test_two_processes_walk_the_path_of_one(tmp_path: Path) -> None:
    """Loss curve, weights, and the decision to stop at a SIGTERM that reaches one process only; then one goes on."""
    script = textwrap.dedent(
        f"""
        import os, signal, sys
        from pathlib import Path
        sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "training")!r}]
        import torch
        torch.set_num_threads(1)
        from Testing.training.test_loop_processes import *
        rank, folder = int(os.environ["RANK"]), Path({str(tmp_path)!r})
        class Ends(Experts):
            def __init__(self, rank, call):
                super().__init__()
                self.rank, self.call, self.calls = rank, call, 0
            def losses(self, *arguments):
                self.calls += 1
                if self.calls == self.call and rank == self.rank:
                    os.kill(os.getpid(), signal.SIGTERM)
                return super().losses(*arguments)
        def validate(network, step):
            assert rank == 0, "one process validates for all"
            return {{"step": step}}
        network = fit(Experts(), Samples(), settings(**CHANGES), folder / "together", validate)
        torch.save({{**network.state_dict()}}, folder / f"weights{{rank}}.pt")
        for ends in (Ends(rank=1, call=7), Ends(rank=0, call=5)):
            try:
                fit(ends, Samples(), settings(**CHANGES, workers=1), folder / "handed-on")
            except SystemExit as error:
                with (folder / f"ended{{rank}}").open("a") as file:
                    file.write(f"{{error.code}} after {{ends.calls}} ")
        """
    )
    (tmp_path / "script.py").write_text(script)
    run = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "script.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        timeout=240,
    )
    assert run.returncode == 0, run.stderr
    start = Experts().network["unused"].item()
    alone = fit(Experts(), Samples(), settings(**CHANGES, accumulate=2), tmp_path / "alone")
    for rank in range(2):
        weights = torch.load(tmp_path / f"weights{rank}.pt")
        for name, value in alone.state_dict().items():
            assert weights[name].item() == pytest.approx(value.item(), rel=1e-4)
        assert weights["unused"].item() == start
        assert (tmp_path / f"ended{rank}").read_text() == "143 after 7 143 after 5 "
    for column in ("loss", "even", "norm", "rate", "samples"):
        assert rows(tmp_path / "together", column) == pytest.approx(rows(tmp_path / "alone", column), rel=1e-4)
    assert (tmp_path / "together" / "scores.csv").read_text().split() == ["step", "20"]
    assert counters(tmp_path / "handed-on")["step"] == 12
    fit(Experts(), Samples(), settings(**CHANGES, accumulate=2), tmp_path / "handed-on")
    assert rows(tmp_path / "handed-on") == pytest.approx(rows(tmp_path / "alone"), rel=1e-4)


def test_alone_nothing_is_exchanged() -> None:
    alone = Processes()
    weight = nn.Parameter(torch.ones(2))
    alone.average_gradients([weight])
    assert weight.grad is None
    assert alone.gather("word") == ["word"]

    def stops() -> None:
        raise InterruptionError

    with pytest.raises(InterruptionError):
        alone.by_first(stops)
