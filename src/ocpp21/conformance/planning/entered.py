"""Which states have been entered at an EVSE, as a case goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ocpp21.conformance.cases.case import Step
from ocpp21.conformance.planning.acts import Act, Deed

__all__ = ["AFTER_REBOOT", "OCCUPIED", "note_deeds", "note_state"]

#: What is so as well once a state is entered: the transaction is over, the cable still there.
_IMPLIES: Final = {"Deauthorized": frozenset({"StopAuthorized", "EVConnectedPostSession"})}
#: What is over once a state is entered.
_ENDS: Final[dict[str, frozenset[str]]] = {
    "EVDisconnected": frozenset(
        {
            "Authorized",
            "EVConnectedPreSession",
            "EVConnectedPostSession",
            "EnergyTransferStarted",
            "EnergyTransferSuspended",
            "StopAuthorized",
        }
    ),
    "StopAuthorized": frozenset({"Authorized"}),
}
#: After these, nothing that was before is so any more.
AFTER_REBOOT: Final = frozenset({"Booted", "Booting", "ParkingBayUnoccupied"})
#: There is a cable.
OCCUPIED: Final = frozenset({"EVConnectedPreSession", "EnergyTransferStarted", "EVConnectedPostSession"})


def note_state(entered: set[str], name: str, /, *, is_entered: bool) -> None:
    """Take note of a state that has been passed through.

    Args:
        entered: what is so, changed.
        name: of the state.
        is_entered: whether it is so now; it is not when its IdToken was refused.
    """
    if is_entered:
        entered.add(name)
    entered.difference_update(_ENDS.get(name, frozenset()))
    entered.update(_IMPLIES.get(name, frozenset()))
    if name in AFTER_REBOOT:
        is_plugged = name == "Booted" and "EVConnectedPreSession" in entered
        entered.clear()
        entered.update({name, *(["EVConnectedPreSession"] if is_plugged else [])})


def note_deeds(entered: set[str], acts: Sequence[Act], later: Sequence[Step], /) -> None:
    """Take note of what a person does: a case may enter a state by steps of its own.

    Args:
        entered: what is so, changed.
        acts: what is done.
        later: the steps after it, which say whether an IdToken is accepted.
    """
    for act in acts:
        match act.deed:
            case Deed.PRESENT if "EnergyTransferStarted" in entered:
                entered.add("StopAuthorized")
            case Deed.PRESENT if "Authorized" not in entered:
                statuses = [step.content.get("idTokenInfo.status") for step in later if step.by == "TS"]
                if next(filter(None, statuses), "Accepted") == "Accepted":
                    entered.add("Authorized")
            case Deed.PLUG_IN:
                entered.add("EVConnectedPreSession")
            case Deed.DRIVE_IN:
                entered.add("ParkingBayOccupied")
            case Deed.UNPLUG:
                entered.difference_update(_ENDS["EVDisconnected"])
            case Deed.DRIVE_OUT:
                entered.discard("ParkingBayOccupied")
