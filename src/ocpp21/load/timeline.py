"""How a run went on: one slot for each stretch of time."""

from __future__ import annotations

from typing import Final

from ocpp21.load.histogram import Histogram

__all__ = ["Slot", "Timeline"]

#: Most slots; then each takes twice the time.
_MAX_SLOTS: Final = 1200


class Slot:
    """What happened within a stretch of time.

    Attributes:
        latency: of what was answered then, and of what was given up.
        answered: messages whose answer came.
        sent: messages that left.
        faults: that were noted.
        connected: stations that were connected at its end.
    """

    __slots__ = ("answered", "connected", "faults", "latency", "sent")

    def __init__(self) -> None:
        self.latency: Final = Histogram()
        self.answered = 0
        self.sent = 0
        self.faults = 0
        self.connected = 0

    def take(self, later: Slot, /) -> None:
        """Take in the slot that follows."""
        self.latency.add(later.latency)
        self.answered += later.answered
        self.sent += later.sent
        self.faults += later.faults
        self.connected = later.connected


class Timeline:
    """The slots of a run; there are never more than so many, however long it takes.

    Attributes:
        width_s: time of a slot, in seconds.
        slots: from the beginning.
    """

    def __init__(self) -> None:
        self.width_s = 1.0
        self.slots: list[Slot] = [Slot()]

    def at(self, elapsed_s: float, /) -> Slot:
        """The slot of a moment, in seconds from the beginning; a moment before the last one belongs to its slot."""
        while elapsed_s >= _MAX_SLOTS * self.width_s:
            self._halve()
        while elapsed_s >= len(self.slots) * self.width_s:
            slot = Slot()
            slot.connected = self.slots[-1].connected
            self.slots.append(slot)
        return self.slots[max(int(elapsed_s / self.width_s), 0)]

    def _halve(self) -> None:
        pairs = zip(self.slots[::2], [*self.slots[1::2], None], strict=False)
        self.slots = []
        for slot, later in pairs:
            if later is not None:
                slot.take(later)
            self.slots.append(slot)
        self.width_s *= 2
