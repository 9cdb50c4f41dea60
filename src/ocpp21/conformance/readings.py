"""Meter readings of a case as a whole: which measurands come together, and at which moments.

A station may spread what it has measured at one moment over several messages, so no check of one message can say
whether it is all there. What a case expects is a line such as::

    MeterValuesRequest in Sample.Clock: AlignedDataCtrlr.Measurands every AlignedDataCtrlr.Interval
    TransactionEventRequest Started in Transaction.Begin: SampledDataCtrlr.TxStartedMeasurands
    MeterValuesRequest in Sample.Clock: none within the transaction

The variables are asked of the station when the case ends.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

__all__ = ["READINGS", "Readings", "ReadingsError", "Taken", "parse_readings"]

#: In place of a message in expectations.
READINGS: Final = "readings"

#: What a clock of a meter may be off, in seconds; also what a station may take to read several meters.
_TOLERANCE_S: Final = 1.0
_DEFAULT_MEASURAND: Final = "Energy.Active.Import.Register"  # SampledValueType.measurand
_DEFAULT_CONTEXT: Final = "Sample.Periodic"  # SampledValueType.context

_LINE: Final = re.compile(
    r"(?P<message>MeterValuesRequest|TransactionEventRequest)(?: (?P<event>Started|Updated|Ended))?"
    r" in (?P<context>[\w.]+): (?:none within the transaction|"
    r"(?P<measurands>\w+\.\w+)(?: (?P<rhythm>every|at multiples of) (?P<interval>\w+\.\w+))?)"
)


class ReadingsError(ValueError):
    """A line that cannot be read."""


@dataclass(frozen=True, slots=True)
class Readings:
    """What is expected of all readings of one kind.

    Attributes:
        message: that they come in.
        event: type of the TransactionEvent; empty for any.
        context: of the sampled values.
        measurands: variable that lists what must come together, as ``Component.Variable``; empty where none may come
            while a transaction runs.
        interval: variable that says how far moments lie apart, in seconds; empty for any.
        is_gapless: moments follow one another at the interval, and none may be missing.
    """

    message: str
    event: str
    context: str
    measurands: str = ""
    interval: str = ""
    is_gapless: bool = True

    @property
    def variables(self) -> tuple[str, ...]:
        """All that must be asked of the station."""
        return tuple(filter(None, (self.measurands, self.interval)))


def parse_readings(line: str, /) -> Readings:
    """Read a line.

    Raises:
        ReadingsError: it is none.
    """
    match = _LINE.fullmatch(line)
    if match is None:
        raise ReadingsError(f"expected readings such as `MeterValuesRequest in Sample.Clock: ...`, found {line!r}")
    return Readings(
        match["message"],
        match["event"] or "",
        match["context"],
        match["measurands"] or "",
        match["interval"] or "",
        match["rhythm"] != "at multiples of",
    )


class Taken:
    """All readings that the station has sent in a case."""

    def __init__(self) -> None:
        self._readings: Final[dict[tuple[str, str, str], dict[tuple[str, datetime], set[str]]]] = {}

    def take(self, message: str, payload: Mapping[str, Any], /) -> None:
        """Take note of a request; of one that has been taken before nothing comes."""
        event = str(payload.get("eventType", ""))
        meter = str(payload.get("transactionInfo", {}).get("transactionId", payload.get("evseId", "")))
        for entry in payload.get("meterValue", ()):
            moment = datetime.fromisoformat(entry["timestamp"])
            for sampled in entry["sampledValue"]:
                kind = (message, event, str(sampled.get("context", _DEFAULT_CONTEXT)))
                measurands = self._readings.setdefault(kind, {}).setdefault((meter, moment), set())
                measurands.add(sampled.get("measurand", _DEFAULT_MEASURAND))

    def fault(
        self, expected: Readings, values: Mapping[str, str], transaction: Sequence[str | None], /
    ) -> tuple[str, str] | None:
        """Say what is wrong: what was expected, and what was found; None when nothing is.

        Args:
            expected: what is to be seen.
            values: of its variables.
            transaction: timestamps of its begin and end; None of what was not seen.
        """
        found = dict(self._meant(expected))
        moments = sorted({moment for _, moment in found})
        if not expected.measurands:
            return _inside(moments, transaction)
        wanted = {one.strip() for one in values[expected.measurands].split(",") if one.strip()}
        if not found and wanted:
            return f"{expected.context} readings in {expected.message}", "none"
        for (meter, moment), measurands in sorted(found.items()):
            if measurands != wanted:
                return _listed(wanted), f"{_listed(measurands)} at {moment.isoformat()} of {meter}"
        return _apart(moments, float(values[expected.interval]), expected) if expected.interval else None

    def _meant(self, expected: Readings) -> Iterator[tuple[tuple[str, datetime], set[str]]]:
        for (message, event, context), readings in self._readings.items():
            if (message, context) == (expected.message, expected.context) and expected.event in ("", event):
                yield from readings.items()


def _inside(moments: Collection[datetime], transaction: Sequence[str | None]) -> tuple[str, str] | None:
    begin, end = (None if one is None else datetime.fromisoformat(one) for one in transaction)
    if begin is None or end is None:
        return "a transaction", "none that has begun and ended"
    inside = [one for one in moments if begin < one < end]
    return ("no readings within the transaction", f"some of {inside[0].isoformat()}") if inside else None


def _apart(moments: Sequence[datetime], interval_s: float, expected: Readings) -> tuple[str, str] | None:
    """See that moments lie an interval apart; those of one moment may differ by what clocks are off."""
    distances = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    apart = [distance for distance in distances if distance > _TOLERANCE_S]
    for distance in apart:
        intervals = 1 if expected.is_gapless else max(round(distance / interval_s), 1)
        if abs(distance - intervals * interval_s) > _TOLERANCE_S:
            return f"readings {interval_s:g} s apart", f"{distance:g} s"
    return None if apart else (f"readings {interval_s:g} s apart", "readings of one moment alone")


def _listed(measurands: Collection[str]) -> str:
    return ", ".join(sorted(measurands)) or "no measurand"
