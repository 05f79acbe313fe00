"""Labels in the product's schemes: converted copies, never changed sources."""

from __future__ import annotations

import os
from pathlib import Path

from MissingModalitySegLib.errors import InputError, ResourceError

from .found import Majority, Relabel


def converted_label(source: Path, conversion: Relabel | Majority, target: Path) -> Path:
    """The label that a conversion makes of `source`: written to `target`, or `source` itself where nothing changes.

    Raises `InputError` when a source cannot be read, `ResourceError` when the copy cannot be written.
    """
    import numpy as np
    import SimpleITK as sitk  # noqa: N813

    from MissingModalitySegLib.engine.images import read_image

    image = read_image(source)
    values = sitk.GetArrayFromImage(image)
    if isinstance(conversion, Relabel):
        if not np.isin(values, list(conversion.changes)).any():
            return source
        changed = values.copy()
        for old, new in conversion.changes.items():
            changed[values == old] = new
    else:
        votes = np.zeros(values.shape, np.int32)
        for path in conversion.sources:
            vote = sitk.GetArrayFromImage(read_image(path))
            if vote.shape != votes.shape:
                raise InputError("raters-on-different-grids", f"{path.name} has another grid than {source.name}.")
            votes += vote > 0.5
        changed = 2 * votes > len(conversion.sources)
    copy = sitk.GetImageFromArray(changed.astype(np.uint8))
    copy.CopyInformation(image)
    unfinished = target.with_name(f".{os.getpid()}.{target.name}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(copy, str(unfinished), useCompression=True)
        os.replace(unfinished, target)
    except (OSError, RuntimeError) as error:
        unfinished.unlink(missing_ok=True)
        raise ResourceError(
            "label-not-written",
            f"The converted label {target} cannot be written.",
            "Free some space, or choose a folder you may write to.",
        ) from error
    return target
