"""Recordings: what is written is read back, no secret is in it, and a session never notices the recorder."""

from __future__ import annotations

import io
import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ocpp21 import messages, recording
from ocpp21.errors import OcppError
from ocpp21.messages.enumerations import AuthorizationStatusEnumType
from ocpp21.observation import Observation
from ocpp21.recording import DamagedRecording, Record, Recorder, read
from ocpp21.session import Session

SECRET = "hunter2-Zq9"

#: A password in a frame.
FRAME = json.dumps(
    [2, "1", "SetVariables", {"setVariableData": [{"attributeValue": SECRET, "variable": {"name": "SimPin"}}]}]
).encode()


def seconds() -> float:
    return 1767225600.5


TIME = datetime(2026, 1, 1, 0, 0, 0, 500000, tzinfo=UTC)


def record(*frames: Any, redacted: bool = True, direction: Any = "in") -> bytes:
    stream = io.BytesIO()
    recorder = Recorder(stream, redacted=redacted, clock=seconds)
    for frame in frames:
        recorder(Observation(direction, frame, 1.5, "ok"))
    return stream.getvalue()


def read_back(path: Path, data: bytes) -> list[Record]:
    path.write_bytes(data)
    return list(read(path))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recording.jsonl"


def test_a_line_is_json(path: Path) -> None:
    data = record(b'[2, "1", "Heartbeat", {}]')
    assert data == (
        b'{"time":"2026-01-01T00:00:00.500000Z","at":1.5,"direction":"in","verdict":"ok",'
        b'"frame":[2,"1","Heartbeat",{}]}\n'
    )
    assert read_back(path, data) == [Record(1, TIME, 1.5, "in", "ok", b'[2,"1","Heartbeat",{}]')]


def test_secrets_are_masked_unless_told_otherwise(path: Path) -> None:
    data = record(FRAME)
    assert SECRET.encode() not in data and b"***" in data
    assert read_back(path, record(FRAME, redacted=False))[0].data == FRAME


def test_the_action_of_a_call_is_known_until_it_is_answered() -> None:
    recorder = Recorder(io.BytesIO())
    for direction, frame in [
        ("out", b'[2,"1","Authorize",{}]'),
        ("in", b'[2,"1","Reset",{}]'),  # the sides may use the same ids
        ("out", b'[6,"2","NotifyPeriodicEventStream",{}]'),
    ]:
        recorder(Observation(direction, frame, 1.0, "ok"))
    answer = b'[3,"1",{}]'
    assert [recorder._action("in", answer), recorder._action("in", answer)] == ["Authorize", None]
    assert [recorder._action("out", answer), recorder._action("out", answer)] == ["Reset", None]
    assert recorder._actions == {}


def test_calls_that_are_never_answered_are_forgotten() -> None:
    recorder = Recorder(io.BytesIO())
    for number in range(1000):
        recorder(Observation("in", b'[2,"%d","Heartbeat",{}]' % number, 1.0, "ok"))
    assert len(recorder._actions) == 256 and ("in", "999") in recorder._actions


@pytest.mark.parametrize(
    "frame",
    [
        b'[2,"1","Heartbeat",{}]',
        b'{"no":"frame"}',
        b"null",
        b'[2,"1","A",{"a":1,"a":2,"b":1e999,"c":%s}]' % (b"7" * 5000),
    ],
)
def test_json_stands_in_a_recording_as_it_came(path: Path, frame: bytes) -> None:
    data = record(frame, redacted=False)
    assert data.endswith(b'"frame":%s}\n' % frame)
    assert read_back(path, data)[0].data == frame


def test_a_frame_of_several_lines_stands_on_one(path: Path) -> None:
    [found] = read_back(path, record('[2,\n"1",\r\n"Heartbeat"\n,{}]', redacted=False))
    assert found.data == b'[2, "1",  "Heartbeat" ,{}]'


@pytest.mark.parametrize(
    "frame", [b"", b"x", b"\xff", b'"\xff"', b'[2,"1"', b'"a\nb"', b'"\\ud800"', b"[" * 5000 + b"]" * 5000, b"\r\n"]
)
def test_what_is_no_json_is_kept_in_base64_or_not_at_all(path: Path, frame: bytes) -> None:
    [found] = read_back(path, record(frame, redacted=False))
    assert (found.data, found.note) == (frame, None)
    [found] = read_back(path, record(frame))
    assert (found.data, found.note) == (None, f"no frame of OCPP-J: {len(frame)} bytes")


