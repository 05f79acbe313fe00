"""Runs: stages one after the other, gone on with anywhere to the same end, refused under another configuration."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.networks.registry import architecture
from MissingModalitySegTraining import provenance, runs
from MissingModalitySegTraining.configs import read_config
from MissingModalitySegTraining.loop import StepRecord
from MissingModalitySegTraining.runs import is_run, open_run, train

from .small_caches import overrides, small_cache


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    torch.set_num_threads(1)
    return small_cache(tmp_path_factory.mktemp("cases") / "cache")


def config(cache, method: str = "mome", **changes):
    known = {"loop.steps": 8, "loop.checkpoint_minutes": 0, "validation.pictures": 0}
    return read_config(method, "tiny", overrides=overrides(cache, **(known | changes)))


class InterruptionError(Exception):
    pass


class Interrupts:
    """Stops a stage once, after a step."""

    def __init__(self, step: int) -> None:
        self.at = step

    def step(self, record: StepRecord) -> None:
        if record.step == self.at:
            raise InterruptionError

    def validated(self, step, scores) -> None:
        pass

    def close(self) -> None:
        pass


def interrupting(stage: str, step: int):
    return lambda name, folder: [Interrupts(step)] if name == stage else []


def weights(run) -> dict[str, torch.Tensor]:
    found = {}
    for stage in run.stages:
        stored = load_file(run.folder / stage.name / runs.WEIGHTS)
        found |= {f"{stage.name}/{name}": value for name, value in stored.items()}
    return found


@pytest.fixture(scope="module")
def whole(cache, tmp_path_factory):
    return train(config(cache), tmp_path_factory.mktemp("whole"))


def test_stopped_within_and_between_stages_it_comes_to_the_same_end(cache, whole, tmp_path: Path) -> None:
    for stage, step in (("experts", 2), ("joint", 1), ("joint", 3)):
        with pytest.raises(InterruptionError):
            train(config(cache), tmp_path, interrupting(stage, step))
        assert not open_run(tmp_path).finished
    run = train(config(cache), tmp_path)
    mine, theirs = weights(run), weights(whole)
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    done = run.provenance()["stages"]
    assert (done["experts"]["steps"], done["joint"]["steps"]) == (4, 4)
    assert len(done["experts"]["sessions"]) == 2
    assert len(done["joint"]["sessions"]) == 3


def test_a_finished_run_is_not_done_again(whole, cache) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.folder.rglob("*") if path.is_file()}
    said: list[str] = []
    train(config(cache), whole.folder, report=said.append)
    assert not [line for line in said if line.startswith("stage")]
    assert {path: path.stat().st_mtime_ns for path in whole.folder.rglob("*") if path.is_file()} == before


def test_what_a_run_folder_holds(whole) -> None:
    again = open_run(whole.folder)
    assert again.config == whole.config
    assert again.finished
    network = again.products().network
    assert isinstance(network, architecture("mome"))
    stored = load_file(whole.folder / "joint" / runs.WEIGHTS)
    assert all(torch.equal(value, stored[name]) for name, value in network.state_dict().items())
    assert all(value.dtype == torch.float32 for value in stored.values() if value.is_floating_point())
    rows = again.validation()["rows"]
    assert {row["case"] for row in rows} == {"case-1"}
    assert {row["code"] for row in rows} == {"T1", "T1ce", "T2", "FLAIR", "DWI", "T1+T1ce+T2+FLAIR+DWI"}
    assert set(rows[0]["dice"]) == {"lesion", "core", "enhancing"}
    assert again.validation()["data"] == {"phantom": "simulated"}
    for stage in ("experts", "joint"):
        names = {path.name for path in (whole.folder / stage).iterdir()}
        assert names >= {"checkpoint.pt", "history.csv", "network.safetensors", "done.json", "tensorboard"}
        record = json.loads((whole.folder / stage / runs.DONE).read_text())
        assert record["steps"] == 4
        assert record["samples"] == 4 * 2
        assert record["version"]
        assert record["torch"] == torch.__version__
        assert record["cpu_seconds"] > 0
    assert not [path for path in whole.folder.rglob(".*") if path.is_file()]
    assert is_run(whole.folder)
    assert again.model().spacing == 4.0


def test_another_configuration_is_refused_with_the_keys_that_differ(whole, cache) -> None:
    with pytest.raises(InputError) as caught:
        train(config(cache, **{"loop.learning_rate": 1e-3, "seed": 3, "loop.minutes": 5}), whole.folder)
    assert "loop.learning_rate is 0.002, not 0.001" in caught.value.message
    assert "seed is 0, not 3" in caught.value.message
    assert "minutes" not in caught.value.message
    train(config(cache, **{"loop.minutes": 5, "loop.workers": 1}), whole.folder)


def test_data_that_cannot_be_opened_leaves_the_folder_free_for_the_mended_command(cache, tmp_path: Path) -> None:
    changed = {"loop.steps": 2, "validation.cases": 0}
    with pytest.raises(InputError, match="There is no"):
        train(
            config(cache, "modality_dropout", **changed, **{"data.source": str(tmp_path / "wrong")}), tmp_path / "run"
        )
    mended = config(cache, "modality_dropout", **changed)
    run = train(mended, tmp_path / "run")
    assert run.finished
    assert open_run(tmp_path / "run").config.data.source == mended.data.source


def test_a_time_budget_ends_every_stage(cache, tmp_path: Path) -> None:
    run = train(config(cache, **{"loop.steps": 10**8, "loop.minutes": 0.03}), tmp_path)
    done = run.provenance()["stages"]
    assert run.finished
    assert all(0 < stage["steps"] < 10**6 for stage in done.values())


def test_validation_and_pictures_during_training(cache, tmp_path: Path) -> None:
    changed = {"loop.validate_every": 2, "loop.steps": 4, "validation.pictures": 2, "validation.codes": ["T1", "T1+T2"]}
    heard: list[tuple[int, dict[str, float]]] = []

    class Listener(Interrupts):
        def validated(self, step, scores) -> None:
            heard.append((step, dict(scores)))

    train(config(cache, "moe", **changed), tmp_path, lambda stage, folder: [Listener(0)])
    assert [step for step, _ in heard] == [2, 4]
    assert set(heard[0][1]) == {"mean", "lesion", "core", "enhancing", "with_1", "with_2"}
    pictures = sorted((tmp_path / "network" / "samples").iterdir())
    assert [path.name for path in pictures] == ["step-0000002.png", "step-0000004.png"]
    shown = np.asarray(Image.open(pictures[0]))
    factor = -(-96 // 20)  # 16 x 20 voxels, enlarged to 96 pixels at least
    assert shown.shape == (2 * 18 + 20 * factor, 8 * (16 * factor + 2), 3)  # five sequences, truth, two answers
    tiles = [shown[36:, i * (16 * factor + 2) :][:, : 16 * factor].astype(int) for i in range(8)]
    grey = [bool((tile[..., 0] == tile[..., 2]).all()) for tile in tiles]
    assert grey[:6] == [True] * 5 + [False]  # the truth is coloured


def test_a_stage_that_segments_nothing_yet_is_not_validated(cache, tmp_path: Path) -> None:
    changed = {"loop.steps": 5, "options.token": 4, "loop.validate_every": 1}
    run = train(config(cache, "mae_baseline", **changed), tmp_path)
    assert not (tmp_path / "mae" / "scores.csv").exists()
    assert (tmp_path / "student" / "scores.csv").exists()
    products = run.products()
    assert products.synthesiser is not None


def test_without_cases_for_validation_there_is_none(cache, tmp_path: Path) -> None:
    run = train(config(cache, "modality_dropout", **{"validation.cases": 0, "loop.steps": 2}), tmp_path)
    assert run.finished
    assert run.validation() is None


def test_folders_that_are_no_run(tmp_path: Path, cache) -> None:
    with pytest.raises(InputError, match="no run"):
        open_run(tmp_path)
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        train(config(cache), blocked / "run")
    with pytest.raises(InterruptionError):
        train(config(cache), tmp_path / "half", interrupting("experts", 1))
    with pytest.raises(InputError, match=r"stage experts of the run .*half is not finished"):
        open_run(tmp_path / "half").products()


def test_missing_modalities_are_stored_with_the_run(cache, tmp_path: Path) -> None:
    changed = {"data.missing": {"full_ratio": 0.5, "seed": 2}, "data.fold": None, "loop.steps": 2}
    train(config(cache, "modality_dropout", **changed), tmp_path)
    record = json.loads((tmp_path / "missing.json").read_text())
    assert len(record["full_subjects"]) == 2
    assert set(record["dropped"]) == {"case-0", "case-1", "case-2", "case-3"}


def test_a_session_that_was_cut_off_costs_no_training(tmp_path: Path) -> None:
    """Whoever noted it was killed over it; the end of the training read all notes, and stumbled."""
    with provenance.session(tmp_path, {"command": "first"}):
        pass
    with (tmp_path / provenance.SESSIONS).open("a") as file:
        file.write('{"started": "2026-')
    with provenance.session(tmp_path, {"command": "second"}):
        pass
    assert [one["command"] for one in provenance.sessions(tmp_path)] == ["first", "second"]
    assert provenance.summary(tmp_path)["ended"]
