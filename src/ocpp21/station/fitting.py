"""Meter values that fit into a message: split over several, or thinned (Part 2, E02.FR.11, J01.FR.15, J02.FR.20).

The standard sets no bound. What is larger than :data:`MAX_BYTES` makes frames that CSMSs, proxies and small stations
refuse: one signed value alone may have 32 KiB.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from ocpp21.messages import MeterValueType, SampledValueType

__all__ = ["MAX_BYTES", "halved", "size", "split", "thinned"]

#: Most bytes of meter values in a message, as JSON; the rest of the message comes on top.
MAX_BYTES: Final = 60_000


def size(values: Sequence[MeterValueType], /) -> int:
    """The number of bytes of meter values, as JSON."""
    return len(msgspec.json.encode(values))


def split(values: Sequence[MeterValueType], max_bytes: int = MAX_BYTES, /) -> list[list[MeterValueType]]:
    """Spread meter values over as few parts as need be, in their order; none loses a value.

    Returns:
        At least one part; a part is larger than ``max_bytes`` only when a single value is.
    """
    if size(values) <= max_bytes:
        return [list(values)]
    parts: list[list[MeterValueType]] = [[]]
    room = max_bytes
    for moment, sample in _samples(values):
        needed = size([msgspec.structs.replace(moment, sampled_value=[sample])])
        if needed > room and parts[-1]:
            parts.append([])
            room = max_bytes
        room -= needed
        part = parts[-1]
        if part and part[-1].timestamp == moment.timestamp:
            part[-1] = msgspec.structs.replace(part[-1], sampled_value=[*part[-1].sampled_value, sample])
        else:
            part.append(msgspec.structs.replace(moment, sampled_value=[sample]))
    return parts


def thinned(values: Sequence[MeterValueType], max_bytes: int = MAX_BYTES, /) -> list[MeterValueType]:
    """Leave out every second inner moment until the rest fits, or the first and the last alone are left.

    What is billed, the beginning and the end, stays (E06.FR.13, J02.FR.20).
    """
    left = list(values)
    while len(left) > 2 and size(left) > max_bytes:
        left = halved(left)
    return left


def halved(values: Sequence[MeterValueType], /) -> list[MeterValueType]:
    """Leave out the 2nd, 4th, 6th, ... moment, but not the last one (E06.FR.13, J02.FR.20)."""
    first, *inner, last = values
    return [first, *inner[1::2], last]


def _samples(values: Sequence[MeterValueType]) -> Iterator[tuple[MeterValueType, SampledValueType]]:
    return ((moment, sample) for moment in values for sample in moment.sampled_value)
