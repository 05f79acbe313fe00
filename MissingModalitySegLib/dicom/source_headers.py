"""The full headers of the images behind a stack, fit to be copied into new objects."""

from __future__ import annotations

import datetime
import re
from typing import Any

from ..errors import InputError
from .packages import package, silent
from .stacks import Stack

UNICODE = "ISO_IR 192"

_EMPTY = (
    "PatientName PatientID PatientBirthDate PatientSex StudyDate StudyTime StudyID AccessionNumber "
    "ReferringPhysicianName"
)
"""What new objects must have, be it empty."""

_DATES = ("PatientBirthDate", "StudyDate")
_TIMES = ("StudyTime",)


def source_headers(stack: Stack) -> list[Any]:
    """The datasets of the files behind `stack`, in its order, without pixels; texts are in Unicode.

    What identifies patient and study is as it was, apart from dates, times and sex that no reader could take; these
    are empty. Raises `InputError` (`unreadable-series`, `no-frame-of-reference`).
    """
    pydicom = package("pydicom")
    if not stack.frame_of_reference:
        raise InputError(
            "no-frame-of-reference",
            f"The {stack.name} lacks the tag FrameOfReferenceUID, so nothing can refer to places in it.",
            "Leave out --dicom-seg and --dicom-sr, or choose another reference.",
        )
    headers = []
    with silent():
        for path in stack.files:
            try:
                dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
                _in_unicode(dataset)
            except Exception:
                raise InputError(
                    "unreadable-series", f"Files of the {stack.name} cannot be read any more.", "Were they moved?"
                ) from None
            for keyword in _EMPTY.split():
                if keyword not in dataset or dataset.get(keyword) is None:
                    setattr(dataset, keyword, "")
            _mend(dataset)
            headers.append(dataset)
    return headers


def _in_unicode(dataset: Any) -> None:
    pydicom = package("pydicom")
    dataset.remove_private_tags()
    dataset.decode()
    for element in dataset.iterall():
        if element.VR == "PN" and element.value:
            several = isinstance(element.value, pydicom.multival.MultiValue)
            names = [str(name) for name in (element.value if several else [element.value])]
            element.value = names if several else names[0]
    dataset.SpecificCharacterSet = UNICODE


def _mend(dataset: Any) -> None:
    if str(dataset.PatientSex) not in ("M", "F", "O", ""):
        dataset.PatientSex = ""
    for keyword in _DATES:
        if not _is_date(str(dataset.get(keyword))):
            setattr(dataset, keyword, "")
    for keyword in _TIMES:
        if not re.fullmatch(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?", str(dataset.get(keyword))):
            setattr(dataset, keyword, "")


def _is_date(text: str) -> bool:
    try:
        datetime.datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return False
    return True
