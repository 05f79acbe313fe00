"""The picture of a card: what the model makes of simulated patients, in a bundle that stays whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from MissingModalitySegLib.bundles import load, verify
from MissingModalitySegLib.cli.edge import run
from MissingModalitySegLib.engine.model import HEAD, Model
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegTraining.export import Background, write_bundle
from MissingModalitySegTraining.pictures import Pictured, slice_of_interest

SECTIONS = {
    "moe": ("moe", {}, "what the model finds"),
    "synthesis": ("masked_autoencoder", {}, "as the model makes it of the others"),
    "brain": ("single_unet", {"regions": 1}, "what is found in each sequence alone"),
}


def bundle_of(folder: Path, kind: str) -> Path:
    torch.manual_seed(0)
    architecture, config, _ = SECTIONS[kind]
    network = build({"architecture": architecture, "preset": "tiny", "config": config}).eval()
    own = {"moe": {}, "synthesis": {"scheme": None}, "brain": {"scheme": None, "normalisation": HEAD}}[kind]
    model = Model(network, spacing=8.0, name=kind, **own)
    method = {"synthesis": "universal"}.get(kind, kind)
    return write_bundle(folder / kind, model, Background(method, "Tried", "Apache-2.0", True)).folder


@pytest.mark.parametrize("kind", SECTIONS)
def test_a_picture_reaches_bundle_and_card(tmp_path: Path, kind: str) -> None:
    folder = bundle_of(tmp_path, kind)
    before = load(folder).weights.read_bytes()
    for _ in range(2):  # the second one takes the place of the first
        assert run(["models", "picture", str(folder)]) == 0
    verify(load(folder))
    assert load(folder).weights.read_bytes() == before
    drawn = Image.open(folder / "cases.png").convert("L")
    rows, columns = (2, 11) if kind == "brain" else (4, 10 if kind == "moe" else 11)
    assert drawn.width > 90 * columns
    assert drawn.height > 90 * rows
    assert np.asarray(drawn).std() > 20
    card = (folder / "MODEL_CARD.md").read_text()
    assert card.count("## Pictures") == card.count("(cases.png)") == 1
    assert SECTIONS[kind][2] in card


def test_the_slice_shown_is_that_of_the_lesion_else_of_the_false_alarm() -> None:
    channels, nothing = np.ones((1, 4, 4, 9)), np.zeros((4, 4, 9), np.uint8)
    channels[..., :5] = 0
    channels[:, :2, :, 5:8] = 0
    lesion, alarm = nothing.copy(), nothing.copy()
    lesion[1, 1:3, 2], alarm[1:3, 1:3, 6] = 1, 2
    case = Pictured("", ["T1"], channels, lesion, [("from all", alarm)])
    assert slice_of_interest(case) == 2
    assert slice_of_interest(replace(case, truth=nothing)) == 6
    assert slice_of_interest(replace(case, truth=nothing, answers=())) == 8
