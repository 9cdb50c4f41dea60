"""The examples of the README do what it says."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ocpp21 import framing
from ocpp21.errors import PayloadError
from ocpp21.messages import BootNotificationResponse, HeartbeatRequest, RegistrationStatusEnumType

ROOT = Path(__file__).parents[1]
MESSAGES, STATION, CSMS = re.findall(
    r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
)


def test_messages() -> None:
    names: dict[str, Any] = {}
    with pytest.raises(PayloadError) as caught:
        exec(MESSAGES, names)
    assert names["message"] == names["request"]
    assert names["frame"] == b'[2,"a1","Authorize",{"idToken":{"idToken":"04A2B3C4","type":"ISO14443"}}]'
    assert f"# PayloadError: {caught.value}  " in MESSAGES


def test_station(capsys: pytest.CaptureFixture[str]) -> None:
    call, _, rest = STATION.partition("station.receive(")
    names: dict[str, Any] = {}
    exec(call, names)
    (frame,) = names["outgoing"]
    accepted = RegistrationStatusEnumType.ACCEPTED
    answer = BootNotificationResponse(current_time=datetime.now(UTC), interval=300, status=accepted)
    names["incoming"] = framing.call_result(framing.parse(frame).message_id, answer)
    exec(f"station.receive({rest}", names)
    assert capsys.readouterr().out == "Accepted 300\n"


def test_csms() -> None:
    imports = STATION.partition("station =")[0]
    report = b'{"requestId":1,"generatedAt":"2026-01-05T12:00:00Z","seqNo":0}'
    for frame, answer in (
        (framing.call("a", HeartbeatRequest()), b'[3,"a",{"currentTime":"'),
        (b'[2,"b","NotifyReport",%s]' % report, b'[4,"b","NotSupported","",{}]'),
    ):
        names: dict[str, Any] = {"frame_of_the_station": frame}
        exec(imports + CSMS, names)
        assert names["answers"][0].startswith(answer)


def test_commands_stand_where_they_are_looked_for() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("<!-- tests -->\n```sh\n") == text.count("<!-- main -->\n```sh\n") == 1
