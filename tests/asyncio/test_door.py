"""What a request must pass; each check has tests of its own. Here: what the log says of those who do not."""

from __future__ import annotations

import logging

import pytest
from loopback import open_to_all, raw_station
from websockets.exceptions import InvalidStatus


@pytest.mark.attack("A59")
async def test_the_log_names_the_path_without_what_may_be_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_to_all() as server:
        with pytest.raises(InvalidStatus):
            async with raw_station(server, "/ocpp/CS1?token=hunter2"):
                raise AssertionError
    said = [record.getMessage() for record in caplog.records if record.name.startswith("ocpp21")]
    (refusal,) = [message for message in said if "handshake refused" in message]
    assert "path=/ocpp/CS1" in refusal
    assert not any("hunter2" in message for message in said)
