"""The worker of the engine: a script that is started by its path, with any Python that has what the engine needs.

Nothing imports it, and it alone of this room imports the engine.
"""

from __future__ import annotations

import os
import sys
from typing import Any

USUAL_S = {
    "read": 1.0,
    "prepare": 6.0,
    "predict": 10.0,
    "synthesise": 10.0,
    "summarise": 1.0,
    "write": 1.0,
}
"""How long stages take in relation to each other, before this machine's own times are known."""

ENGINE_BYTES = 2**29
"""Room that the engine takes with the libraries that it loads, 390 MB of addresses as measured, and for a little work.
"""


def hello() -> Any:
    """Try the device. Raises what an import of torch may raise."""
    import torch

    from MissingModalitySegLib import __version__
    from MissingModalitySegLib.jobs.events import PROTOCOL, Hello
    from MissingModalitySegLib.networks.devices import self_test

    test = self_test()
    return Hello(
        PROTOCOL,
        test.device,
        test.precision,
        torch.__version__,
        test.name,
        test.ok,
        test.message,
        test.memory_bytes,
        __version__,
        os.getpid(),
    )


def work(job: Any, watch: Any) -> Any:
    """Do what the job asks for. Raises `ResourceError` where there is not even room for the engine."""
    from MissingModalitySegLib.jobs.service import loading

    _refuse_without_room()
    with loading():
        from MissingModalitySegLib.dicom.sources import object_maker, sources_of
        from MissingModalitySegLib.engine.segment import segment, synthesize
        from MissingModalitySegLib.reports.from_run import page_of_run

    page = page_of_run if job.options.report else None
    inputs = sources_of(job.inputs, job.options)
    if job.task == "synthesize":
        return synthesize(inputs, job.model, job.options, job.output, watch, page)
    return segment(inputs, job.model, job.options, job.output, watch, page, object_maker(inputs, job.options))


def _refuse_without_room() -> None:
    """Some libraries wait for ever to be loaded where memory does not suffice (OpenBLAS does)."""
    import torch

    from MissingModalitySegLib.errors import OUT_OF_MEMORY, ResourceError
    from MissingModalitySegLib.networks.memory import available_memory

    if "MissingModalitySegLib.engine" not in sys.modules and available_memory(torch.device("cpu")) < ENGINE_BYTES:
        raise ResourceError(OUT_OF_MEMORY, "Less than half a gigabyte of memory is free.", "Close other programs.")


def _find_library() -> None:
    """Make the library importable that this file belongs to, and the files of this folder only through it."""
    folder = os.path.dirname(os.path.abspath(__file__))
    elsewhere = [entry for entry in sys.path if os.path.abspath(entry) != folder]
    sys.path[:] = [os.path.dirname(os.path.dirname(folder)), *elsewhere]


if __name__ == "__main__":
    _find_library()
    from MissingModalitySegLib.jobs.service import serve

    serve(hello, work, USUAL_S)
