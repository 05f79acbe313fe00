"""The model behind a name, a folder, a training run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from MissingModalitySegLib.errors import BundleError, InputError
from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.networks.weights import write_weights
from MissingModalitySegTraining.configs.reading import read_config, setup_of, write_config
from MissingModalitySegTraining.evaluation.find_model import find_model
from MissingModalitySegTraining.regimes.stages import find_method


def run_folder(folder: Path, finished: bool = True) -> torch.nn.Module:
    """A training run as `train` leaves it, without the training; its network."""
    changes = {"modalities": ["T1", "FLAIR"], "data.spacing": 2.0, "labels": "lesion"}
    config = read_config("modality_dropout", "tiny", None, changes)
    torch.manual_seed(3)
    (only,) = find_method(config.method).stages(setup_of(config))
    network = only.regime({}).network
    stage = folder / only.name
    stage.mkdir(parents=True)
    write_config(config, folder / "config.yaml")
    if finished:
        write_weights(stage / "network.safetensors", network, torch.float32)
        (stage / "done.json").write_text("{}")
    return network


def test_a_training_run(tmp_path: Path) -> None:
    network = run_folder(tmp_path / "run")
    model = find_model(str(tmp_path / "run"))
    assert (model.name, model.spacing, model.modalities) == ("run", 2.0, (Modality.T1, Modality.FLAIR))
    assert model.scheme.name == "lesion"
    for name, tensor in network.state_dict().items():
        assert torch.equal(model.network.state_dict()[name], tensor)
    assert not model.network.training


def test_what_is_no_model(tmp_path: Path) -> None:
    run_folder(tmp_path / "run", finished=False)
    with pytest.raises(InputError, match="not finished"):
        find_model(str(tmp_path / "run"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(BundleError):
        find_model(str(tmp_path / "empty"))
    with pytest.raises(BundleError, match="no model"):
        find_model("no such model")
