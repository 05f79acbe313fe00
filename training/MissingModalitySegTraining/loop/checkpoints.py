"""Checkpoints: whole or not at all, and only for the training that they belong to."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from MissingModalitySegLib.errors import InputError, ResourceError

from .arithmetic import Arithmetic
from .settings import LoopSettings
from .state import Training

CHECKPOINT = "checkpoint.pt"
VERSION = 2

MAY_CHANGE = {
    "minutes",
    "workers",
    "checkpoint_minutes",
    "validate_every",
    "most_bad_steps",
    "device",  # the same path up to rounding
    "compile",
    "accumulate",  # with the number of processes: their product must stay
}
"""Settings that a training may be resumed with at other values: all others would lead elsewhere than the run that was
begun, and its history would describe neither."""


def save(folder: Path, training: Training, batches_per_step: int) -> None:
    """Replace the checkpoint in `folder` by a complete one. Raises `ResourceError` and leaves the old one as it is."""
    temporary = folder / (CHECKPOINT + ".new")
    content = {
        "version": VERSION,
        "settings": asdict(training.settings),
        "batches_per_step": batches_per_step,
        **training.state_dict(),
    }
    try:
        # Through memory: torch reports a full disk as an unexpected position in its own file.
        packed = io.BytesIO()
        torch.save(content, packed)
        with temporary.open("wb") as file:
            file.write(packed.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, folder / CHECKPOINT)
    except OSError as error:
        with suppress(OSError):  # where nothing can be written, nothing may be deletable either
            temporary.unlink(missing_ok=True)
        kept = "training resumes from the last one, which is intact" if (folder / CHECKPOINT).exists() else "try again"
        raise ResourceError(
            "checkpoint-not-written",
            f"The checkpoint {folder / CHECKPOINT} could not be written: {error}.",
            f"Free some space or make the folder writable; {kept}.",
        ) from error


def load(folder: Path, settings: LoopSettings, batches_per_step: int) -> dict[str, Any] | None:
    """What the checkpoint in `folder` holds for `Training.load_state_dict`, on the CPU; None when there is none.

    Raises `InputError` when it is damaged, or of a training with other settings.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        version, stored, batches = content["version"], content["settings"], content["batches_per_step"]
    except Exception as error:  # torch, zipfile and pickle each have their own for a damaged file
        raise InputError(
            "damaged-checkpoint",
            f"{path} is damaged, or no checkpoint of this program: {error or type(error).__name__}.",
            "Put back a copy of the file, or delete it to start this training again.",
        ) from error
    if version != VERSION:
        raise InputError(
            "another-version",
            f"{path} was written by another version of this program (format {version}, not {VERSION}).",
            "Go on with that version, or delete the file to start this training again.",
        )
    _same_training(folder, stored, asdict(settings))
    if batches != batches_per_step:
        raise _another_run(folder, "batches per step (accumulate × processes)", batches, batches_per_step)
    return content


def arithmetic(content: Mapping[str, Any] | None) -> Arithmetic | None:
    """Precision and layout that the training of a checkpoint was begun with; None where there is none."""
    if content is None:
        return None
    stored = content.get("arithmetic") or {name: content["settings"][name] for name in ("precision", "channels_last")}
    return Arithmetic(**stored)


def restore(folder: Path, training: Training, content: Mapping[str, Any]) -> None:
    """Put `content` of the checkpoint in `folder` into `training`; `InputError` when its network is another one."""
    try:
        training.load_state_dict(content)
    except (RuntimeError, ValueError, KeyError) as error:
        raise InputError(
            "another-network",
            f"{folder / CHECKPOINT} belongs to another network than the one to be trained: {error}.",
            "Choose another folder, or the network that this run was begun with.",
        ) from error


def _same_training(folder: Path, stored: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    for name, value in settings.items():
        if name not in MAY_CHANGE and name in stored and stored[name] != value:
            raise _another_run(folder, name, stored[name], value)


def _another_run(folder: Path, name: str, stored: Any, wanted: Any) -> InputError:
    return InputError(
        "another-run",
        f"{folder} holds a run with {name} {stored}, not {wanted}.",
        "Choose another folder, or the settings that this run was begun with.",
    )
