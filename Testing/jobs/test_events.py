"""Events and their way through a line of JSON."""

import pytest

from MissingModalitySegLib.errors import CancelledError, InputError, MissingModalitySegError, ResourceError
from MissingModalitySegLib.jobs import Error, Hello, Progress, Result, Stage, Warning
from MissingModalitySegLib.jobs.events import parse

EVENTS = [
    Hello(1, "cuda:0", "bfloat16", "2.9", "A card", False, "Wrong answer.", 10**12, "0.2", 77),
    Stage("predict", 2, 5, job=3),
    Progress(0.25, 12.5, job=3),
    Progress(0.0, None, job=3),
    Warning("thick-slices", "Schichten sind 6 mm dick – ungewöhnlich.", job=3),
    Result({"segmentation": "/tmp/ä\udcff.nrrd"}, {"volumes_ml": {"lesion": 1.5}}, job=3),
    Error("no-volume", "Nothing.", "Give one.", "input", "log\nlines", job=3),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.NAME)
def test_an_event_survives_json(event) -> None:
    line = event.to_json()
    assert line.isascii()
    assert "\n" not in line
    assert parse(line) == event
    assert parse(line.encode() + b"\r\n") == event


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "3",
        "null",
        "[1]",
        "{}",
        '{"event": 3}',
        '{"event": ["stage"]}',
        '{"event": "dance"}',
        '{"event": "stage"}',
        '{"event": "progress", "fraction": "much"}',
        '{"event": "progress", "fraction": 0.5, "eta_s": []}',
        '{"event": "result", "files": 3, "report": {}}',
        '{"event": "stage", "name": "x", "index": "0", "count": 3}',
        '{"event": "progress", "fraction": 0.5, "job": "one"}',
        '{"event": "hello", "protocol": "x", "device": "", "precision": "", "torch": "", "pid": "me"}',
        b"\xff\xfe\x00",
        "[" * 100_000,
    ],
)
def test_other_lines_are_no_events(line) -> None:
    assert parse(line) is None


def test_fields_of_later_versions_are_left_out() -> None:
    line = '{"event": "progress", "fraction": 0.5, "eta_s": 1, "joules": 7, "job": 1}'
    assert parse(line) == Progress(0.5, 1, job=1)


@pytest.mark.parametrize("family", [InputError, CancelledError, ResourceError, MissingModalitySegError])
def test_an_error_keeps_its_family_and_exit_code(family) -> None:
    error = parse(Error.of(family("a-code", "A sentence.", "A way out."), 4).to_json()).exception()
    assert type(error) is family
    assert (error.code, error.message, error.hint) == ("a-code", "A sentence.", "A way out.")
    assert error.exit_code == family.exit_code
