"""Brain lesion segmentation from any subset of T1, T1ce, T2, FLAIR and DWI.

Importing this package is free of side effects and loads nothing outside the standard library; the rooms that compute
(`networks`, `engine`, …) are imported by those who need them.
"""

__version__ = "0.2.0"
