"""The files of a case, read once for all codes, and prepared once for codes that need the same preparation.

What a code does not have must not show in its row. The volumes of a code are prepared together with those of other
codes only where that changes nothing: they are said to be aligned, so that none is moved onto another, lie on one and
the same grid, and the mask of the brain is the same. Then every channel is normalised by itself, and leaving one out is
the same as never having had it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from MissingModalitySegLib.datalists import Case
from MissingModalitySegLib.errors import InputError, located
from MissingModalitySegLib.modalities import Code, Modality

if TYPE_CHECKING:
    import SimpleITK as sitk  # noqa: N813

    from MissingModalitySegLib.engine import Prepared, Study


REGISTRATION = 2
"""Counts up when volumes that are not said to be aligned come to lie elsewhere than before."""


def registration_facts(case: Case) -> dict[str, Any]:
    """What decides how the volumes of a case come to lie on each other; nothing where they are used as they are."""
    return {} if case.aligned else {"aligned": case.aligned, "registration": REGISTRATION}


def known_of(case: Case) -> dict[str, str]:
    """What a data list says of a case, as options of preparation."""
    return {
        "register": "off" if case.aligned else "auto",
        "brain": "extracted" if case.brain_extracted else "auto",
    }


class CaseVolumes:
    """The volumes and masks of a case; what was read is kept until the object goes."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._read: dict[Path, sitk.Image | InputError] = {}
        self._extracted: dict[Modality, np.ndarray | None] = {}
        self._brains: dict[Hashable, sitk.Image] = {}

    def study(self, code: Code) -> Study:
        """The case as if only the modalities of `code` had been acquired, with the mask of the brain if one is known.

        Raises `InputError` for volumes that are absent or damaged, and for a head without a mask.
        """
        from MissingModalitySegLib.engine import Study

        images = {}
        for modality in code:
            with located(str(modality)):
                images[modality] = self.read(self.case.modalities[modality])
        study = Study(images)
        return Study(images, self._brain(study))

    def read(self, path: Path) -> sitk.Image:
        """The volume in a file of the case. Raises `InputError` when it is absent, damaged or not finite."""
        from MissingModalitySegLib.engine import read_image

        if path not in self._read:
            try:
                self._read[path] = read_image(path)
            except InputError as error:
                self._read[path] = error
        found = self._read[path]
        if isinstance(found, InputError):
            raise InputError(found.code, found.message, found.hint)
        return found

    def _brain(self, study: Study) -> sitk.Image | None:
        """The case's mask, else that of the finest volume that has one, else what extraction left in the volumes."""
        case = self.case
        if case.brain_mask is not None:
            with located("brain_mask"):
                return self.read(case.brain_mask)
        finest_first = sorted(study.images, key=lambda modality: float(np.prod(study.images[modality].GetSpacing())))
        for modality in finest_first:
            if modality in case.brain_masks:
                with located(f"brain_masks.{modality}"):
                    return self.read(case.brain_masks[modality])
        if case.brain_extracted is False:
            raise InputError(
                "brain-not-extracted",
                "It shows the whole head and has no brain mask.",
                "Add brain masks to the data list, or extract the brain first.",
            )
        stay = len(study.images) == 1 or (case.aligned and _on_one_grid(study))
        return self._extracted_brain(study) if stay else None

    def _extracted_brain(self, study: Study) -> sitk.Image | None:
        """What preparation would find by itself, found once per volume instead of once per code.

        A case that is said to be extracted is taken at its word, however large its brain may look.
        """
        from MissingModalitySegLib.engine.brain import background_value, extracted_brain, largest_part
        from MissingModalitySegLib.engine.images import from_array, to_array

        for modality, image in study.images.items():
            if modality not in self._extracted:
                array = to_array(image)
                mask = extracted_brain(array, image.GetSpacing())
                if mask is None and self.case.brain_extracted and (value := background_value(array)) is not None:
                    mask = largest_part(array != value)
                self._extracted[modality] = mask
        masks = [mask for modality in study.images if (mask := self._extracted[modality]) is not None]
        if not masks:
            return None
        image = from_array(np.logical_or.reduce(masks).astype(np.uint8), study.images[study.reference])
        return self._brains.setdefault(_content(image), image)  # one of each in memory, not one for each code


def groups(studies: dict[Code, Study], aligned: bool | None) -> Iterator[tuple[Study, tuple[Code, ...]]]:
    """Codes that can share one preparation, with the study of all their volumes."""
    from MissingModalitySegLib.engine import Study

    shared: dict[Hashable, list[Code]] = {}
    for code, study in studies.items():
        alike = study.brain is not None and bool(aligned) and _on_one_grid(study)
        key = (_grid(study.images[study.reference]), _content(study.brain)) if alike else code
        shared.setdefault(key, []).append(code)
    for codes in shared.values():
        images = {modality: image for code in codes for modality, image in studies[code].images.items()}
        yield Study(images, studies[codes[0]].brain), tuple(codes)


def restrict(prepared: Prepared, code: Code) -> Prepared:
    """`prepared` without the channels that `code` does not have."""
    there = torch.tensor(code.vector, dtype=torch.bool).view(-1, 1, 1, 1)
    return replace(prepared, channels=torch.where(there, prepared.channels, prepared.channels.new_zeros(())), code=code)


def _on_one_grid(study: Study) -> bool:
    return len({_grid(image) for image in study.images.values()}) == 1


def _grid(image: sitk.Image) -> Hashable:
    return image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection()


def _content(mask: sitk.Image) -> Hashable:
    import SimpleITK as sitk  # noqa: N813

    return _grid(mask), hashlib.blake2b(sitk.GetArrayViewFromImage(mask) > 0.5).digest()
