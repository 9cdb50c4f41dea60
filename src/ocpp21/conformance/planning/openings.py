"""How a station opens connections, as cases word it: what the test system shows, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from ocpp21.conformance.cases.case import Expectation, Step, checks_of
from ocpp21.conformance.cases.checks import Check
from ocpp21.conformance.cases.facts import CONNECTIONS
from ocpp21.conformance.planning.operations import Ask, Do, Hear, Opening, Operation, Serve, Wire

__all__ = ["insert_serve", "is_rebooting", "opened_before", "read_opening"]

#: Parts of a handshake that is one step here, and what is so anyway.
_PARTS: Final = re.compile(
    r"TLS (?!ClientHello).*|terminate TLS connection|HTTP 101 \(WebSocket open\)|refuse connection"
)
_BEGINNINGS: Final = re.compile(r"TLS ClientHello|HTTP upgrade|wait .*, reconnect")
_RECONNECT: Final = re.compile(r"wait .*, reconnect")
_OLD: Final = "<below 1.2>"
#: Certificates that are shown, as cases name them.
_GOOD: Final = frozenset({"<valid server certificate>", "<configured server certificate>", ""})


def opened_before(expectations: Sequence[Expectation], step: Step, place: str) -> tuple[Opening, ...]:
    """Read what the connection must have been like that the station has opened in a step."""
    checks = _checks(expectations, step)
    return (Opening(place, step.number, "before", checks=checks),) if checks else ()


def read_opening(
    step: Step, before: Sequence[Step], later: Sequence[Step], expectations: Sequence[Expectation], place: str
) -> tuple[Serve | Opening, ...] | None:
    """Read how the station opens a connection, and what the test system does then; None when it is something else.

    Args:
        step: of the station, or of the test system.
        before: the steps before it.
        later: the steps after it, which say what becomes of it.
        expectations: of the case.
        place: for people.
    """
    checks = _checks(expectations, step)
    endpoint = int(step.content.get("endpoint", 0))
    if step.text == "TLS ClientHello":
        return _secured(step, later, expectations, place)
    if step.text == "HTTP upgrade":
        begun = next((one.text for one in reversed(before) if one.text in ("TLS ClientHello", step.text)), "")
        if begun == "TLS ClientHello":
            return ()
        return (Opening(place, step.number, "open", checks=checks, is_own_idea=True),)
    if step.text == "connect to the alternative endpoint":
        shown = Serve(place, 2, str(step.content.get("certificate", "")))
        return (shown, Opening(place, step.number, "open", 2, checks))
    if step.text == "ignore two connection requests on the first slot":
        return (Serve(place, 2, is_open=False), Opening(place, step.number, "refused", 2, checks, count=2))
    if step.text == "accept connection on the second slot":
        return (Serve(place, 1), Opening(place, step.number, "open", 1, checks))
    if step.by == "SUT" and _RECONNECT.fullmatch(step.text):
        is_refused = _next(later, "TS") == "refuse connection"
        outcome: Literal["refused", "open"] = "refused" if is_refused else "open"
        return (Serve(place, is_open=not is_refused), Opening(place, step.number, outcome, endpoint, checks))
    is_part = _PARTS.fullmatch(step.text) and any(_BEGINNINGS.fullmatch(one.text) for one in before)
    return () if is_part else None


def insert_serve(operations: list[Operation], serve: Serve) -> None:
    """Let the test system show something, before the station has any reason to connect if it is out of order."""
    number = len(operations)
    if serve.fault or not serve.is_open:
        while number and isinstance(operations[number - 1], Hear):
            number -= 1
        before = operations[number - 1] if number else None
        is_reason = isinstance(before, Ask | Do) or (isinstance(before, Wire) and before.what == "cut")
        number = number - 1 if is_reason else len(operations)
    operations.insert(number, serve)


def is_rebooting(operations: Sequence[Operation]) -> bool:
    """Whether the case has asked for a reset, and nothing but connections has come of it so far."""
    for one in reversed(operations):
        if isinstance(one, Ask | Do) or (isinstance(one, Hear) and "BootNotificationRequest" in one.messages):
            return isinstance(one, Ask) and one.message == "ResetRequest"
    return False


def _secured(
    step: Step, later: Sequence[Step], expectations: Sequence[Expectation], place: str
) -> tuple[Serve | Opening, ...]:
    """A handshake of TLS, and the request of HTTP that follows if it is good."""
    hello = next((one for one in later if one.text == "TLS ServerHello"), None)
    content = {} if hello is None else hello.content
    certificate = str(content.get("certificate", ""))
    fault = "old" if content.get("version") == _OLD else "" if certificate in _GOOD else certificate
    end = _next(later, "SUT")
    checks = _checks(expectations, step)
    if end == "terminate TLS connection":
        return (Serve(place, fault=fault), Opening(place, step.number, "broken_off", checks=checks))
    upgrade = next((one for one in later if one.text == "HTTP upgrade"), step)
    return (
        Serve(place, fault=fault),
        Opening(place, step.number, "open", checks=(*checks, *_checks(expectations, upgrade))),
    )


def _next(later: Sequence[Step], by: str) -> str:
    return next((one.text for one in later if one.by == by and one.kind == "wire"), "")


def _checks(expectations: Sequence[Expectation], step: Step) -> tuple[Check, ...]:
    return checks_of(expectations, step.number, CONNECTIONS)
