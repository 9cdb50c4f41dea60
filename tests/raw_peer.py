"""A session under test, and on its other side a peer that says whatever bytes it likes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import wire_oracle

from ocpp21.events import Call, CallReceived, Event
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    AuthorizeRequest,
    AuthorizeResponse,
    BootNotificationResponse,
    ChangeAvailabilityRequest,
    DataTransferResponse,
    DataTransferStatusEnumType,
    HeartbeatRequest,
    HeartbeatResponse,
    IdTokenInfoType,
    IdTokenType,
    NotifyPeriodicEventStream,
    OperationalStatusEnumType,
    RegistrationStatusEnumType,
    SecurityEventNotificationResponse,
    StatusNotificationResponse,
    StreamDataElementType,
    TransactionEventResponse,
)
from ocpp21.observation import Observation
from ocpp21.session import Session, Side
from ocpp21.testing import events

TIME = datetime(2026, 1, 17, 8, tzinfo=UTC)

HEARTBEAT = HeartbeatRequest()
ALIVE = HeartbeatResponse(current_time=TIME)
AUTHORIZE = AuthorizeRequest(id_token=IdTokenType(id_token="04AE", type="ISO14443"))
AUTHORIZED = AuthorizeResponse(id_token_info=IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED))
CHANGE_AVAILABILITY = ChangeAvailabilityRequest(operational_status=OperationalStatusEnumType.OPERATIVE)
STREAM = NotifyPeriodicEventStream(id=1, pending=0, basetime=TIME, data=[StreamDataElementType(t=0.0, v="1")])

AUTHORIZED_PAYLOAD = b'{"idTokenInfo":{"status":"Accepted"}}'
STREAM_PAYLOAD = b'{"id":1,"pending":0,"basetime":"2026-01-17T08:00:00Z","data":[{"t":0,"v":"1"}]}'
BOOT_PAYLOAD = b'{"reason":"PowerUp","chargingStation":{"model":"m","vendorName":"v"}}'

#: What a CSMS answers in these tests, by action.
ANSWERS = {
    "Authorize": AUTHORIZED,
    "BootNotification": BootNotificationResponse(
        current_time=TIME, interval=300, status=RegistrationStatusEnumType.ACCEPTED
    ),
    "DataTransfer": DataTransferResponse(status=DataTransferStatusEnumType.ACCEPTED),
    "Heartbeat": ALIVE,
    "SecurityEventNotification": SecurityEventNotificationResponse(),
    "StatusNotification": StatusNotificationResponse(),
    "TransactionEvent": TransactionEventResponse(),
}


class RawPeer:
    """The other side of a session.

    Attributes:
        session: the session under test.
        now: the time that it is told.
        seen: every frame that it has observed.
    """

    def __init__(self, side: Side = "CSMS", **options: Any) -> None:
        self.seen: list[Observation] = []
        self.session = Session(side, observer=self.seen.append, **options)
        self.now = 1000.0

    def say(self, *messages: bytes | bytearray | memoryview | str) -> list[Event]:
        """Send messages to the session; returns what it reports."""
        for message in messages:
            self.session.receive(message, self.now)
        return events(self.session)

    def hear(self, action: str | None = None) -> list[list[Any]]:
        """Read what the session has sent."""
        return [wire_oracle.read(frame, action) for frame in self.session.messages_to_send()]

    def ask(self, message_id: str = "a", action: str = "Heartbeat", payload: bytes = b"{}") -> CallReceived:
        """Send a valid CALL; returns the event to reply to."""
        (call,) = self.say(b'[2,"%s","%s",%s]' % (message_id.encode(), action.encode(), payload))
        assert isinstance(call, CallReceived)
        return call

    def call(self, message_id: str = "q") -> Call:
        """Let the session, which is a station's, make a call."""
        return self.session.call(AUTHORIZE, self.now, message_id=message_id)

    def wait(self, seconds: float) -> list[Event]:
        """Let time pass; returns what the session reports."""
        self.now += seconds
        self.session.handle_timer(self.now)
        return events(self.session)

    def answer(self, reported: list[Event]) -> None:
        """Answer every call, as an application would."""
        for event in reported:
            if isinstance(event, CallReceived):
                self.session.reply(event, ANSWERS[event.action])

    def is_served(self) -> bool:
        """Whether a Heartbeat is answered, and with nothing else."""
        self.hear()
        call = self.ask("alive")
        self.session.reply(call, ALIVE)
        return self.hear("Heartbeat") == [[3, "alive", {"currentTime": "2026-01-17T08:00:00Z"}]]
