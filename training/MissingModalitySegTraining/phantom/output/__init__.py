"""Phantoms as files: whole cases as NIfTI or NRRD, as DICOM series, with truth, record and contact sheet.

`simulate` turns a case into volumes, `case_folder` writes them, `runs` makes many cases and goes on where it stopped.
"""

from .case_folder import replay_of, write_case
from .runs import Finished, Run, make, make_again, plan
from .simulate import Rendered, SequenceVolume, simulate

__all__ = [
    "Finished",
    "Rendered",
    "Run",
    "SequenceVolume",
    "make",
    "make_again",
    "plan",
    "replay_of",
    "simulate",
    "write_case",
]
