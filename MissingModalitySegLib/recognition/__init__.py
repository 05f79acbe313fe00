"""Which modality a volume or a series is, from its names and its DICOM attributes, and how sure that is.

Names are written by people in many languages and protocols lie, so nothing here is a silent guess: `recognise` gives a
confidence, a reason in words and the alternatives, and `assign` turns whatever is unsure or tied into a question.
"""

from .assignment import Assignment, Question, assign
from .decision import CONFIDENT, Candidate, Recognition, recognise

__all__ = ["CONFIDENT", "Assignment", "Candidate", "Question", "Recognition", "assign", "recognise"]
