"""How the test system, as a station, opens WebSockets, as cases word it: what it shows, and whether that is let in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ocpp21.conformance.cases.case import Expectation, Step
from ocpp21.conformance.cases.facts import CONNECTIONS
from ocpp21.conformance.planning.operations import Upgrade

__all__ = ["is_upgrade", "read_upgrade"]

#: How a CSMS takes an upgrade.
_ADMITTED: Final = ("upgrade to WebSocket", "validate credentials and upgrade to WebSocket", "accept the connection")
_REFUSED: Final = ("reject the upgrade", "refuse the connection", "terminate the connection")

_HELLO: Final = re.compile(r"(?:drop the connection, )?TLS ClientHello(?P<version> below 1\.2| 1\.2 or higher)?")
#: Once the CSMS has told of another network profile.
_BY_PROFILE: Final = ("reconnect with the new profile", "reconnect with the original profile")
_CREDENTIALS: Final = re.compile(r"Basic base64\((?P<user>[^:]*):(?P<password><.*>)\)")
_IDENTITY: Final = "<configured ChargingStationId>"


def is_upgrade(step: Step) -> bool:
    """Whether a step is a part of how a WebSocket is opened."""
    return step.text.startswith("TLS ") or bool(
        _HELLO.fullmatch(step.text) or step.text in ("HTTP upgrade", *_BY_PROFILE, *_ADMITTED, *_REFUSED)
    )


def read_upgrade(
    step: Step, before: Sequence[Step], later: Sequence[Step], expectations: Sequence[Expectation], place: str
) -> tuple[Upgrade, ...] | None:
    """Read how the test system opens a WebSocket.

    Args:
        step: any part of it.
        before: the steps before it.
        later: the steps after it, which say what becomes of it.
        expectations: of the case.
        place: for people.

    Returns:
        The upgrade of the step that begins one, nothing for the other parts of it; None when it cannot be done.
    """
    is_begun = any(one.by == "TS" and is_upgrade(one) for one in before)
    if step.by != "TS":
        return () if is_begun else None
    outcome = next((one.text for one in later if one.by == "SUT" and one.text in (*_ADMITTED, *_REFUSED)), "")
    if step.text in _BY_PROFILE and outcome:
        return (_by_profile(step, outcome, before, place),)
    if hello := _HELLO.fullmatch(step.text):
        return _secured(hello["version"] or "", outcome, later, expectations, place)
    if step.text != "HTTP upgrade" or _is_part(before):
        return () if is_begun else None
    header = str(step.content.get("Authorization", ""))
    match = _CREDENTIALS.fullmatch(header)
    if not outcome or (header and match is None):
        return None
    if match is None:
        return (Upgrade(place, "", outcome in _REFUSED),)
    user = "" if match["user"] == _IDENTITY else match["user"].replace(" + ", "")
    return (Upgrade(place, match["password"], outcome in _REFUSED, user),)


def _secured(
    version: str, outcome: str, later: Sequence[Step], expectations: Sequence[Expectation], place: str
) -> tuple[Upgrade, ...] | None:
    """An upgrade over TLS: the steps until its outcome belong to it."""
    if not outcome:
        return None
    parts = list(later[: next(number for number, one in enumerate(later) if one.text == outcome) + 1])
    numbers = {one.number for one in parts}
    suites = tuple(suite for one in parts for suite in one.content.get("suites", ()))
    shown = next((str(one.content["clientCertificate"]) for one in parts if "clientCertificate" in one.content), "")
    checks = tuple(
        check for one in expectations if one.step in numbers and one.message in CONNECTIONS for check in one.checks
    )
    fault = "old" if "below" in version else shown
    return (Upgrade(place, "", outcome in _REFUSED, fault=fault, is_plain=True, checks=checks, suites=suites),)


def _by_profile(step: Step, outcome: str, before: Sequence[Step], place: str) -> Upgrade:
    """An upgrade by the network profile that an earlier step has told of, or by the one before (A05)."""
    profile = str(step.content.get("securityProfile", ""))
    told = next((one.number for one in before if "SetNetworkProfileRequest" in one.messages), "")
    url = f"<ocppCsmsUrl of step {told}>" if profile and told else ""
    return Upgrade(place, "", outcome in _REFUSED, is_plain=True, profile=profile, url=url)


def _is_part(before: Sequence[Step]) -> bool:
    """Whether a request to upgrade comes over TLS that an earlier step has begun."""
    for one in reversed(before):
        if one.by == "SUT" and one.text in (*_ADMITTED, *_REFUSED):
            return False
        if _HELLO.fullmatch(one.text):
            return True
    return False
