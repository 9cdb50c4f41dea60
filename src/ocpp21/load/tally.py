"""All that is counted during a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ocpp21.load.faults import Fault, Faults
from ocpp21.load.histogram import Histogram
from ocpp21.load.timeline import Timeline

__all__ = ["Kind", "Tally"]


class Kind:
    """What was counted of one action, or of connecting.

    Attributes:
        sent: how often it left.
        answered: how often an answer came that is valid.
        latency: from when it was due to the answer; what was never answered counts with the time that it waited.
        service: from when it left to the answer.
    """

    __slots__ = ("answered", "latency", "sent", "service")

    def __init__(self) -> None:
        self.sent = 0
        self.answered = 0
        self.latency: Final = Histogram()
        self.service: Final = Histogram()


class Tally:
    """All that is counted during a run.

    Args:
        now: the time, in seconds of a monotonic clock.

    Attributes:
        began_at: when the run began, by that clock.
        kinds: by action; ``Connect`` is connecting.
        faults: what went wrong.
        timeline: how it went on.
        lateness: from when a message was due to when it left, where the station was free to send: how exact we are.
        connected: stations that are connected now, or were when the run ended.
        owed: for how long messages had been due that had not left when the run ended, as their stations had to wait.
    """

    def __init__(self, now: Callable[[], float], /) -> None:
        self._now: Final = now
        self.began_at = now()
        self._ended_at: float | None = None
        self.kinds: dict[str, Kind] = {}
        self.faults: Final = Faults()
        self.timeline: Final = Timeline()
        self.lateness: Final = Histogram()
        self.connected = 0
        self.owed: Final = Histogram()

    @property
    def elapsed_s(self) -> float:
        """Time since the run began, or from its beginning to its end, in seconds."""
        return (self._now() if self._ended_at is None else self._ended_at) - self.began_at

    def end(self) -> None:
        """The run is over: answers still count, and that the stations leave does not."""
        self._ended_at = self._now()

    def sent(self, action: str, /) -> None:
        """Count a message that has left."""
        self._kind(action).sent += 1
        self.timeline.at(self.elapsed_s).sent += 1

    def answered(self, action: str, /, *, due_at: float, left_at: float) -> None:
        """Count a valid answer that has come now."""
        now = self._now()
        kind = self._kind(action)
        kind.answered += 1
        kind.latency.record(now - due_at)
        kind.service.record(now - left_at)
        slot = self.timeline.at(self.elapsed_s)
        slot.answered += 1
        slot.latency.record(now - due_at)

    def unanswered(self, action: str, text: str, /, *, due_at: float) -> None:
        """Count what has not been answered until now, and the time that it has waited."""
        waited_s = self._now() - due_at
        self._kind(action).latency.record(waited_s)
        self.timeline.at(self.elapsed_s).latency.record(waited_s)
        self.note(Fault.UNANSWERED, f"{action}: {text}")

    def note(self, fault: Fault, text: str, /) -> None:
        """Count what went wrong."""
        self.faults.note(fault, text)
        self.timeline.at(self.elapsed_s).faults += 1

    def came(self) -> None:
        """Count a station that is connected now."""
        self._connect(1)

    def went(self) -> None:
        """Count a station that is not connected any more."""
        self._connect(-1)

    def _connect(self, change: int) -> None:
        if self._ended_at is None:
            self.connected += change
            self.timeline.at(self.elapsed_s).connected = self.connected

    def _kind(self, action: str) -> Kind:
        kind = self.kinds.get(action)
        if kind is None:
            kind = self.kinds[action] = Kind()
        return kind