def test_what_cannot_be_read_again_leaves_a_note(path: Path) -> None:
    [found] = read_back(path, record(b'[2,"1","Vendor",{"a":"\\ud800"}]'))
    assert (found.data, found.note) == (None, "not fit for a recording")
    [found] = read_back(path, record(b" " * (recording.MAX_FRAME + 1)))
    assert (found.data, found.note) == (None, "too large to be recorded: 8388609 bytes")
    [found] = read_back(path, record(b"x" * recording.MAX_FRAME, redacted=False))
    assert found.data == b"x" * recording.MAX_FRAME


@pytest.mark.parametrize("form", [bytearray, memoryview, bytes.decode], ids=lambda form: form.__name__)
def test_forms_of_data(path: Path, form: Callable[[bytes], Any]) -> None:
    assert read_back(path, record(form(FRAME), redacted=False))[0].data == FRAME
    assert record(form(FRAME)) == record(FRAME)


def test_a_lone_surrogate_in_text_is_no_utf_8(path: Path) -> None:
    [found] = read_back(path, record('["\ud800"]', redacted=False))
    assert found.data == b'["\xed\xa0\x80"]'


# Files


def test_a_new_file_is_for_its_owner(path: Path) -> None:
    with Recorder.create(path, clock=seconds) as recorder:
        recorder(Observation("out", FRAME, 1.0, "ok"))
        recorder(Observation("in", b"x", 2.0, "refused RpcFrameworkError"))
    recorder.close()
    recorder(Observation("out", FRAME, 3.0, "ok"))
    assert recorder.error is None
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    assert [(each.line, each.at, each.verdict) for each in read(path)] == [
        (1, 1.0, "ok"),
        (2, 2.0, "refused RpcFrameworkError"),
    ]
    with pytest.raises(FileExistsError):
        Recorder.create(path)


def test_a_full_disk_ends_the_recording_and_not_the_session() -> None:
    with open("/dev/full", "wb") as full:
        recorder = Recorder(full)
        session = Session("CSMS", observer=recorder)
        session.receive('[2,"1","Heartbeat",{}]', 0.0)
        assert session.next_event() is not None
        assert recorder.error is not None and recorder.error.errno == 28
        first = recorder.error
        session.receive("x", 0.0)
        recorder.close()
        assert recorder.error is first


def test_an_error_on_closing_is_kept() -> None:
    descriptor = os.open(os.devnull, os.O_WRONLY)
    recorder = Recorder(os.fdopen(descriptor, "wb"))
    os.close(descriptor)
    recorder.close()
    assert recorder.error is not None and recorder.error.errno == 9


def test_a_whole_session_is_recorded(path: Path) -> None:
    with Recorder.create(path) as recorder:
        station = Session("CS", observer=recorder)
        token = messages.IdTokenType(id_token=SECRET, type="KeyCode")
        station.call(messages.AuthorizeRequest(id_token=token), 1.0, message_id="a")
        info = messages.IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED)
        assert info.status == "Accepted"
        station.receive('[3,"a",{"idTokenInfo":{"status":"Accepted"}}]', 2.0)
        station.receive('[2,"b","Nope",{}]', 3.0)
    records = list(read(path))
    assert [(each.at, each.direction, each.verdict) for each in records] == [
        (1.0, "out", "ok"),
        (2.0, "in", "ok"),
        (3.0, "out", "ok"),
        (3.0, "in", "refused NotImplemented"),
    ]
    assert SECRET.encode() not in path.read_bytes()


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_an_unfinished_last_line_is_left_out(path: Path, cut: int) -> None:
    line = record(b'[2,"1","Heartbeat",{}]')
    assert len(read_back(path, line + line[:-1])) == 2
    assert len(read_back(path, line + line[: -1 - cut])) == 1
    assert read_back(path, line[:cut]) == []
    assert read_back(path, b"") == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"x", "expected a record in JSON"),
        (b"", "expected a record in JSON"),
        (b"[]", "expected a record in JSON"),
        (b"\xff", "expected a record in JSON"),
        (b'{"at":1}', "expected a record in JSON"),
        (b"[" * 100_000, "expected a record in JSON"),
        (
            b'{"time":"2026-01-01T00:00:00Z","at":1,"direction":"up","verdict":"ok","frame":[]}',
            "expected a record in JSON",
        ),
        (
            b'{"time":"2026-01-01T00:00:00Z","at":1,"direction":"in","verdict":"ok"}',
            "expected a frame, base64 or note",
        ),
        (b" " * (16 * 1024 * 1024), "expected at most 16777216 bytes"),
    ],
)
def test_a_line_that_is_no_record(path: Path, line: bytes, reason: str) -> None:
    good = record(b"[]")
    with pytest.raises(DamagedRecording) as caught:
        read_back(path, good + line + b"\n" + good)
    assert (caught.value.line, str(caught.value)) == (2, f"line 2: {reason}")
    assert isinstance(caught.value, OcppError)


def test_a_file_that_is_not_there(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        next(read(path))
