"""From any subset of volumes in any geometry to labels on the native grid: prepare → predict → restore.

Pure functions over small frozen dataclasses; each can be called alone from a notebook:

>>> study = read_study({"T1": "t1.nii.gz", "FLAIR": "flair.nii.gz"})
>>> model = load_model(find("moe"))
>>> prepared = prepare(study, model.spacing, model.modalities, multiple=model.multiple)
>>> labels = restore_regions(predict(model, prepared), model.scheme, prepared.frame)
"""

from importlib.util import find_spec

from .execution import Execution, Prediction, run_network
from .model import Model, load_model, load_synthesiser
from .predict import labels_from, predict, predict_channels

__all__ = [
    "Execution",
    "Model",
    "Prediction",
    "labels_from",
    "load_model",
    "load_synthesiser",
    "predict",
    "predict_channels",
    "run_network",
]

if find_spec("SimpleITK") is not None:  # a machine that trains from arrays predicts on arrays and has no images
    from .alignment import Alignment
    from .frame import Frame
    from .images import read_image
    from .prepare import Prepared, Scale, prepare
    from .restore import restore_image, restore_labels, restore_regions
    from .segment import Outcome, segment, synthesize
    from .study import Study, read_study

    __all__ += [
        "Alignment",
        "Frame",
        "Outcome",
        "Prepared",
        "Scale",
        "Study",
        "prepare",
        "read_image",
        "read_study",
        "restore_image",
        "restore_labels",
        "restore_regions",
        "segment",
        "synthesize",
    ]
