"""Limits of a transaction on cost, energy, time and state of charge (Part 2, E16). Pure computation."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

import msgspec

from ocpp21.messages import ReasonEnumType, TransactionLimitType, TriggerReasonEnumType
from ocpp21.messages.values import TransactionLimits

__all__ = ["KINDS", "LimitKind", "Usage", "capped", "decimal", "merged", "next_check_s", "reached", "supported"]

_Trigger = TriggerReasonEnumType
_Reason = ReasonEnumType


class LimitKind(msgspec.Struct, frozen=True):
    """One of the four.

    Attributes:
        name: in TxCtrlr.SupportedLimits.
        field: of TransactionLimitType.
        trigger: of the event that tells that it was reached (E16.FR.05).
        stopped_reason: of the Ended event, where it ends the transaction; deprecated, but there is no other.
    """

    name: str
    field: str
    trigger: TriggerReasonEnumType
    stopped_reason: ReasonEnumType


_COST: Final = LimitKind(
    TransactionLimits.MAX_COST, "max_cost", _Trigger.COST_LIMIT_REACHED, _Reason.LOCAL_OUT_OF_CREDIT
)
_ENERGY: Final = LimitKind(
    TransactionLimits.MAX_ENERGY, "max_energy", _Trigger.ENERGY_LIMIT_REACHED, _Reason.ENERGY_LIMIT_REACHED
)
_TIME: Final = LimitKind(
    TransactionLimits.MAX_TIME, "max_time", _Trigger.TIME_LIMIT_REACHED, _Reason.TIME_LIMIT_REACHED
)
_SOC: Final = LimitKind(TransactionLimits.MAX_SOC, "max_soc", _Trigger.SOC_LIMIT_REACHED, _Reason.SOC_LIMIT_REACHED)

#: All of them; of several that are reached at once, the first counts.
KINDS: Final = (_COST, _ENERGY, _TIME, _SOC)


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What a transaction has come to; None is not known, and reaches no limit.

    Attributes:
        cost: in the currency of the tariff.
        energy_wh: since it began, in Wh.
        time_s: since it began, in s (E16.FR.09).
        soc: state of charge of the EV, in percent.
    """

    cost: Decimal | None = None
    energy_wh: Decimal | None = None
    time_s: Decimal | None = None
    soc: Decimal | None = None


def supported(limit: TransactionLimitType, names: Collection[str], /) -> TransactionLimitType:
    """Leave out the limits that TxCtrlr.SupportedLimits does not name (E16.FR.13)."""
    fields: dict[str, Any] = {kind.field: _of(limit, kind) for kind in KINDS if kind.name in names}
    return TransactionLimitType(**fields)


def merged(limit: TransactionLimitType, change: TransactionLimitType, /) -> TransactionLimitType:
    """Put the limits of a change in place of those before; none is ever taken away (E16.FR.17)."""
    fields = {kind.field: _of(change, kind) for kind in KINDS if _of(change, kind) is not None}
    return msgspec.structs.replace(limit, **fields)


def capped(limit: TransactionLimitType, cap: TransactionLimitType, /) -> TransactionLimitType:
    """Lower limits to those of another where they are above (E16.FR.04)."""
    fields: dict[str, Any] = {}
    for kind in KINDS:
        value, most = _of(limit, kind), _of(cap, kind)
        fields[kind.field] = value if value is None or most is None else min(value, most)
    return TransactionLimitType(**fields)


def reached(limit: TransactionLimitType, usage: Usage, /, *, step_wh: Decimal = Decimal(0)) -> LimitKind | None:
    """The limit that is reached, the first of several; None when none is.

    Args:
        limit: in force.
        usage: what there is by now.
        step_wh: in which the meter counts, in Wh; with a coarse one, the limit is reached when its next step would
            exceed it (E16.FR.19).
    """
    for kind, used in ((_COST, usage.cost), (_ENERGY, usage.energy_wh), (_TIME, usage.time_s), (_SOC, usage.soc)):
        most = _of(limit, kind)
        if most is None or used is None:
            continue
        if used >= decimal(most) or (kind is _ENERGY and step_wh and used + step_wh > decimal(most)):
            return kind
    return None


def next_check_s(remaining_wh: Decimal, max_power_w: float, power_w: Decimal | None, /) -> float:
    """When to look at the meter again, so that a limit is not passed unseen.

    Not before it can be reached at the greatest power, but once in a second at most; and at once when it will be
    reached at the power that flows now.

    Args:
        remaining_wh: energy up to the limit, in Wh.
        max_power_w: greatest power of the EVSE, in W.
        power_w: power that flows now, in W; None when not known.

    Returns:
        Time from now, in s.
    """
    remaining_ws = max(float(remaining_wh), 0.0) * 3600
    wait_s = max(remaining_ws / max_power_w, 1.0)
    if power_w is not None and power_w > 0:
        wait_s = min(wait_s, remaining_ws / float(power_w))
    return max(wait_s, 0.1)


def decimal(value: float, /) -> Decimal:
    """A number of the wire, from its shortest text."""
    return Decimal(repr(value))


def _of(limit: TransactionLimitType, kind: LimitKind) -> float | None:
    value: float | None = getattr(limit, kind.field)
    return value
