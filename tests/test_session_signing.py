"""Signed messages through the session: every pair of policies, and what a bad signature leads to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ocpp21.errors import CallError, ErrorCode
from ocpp21.events import CallFailed, CallReceived, Event, FrameRefused, ResultReceived, SendReceived
from ocpp21.messages import (
    HeartbeatRequest,
    HeartbeatResponse,
    NotifyPeriodicEventStream,
    ResetRequest,
    ResetResponse,
    ResetStatusEnumType,
    StreamDataElementType,
)
from ocpp21.session import Session
from ocpp21.signing import KeySigner, KeyVerifier, Policy, Signing

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
STATION_KEY = ec.generate_private_key(ec.SECP256R1())
CSMS_KEY = ec.generate_private_key(ec.SECP256R1())
STREAM = NotifyPeriodicEventStream(id=1, pending=0, basetime=NOON, data=[StreamDataElementType(t=0, v="1")])


def signing(policy: Policy, own: Any, peer: Any) -> Signing:
    return Signing(policy, KeySigner(own), KeyVerifier([peer.public_key()]))


def pair(station: Policy, csms: Policy) -> tuple[Session, Session]:
    return (
        Session("CS", signing=signing(station, STATION_KEY, CSMS_KEY)),
        Session("CSMS", signing=signing(csms, CSMS_KEY, STATION_KEY)),
    )


def carry(sender: Session, receiver: Session) -> list[Event]:
    for frame in sender.messages_to_send():
        receiver.receive(frame, 0.0)
    return events(receiver)


def events(session: Session) -> list[Event]:
    found = []
    while (event := session.next_event()) is not None:
        found.append(event)
    return found


@pytest.mark.parametrize("csms", ["accept", "require"])
@pytest.mark.parametrize("station", ["accept", "require"])
def test_who_signs_is_answered_signed(station: Policy, csms: Policy) -> None:
    ours, theirs = pair(station, csms)
    ours.call(HeartbeatRequest(), 0.0)
    (event,) = carry(ours, theirs)
    if station == "accept" and csms == "require":
        assert isinstance(event, FrameRefused) and event.error.code is ErrorCode.SECURITY_ERROR
        (failed,) = carry(theirs, ours)
        assert isinstance(failed, CallFailed) and isinstance(failed.error, CallError)
        assert failed.error.code is ErrorCode.SECURITY_ERROR
        return
    assert isinstance(event, CallReceived) and event.request == HeartbeatRequest()
    assert event.signed is (station == "require")
    assert event.action == "Heartbeat"
    theirs.reply(event, HeartbeatResponse(current_time=NOON))
    (result,) = carry(theirs, ours)
    assert isinstance(result, ResultReceived) and result.response == HeartbeatResponse(current_time=NOON)
    assert result.signed is (station == "require" or csms == "require")


def test_signed_frames_name_the_action_and_keep_the_id() -> None:
    ours, _ = pair("require", "accept")
    call = ours.call(HeartbeatRequest(), 0.0)
    kind, message_id, action, payload = json.loads(ours.messages_to_send()[0])
    assert (kind, message_id, action) == (2, call.message_id, "Heartbeat-Signed")
    assert set(payload) == {"protected", "payload", "signature"}


def test_sends_are_signed_too() -> None:
    ours, theirs = pair("require", "require")
    ours.send(STREAM)
    (event,) = carry(ours, theirs)
    assert isinstance(event, SendReceived)
    assert (event.action, event.message, event.signed) == ("NotifyPeriodicEventStream", STREAM, True)
    ours, theirs = pair("accept", "require")
    ours.send(STREAM)
    (refused,) = carry(ours, theirs)
    assert isinstance(refused, FrameRefused) and not refused.answered


def test_without_signing_a_signed_action_is_unknown() -> None:
    ours, _ = pair("require", "accept")
    ours.call(HeartbeatRequest(), 0.0)
    (event,) = carry(ours, Session("CSMS"))
    assert isinstance(event, FrameRefused) and event.error.code is ErrorCode.NOT_IMPLEMENTED


@pytest.mark.parametrize("policy", ["accept", "require"])
def test_a_foreign_signature_is_refused(policy: Policy) -> None:
    stranger = Session("CS", signing=signing("require", ec.generate_private_key(ec.SECP256R1()), CSMS_KEY))
    _, theirs = pair("off", policy)
    stranger.call(HeartbeatRequest(), 0.0)
    (event,) = carry(stranger, theirs)
    assert isinstance(event, FrameRefused) and event.error.code is ErrorCode.SECURITY_ERROR
    (failed,) = carry(theirs, stranger)
    assert isinstance(failed, CallFailed)


def test_a_bad_answer_fails_the_call_and_is_refused() -> None:
    theirs, ours = pair("off", "require")
    ours.call(ResetRequest(type="Immediate"), 0.0)  # type: ignore[arg-type]
    other = Session("CS", signing=signing("accept", ec.generate_private_key(ec.SECP256R1()), CSMS_KEY))
    (call,) = carry(ours, other)
    assert isinstance(call, CallReceived) and call.signed
    other.reply(call, ResetResponse(status=ResetStatusEnumType.ACCEPTED))
    refused, failed = carry(other, ours)
    assert isinstance(refused, FrameRefused) and refused.answered
    assert isinstance(failed, CallFailed)
    assert json.loads(ours.messages_to_send()[0])[:3] == [5, call.message_id, "SecurityError"]
    assert not theirs.messages_to_send()


def test_a_signed_payload_is_checked_like_any_other() -> None:
    ours, theirs = pair("require", "accept")
    signer = KeySigner(STATION_KEY)
    jws = signer.sign("Heartbeat", 2, b'{"x":1}')
    theirs.receive(b'[2,"a","Heartbeat-Signed",%s]' % jws, 0.0)
    (event,) = events(theirs)
    assert isinstance(event, FrameRefused)
    assert (event.error.code, event.error.message_id) == (ErrorCode.FORMAT_VIOLATION, "a")
    assert not ours.messages_to_send()


class Broken:
    """A verifier of somebody else's, with a fault."""

    def verify(self, action: str | None, message_type: int, payload: bytes | memoryview) -> bytes:
        raise KeyError("the key store is gone")


def test_a_verifier_that_breaks_does_not_break_the_session() -> None:
    ours, _ = pair("require", "accept")
    theirs = Session("CSMS", signing=Signing("accept", KeySigner(CSMS_KEY), Broken()))
    ours.call(HeartbeatRequest(), 0.0)
    (event,) = carry(ours, theirs)
    assert isinstance(event, FrameRefused) and event.error.code is ErrorCode.SECURITY_ERROR
    assert "key store" not in event.error.description
