"""The limits that a CSMS wants its transactions to keep, and in which answers it says so (Part 2, E16).

A limit that is set goes into the earliest answer, once (E16.FR.02); again only in the answer to the same event, which
may not have arrived. When the Charging Station reports a limit, the CSMS overrules one that is above its own
(E16.FR.07), and is silent about one that is not (E16.FR.08).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

import msgspec

from ocpp21.messages import TransactionEventEnumType, TransactionEventRequest, TransactionLimitType
from ocpp21.messages.values import TransactionLimits

__all__ = ["WantedLimits", "unsupported"]

#: Fields of TransactionLimitType, by their names in TxCtrlr.SupportedLimits.
_FIELDS: Final = {
    TransactionLimits.MAX_COST: "max_cost",
    TransactionLimits.MAX_ENERGY: "max_energy",
    TransactionLimits.MAX_TIME: "max_time",
    TransactionLimits.MAX_SOC: "max_soc",
}

#: Nothing was sent, and nothing need be: the limit of the Charging Station is low enough.
_SETTLED: Final = -1


class _Wanted(msgspec.Struct):
    """A limit: its value, and the seqNo of the event whose answer has said so; None before."""

    value: float
    sent_in: int | None = None


class WantedLimits:
    """The limits of the transactions of one Charging Station, by transactionId."""

    def __init__(self) -> None:
        self._wanted: Final[dict[str, dict[str, _Wanted]]] = {}

    def set(self, transaction_id: str, limit: TransactionLimitType, /) -> None:
        """Want limits in place of those before; those that it leaves out, or that are the same, stay as they are."""
        wanted = self._wanted.setdefault(transaction_id.lower(), {})
        for field, value in _given(limit):
            if field not in wanted or wanted[field].value != value:
                wanted[field] = _Wanted(value)

    def answer(self, event: TransactionEventRequest, /) -> TransactionLimitType | None:
        """What to say of limits in the answer to an event; None for nothing."""
        if not self._wanted:  # nearly always
            return None
        key = event.transaction_info.transaction_id.lower()
        if event.event_type == TransactionEventEnumType.ENDED:
            self._wanted.pop(key, None)
            return None
        reported = dict(_given(event.transaction_info.transaction_limit))
        said: dict[str, Any] = {}
        for field, wanted in self._wanted.get(key, {}).items():
            value = reported.get(field)
            if wanted.sent_in == event.seq_no or _is_due(wanted, value):
                said[field], wanted.sent_in = wanted.value, event.seq_no
            elif value is not None and wanted.sent_in is None:
                wanted.sent_in = _SETTLED  # E16.FR.08
        return TransactionLimitType(**said) if said else None


def unsupported(limit: TransactionLimitType, names: Collection[str], /) -> list[str]:
    """The limits that a Charging Station does not support, by their names (E16.FR.12).

    Args:
        limit: to be sent.
        names: in its TxCtrlr.SupportedLimits.
    """
    given = {field for field, _ in _given(limit)}
    return [name for name, field in _FIELDS.items() if field in given and name not in names]


def _is_due(wanted: _Wanted, reported: float | None) -> bool:
    return wanted.sent_in is None if reported is None else reported > wanted.value  # E16.FR.02, E16.FR.07


def _given(limit: TransactionLimitType | None) -> Iterator[tuple[str, Any]]:
    """The limits that are there, by field."""
    if limit is not None:
        for field in _FIELDS.values():
            if (value := getattr(limit, field)) is not None:
                yield field, value
