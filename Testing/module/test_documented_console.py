"""The cookbook for Slicer's console, and what README and docs show of it, on a real scene with a real worker."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import slicer

from MissingModalitySegLib.ui.desk import desk
from Testing.docs.pages import BLOCKS, Block
from Testing.docs.sandbox import write_models
from Testing.docs.test_examples import is_of_console
from Testing.engine.small_runs import write_inputs
from Testing.module.tiny_models import add_volume
from Testing.slicer_harness.module_window import module, until

PAGES = sorted({block.page for block in BLOCKS if is_of_console(block)})


@pytest.fixture(scope="module")
def named_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_models(tmp_path_factory.mktemp("named"))


@pytest.fixture
def own_worker(slicer_app, named_models: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """That of other tests was started where other models are, and those must not meet the models of this one."""
    desk().close()
    monkeypatch.setenv("MISSING_MODALITY_SEG_MODELS", str(named_models))
    yield
    desk().close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_console_examples(page: Path, own_worker: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Example after example, as somebody types them; names live on from one to the next."""
    monkeypatch.chdir(tmp_path)
    write_inputs(tmp_path / "studies" / "anna", "T1", "FLAIR")
    volumes = {name: add_volume(name, number) for number, name in enumerate(("T1", "T2", "FLAIR"))}
    inside = (slicer.util.arrayFromVolume(volumes["T1"]) > 0).astype("uint8")
    mask = slicer.util.addVolumeFromArray(inside, None, "brain", "vtkMRMLLabelMapVolumeNode")
    mask.CopyOrientation(volumes["T1"])
    module()  # under the name by which a console imports it
    names = {"slicer": slicer} | {f"{name.lower()}Node": node for name, node in volumes.items()}
    names |= {"flairNode": volumes["FLAIR"]}
    for block in (one for one in BLOCKS if one.page == page and is_of_console(one)):
        run(block, names)
    until(lambda: not desk().works)


def run(block: Block, names: dict[str, object]) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(block.text, str(block), "exec"), names)
