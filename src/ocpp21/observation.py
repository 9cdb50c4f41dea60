"""What can be seen of a session from outside: every frame as it passes, and counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

__all__ = ["Observation", "Observer", "Statistics"]


class Statistics(msgspec.Struct):
    """What a session has seen so far.

    Attributes:
        received: frames that came.
        sent: frames that were written.
        refused: frames that were not valid.
        dropped: frames that were ignored.
        muted: error replies that the budget has held back.
    """

    received: int = 0
    sent: int = 0
    refused: int = 0
    dropped: int = 0
    muted: int = 0


class Observation(msgspec.Struct, frozen=True):
    """One frame, as it passed.

    Attributes:
        direction: ``in`` or ``out``.
        data: the frame itself, not a copy; it holds whatever secrets the messages hold (see ocpp21.redaction).
        at: when, in seconds of the session's clock.
        verdict: ``ok``, or what became of it.
    """

    direction: Literal["in", "out"]
    data: bytes | bytearray | memoryview | str
    at: float
    verdict: str


Observer = Callable[[Observation], object]
