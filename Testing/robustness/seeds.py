"""Sound examples of what each target reads; mutations start from them."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from MissingModalitySegLib.engine import segment
from MissingModalitySegLib.jobs import events
from MissingModalitySegLib.label_json import scheme_to_dict
from MissingModalitySegLib.labels import SCHEMES
from MissingModalitySegLib.options import Options
from Testing.bundles.samples import FILES, WEIGHTS, manifest_bytes, manifest_data
from Testing.dicom.made_series import datasets, enhanced, made_image
from Testing.engine.small_runs import write_inputs, write_segmenter


@cache
def seeds(target: str) -> tuple[bytes, ...]:
    """At least one sound input of a target."""
    return tuple(one if isinstance(one, bytes) else json.dumps(one).encode() for one in _SEEDS[target]())


def _archives() -> list[bytes]:
    made = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as target:
            for name, content in ({"manifest.json": manifest_bytes()} | FILES).items():
                target.writestr(f"moe/{name}", content)
        made.append(stream.getvalue())
    return made


def _dicom() -> list[bytes]:
    image = made_image((5, 4, 6))
    made = [datasets(image)[0], enhanced(image)]
    streams = [io.BytesIO() for _ in made]
    for one, stream in zip(made, streams, strict=True):
        one.save_as(stream, enforce_file_format=True)
    return [stream.getvalue() for stream in streams]


def _volume_headers() -> list[bytes]:
    nifti = np.zeros(352, np.uint8)
    nifti[:4].view("<i4")[:] = 348
    nifti[40:56].view("<i2")[:] = (3, 9, 7, 12, 1, 1, 1, 1)
    nifti[76:108].view("<f4")[:] = (1, 1.5, 2, 4, 1, 1, 1, 1)
    nrrd = (
        "NRRD0004\ntype: float\ndimension: 3\nsizes: 9 7 12\n"
        "space directions: (1.5,0,0) (0,2,0) (0,0,4)\nencoding: raw\n\n"
    )
    meta = "ObjectType = Image\nNDims = 3\nDimSize = 9 7 12\nElementSpacing = 1.5 2 4\nElementDataFile = LOCAL\n"
    return [b"\0" + nifti.tobytes(), b"\2" + nrrd.encode(), b"\3" + meta.encode()]


_JOB = {
    "task": "segment",
    "inputs": {"T1": "t1.nrrd", "FLAIR": "a/flair.nrrd"},
    "model": "moe",
    "options": Options(minimum_lesion_ml=0.1, threads=2).to_dict(),
    "output": "out",
}
_CASE = {
    "id": "one",
    "modalities": {"T1": "one/t1.nii.gz", "FLAIR": "one/flair.nii.gz"},
    "label": "one/label.nii.gz",
    "scheme": "glioma",
    "subject": "s",
    "dataset": "d",
    "brain_masks": {"T1": "one/mask.nii.gz"},
    "brain_extracted": True,
    "aligned": False,
    "fold": 0,
    "age": 61.5,
}


@cache
def _reports() -> list[bytes]:
    """What a run of an untrained network leaves, with and without missing sequences."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        inputs = write_inputs(place / "in", "T1", "FLAIR")
        write_segmenter(place / "one")
        options = Options(brain="extracted", register="off", device="cpu", report=False)
        segment(inputs, place / "one", options, output=place / "out")
        return [(place / "out" / "report.json").read_bytes()]


_EVENTS = [
    events.Hello(1, "cpu", "float32", "2.13", pid=4),
    events.Stage("predict", 1, 5, job=1),
    events.Progress(0.5, 3.0, job=1),
    events.Warning("odd", "Odd.", job=1),
    events.Result({"segmentation": "a.nii.gz"}, {"code": "FLAIR"}, job=1),
    events.Error("bad", "Bad.", "Mend it.", "input", job=1),
]
_ATTRIBUTES = {
    "SeriesDescription": "T2 FLAIR tra",
    "ImageType": ["ORIGINAL", "PRIMARY"],
    "EchoTime": 120,
    "RepetitionTime": "9000",
    "InversionTime": 2500.0,
    "ScanningSequence": "SE\\IR",
    "DiffusionBValue": [0, 1000],
    "ContrastBolusAgent": "Gadovist",
    "Modality": "MR",
}

_SEEDS = {
    "manifest": lambda: [manifest_data()],
    "weights": lambda: [WEIGHTS],
    "archive": _archives,
    "job": lambda: [_JOB],
    "options": lambda: [_JOB["options"]],
    "event": lambda: [one.to_json().encode() for one in _EVENTS],
    "datalist": lambda: [{"name": "two", "cases": [_CASE, _CASE | {"id": "two", "label": None, "scheme": None}]}],
    "label_scheme": lambda: [scheme_to_dict(scheme) for scheme in SCHEMES.values()],
    "earlier_report": _reports,
    "journal": lambda: [b'{"time": "t", "event": "run", "case": "a"}\n{"event": "done", "case": "a"}\n'],
    "volume_header": _volume_headers,
    "dicom": _dicom,
    "recognition": lambda: [_ATTRIBUTES, b"sub-01_T1w_post_gd"],
    "case_report": _reports,
    "cohort_report": _reports,
    "training_config": lambda: [
        yaml.safe_dump(
            {"method": "moe", "preset": "tiny", "seed": 3, "loop": {"steps": 100, "learning_rate": 1e-4}}
        ).encode()
    ],
}
