"""What a model's manifest says in words: where the method is from, what the model is for, what to beware of."""

from __future__ import annotations

from dataclasses import dataclass

_MOE = (
    "Novosad, P., Carano, R.A.D., Krishnan, A.P.: A task-conditional mixture-of-experts model for missing modality "
    "segmentation. MICCAI 2024."
)
_UNIVERSAL = (
    "Zhao, Y., Chen, C., Pang, Q.Y., Li, Q., Tang, C., Ang, B.-T., Jin, Y.: Dealing with All-stage Missing Modality: "
    "Towards A Universal Model with Robust Reconstruction and Personalization. 2024."
)
_MOME = (
    "Zhang, X., Ou, N., Basaran, B.D., et al.: A Foundation Model for Brain Lesion Segmentation with Mixture of "
    "Modality Experts. MICCAI 2024 (arXiv:2405.10246)."
)
_MODDROP = (
    "Liu, H., Fan, Y., Li, H., et al.: ModDrop++: A Dynamic Filter Network with Intra-subject Co-training for Multiple "
    "Sclerosis Lesion Segmentation with Missing Modalities. MICCAI 2022."
)
_M3AE = (
    "Liu, H., Wei, D., Lu, D., et al.: M3AE: Multimodal Representation Learning for Brain Tumor Segmentation with "
    "Missing Modalities. AAAI 2023."
)
_HERMES = (
    "Gao, Y., Li, Z., Liu, D., et al.: Training Like a Medical Resident: Universal Medical Image Segmentation via "
    "Context Prior Learning. arXiv:2306.02416, 2023."
)
_NNUNET = (
    "Isensee, F., Jaeger, P.F., Kohl, S.A.A., Petersen, J., Maier-Hein, K.H.: nnU-Net: a self-configuring method for "
    "deep learning-based biomedical image segmentation. Nature Methods 18, 203-211, 2021."
)
_SYNTHSTRIP = (
    "Hoopes, A., Mora, J.S., Dalca, A.V., Fischl, B., Hoffmann, M.: SynthStrip: skull-stripping for any brain image. "
    "NeuroImage 260, 119474, 2022 (from which the idea is; network and simulation are other ones)."
)


@dataclass(frozen=True)
class MethodWords:
    """What a method is called, and whose work it is."""

    title: str
    papers: tuple[str, ...]


SYNTHESISER_TITLE = "Sequences that were not acquired, from those that were"

METHOD_WORDS: dict[str, MethodWords] = {
    "moe": MethodWords("Task-conditional mixture of experts", (_MOE,)),
    "modality_dropout": MethodWords("U-Net trained with modality dropout", (_MOE,)),
    "dedicated": MethodWords("U-Net dedicated to one set of sequences", (_MOE,)),
    "dynamic_stem": MethodWords("U-Net with a dynamic stem", (_MODDROP, _MOE)),
    "universal": MethodWords("Universal model for all-stage missing modality", (_UNIVERSAL,)),
    "mae_baseline": MethodWords("U-Net pre-trained as a masked autoencoder", (_M3AE, _UNIVERSAL)),
    "mome": MethodWords("Mixture of modality experts", (_MOME,)),
    "single_unet": MethodWords("One U-Net for every sequence", (_NNUNET, _MOME)),
    "modality_prior": MethodWords("One U-Net with modality priors", (_HERMES, _MOME)),
    "synthesis": MethodWords(SYNTHESISER_TITLE, (_UNIVERSAL,)),
    "brain": MethodWords("Brain extraction from any sequence", (_SYNTHSTRIP,)),
}


INTENDED_USE = {
    None: "Research: brain lesions segmented from whatever sequences there are. Every result is to be looked at by "
    "somebody who can judge it. Not for diagnosis or treatment.",
    "brain": "Research: the mask of the brain in whole heads, before other programs. Look at every mask.",
    "synthesis": "Research: pictures of what sequences that were not acquired might show. They are no evidence: "
    "lesions in them may be invented or missing.",
}
"""By family; None for all that segment lesions."""

SIMULATED = "Trained on simulated scans only; of real ones no more is known than the figures of its card."
EXAMINED = "Trained on the scans of one data set; other scanners, protocols and diseases may give worse results."
NO_DEVICE = "Not a medical device."
