"""The table of handlers."""

from __future__ import annotations

import pytest
from raw_peer import ALIVE

from codegen.names import snake
from ocpp21.errors import LocalProtocolError
from ocpp21.handlers import Table, table
from ocpp21.messages import (
    ChangeAvailabilityRequest,
    DataTransferRequest,
    HeartbeatRequest,
    HeartbeatResponse,
    NotifyPeriodicEventStream,
)
from ocpp21.messages.registry import ACTIONS


class Csms:
    name = "not a handler"

    def on_heartbeat_request(self, request: HeartbeatRequest) -> HeartbeatResponse:
        return ALIVE

    def on_notify_periodic_event_stream(self, message: NotifyPeriodicEventStream) -> None:
        """Take it."""


def answer(request: object) -> HeartbeatResponse:
    return ALIVE


def test_methods_are_named_as_the_generator_names() -> None:
    assert all(action.handler == f"on_{snake(action.request.__name__)}" for action in ACTIONS.values())
    assert len({action.handler for action in ACTIONS.values()}) == 91


def test_an_object() -> None:
    csms = Csms()
    assert table(csms, "CSMS") == {
        HeartbeatRequest: csms.on_heartbeat_request,
        NotifyPeriodicEventStream: csms.on_notify_periodic_event_stream,
    }


def test_a_mapping() -> None:
    handlers = {HeartbeatRequest: answer, DataTransferRequest: answer}
    found = table(handlers, "CSMS")
    assert found == handlers and isinstance(found, Table)
    assert table(found, "CSMS") is found
    assert table(None, "CS") == {}


@pytest.mark.parametrize("message", [ChangeAvailabilityRequest, HeartbeatResponse, dict])
def test_a_message_that_never_comes(message: type) -> None:
    with pytest.raises(LocalProtocolError, match="expected"):
        table({message: answer}, "CSMS")


def test_a_misspelt_method() -> None:
    class Misspelt:
        def on_hartbeat_request(self, request: HeartbeatRequest) -> None:
            """Never called."""

    with pytest.raises(LocalProtocolError, match=r"found Misspelt\.on_hartbeat_request"):
        table(Misspelt(), "CSMS")
