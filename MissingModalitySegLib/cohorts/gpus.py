"""Which graphics card a process computes on, where several share a machine: one each, as long as they last."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

VARIABLE = "CUDA_VISIBLE_DEVICES"
_PATIENCE_S = 20


def visible_cards() -> tuple[str, ...]:
    """The NVIDIA cards that this process may use, as `CUDA_VISIBLE_DEVICES` names them; none where there is no driver.

    Asked of the driver's own program: to import torch for it takes seconds.
    """
    named = os.environ.get(VARIABLE)
    if named is not None:
        return tuple(part.strip() for part in named.split(",") if part.strip() not in ("", "-1", "NoDevFiles"))
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    with suppress(OSError, subprocess.SubprocessError):
        run = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=_PATIENCE_S, check=True)
        return tuple(str(i) for i, line in enumerate(run.stdout.splitlines()) if line.startswith("GPU "))
    return ()


class Card:
    """A card held by this process; `name` is None where there is none to be had. `release` gives it back.

    A lock on a file tells the other processes of this user and machine; the system releases it when the process ends.
    Where there are more processes than cards, the last ones share.
    """

    def __init__(self, folder: Path | None = None) -> None:
        cards = visible_cards()
        self._stream: IO[bytes] | None = None
        self.name: str | None = cards[os.getpid() % len(cards)] if cards else None
        place = folder or Path(tempfile.gettempdir())
        for card in cards if len(cards) > 1 and os.name == "posix" else ():
            if self._hold(place / f"missing-modality-seg-{_user()}-gpu-{card.replace('/', '_')}.lock"):
                self.name = card
                break

    def release(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _hold(self, path: Path) -> bool:
        import fcntl

        with suppress(OSError):
            stream = open(path, "ab")  # noqa: SIM115 (held open on purpose)
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                stream.close()
                return False
            self._stream = stream
            return True
        return False


def _user() -> str:
    with suppress(Exception):  # a container may have no name for its user
        return getpass.getuser()
    return "user"
