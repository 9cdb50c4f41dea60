"""What happens to the connection, as cases word it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ocpp21.conformance.cases.case import Expectation, Side, Step
from ocpp21.conformance.planning.openings import opened_before, read_opening
from ocpp21.conformance.planning.operations import Operation, Silence, Wire
from ocpp21.conformance.planning.upgrades import is_upgrade, read_upgrade

__all__ = ["read_connection", "read_wire"]

_CUT: Final = Wire("", "cut")
_REFUSE: Final = Wire("", "refuse")
_ACCEPT: Final = Wire("", "accept")
_CONNECTED: Final = Wire("", "connected")

_TEST_SYSTEM: Final[tuple[tuple[str, tuple[Wire | Silence, ...]], ...]] = (
    (r"close (?:the )?WebSocket(?:,| and) refuse reconnect(?:s|ions?)", (_REFUSE, _CUT)),
    (r"close WebSocket|close connection", (_CUT,)),
    (r"accept connection|accept reconnect(?:ion)?|accept the CS's reconnect", (_ACCEPT, _CONNECTED)),
    (r"reconnect WebSocket", (_ACCEPT, _CONNECTED)),
    (
        r"wait <RetryBackOffWaitMinimum>, then accept reconnection",
        (Wire("", "wait", "<RetryBackOffWaitMinimum>"), _ACCEPT, _CONNECTED),
    ),
    (r"accept reconnect after the threshold", (Wire("", "wait", "<offlineThreshold>"), _ACCEPT, _CONNECTED)),
    (
        r"accept reconnection after <Transaction Duration>",
        (Wire("", "wait", "<Transaction Duration>"), _ACCEPT, _CONNECTED),
    ),
    (
        r"drop connection, wait <transaction duration>, reconnect",
        (_CUT, Wire("", "wait", "<transaction duration>"), _ACCEPT, _CONNECTED),
    ),
    (r"wait <message timeout>, no TransactionEventRequest may arrive", (Silence("", ("TransactionEventRequest",)),)),
    (r"wait (?P<seconds>(?:\d+ x )?<[^<>]*>)", ()),
    (r"wait", (Wire("", "wait", ""),)),
)

_UNDER_TEST: Final[tuple[tuple[str, tuple[Wire | Silence, ...]], ...]] = (
    (r"reconnect", (_CONNECTED,)),
    (r"send no (?P<message>\w+Request)", ()),
    (
        r"do not charge|no charging, no TransactionEventRequest.*",
        (Silence("", ("TransactionEventRequest",), "transactionInfo.chargingState == Charging"),),
    ),
    (r"no transaction started", (Silence("", ("TransactionEventRequest",), "eventType == Started"),)),
    (r"reboot|reboot the EVSE", ()),
)


def read_wire(text: str, by: str, /) -> tuple[Wire | Silence, ...] | None:
    """Read what is done to the connection, or shows there; None when the words are not known."""
    for pattern, operations in _TEST_SYSTEM if by == "TS" else _UNDER_TEST:
        if match := re.fullmatch(pattern, text):
            if "seconds" in match.groupdict():
                return (Wire("", "wait", match["seconds"]),)
            if "message" in match.groupdict():
                return (Silence("", (match["message"],)),)
            return operations
    return None


def read_connection(
    role: Side, steps: Sequence[Step], number: int, expectations: Sequence[Expectation], place: str, /
) -> tuple[Operation, ...] | None:
    """Read a step that is about the connection; None when the words are not known.

    Args:
        role: of the system under test.
        steps: of the case.
        number: which of them.
        expectations: of the case.
        place: for people.
    """
    step, before, later = steps[number], steps[:number], steps[number + 1 :]
    if role == "CSMS" and is_upgrade(step):
        return read_upgrade(step, before, later, expectations, place)
    opening = read_opening(step, before, later, expectations, place) if role == "CS" else None
    if opening is not None:
        return opening
    found = read_wire(step.text, step.by)
    if found is None:
        return None
    seen = opened_before(expectations, step, place) if (role, step.by) == ("CS", "SUT") else ()
    return (*(replace(one, place=place) for one in found), *seen)
