"""How WebSockets are opened, as cases word it: with which password, and whether that is let in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from ocpp21.conformance.case import Expectation, Step
from ocpp21.conformance.operations import Login, Upgrade

__all__ = ["ADMITTED", "REFUSED", "read_logins", "read_upgrade"]

#: How a CSMS takes an upgrade.
ADMITTED: Final = ("upgrade to WebSocket", "validate credentials and upgrade to WebSocket", "accept the connection")
REFUSED: Final = ("reject the upgrade", "refuse the connection")

_CREDENTIALS: Final = re.compile(r"Basic base64\(<configured ChargingStationId>:(<.*>)\)")
_LOGIN: Final = re.compile(r"Authorization == Basic <base64\(ChargingStationId:(.*)\)>")


def read_upgrade(step: Step, later: Sequence[Step], place: str) -> Upgrade | None:
    """Read with which password the test system opens a WebSocket; None when it cannot do so like this.

    Args:
        step: of the test system.
        later: the steps after it, which say what becomes of it.
        place: for people.
    """
    outcome = next((one.text for one in later if one.by == "SUT" and one.kind == "wire"), "")
    header = str(step.content.get("Authorization", ""))
    match = _CREDENTIALS.fullmatch(header)
    if outcome not in (*ADMITTED, *REFUSED) or (header and match is None):
        return None
    return Upgrade(place, match[1] if match is not None else "", outcome in REFUSED)


def read_logins(expectations: Sequence[Expectation], step: Step, place: str) -> Iterator[Login]:
    """Read which password a station must have shown when it connected in a step."""
    for one in expectations:
        if (one.step, one.message) == (step.number, "HTTP upgrade"):
            for note in one.notes:
                if match := _LOGIN.fullmatch(note):
                    yield Login(place, f"<{match[1]}>")
