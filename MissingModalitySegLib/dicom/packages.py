"""pydicom and highdicom, which not every installation has, and which must be kept from talking about patients."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

from ..errors import InputError

_LOGGERS = ("pydicom", "highdicom")


def package(name: str) -> ModuleType:
    """The module `name` of pydicom or highdicom. Raises `InputError` (`dicom-missing`) where it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(
            "dicom-missing",
            f"DICOM needs the package {error.name}, which is not installed.",
            'Install it, in a clone of the repository, with: pip install ".[dicom]"',
        ) from error


@contextmanager
def silent() -> Iterator[None]:
    """Let neither package warn: their warnings quote the values they stumble over, among them names of patients."""
    pydicom = package("pydicom")
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.level for logger in loggers]
    mode = pydicom.config.settings.reading_validation_mode
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        pydicom.config.settings.reading_validation_mode = mode
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
