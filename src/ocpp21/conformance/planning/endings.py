"""What must be so in the end of a case, as notes word it: what may not come, or have come."""

from __future__ import annotations

import re
from typing import Final

from ocpp21.conformance.planning.operations import Silence

__all__ = ["read_ending"]

_EVENTS: Final = ("TransactionEventRequest",)
_CHARGING: Final = "transactionInfo.chargingState == Charging"
_NO_CHARGING: Final = re.compile(r"no charging|no power transfer starts|CS has not begun charging")
_NO_EVENT: Final = re.compile(r"[Nn]o TransactionEventRequest(?: with (eventType == \w+))?")
_WITH: Final = re.compile(r"with (idToken|triggerReason)")
#: What may not come, by the member that a note names.
_FORBIDDEN: Final[dict[str | None, str]] = {
    None: "",
    "idToken": "idToken present",
    "triggerReason": f"triggerReason == Authorized or {_CHARGING}",
}


def read_ending(text: str, /) -> Silence | None:
    """Read a note; None when it forbids nothing that shows on the wire."""
    if _NO_CHARGING.fullmatch(text):
        return Silence("end", _EVENTS, _CHARGING, is_whole=True)
    if match := _NO_EVENT.search(text):
        member = _WITH.search(text)
        return Silence("end", _EVENTS, match[1] or _FORBIDDEN[member and member[1]])
    return None
