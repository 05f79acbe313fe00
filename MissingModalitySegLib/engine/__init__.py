"""From any subset of volumes in any geometry to labels on the native grid: prepare → predict → restore.

Pure functions over small frozen dataclasses; each can be called alone from a notebook:

>>> study = read_study({"T1": "t1.nii.gz", "FLAIR": "flair.nii.gz"})
>>> prepared = prepare(study, spacing=1.0)
"""

from .images import read_image
from .prepare import Frame, Prepared, prepare, restore_labels
from .study import Study, read_study

__all__ = ["Frame", "Prepared", "Study", "prepare", "read_image", "read_study", "restore_labels"]
