"""Dask and pyarrow, which not every installation has."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from ..errors import InputError


def package(name: str) -> ModuleType:
    """The module `name` of Dask or pyarrow. Raises `InputError` (`cohorts-missing`) where it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(
            "cohorts-missing",
            f"Cohorts need the package {error.name}, which is not installed.",
            'Install it, in a clone of the repository, with: pip install ".[cohorts]"',
        ) from error
