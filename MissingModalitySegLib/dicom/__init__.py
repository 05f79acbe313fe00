"""Series in, segmentation objects out.

>>> for study in find_dicom_studies("/archive/export"):
...     for stack in study.usable:
...         print(study.key, stack.name, stack.recognition.modality)
...     print(*study.notes(), sep="\\n")
>>> loaded = read_stack(stack)  # an image in physical space, with the files behind it

pydicom (and highdicom, for writing) are imported when they are needed: without them everything raises `InputError`
with the code `dicom-missing`.
"""

from .stacks import Stack
from .studies import DicomStudy, LeftOut, find_dicom_studies
from .volume import DicomVolume, read_stack

__all__ = ["DicomStudy", "DicomVolume", "LeftOut", "Stack", "find_dicom_studies", "read_stack"]
