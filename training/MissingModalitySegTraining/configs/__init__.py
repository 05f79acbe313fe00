"""What a training is told: YAML files with presets and variants per method, checked before anything starts.

`schema` says what there is, `documents` puts a preset, a variant, a file and single keys together, `checks` says in
plain words what is wrong with the result, `reading` makes a `TrainingConfig` of it.
"""

from .documents import methods, parse_override, presets_of, variants_of
from .reading import read_config, write_config
from .schema import DataSection, LoopSection, TrainingConfig, ValidationSection

__all__ = [
    "DataSection",
    "LoopSection",
    "TrainingConfig",
    "ValidationSection",
    "methods",
    "parse_override",
    "presets_of",
    "read_config",
    "variants_of",
    "write_config",
]
