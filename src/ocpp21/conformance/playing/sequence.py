"""Rules that hold for all TransactionEvents and reports, whatever a case says: what is numbered has no gap.

The events of a transaction may come in any order (E01.FR.07); by their numbers the first one is Started, and no other,
and what comes after Ended is none of the transaction any more (E01, E06). Where the first event that was seen is not
number 0, the transaction has begun before the case.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["Sequences"]


class Sequences:
    """The numbers of the events of each transaction, and of the parts of each report."""

    def __init__(self) -> None:
        self._events: Final[dict[str, dict[int, str]]] = {}
        self._reports: Final[dict[int, dict[int, bool]]] = {}

    def take_event(self, payload: dict[str, Any], /) -> None:
        """Take note of a TransactionEventRequest."""
        transaction = payload.get("transactionInfo", {}).get("transactionId", "")
        self._events.setdefault(transaction, {})[payload.get("seqNo", 0)] = payload.get("eventType", "")

    def take_report(self, payload: dict[str, Any], /) -> None:
        """Take note of a NotifyReportRequest."""
        self._reports.setdefault(payload.get("requestId", 0), {})[payload.get("seqNo", 0)] = payload.get("tbc", False)

    def fault(self) -> tuple[str, str] | None:
        """Say what is wrong: what was expected, and what was found; None when nothing is."""
        for transaction, types in self._events.items():
            first, last = min(types), max(types)
            if missing := _missing(types):
                return "no gap in seqNo", f"seqNo {missing} of transaction {transaction} missing"
            wrong = [n for n, kind in types.items() if (kind == "Started") is not (n == first)] if first == 0 else []
            if wrong:
                found = f"{types[min(wrong)]} as seqNo {min(wrong)} of transaction {transaction}"
                return "Started as the first event, and no other", found
            late = [n for n, kind in types.items() if kind == "Ended" and n != last]
            if late:
                return "Ended as the last event", f"Ended as seqNo {late[0]} of {last} of transaction {transaction}"
        for request, parts in self._reports.items():
            if missing := _missing({0: False, **parts}):
                return "no gap in seqNo", f"part {missing} of report {request} missing"
            ends = [part for part, goes_on in parts.items() if not goes_on and part != max(parts)]
            if ends:
                return "tbc in all parts of a report but the last", f"none in part {min(ends)} of report {request}"
        return None


def _missing(numbers: dict[int, Any]) -> int | None:
    """The first number that is missing; never 0."""
    return next((n for n in range(min(numbers), max(numbers)) if n not in numbers), None)
