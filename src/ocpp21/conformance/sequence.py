"""The rule that holds for all TransactionEvents: any order, but no gap in seqNo."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["Sequences"]


class Sequences:
    """The seqNo of the events of each transaction."""

    def __init__(self) -> None:
        self._seen: Final[dict[str, set[int]]] = {}

    def take(self, payload: dict[str, Any]) -> None:
        """Take note of a TransactionEventRequest."""
        transaction = payload.get("transactionInfo", {}).get("transactionId", "")
        self._seen.setdefault(transaction, set()).add(payload.get("seqNo", 0))

    def gap(self) -> str:
        """Say where one is missing; nothing when none is."""
        for transaction, numbers in self._seen.items():
            missing = sorted(set(range(min(numbers), max(numbers) + 1)) - numbers)
            if missing:
                return f"seqNo {missing[0]} of transaction {transaction} missing"
        return ""
