"""Label maps in files compared, and what comes of it in files."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813

from ..disk import disk_errors
from ..errors import InputError, located
from ..labels import GLIOMA, LESION, LabelScheme, find_scheme
from ..watch import Watch
from .compare import Comparison, compare
from .images import read_image
from .writing import write_volume

COMPARISON = "comparison.json"


def compare_files(
    files: Mapping[str, Path],
    output: Path,
    scheme: str | LabelScheme | None = None,
    format: str = "nii.gz",
    watch: Watch | None = None,
) -> tuple[dict[str, Any], dict[str, Path]]:
    """Compare the label maps in `files` by rater, and write consensus, disagreement and `comparison.json`.

    Without a `scheme` maps of 0 and 1 alone are of the scheme `lesion`, others of `glioma`. Returns the report and the
    files. Raises `InputError` (see `compare`, `read_image`, `disk_errors`).
    """
    maps = {}
    for name, path in files.items():
        with located(name):
            maps[name] = _label_map(read_image(path), Path(path).name)
    known = scheme if isinstance(scheme, LabelScheme) else _scheme(maps, scheme)
    comparison = compare(maps, known, watch)
    report = {"files": {name: Path(path).name for name, path in files.items()}, **comparison.to_dict()}
    return report, _write(comparison, report, Path(output).absolute(), format)


def _label_map(image: sitk.Image, name: str) -> sitk.Image:
    """Labels as bytes. Raises `InputError` for values that are none."""
    values = np.unique(sitk.GetArrayViewFromImage(image))
    if len(values) > 256 or not np.array_equal(values, np.rint(values)) or values.min() < 0 or values.max() > 255:
        raise InputError("not-a-label-map", f"{name} holds other values than labels.", "Give a segmentation.")
    return sitk.Cast(image, sitk.sitkUInt8)


def _scheme(maps: Mapping[str, sitk.Image], name: str | None) -> LabelScheme:
    if name is not None:
        return find_scheme(name)
    highest = max((int(sitk.GetArrayViewFromImage(image).max()) for image in maps.values()), default=0)
    return LESION if highest <= 1 else GLIOMA


def _write(comparison: Comparison, report: Mapping[str, Any], output: Path, format: str) -> dict[str, Path]:
    """All files, or none of them; older ones of the same names are replaced."""
    volumes = {
        "consensus_majority": comparison.majority,
        "consensus_staple": comparison.staple,
        "disagreement": comparison.disagreement,
    }
    fresh = output / f".comparing-{os.getpid()}-{token_hex(8)}"
    with disk_errors(output):
        fresh.mkdir(parents=True)
    try:
        for name, image in volumes.items():
            write_volume(image, fresh / f"{name}.{format}")
        with disk_errors(output):
            text = json.dumps(report, indent=2, allow_nan=False) + "\n"
            (fresh / COMPARISON).write_text(text, encoding="ascii")
            written = {**{name: f"{name}.{format}" for name in volumes}, "comparison": COMPARISON}
            for file in written.values():
                os.replace(fresh / file, output / file)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return {name: output / file for name, file in written.items()}
