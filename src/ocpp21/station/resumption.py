"""How a transaction goes on that a reboot, a reset or a power cut has interrupted (B13, E17). Pure computation."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

from ocpp21.messages import ChargingStateEnumType
from ocpp21.station.transaction import Transaction
from ocpp21.station.transaction_points import Conditions

__all__ = ["Resumption", "conditions_before", "is_in_time", "resume"]

_State: Final = ChargingStateEnumType


class Resumption(msgspec.Struct, frozen=True):
    """How a transaction goes on whose EV is where it was.

    Attributes:
        conditions: that hold from now on.
        suspended_by: who gives or takes no energy; see :func:`~ocpp21.station.transaction_points.charging_state`.
        may_charge: energy may be given again.
        is_delayed: not before a random time has passed (E17.FR.18).
    """

    conditions: Conditions
    suspended_by: Literal["EV", "EVSE"] | None
    may_charge: bool
    is_delayed: bool = False


def is_in_time(transaction: Transaction, interrupted_at: datetime | None, now: datetime, timeout_s: float, /) -> bool:
    """Whether a transaction is resumed at all.

    Args:
        transaction: as it was stored.
        interrupted_at: the last sign of life; None when there is none.
        now: the time after the start. A clock that has lost its time makes the outage too long.
        timeout_s: TxCtrlr.ResumptionTimeout; 0 resumes nothing.
    """
    if transaction.is_reset:  # B13.FR.12, B13.FR.23
        return True
    if timeout_s <= 0 or interrupted_at is None:
        return False
    return abs((now - interrupted_at).total_seconds()) <= timeout_s  # E17.FR.10, E17.FR.20


def conditions_before(transaction: Transaction, /) -> Conditions:
    """What was so when the transaction was interrupted.

    That no energy flows is the work of the interruption, and ends no transaction.
    """
    return Conditions(
        is_bay_occupied=transaction.is_bay_occupied,
        is_ev_connected=transaction.charging_state is not _State.IDLE,
        is_authorized=transaction.is_authorized,
    )


def resume(transaction: Transaction, found: Conditions, /, *, allows_energy: bool, random_range_s: float) -> Resumption:
    """Say how a transaction goes on.

    Args:
        transaction: as it was stored.
        found: what is so now; the EV is connected if it was before.
        allows_energy: TxCtrlr.AllowEnergyTransferResumption.
        random_range_s: TxCtrlr.EnergyTransferResumptionRandomRange.
    """
    before = transaction.charging_state
    may_charge = transaction.is_authorized and not transaction.is_refused
    if before is _State.CHARGING:
        if not (allows_energy and may_charge):  # E17.FR.12, B13.FR.14, B13.FR.25
            return Resumption(found, "EVSE", may_charge=False)
        # The range is for the end of a power cut only: many stations come back at once then (E17.FR.18).
        if random_range_s > 0 and not transaction.is_reset:
            return Resumption(found, "EVSE", may_charge=True, is_delayed=True)
        flowing = msgspec.structs.replace(found, is_energy_flowing=True)
        return Resumption(flowing, None, may_charge=True)  # E17.FR.11, B13.FR.13, B13.FR.24
    if before is _State.SUSPENDED_EV:
        # E17.FR.13 leaves this state out: no energy is offered. B13.FR.12 and B13.FR.23 want it as it was.
        by: Literal["EV", "EVSE"] = "EV" if allows_energy or transaction.is_reset else "EVSE"
        return Resumption(found, by, may_charge=allows_energy and may_charge)
    by_evse: Literal["EVSE"] | None = "EVSE" if before is _State.SUSPENDED_EVSE else None
    # A contactor that has not closed yet may do so when the EV has come only now, or energy may flow again.
    return Resumption(found, by_evse, may_charge=may_charge and (allows_energy or before is _State.IDLE))  # E17.FR.13
