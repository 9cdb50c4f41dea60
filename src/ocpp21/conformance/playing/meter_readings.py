"""All meter readings of a case, seen together: those of one moment may come in several messages (J01.FR.15)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from ocpp21.conformance.cases.readings import Readings

__all__ = ["MeterReadings"]

#: What a clock of a meter may be off, in seconds; also what a station may take to read several meters.
_TOLERANCE_S: Final = 1.0
_DEFAULT_MEASURAND: Final = "Energy.Active.Import.Register"  # SampledValueType.measurand
_DEFAULT_CONTEXT: Final = "Sample.Periodic"  # SampledValueType.context


class MeterReadings:
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
