"""`universal`: all-stage missing modality with robust reconstruction and personalisation, its five stages.

1. `mae`: the autoencoder φ learns eq. 1.
2. `mae_segmenter` (1b of the paper's text): f starts from φ, is trained with modality dropout, then frozen.
3. `distribution_approximation`: φ goes on with eq. 3.
4. `hyper_teacher`: a segmentation network with hyper-network starts from φ, is trained with dropout, then frozen.
5. `student`: starts from φ as well and learns eq. 7, together with the recovery module g, which starts as φ.

Every row of Tables 4 and 5 and of Fig. 5, by the network's `head` and `prompt_encoder` and these options:

| row | network | options |
|---|---|---|
| 4.1 MAE baseline | `head: static` | `distribution_approximation: false, teacher: none` |
| 4.2 + distribution approximation = 5 (a) | `head: static` | `teacher: none` |
| 4.3 + CLIP-driven hyper-network = Fig. 5 | `head: hyper` | `teacher: none` |
| Fig. 5, binary code | `head: hyper, prompt_encoder: binary` | `teacher: none` |
| 4.4 + data-model co-distillation | `head: hyper` | – |
| 5 (b) model distillation without MAE | `head: static, prompt_encoder: binary` | `recovery: none` |
| 5 (c) model distillation with MAE | `head: static, prompt_encoder: binary` | `recovery: fixed` |
| 5 (d) co-distillation without hyper-teacher | `head: static, prompt_encoder: binary` | `teacher: static` |
| 5 (e) data-model co-distillation | `head: static, prompt_encoder: binary` | – |

Row 4.1 is the method `mae_baseline` as well.

D: in Table 5 “the segmentation model is not equipped with CLIP-driven hyper-network”; we read the caption's binary
codes as those of the teacher, whose encoder is the network's `prompt_encoder` whatever head the student has.

Deviation: L_task, L_seg and L_data are Dice plus cross-entropy; the paper's fine-tuning has Dice alone
(`cross_entropy: false`), which teaches next to nothing where a region is empty, at its batch size of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from torch import nn

from MissingModalitySegLib.networks.configs import require
from MissingModalitySegLib.networks.registry import build
from MissingModalitySegLib.networks.universal.autoencoder import MaskedAutoencoder
from MissingModalitySegLib.networks.universal.segmentation import UniversalSegmenter

from .co_distillation import CoDistillation, CoDistillationSettings, StudentAndRecovery
from .frozen import copy_of, frozen
from .modality_dropout import ModalityDropout
from .pretraining import DistributionApproximation, MaskedReconstruction, Masking
from .single_image import check_network
from .stages import Method, Networks, Products, Setup, Stage, build_network, nothing, seeded

PAPER_LOOP = {"optimiser": "adam", "schedule": "cosine", "learning_rate": 3e-4, "weight_decay": 5e-4}
"""Section 4.2."""


@dataclass(frozen=True)
class UniversalOptions:
    """What is trained (see the table above), the weights λ, α and β of eq. 3 and 7, and how inputs are masked.

    `hidden_share` as in `co_distillation`, `most_dropped`, `keep` and `token` as in `networks.universal.masking`,
    `dice_of_empty` as in `losses.segmentation`.
    """

    distribution_approximation: bool = True
    teacher: Literal["hyper", "static", "none"] = "hyper"
    recovery: Literal["refined", "fixed", "none"] = "refined"
    segmentation_weight: float = 0.1
    data_weight: float = 1.0
    distillation_weight: float = 0.1
    hidden_share: float = 0.5
    most_dropped: int = 3
    keep: float = 0.125
    token: int = 16
    cross_entropy: bool = True
    dice_of_empty: bool = False

    def __post_init__(self) -> None:
        require(self.segmentation_weight >= 0, "segmentation_weight", "a weight is zero or more.")
        _masking(self)  # checks what it takes, as does the next
        _co_distillation(self)


def stages(setup: Setup) -> list[Stage]:
    options = setup.options
    pretrained = "distribution_approximation" if options.distribution_approximation else "mae"
    chosen = [pretraining(setup)]
    if options.distribution_approximation:
        chosen.append(fine_tuning(setup, "mae_segmenter", "mae", share=0.15, head="static"))
        chosen.append(approximation(setup))
    if options.teacher == "none":
        return [*chosen, fine_tuning(setup, "student", pretrained, share=0.3)]
    chosen.append(fine_tuning(setup, "hyper_teacher", pretrained, share=0.15, head=options.teacher))
    return [*chosen, distillation(setup, pretrained)]


def pretraining(setup: Setup) -> Stage:
    """Stage 1."""

    def regime(networks: Networks) -> MaskedReconstruction:
        return MaskedReconstruction(_autoencoder(setup), _masking(setup.options))

    return Stage("mae", regime, share=0.25, defaults=PAPER_LOOP, segmenter=nothing)


def fine_tuning(setup: Setup, name: str, pretrained: str, share: float, **config: Any) -> Stage:
    """A segmentation network with the backbone of the stage `pretrained`, trained with modality dropout.

    `config` replaces keys of the network's configuration. D: dropout in stage 1b is ours; the paper says “train it”.
    """

    def regime(networks: Networks) -> ModalityDropout:
        return ModalityDropout(
            _segmenter(setup, networks[pretrained], **config),
            full_view=False,
            dice_of_empty=setup.options.dice_of_empty,
            cross_entropy=setup.options.cross_entropy,
        )

    return Stage(name, regime, share=share, defaults=PAPER_LOOP)


def approximation(setup: Setup) -> Stage:
    """Stage 2."""
    options = setup.options

    def regime(networks: Networks) -> DistributionApproximation:
        return DistributionApproximation(
            copy_of(networks["mae"]),
            _masking(options),
            frozen(networks["mae_segmenter"]),
            options.segmentation_weight,
            options.dice_of_empty,
            options.cross_entropy,
        )

    return Stage("distribution_approximation", regime, share=0.15, defaults=PAPER_LOOP, segmenter=nothing)


def distillation(setup: Setup, pretrained: str) -> Stage:
    """Stage 3b. D: the student does not start from the teacher but, like it, from φ and with a new head."""
    options = setup.options
    settings = _co_distillation(options)

    def regime(networks: Networks) -> CoDistillation:
        phi = networks[pretrained]
        trained = copy_of(phi) if options.recovery == "refined" else None
        fixed = frozen(phi) if options.recovery == "fixed" else None
        network = StudentAndRecovery(_segmenter(setup, phi), trained)
        return CoDistillation(network, frozen(networks["hyper_teacher"]), settings, fixed)

    return Stage("student", regime, share=0.3, defaults=PAPER_LOOP, segmenter=student_of)


def student_of(network: nn.Module) -> nn.Module:
    """The segmentation network in what the stage `student` trained."""
    return network.student if isinstance(network, StudentAndRecovery) else network


def products(networks: Networks) -> Products:
    """The student, and φ as the synthesiser.

    D: g is not shown to users: eq. 7 has no reconstruction term, so that it may drift from what images look like.
    """
    phi = networks.get("distribution_approximation", networks["mae"])
    return Products(student_of(networks["student"]), phi)


def _autoencoder(setup: Setup) -> nn.Module:
    """φ with the backbone of the run's segmentation network."""
    network = build_network(setup)
    check_network(network, UniversalSegmenter)
    shape = network.config
    config = {
        "channels": shape.channels,
        "widths": shape.widths,
        "blocks": shape.blocks,
        "groups": shape.groups,
    }
    return seeded(lambda: build({"architecture": "masked_autoencoder", "config": config}), setup.seed)


