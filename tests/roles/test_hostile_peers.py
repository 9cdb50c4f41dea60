"""Messages that no honest peer would send, in the midst of a session: each is answered, and the session goes on."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from laboratory import IDENTITY, TOKEN, Laboratory, explore

from roles.reconciling import check_energy, no_complaints, settle
from roles.sessions import BUSY

#: The transaction that is going on, in the payloads below.
RUNNING = "the transaction that is going on"

NOON = "2026-01-01T12:00:00Z"


async def provoke(lab: Laboratory, side: str, action: str, payload: Any) -> list[Any]:
    """Send a call to a side that its peer knows nothing of; returns the answer."""
    message_id = f"hostile {len(lab.frames)}"
    lab.ends[1 if side == "CS" else 0].send(msgspec.json.encode([2, message_id, action, payload]))
    await lab.quiet(1)
    frames = [msgspec.json.decode(frame.data) for frame in lab.frames if (frame.side, frame.direction) == (side, "out")]
    (answer,) = [frame for frame in frames if frame[0] in (3, 4) and frame[1] == message_id]
    return list(answer)


def variable(component: str, name: str, **evse: int) -> dict[str, Any]:
    where: dict[str, Any] = {"name": component} | ({"evse": evse} if evse else {})
    return {"component": where, "variable": {"name": name}}


def transaction_event(kind: str, seq_no: Any, transaction_id: str = RUNNING, **more: Any) -> tuple[str, dict[str, Any]]:
    payload = {
        "eventType": kind,
        "timestamp": NOON,
        "triggerReason": "Trigger",
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": transaction_id},
    }
    return "TransactionEvent", payload | more


def metered(value: float) -> dict[str, Any]:
    return {"meterValue": [{"timestamp": NOON, "sampledValue": [{"value": value}]}]}


#: To the CSMS: what is sent, and what must be in the answer.
TO_CSMS = {
    "replayed with another content": (transaction_event("Updated", 1), {}),
    "started again": (transaction_event("Started", 5), {}),
    "started late": (transaction_event("Started", 1000), {}),
    "ended amid": (transaction_event("Ended", 1), {}),
    "a seqNo beyond all": (transaction_event("Updated", 2**31), {}),
    "a negative seqNo": (transaction_event("Updated", -1), "PropertyConstraintViolation"),
    "a broken seqNo": (transaction_event("Updated", 1.5), "TypeConstraintViolation"),
    "ended, of nobody": (transaction_event("Ended", 7, "nobody's"), {}),
    "an unknown EVSE": (transaction_event("Started", 0, "elsewhere", evse={"id": 99, "connectorId": 7}), {}),
    "a token that is in use": (
        transaction_event("Started", 0, "another", idToken={"idToken": TOKEN.id_token, "type": TOKEN.type}),
        {"idTokenInfo": {"status": "Accepted"}},
    ),
    "a token of nobody": (
        transaction_event("Started", 0, "another", idToken={"idToken": "DEADBEEF", "type": "ISO14443"}),
        {"idTokenInfo": {"status": "Unknown"}},
    ),
    "energy beyond all": (transaction_event("Started", 0, "another", **metered(1e308)), {}),
    "negative energy": (transaction_event("Started", 0, "another", **metered(-1)), {}),
    "values of an unknown EVSE": (("MeterValues", {"evseId": 99, **metered(1)}), {}),
    "status of an unknown EVSE": (
        (
            "StatusNotification",
            {"timestamp": NOON, "connectorStatus": "Faulted", "evseId": 99, "connectorId": 99},
        ),
        {},
    ),
    "a report that nobody asked for": (
        ("NotifyReport", {"requestId": 99, "generatedAt": NOON, "seqNo": 3, "tbc": True}),
        {},
    ),
    "an unknown vendor": (("DataTransfer", {"vendorId": "example.org"}), {"status": "UnknownVendorId"}),
    "an unknown token": (
        ("Authorize", {"idToken": {"idToken": "DEADBEEF", "type": "ISO14443"}}),
        {"idTokenInfo": {"status": "Unknown"}},
    ),
    "a message that is for stations": (("GetVariables", {"getVariableData": [variable("EVSE", "X")]}), "NotSupported"),
    "an unknown action": (("Explode", {}), "NotImplemented"),
}


@pytest.mark.attack("A22", "A23", "A24", "A25", "A26", "A28")
@pytest.mark.parametrize(("message", "answer"), TO_CSMS.values(), ids=TO_CSMS)
def test_to_the_csms(message: tuple[str, dict[str, Any]], answer: Any) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(200)
        (before,) = await lab.csms_store.ongoing(IDENTITY)
        running = before.transaction_id
        action, payload = message
        if payload.get("transactionInfo") == {"transactionId": RUNNING}:
            payload = payload | {"transactionInfo": {"transactionId": running}}
        kind, _, *rest = await provoke(lab, "CSMS", action, payload)
        assert (kind, rest[0]) == ((4, answer) if isinstance(answer, str) else (3, answer))
        assert await lab.csms_store.transaction(IDENTITY, running) == before
        await lab.quiet(100)
        await lab.leave()
        await settle(lab)
        after = await lab.csms_store.transaction(IDENTITY, running)
        assert after is not None and after.is_complete and after.event_count > before.event_count
        check_energy([after], lab.delivered_wh())
        for other in await lab.csms_store.transactions(IDENTITY):  # of what was made up, nothing is billed
            assert other.transaction_id == running or (not other.is_complete and other.energy_wh is None)

    with no_complaints():
        explore(scenario, variables=BUSY)


#: To the station: what is sent, and what must be in the answer.
TO_STATION = {
    "read from an unknown EVSE": (
        ("GetVariables", {"getVariableData": [variable("EVSE", "Available", id=99)]}),
        ("getVariableResult", "attributeStatus", "UnknownComponent"),
    ),
    "read an unknown variable": (
        ("GetVariables", {"getVariableData": [variable("EVSE", "Nothing", id=1)]}),
        ("getVariableResult", "attributeStatus", "UnknownVariable"),
    ),
    "write to an unknown EVSE": (
        ("SetVariables", {"setVariableData": [variable("EVSE", "Available", id=99) | {"attributeValue": "true"}]}),
        ("setVariableResult", "attributeStatus", "UnknownComponent"),
    ),
    "write nonsense": (
        (
            "SetVariables",
            {"setVariableData": [variable("TxCtrlr", "EVConnectionTimeOut") | {"attributeValue": "never"}]},
        ),
        ("setVariableResult", "attributeStatus", "Rejected"),
    ),
    "read more than it takes": (
        ("GetVariables", {"getVariableData": [variable("EVSE", f"X{number}") for number in range(101)]}),
        "OccurrenceConstraintViolation",
    ),
    "ask for a report on nothing": (
        (
            "GetReport",
            {"requestId": 1, "componentVariable": [{"component": {"name": "Nothing", "evse": {"id": 99}}}]},
        ),
        "EmptyResultSet",
    ),
    "an unknown vendor": (("DataTransfer", {"vendorId": "example.org"}), "UnknownVendorId"),
    "a message that is for the CSMS": (transaction_event("Ended", 3), "NotSupported"),
    "an unknown action": (("Explode", {}), "NotImplemented"),
}


@pytest.mark.parametrize(("message", "answer"), TO_STATION.values(), ids=TO_STATION)
def test_to_the_station(message: tuple[str, dict[str, Any]], answer: Any) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(200)
        before = lab.station.device_model.tx_ctrlr.ev_connection_time_out.get()
        running = lab.station.evses[1].transaction_id
        kind, _, *rest = await provoke(lab, "CS", *message)
        if isinstance(answer, tuple):
            results, status, expected = answer
            assert [result[status] for result in rest[0][results]] == [expected]
        else:
            assert (kind == 3 and rest[0]["status"] == answer) or (kind == 4 and rest[0] == answer)
        assert lab.station.device_model.tx_ctrlr.ev_connection_time_out.get() == before
        assert lab.station.evses[1].transaction_id == running is not None
        await lab.quiet(100)
        await lab.leave()
        await settle(lab)
        (transaction,) = await lab.transactions()
        assert transaction.is_complete
        check_energy([transaction], lab.delivered_wh())

    with no_complaints():
        explore(scenario, variables=BUSY)
