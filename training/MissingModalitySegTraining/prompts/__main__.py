"""`python -m MissingModalitySegTraining.prompts ENCODER OUT` makes a prompt table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from MissingModalitySegLib.errors import MissingModalitySegError
from MissingModalitySegLib.modalities import MODALITIES, Modality

from .encoders import ENCODERS, encoder
from .table import make_prompt_table, save_prompt_table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0, or that of the error shown on stderr."""
    parser = argparse.ArgumentParser(prog="python -m MissingModalitySegTraining.prompts", description=__doc__)
    parser.add_argument("encoder", choices=ENCODERS)
    parser.add_argument("out", help="safetensors file to write")
    parser.add_argument("--modalities", default=",".join(MODALITIES), help="in channel order (default: %(default)s)")
    parser.add_argument("--source", help="folder with other weights; for clip also a model in the hub's cache")
    options = parser.parse_args(arguments)
    try:
        modalities = tuple(Modality.parse(name) for name in options.modalities.split(","))
        table = make_prompt_table(encoder(options.encoder, options.source), modalities)
        save_prompt_table(table, options.out)
    except MissingModalitySegError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    rows, size = table.embeddings.shape
    print(f"{options.out}: {rows} prompts x {size}, {table.version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
