"""On the path of a Python program this forbids it every connection but those within the machine, and notes all others.

Python loads a module of this name by itself when it starts, in every process that a program starts, too. What is tried
is noted in the file that the variable GUARD_LOG names: one line per event, with the number of the process.
"""

import os
import sys

_EVENTS = ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg")
_NAMES = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
_HERE = ("127.0.0.1", "::1", "localhost", "", None, b"localhost")


def _note(line):
    with open(os.environ["GUARD_LOG"], "a", encoding="ascii", errors="backslashreplace") as stream:
        stream.write(f"{os.getpid()} {line}\n")


def _guard(event, arguments):
    if event in _EVENTS:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""  # a path is a socket of this machine
    elif event in _NAMES:
        host = arguments[0]
    else:
        return
    if host not in _HERE:
        _note(f"FORBIDDEN {event} {arguments[1:] if event in _EVENTS else arguments}")
        raise OSError(f"There is no network here: {event} {host}")


if "GUARD_LOG" in os.environ:
    _note(f"guarded {os.path.basename(sys.argv[0]) if hasattr(sys, 'argv') else ''}")
    sys.addaudithook(_guard)
