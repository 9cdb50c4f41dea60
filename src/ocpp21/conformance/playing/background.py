"""Answers to what may always come: legal messages that the case at hand does not speak of."""

from __future__ import annotations

from typing import Any, Final

from ocpp21.conformance.planning.context import Context
from ocpp21.conformance.playing.filling import complete
from ocpp21.messages.registry import ACTION_OF, MESSAGES

__all__ = ["default_answer", "is_background"]

#: May come at any time and say anything.
_ALWAYS: Final = frozenset(
    {
        "HeartbeatRequest",
        "LogStatusNotificationRequest",
        "MeterValuesRequest",
        "NotifyEventRequest",
        "NotifyReportRequest",
        "SecurityEventNotificationRequest",
        "StatusNotificationRequest",
    }
)

#: TransactionEvents that come by the clock.
_BY_THE_CLOCK: Final = frozenset({"MeterValueClock", "MeterValuePeriodic", "RunningCost"})


def is_background(message: str, payload: dict[str, Any], /) -> bool:
    """Whether a message may come at any time, whatever a case expects."""
    if message == "TransactionEventRequest":
        return payload.get("triggerReason") in _BY_THE_CLOCK
    return message in _ALWAYS


def default_answer(message: str, payload: dict[str, Any], context: Context, /) -> tuple[str, dict[str, Any]]:
    """Answer a request as a peer in good order would; name and payload of the answer."""
    response = ACTION_OF[MESSAGES[message]].response
    if response is None:
        return "", {}
    name = response.__name__
    content: dict[str, Any] = {}
    if name == "BootNotificationResponse":
        content = {"status": "Accepted", "interval": context.configuration.heartbeat_interval_s}
    elif name in ("AuthorizeResponse", "TransactionEventResponse") and "idToken" in payload:
        content = {"idTokenInfo": {"status": _status(payload["idToken"].get("idToken", ""), context)}}
    return name, complete(name, content, context)


def _status(token: str, context: Context) -> str:
    """What an IdToken is, by the configuration."""
    configuration = context.configuration
    known = {
        configuration.invalid.id: "Invalid",
        configuration.blocked.id: "Blocked",
        configuration.expired.id: "Expired",
    }
    return context.told.get(token, known.get(token, "Accepted"))
