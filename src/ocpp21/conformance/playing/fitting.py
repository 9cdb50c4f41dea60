"""Fits the checks of a case to what may really come: reports in parts, and with entries that nobody has asked for."""

from __future__ import annotations

from dataclasses import replace

from ocpp21.conformance.cases.checks import Check, parse_check
from ocpp21.conformance.cases.paths import Member

__all__ = ["any_entry", "has_letters", "next_in_turn"]


def has_letters(check: Check) -> bool:
    """Whether a check is of some entry that others are of, too."""
    return any(index in ("i", "j") for comparison in check.alternatives for _, index in comparison.path)


def any_entry(check: Check, message: str) -> Check:
    """A report of events may hold others, too: its first entry stands for some entry."""
    if message != "NotifyEventRequest" or check.each:
        return check
    alternatives = []
    for comparison in check.alternatives:
        first, *rest = comparison.path
        path = (Member(first.name, "i"), *rest) if first == Member("eventData", 0) else comparison.path
        alternatives.append(type(comparison)(path, comparison.operator, comparison.values, comparison.count_operator))
    return replace(check, alternatives=tuple(alternatives))


def next_in_turn(check: Check, count: int) -> Check:
    """What the first part of a report has as ``seqNo == 0`` is its number in the others."""
    return parse_check(f"seqNo == {count}") if count and str(check) == "seqNo == 0" else check
