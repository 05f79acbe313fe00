"""The dynamic stem of ModDrop++ (Liu et al., MICCAI 2022) as Novosad et al. compare with it: Table 1, second row.

“Leaving all other variables unchanged”: the training is modality dropout, the network section names `dynamic_stem`.
"""

from __future__ import annotations

from MissingModalitySegLib.networks.configs import require

from . import modality_dropout
from .modality_dropout import ModalityDropoutOptions
from .stages import Method, Setup, Stage


def stages(setup: Setup) -> list[Stage]:
    architecture = setup.network["architecture"]
    require(architecture == "dynamic_stem", "network.architecture", f"“{architecture}” has no dynamic stem.")
    return modality_dropout.stages(setup)


METHOD = Method("dynamic_stem", ModalityDropoutOptions, stages, modality_dropout.products)
