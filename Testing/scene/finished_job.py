"""What a worker leaves behind, written by SimpleITK on the grid of the files it was sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813

from MissingModalitySegLib.modalities import Modality
from MissingModalitySegLib.scene import PlacedRun, Sent, place, send
from Testing.scene.scene_application import Application, noise

VOXEL = (6, 5, 4)
"""Where to look for the lesion: X Y Z."""


def labels(shape: tuple[int, int, int]) -> np.ndarray:
    """A lesion of all three labels around `VOXEL`, (Z, Y, X)."""
    x, y, z = VOXEL
    found = np.zeros(shape, np.uint8)
    found[z - 1 : z + 2, y - 2 : y + 3, x - 2 : x + 3] = 2
    found[z, y - 1 : y + 2, x - 1 : x + 2] = 1
    found[z, y, x] = 3
    return found


@dataclass
class Finished:
    """Files and report of a job, as its result names them."""

    sent: Sent
    files: dict[str, Path]
    report: dict[str, Any]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def place(self, app: Application, **options: Any) -> PlacedRun:
        return place(app.scene, self.sent, self.files, self.report, **options)


def finished(
    app: Application,
    folder: Path,
    nodes: dict[str, Any],
    *,
    reference: str = "FLAIR",
    model: str = "moe",
    synthetic: Iterable[str] = ("T2",),
    reconstructed: Iterable[str] = (),
    format: str = "nrrd",
) -> Finished:
    """Send `nodes` and write everything a job can answer with, on the grid of `reference`."""
    sent = send(nodes, folder / "in")
    grid = sitk.ReadImage(str(sent.paths[Modality.parse(reference)]))
    shape = grid.GetSize()[::-1]
    arrays = {"segmentation": labels(shape), "uncertainty": noise(9, "float32", shape) / 1000}
    arrays |= {f"synthetic_{name}": noise(7, "float32", shape) for name in synthetic}
    arrays |= {f"reconstructed_{name}": noise(8, "float32", shape) for name in reconstructed}
    files = {}
    (folder / "out").mkdir(exist_ok=True)
    for name, array in arrays.items():
        image = sitk.GetImageFromArray(array)
        image.CopyInformation(grid)
        files[name] = folder / "out" / f"{name}.{format}"
        sitk.WriteImage(image, str(files[name]))
    report = {
        "schema": 1,
        "reference": reference,
        "model": {"name": model, "version": "1.2", "title": "Mixture of experts"},
        "volumes_ml": {"lesion": 1.5, "core": 0.25, "enhancing": 0.125},
        "lesions": [
            {
                "id": 1,
                "volume_ml": 1.5,
                "parts_ml": {"core": 0.25, "enhancing": 0.125},
                "centroid_ras_mm": [0.0, 0.0, 0.0],
                "voxel": list(VOXEL),
                "diameter_mm": 9.1,
                "axial_diameter_mm": 8.0,
                "axial_across_mm": 5.5,
                "side": "left",
                "mean_intensity": {"FLAIR": 412.0},
            },
            {"id": 2, "volume_ml": 0.01, "centroid_ras_mm": [1.0, 2.0, 3.0], "voxel": [0, 0, 0], "side": None},
        ],
        "synthetic": {
            "model": {"name": "synth", "version": "1"},
            "sequences": {name: {"window": 800.0, "level": 450.0} for name in synthetic},
            "confidence": {"FLAIR": {"from": "T1", "psnr": 24.31, "ssim": 0.871}},
            "reconstructions": {name: {"window": 700.0, "level": 350.0} for name in reconstructed},
        },
        "warnings": [],
        "files": {name: path.name for name, path in files.items()},
    }
    return Finished(sent, files, report, arrays)
