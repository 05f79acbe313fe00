"""What the user has chosen, kept in the scene: saved and restored with it, and bound to the widgets of the window."""

from __future__ import annotations

from typing import Annotated, Any, Union

from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

from ..modalities import MODALITIES, Modality
from ..options import Options

AUTO = "auto"


@parameterNodeWrapper
class Parameters:
    """The volumes by modality in lower case, the model's name, and the options in words that `options_of` reads."""

    t1: vtkMRMLScalarVolumeNode
    t1ce: vtkMRMLScalarVolumeNode
    t2: vtkMRMLScalarVolumeNode
    flair: vtkMRMLScalarVolumeNode
    dwi: vtkMRMLScalarVolumeNode
    model: str = ""
    synthesize: bool = False
    reconstructions: bool = False
    uncertainty: bool = False
    compare: bool = False
    minimumLesionMl: Annotated[float, WithinRange(0.0, 100.0)] = 0.0
    reference: str = AUTO
    align: bool = True
    brain: str = AUTO
    # Label maps, too: the selector shows what descends from these. Slicer 5.8 binds no union that is written with bars.
    brainMask: Union[vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode, None]  # noqa: UP007
    device: str = AUTO
    precision: str = AUTO
    inference: str = AUTO
    earlier: str = "replace"
    shownRun: str = ""


OPTION_NAMES = (
    "synthesize",
    "reconstructions",
    "uncertainty",
    "compare",
    "minimumLesionMl",
    "reference",
    "align",
    "brain",
    "device",
    "precision",
    "inference",
    "earlier",
)
"""Parameters that say how, not what: remembered from one scene to the next."""


def parameter_of(modality: Modality) -> str:
    """The name of the parameter that holds the volume of a modality."""
    return modality.lower()


def volumes_of(parameters: Any) -> dict[Modality, Any]:
    """The chosen volume nodes."""
    chosen = {modality: parameters.getValue(parameter_of(modality)) for modality in MODALITIES}
    return {modality: node for modality, node in chosen.items() if node is not None}


def unchoose(parameters: Any, node: Any) -> None:
    """Leave empty whatever the node was chosen for."""
    holders = [*map(parameter_of, MODALITIES), "brainMask"]
    before = parameters.StartModify()
    for name in holders:
        if parameters.getValue(name) is node:
            parameters.setValue(name, None)
    parameters.EndModify(before)


def options_of(parameters: Any, brain_mask: str | None = None) -> Options:
    """The options of a job. `brain_mask` is the file of the mask where one was chosen. Raises `InputError`."""
    reference = parameters.reference
    chosen = {str(modality) for modality in volumes_of(parameters)}
    return Options(
        reference=Modality.parse(reference) if reference in chosen else None,
        register=AUTO if parameters.align else "off",
        brain=brain_mask or (parameters.brain if parameters.brain != "mask" else AUTO),
        device=parameters.device,
        inference=parameters.inference,
        precision=parameters.precision,
        synthesize=parameters.synthesize,
        reconstructions=parameters.reconstructions,
        uncertainty=parameters.uncertainty,
        minimum_lesion_ml=parameters.minimumLesionMl,
        format="nrrd",
    )
