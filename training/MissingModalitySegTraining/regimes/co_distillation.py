"""Data-model co-distillation (paper “all-stage missing modality”, sections 3.2 to 3.4): teacher, student, recovery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from MissingModalitySegLib.networks.configs import require
from MissingModalitySegLib.networks.universal.autoencoder import MaskedAutoencoder
from MissingModalitySegLib.networks.universal.completion import complete
from MissingModalitySegLib.networks.universal.segmentation import UniversalSegmenter

from ..data.batch import Batch
from ..losses.margin_aware_distillation import margin_aware_distillation
from .codes import draw_codes
from .supervision import truth_for


@dataclass(frozen=True)
class CoDistillationSettings:
    """α (`data_weight`) and β (`distillation_weight`) of eq. 7, and how full samples teach g.

    `hidden_share`: D: x̂_f = x where a sample is complete, so that g would learn nothing from it, and nothing at all at
    100 % full modality. For this share of the complete samples g is shown a random code instead, and the teacher sees
    its reconstruction of the others.
    """

    data_weight: float = 1.0
    distillation_weight: float = 0.1
    hidden_share: float = 0.5
    dice_of_empty: bool = False
    cross_entropy: bool = True

    def __post_init__(self) -> None:
        for key in ("data_weight", "distillation_weight"):
            require(getattr(self, key) >= 0, key, "a weight is zero or more.")
        require(0 <= self.hidden_share <= 1, "hidden_share", "a share from 0 to 1 is meant.")


class StudentAndRecovery(nn.Module):
    """What is trained together: the student φ_s and the modality recovering module g (absent where it learns nothing).

    Only the student is needed afterwards; g stays in the checkpoint.
    """

    def __init__(self, student: UniversalSegmenter, recovery: MaskedAutoencoder | None) -> None:
        super().__init__()
        self.student = student
        self.recovery = recovery


class CoDistillation:
    """Stage 3b, eq. 7: L_task + α·L_data + β·L_KD.

    - L_task: φ_s of a random code of what the sample has, against the truth.
    - x̂_f (`complete`): the modalities a sample has, and g's reconstruction of the others.
    - L_data (eq. 5): the frozen teacher φ_t of x̂_f against the truth; its gradient flows through φ_t into g alone.
    - L_KD (eq. 4): the features of φ_s become like those of φ_t.

    The teacher sees all channels, and its hyper-network the code of all ones: “locked in a full modality mode”.

    Variants (Table 5), by what is handed in: a trained recovery in `network` (d, e); a `fixed_recovery` instead, which
    is not refined (c); neither, so that the teacher sees what the sample has (b). Without a trained recovery there is
    no L_data, for there is nobody it could teach.

    Every trained parameter takes part in every step; where x̂_f is x, the gradient in g is zero.
    """

    def __init__(
        self,
        network: StudentAndRecovery,
        teacher: UniversalSegmenter,
        settings: CoDistillationSettings,
        fixed_recovery: MaskedAutoencoder | None = None,
    ) -> None:
        self.network = network
        self.teacher = teacher
        self.settings = settings
        self.fixed_recovery = fixed_recovery

    def losses(self, batch: Batch, progress: float, generator: torch.Generator) -> Mapping[str, Tensor]:
        settings = self.settings
        truth = truth_for(
            self.network.student, batch, dice_of_empty=settings.dice_of_empty, cross_entropy=settings.cross_entropy
        )
        code = draw_codes(batch.code, generator)
        logits, features = self.network.student.predict_with_features(batch.image, code)
        parts = {"task": truth.compare(logits)}
        total = parts["task"]
        with torch.set_grad_enabled(self.network.recovery is not None):
            teacher_logits, teacher_features = self._teach(batch, generator)
        if self.network.recovery is not None:
            parts["data"] = truth.compare(teacher_logits)
            total = total + settings.data_weight * parts["data"]
        parts["distillation"] = margin_aware_distillation(teacher_features, features, teacher_logits)
        return {"loss": total + settings.distillation_weight * parts["distillation"], **parts}

    def _teach(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, list[Tensor]]:
        """Logits and features of the teacher for x̂_f."""
        ones = torch.ones_like(batch.code)
        prompt = ones if self.teacher.config.head == "hyper" else None
        if self.network.recovery is not None:
            shown = _hide_from_complete(batch.code, self.settings.hidden_share, generator)
            recovered = complete(batch.image, shown, self.network.recovery(batch.image, shown))
        elif self.fixed_recovery is not None:
            recovered = complete(batch.image, batch.code, self.fixed_recovery(batch.image, batch.code))
        else:
            return self.teacher.predict_with_features(batch.image, batch.code, prompt)
        return self.teacher.predict_with_features(recovered, ones, prompt)


def _hide_from_complete(available: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """`available` (B, K), where a `share` of the complete rows, drawn one by one, became random codes."""
    chosen = torch.rand(len(available), generator=generator) < share
    drawn = draw_codes(available, generator)
    hidden = chosen.to(available.device) & (available > 0).all(dim=1)
    return torch.where(hidden[:, None], drawn, available)
