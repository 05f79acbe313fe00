"""Headless training for MissingModalitySeg: synthetic MRI, data sets, losses, regimes, evaluation.

Nothing here is needed to use a trained model. Heavy packages (SimpleITK, nilearn, MONAI) are imported where they are
used, so that training from plain arrays needs torch alone.
"""
