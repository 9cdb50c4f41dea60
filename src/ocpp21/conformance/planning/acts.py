"""What a person does at a station, as cases word it and as drivers are asked for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ocpp21.conformance.configuration import Token

__all__ = ["Act", "Deed", "read_act"]


class Deed(StrEnum):
    """Kinds of what is done."""

    CUT_POWER = "cut_power"
    DRIVE_IN = "drive_in"
    DRIVE_OUT = "drive_out"
    JAM_LOCK = "jam_lock"
    PLUG_IN = "plug_in"
    PLUG_IN_EV = "plug_in_ev"
    PLUG_IN_STATION = "plug_in_station"
    PRESENT = "present"
    REBOOT = "reboot"
    RESTORE_POWER = "restore_power"
    STOP_SESSION = "stop_session"
    SUSPEND = "suspend"
    UNPLUG = "unplug"
    UNPLUG_EV = "unplug_ev"
    UNPLUG_STATION = "unplug_station"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Act:
    """Something to be done.

    Attributes:
        deed: what.
        text: as the case words it.
        evse_id: where.
        connector_id: where.
        token: of ``present``.
        seconds: of ``wait``; 0 for the configured duration of a transaction.
    """

    deed: Deed
    text: str
    evse_id: int = 1
    connector_id: int = 1
    token: Token | None = None
    seconds: float = 0.0


_PHRASES: Final = (
    (r"cut the station power, restore it after (?P<seconds>\d+) s", (Deed.CUT_POWER, Deed.WAIT, Deed.RESTORE_POWER)),
    (r"cut the station power", (Deed.CUT_POWER,)),
    (r"restore the power", (Deed.RESTORE_POWER,)),
    (r"(?:power cycle|reboot) the (?:CS|station)", (Deed.REBOOT,)),
    (r"EV into parking bay|drive the EV into the bay", (Deed.DRIVE_IN,)),
    (r"EV leaves parking bay|drive the EV out", (Deed.DRIVE_OUT,)),
    (r"plug in the cable|connect EV and EVSE", (Deed.PLUG_IN,)),
    (r"connect at the EV side|replug at the EV side", (Deed.PLUG_IN_EV,)),
    (r"jam the connector lock", (Deed.JAM_LOCK,)),
    (r"connect at the EVSE side", (Deed.PLUG_IN_STATION,)),
    (r"unplug the cable|disconnect EV and EVSE|unplug the EV from the EVSE", (Deed.UNPLUG,)),
    (r"unplug at the EV side", (Deed.UNPLUG_EV,)),
    (r"unplug at the station side", (Deed.UNPLUG_STATION,)),
    (r"EV suspends energy transfer|let the EV suspend charging|make the EV not ready for energy", (Deed.SUSPEND,)),
    (
        r"EV sends SessionStopReq|stop the energy transfer at the EV|stop the session at the station",
        (Deed.STOP_SESSION,),
    ),
    (r"wait <Transaction [Dd]uration(?: \+ 1 s)?>", (Deed.WAIT,)),
    (r"present (?P<token>.*[iI]d[tT]oken.*)", (Deed.PRESENT,)),
)

#: Which IdToken words speak of; the first that fits.
_TOKENS: Final = (
    ("invalid", "invalid"),
    ("blocked", "blocked"),
    ("expired", "expired"),
    ("master pass", "master_pass"),
    ("another", "valid2"),
    ("idtoken2", "valid2"),
    ("idtoken 2", "valid2"),
)


def read_act(
    text: str, tokens: Callable[[str], Token], places: Mapping[str, int], /, *, presented: Token | None = None
) -> tuple[Act, ...]:
    """Read what a person is to do; nothing when the words are not known.

    Args:
        text: as the case words it.
        tokens: gives the IdToken of a name of the configuration.
        places: ``evse_id`` and ``connector_id``.
        presented: the IdToken of ``present the idToken`` where the case means another one than the valid one.
    """
    for pattern, deeds in _PHRASES:
        match = re.fullmatch(pattern, text)
        if match is None:
            continue
        groups = match.groupdict()
        token = None
        if "token" in groups:
            words = groups["token"].lower()
            name = next((name for word, name in _TOKENS if word in words), None)
            token = tokens(name) if name is not None else presented or tokens("valid")
        seconds = float(groups.get("seconds") or 0.0)
        return tuple(Act(deed, text, **places, token=token, seconds=seconds) for deed in deeds)
    return ()
