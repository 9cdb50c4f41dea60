"""What a case expects of all meter readings: which measurands come together, and at which moments.

A station may spread what it has measured at one moment over several messages, so no check of one message can say
whether it is all there. What a case expects is a line such as::

    MeterValuesRequest in Sample.Clock: AlignedDataCtrlr.Measurands every AlignedDataCtrlr.Interval
    TransactionEventRequest Started in Transaction.Begin: SampledDataCtrlr.TxStartedMeasurands
    MeterValuesRequest in Sample.Clock: none within the transaction

The variables are asked of the station when the case ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["READINGS", "Readings", "ReadingsError", "parse_readings"]

#: In place of a message in expectations.
READINGS: Final = "readings"

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