def _segmenter(setup: Setup, autoencoder: MaskedAutoencoder, **config: Any) -> UniversalSegmenter:
    """A segmentation network with the backbone of `autoencoder`, a new head, and its table of prompts."""
    network = build_network(setup, **config)
    check_network(network, UniversalSegmenter)
    network.initialise_from(autoencoder)
    if network.config.head == "hyper" and network.config.prompt_encoder != "binary":
        from ..prompts.table import prompt_table  # only where prompts are needed: an encoder is large

        network.set_prompt_table(prompt_table(network.config.prompt_encoder, setup.modalities, setup.prompts))
    return network


def prompt_encoder(setup: Setup) -> str | None:
    """Of the first stage that has a hyper-network; the codes themselves need no encoder."""
    network = build_network(setup)
    check_network(network, UniversalSegmenter)
    hyper = "hyper" in (network.config.head, setup.options.teacher)
    return network.config.prompt_encoder if hyper and network.config.prompt_encoder != "binary" else None


def _masking(options: Any) -> Masking:
    return Masking(options.most_dropped, options.keep, options.token)


def _co_distillation(options: UniversalOptions) -> CoDistillationSettings:
    return CoDistillationSettings(
        options.data_weight,
        options.distillation_weight,
        options.hidden_share,
        options.dice_of_empty,
        options.cross_entropy,
    )


METHOD = Method("universal", UniversalOptions, stages, products, prompt_encoder)
