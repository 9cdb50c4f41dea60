"""The bounds of a session, and the budget of its error replies."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

import msgspec

from ocpp21.framing import MAX_SIZE

__all__ = ["ErrorBudget", "Large", "Limits", "Recent", "remember"]


class Limits(msgspec.Struct, frozen=True):
    """Bounds of a session; none of them is set by the standard.

    Attributes:
        timeout_s: how long an answer may take, in seconds (Part 2, 3.2 suggests 30).
        max_size: largest frame taken, in bytes.
        waiting: own calls that may wait for the outstanding one.
        serving: calls of the peer that may be unanswered at a time.
        remembered: answers of ours, and to us, that a late objection can still be matched to. Whoever objects does so
            when the answer has come, so it is as many as may be under way.
        remembered_bytes: most that the frames of the calls behind answers of ours may have together, in bytes: most
            of what a session holds. A station that has told of all its components would be kept in memory otherwise.
        error_burst: error replies that may follow one another at once.
        errors_per_s: error replies per second beyond the burst.
        garbage: frames that are no OCPP-J in a row until the connection should be closed.
    """

    timeout_s: float = 30.0
    max_size: int = MAX_SIZE
    waiting: int = 128
    serving: int = 8
    remembered: int = 8
    remembered_bytes: int = 16_384
    error_burst: int = 20
    errors_per_s: float = 5.0
    garbage: int = 10


class ErrorBudget:
    """How many error replies may still leave; it fills up with time.

    A peer that sends faults without end must not use us to flood somebody, or our logs.
    """

    __slots__ = ("_at", "_left", "_limits")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = float(limits.error_burst)
        self._at = 0.0

    def spend(self, now: float) -> bool:
        """Take one reply; False when none is left at this time."""
        gained = max(now - self._at, 0.0) * self._limits.errors_per_s
        self._left = min(self._left + gained, float(self._limits.error_burst))
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


ValueT = TypeVar("ValueT")
LargeT = TypeVar("LargeT", bound="Large")


def remember(ring: dict[str, ValueT], message_id: str, value: ValueT, limit: int) -> None:
    """Keep something under an id, and forget the oldest beyond the limit."""
    ring[message_id] = value
    if len(ring) > limit:
        del ring[next(iter(ring))]


class Large(Protocol):
    """Something that says how large it is."""

    @property
    def size(self) -> int:
        """In bytes."""
        ...


class Recent(Generic[LargeT]):
    """The latest few values by id, as long as they are not too large together; the oldest is forgotten first.

    Args:
        limits: how many, and how large.
    """

    __slots__ = ("_count", "_left", "_values")

    def __init__(self, limits: Limits) -> None:
        self._count = limits.remembered
        self._left = limits.remembered_bytes
        self._values: dict[str, LargeT] = {}

    def put(self, message_id: str, value: LargeT) -> None:
        """Keep a value; one that is too large for all the room there is is not kept."""
        values = self._values
        if message_id in values:
            self.pop(message_id)
        values[message_id] = value
        self._left -= value.size
        while self._left < 0 or len(values) > self._count:
            self._left += values.pop(next(iter(values))).size

    def pop(self, message_id: str) -> LargeT | None:
        """Take a value out; None when it is not there, or not any more."""
        found = self._values.pop(message_id, None)
        if found is not None:
            self._left += found.size
        return found
