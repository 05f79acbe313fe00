"""HD-BET where the user has it (Isensee et al. 2019, "Automated brain extraction of multisequence MRI using artificial
neural networks"): a program of its own, called as such."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import SimpleITK as sitk  # noqa: N813
import torch

from ..watch import Watch
from .geometry import same_grid

_LOOK_EVERY_S = 0.5
_MASKS = ("out_bet.nii.gz", "out_mask.nii.gz", "out.nii.gz")
"""How its versions name the mask that belongs to `out.nii.gz`."""


def available() -> bool:
    return shutil.which("hd-bet") is not None


def extract_with_hd_bet(image: sitk.Image, watch: Watch) -> sitk.Image | None:
    """The mask (uint8) of the brain on the grid of `image`; None, and a warning, when HD-BET fails.

    It takes minutes without a GPU; meanwhile `watch` may cancel it.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with tempfile.TemporaryDirectory(prefix="hd-bet-") as name:
        folder = Path(name)
        sitk.WriteImage(image, str(folder / "in.nii.gz"))
        command = [shutil.which("hd-bet"), "-i", str(folder / "in.nii.gz"), "-o", str(folder / "out.nii.gz")]
        command += ["-device", device, "--save_bet_mask", "--no_bet_image"]
        if device == "cpu":
            command.append("--disable_tta")
        with (folder / "log").open("w") as log:
            failed = _finished(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT), watch)
        masks = [folder / mask for mask in _MASKS if (folder / mask).exists()]
        found = None if failed or not masks else sitk.ReadImage(str(masks[0])) > 0
        if found is not None and same_grid(found, image):
            return found
        said = (folder / "log").read_text(errors="replace").strip().splitlines()
    watch.warn("hd-bet-failed", f"HD-BET found no brain ({said[-1][:200] if said else 'it said nothing'}).")
    return None


def _finished(process: subprocess.Popen, watch: Watch) -> bool:
    """Wait for its end and say whether it failed; it is ended when the watch cancels."""
    try:
        while process.poll() is None:
            watch.check()
            time.sleep(_LOOK_EVERY_S)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return process.returncode != 0
