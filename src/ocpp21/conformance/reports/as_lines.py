"""Results as lines on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ocpp21.conformance.verdict import Result, Verdict
from ocpp21.errors import printable

__all__ = ["result_line", "summary"]


def result_line(result: Result, /) -> str:
    """One line for one case."""
    system = f" at {result.system}" if result.system else ""
    text = f"{result.verdict:14} {result.case.id:15} {result.case.title}{system}"
    return printable(f"{text}: {result.text}" if result.text else text)


def summary(results: Iterable[Result], /) -> str:
    """One line for all."""
    counts = Counter(result.verdict for result in results)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]) or "no case"
