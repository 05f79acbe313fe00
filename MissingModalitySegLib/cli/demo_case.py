"""The patient of the demo: generated, partly hidden, given to every model through the real worker, and drawn."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..bundles import Manifest, available
from ..datalists import read_datalist
from ..errors import CancelledError, MissingModalitySegError
from ..modalities import Code, Modality
from ..options import Options

if TYPE_CHECKING:
    import numpy as np

KIND = "glioma"
SPACING_MM = 2.0
SHOWN = Code((Modality.T1, Modality.FLAIR))
HIDDEN = SHOWN.missing


@dataclass(frozen=True)
class DemoCase:
    """Files of the generated patient."""

    folder: Path
    volumes: dict[Modality, Path]
    truth: Path


@dataclass(frozen=True)
class Answer:
    """What a model made of the patient; `error` says why it made nothing. Volumes in ml."""

    model: str
    version: str
    family: str
    true_ml: float
    folder: Path
    lesion_ml: float | None = None
    dice: float | None = None
    generated: tuple[str, ...] = ()
    seconds: float = 0.0
    error: str = ""


def generate(folder: Path) -> DemoCase:
    """The patient in `folder`; one that is there already is taken as it is."""
    from MissingModalitySegTraining.phantom import output as phantoms

    run = phantoms.plan(1, [KIND], "research", seed=7, spacing_mm=SPACING_MM)
    for _ in phantoms.make(run, 1, folder):
        pass
    (case,) = read_datalist(folder / "datalist.json").cases
    return DemoCase(Path(case.label).parent, {name: Path(path) for name, path in case.modalities.items()}, case.label)


def ask_all(case: DemoCase, folder: Path) -> list[Answer]:
    """What every model says that is found on this computer, one after the other in one worker."""
    from ..jobs import Runner

    manifests = [listing.bundle.manifest for listing in available() if listing.used]
    manifests = [manifest for manifest in manifests if manifest.family != "brain"]
    if not manifests:
        return []
    generator = any(manifest.family == "synthesis" for manifest in manifests)  # one that generates for all is enough
    with Runner() as runner:
        return [_ask(runner, case, manifest, folder / manifest.name, not generator) for manifest in manifests]


def figures_of(case: DemoCase, answers: list[Answer]) -> dict[str, Any]:
    """What the demo did, as JSON data; each model's own report lies in its folder."""
    return {
        "case": case.folder.name,
        "kind": KIND,
        "data": "simulated",
        "shown": str(SHOWN),
        "hidden": [str(modality) for modality in HIDDEN],
        "true_lesion_ml": _lesion_ml(_voxels(case.truth)),
        "answers": [asdict(answer) | {"folder": answer.folder.name} for answer in answers],
    }


def draw(case: DemoCase, answers: list[Answer], path: Path) -> None:
    """A row of pictures: what was shown and what each model generated; the truth and the answers."""
    import numpy as np

    from MissingModalitySegTraining.pictures import Pictured, mosaic

    from ..labels import GLIOMA

    truth = _voxels(case.truth)
    columns = [(str(modality), case.volumes[modality]) for modality in SHOWN]
    for answer in answers:
        for modality in answer.generated:
            columns.append((f"{modality}, {answer.model}", answer.folder / f"synthetic_{modality}.nii.gz"))
    channels = np.stack([_standardised(_voxels(volume)) for _, volume in columns])
    labels = [
        (answer.model, _voxels(answer.folder / "segmentation.nii.gz")) for answer in answers if answer.dice is not None
    ]
    title = f"generated {KIND}, shown {SHOWN}"
    pictured = Pictured(title, [name for name, _ in columns], channels, truth, labels)
    path.parent.mkdir(parents=True, exist_ok=True)
    mosaic([pictured], GLIOMA).save(path)


def _ask(runner: Any, case: DemoCase, manifest: Manifest, folder: Path, generate: bool) -> Answer:
    from ..jobs import Job
    from ..measures.overlap import dice
    from .running import run

    truth = _voxels(case.truth)
    known = (manifest.name, manifest.version, manifest.family, _lesion_ml(truth), folder)
    task = "synthesize" if manifest.family == "synthesis" else "segment"
    options = Options(synthesize=generate and manifest.synthesiser is not None)
    try:
        inputs = {modality: case.volumes[modality] for modality in SHOWN}
        report = run(Job(inputs, str(manifest.name), folder, options, task), runner).report
    except CancelledError:
        raise
    except MissingModalitySegError as error:
        return Answer(*known, error=error.message)
    found = _voxels(folder / "segmentation.nii.gz") if task == "segment" else None
    return Answer(
        *known,
        None if found is None else report["volumes_ml"]["lesion"],
        None if found is None else dice(found > 0, truth > 0),
        tuple((report["synthetic"] or {"sequences": ()})["sequences"]),
        sum(report["timings_s"].values()),
    )


def _voxels(path: Path) -> np.ndarray:
    """(x, y, z), from left to right, back to front and bottom to top."""
    import SimpleITK as sitk  # noqa: N813

    return sitk.GetArrayFromImage(sitk.DICOMOrient(sitk.ReadImage(str(path)), "RAS")).transpose(2, 1, 0)


def _standardised(volume: np.ndarray) -> np.ndarray:
    """In standard deviations of the brain; what has the value of the corner is background, and 0."""
    import numpy as np

    inside = volume != volume[0, 0, 0]
    values = volume[inside].astype(np.float32)
    scaled = np.zeros(volume.shape, np.float32)
    scaled[inside] = (values - values.mean()) / max(float(values.std()), 1e-6)
    return scaled


def _lesion_ml(labels: np.ndarray) -> float:
    return round(float((labels > 0).sum()) * SPACING_MM**3 / 1000, 3)
