"""A worker without an engine: the real service, doing what the name of the model says.

`model` is words, each done in turn: `stages:N`, `progress:N`, `sleep:S` (checking whether it is to stop),
`hang` (never checking), `seize` (nor letting other threads run), `no-more` (nothing can be allocated from now on),
`print`, `shout` (from C), `child`, `temp`, `stage-files`, `crash`, `segfault`, `exit:N`,
`last-words`, `raise`, `refuse`, `memory`, `full`, `deny`, `write`, `warn:N`, `allocate:MB`, `report:N`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from MissingModalitySegLib.errors import InputError
from MissingModalitySegLib.jobs import service
from MissingModalitySegLib.jobs.events import PROTOCOL, Hello
from MissingModalitySegLib.output_folder import staged


@dataclass
class Outcome:
    files: dict[str, Path] = field(default_factory=dict)
    report: dict = field(default_factory=dict)


def hello() -> Hello:
    time.sleep(float(os.environ.get("STAND_IN_START_S", "0")))
    if os.environ.get("STAND_IN_SEIZED"):
        ctypes.PyDLL(None).sleep(600)
    if os.environ.get("STAND_IN_CANNOT"):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")
    protocol = int(os.environ.get("STAND_IN_PROTOCOL", PROTOCOL))
    return Hello(protocol, "cpu", "float32", "none", message="Ä stand-in.", pid=os.getpid())


def work(job, watch) -> Outcome:
    outcome = Outcome(report={"model": job.model, "inputs": {str(m): str(p) for m, p in job.inputs.items()}})
    for word in job.model.split():
        name, _, number = word.partition(":")
        _act(name, float(number or 0), job, watch, outcome)
    return outcome


def _act(name, number, job, watch, outcome) -> None:
    note = Path(os.environ.get("STAND_IN_NOTES", os.devnull))
    match name:
        case "stages":
            for index in range(int(number)):
                watch.stage(f"stage {index}", index, int(number))
        case "progress":
            for index in range(int(number)):
                watch.check()
                watch.progress((index + 1) / number)
        case "sleep":
            until = time.monotonic() + number
            while time.monotonic() < until:
                watch.check()
                time.sleep(0.01)
        case "hang":
            while True:
                time.sleep(60)
        case "seize":
            ctypes.PyDLL(None).sleep(int(number or 600))  # a library in C that keeps the interpreter's lock
        case "no-more":
            import resource  # of POSIX

            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used, used))
        case "last-words":
            print(os.environ["STAND_IN_LAST_WORDS"], file=sys.stderr, flush=True)
            os.abort()
        case "print":
            print('{"event": "result", "files": {}, "report": {}, "job": 1}')
            print("not JSON \x00 \udcff ä")
            os.write(1, b"\xff\xfe raw bytes\n")
            sys.__stdout__.flush()
        case "shout":
            libc = ctypes.CDLL(None)
            libc.puts(b"shouted from C")
            libc.fflush(None)
            subprocess.run(["echo", "shouted by a child"], check=True)
        case "child":
            child = subprocess.Popen(["sleep", "600"])
            note.write_text(str(child.pid))
        case "temp":
            folder = tempfile.mkdtemp()
            Path(folder, "big.tmp").write_bytes(b"1" * 1000)
            note.write_text(folder)
        case "stage-files":
            with staged(job.output) as folder:
                (folder / "segmentation.nrrd").write_bytes(b"1" * int(number or 1000))
                if not number:
                    _act("hang", 0, job, watch, outcome)
        case "write":
            with staged(job.output) as folder:
                (folder / "segmentation.nrrd").write_text(str(job.inputs))
            outcome.files["segmentation"] = job.output / "segmentation.nrrd"
        case "crash":
            print("last words", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        case "segfault":
            ctypes.string_at(0)
        case "exit":
            print("leaving like this", file=sys.stderr, flush=True)
            os._exit(int(number))
        case "raise":
            raise ValueError("an unforeseen thing")
        case "refuse":
            raise InputError("bad-thing", "The thing is bad.", "Use another.")
        case "memory":
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 TB")
        case "full":
            raise OSError(errno.ENOSPC, "No space left on device")
        case "deny":
            raise PermissionError(errno.EACCES, "Permission denied", str(job.output))
        case "warn":
            for index in range(int(number or 1)):
                watch.warn("odd", f"Something is odd, {index}.")
        case "allocate":
            kept = bytearray(int(number) * 1_000_000)
            kept[::4096] = b"1" * len(kept[::4096])
        case "report":
            outcome.report["much"] = ["ü" * 100] * int(number)
        case _:
            raise ValueError(f"The stand-in does not know {name}.")


if __name__ == "__main__":
    service.LOADING_S = float(os.environ.get("STAND_IN_LOADING_S", service.LOADING_S))
    service.serve(hello, work, {"stage 0": 1.0})
