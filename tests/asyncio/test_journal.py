"""Lines of the log."""

from __future__ import annotations

import logging

import pytest

from ocpp21.asyncio.journal import QuietLogger, complain, note


def test_a_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ocpp21.asyncio")
    note(logging.DEBUG, "not", a=1)
    note(logging.INFO, "event", identity="CS1", reason="two words", count=3, left=None, empty="", bad="a\nb\x1b[31m")
    complain("failed", ValueError("why"), identity="CS1")
    first, second = caplog.records
    assert first.getMessage() == "event identity=CS1 reason='two words' count=3 empty='' bad=a\\nb\\x1b[31m"
    assert first.fields["identity"] == "CS1"  # type: ignore[attr-defined]
    assert second.getMessage() == "failed identity=CS1" and second.exc_info


def test_long_values_are_cut(caplog: pytest.LogCaptureFixture) -> None:
    note(logging.ERROR, "event", text="x" * 1000)
    assert len(caplog.messages[0]) < 120


@pytest.mark.attack("A59")
def test_the_websocket_library_only_warns(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    quiet = QuietLogger()
    quiet.debug("Authorization: Basic secret")
    quiet.info("connection open")
    quiet.warning("beware")
    assert caplog.messages == ["beware"]
