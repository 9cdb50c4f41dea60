"""Our calls: at most one is outstanding, the others wait in line (Part 4, 4.1.1)."""

from __future__ import annotations

from ocpp21.errors import LocalProtocolError, QueueFull
from ocpp21.events import Call
from ocpp21.limits import Limits, remember
from ocpp21.refusal import quote

__all__ = ["OwnCalls"]


class OwnCalls:
    """The line of our calls. It knows frames only as something to be handed out when a call's turn has come.

    Attributes:
        outstanding: the call that has left and has not ended.
        deadline: when its time is up.
    """

    __slots__ = ("_expired", "_limits", "_waiting", "deadline", "outstanding")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting: dict[str, tuple[Call, bytes]] = {}
        self._expired: dict[str, None] = {}
        self.outstanding: Call | None = None
        self.deadline = 0.0

    def check_room(self, message_id: str) -> None:
        """Refuse a call that would not fit, or whose id another one has.

        Raises:
            QueueFull: too many calls are waiting.
            LocalProtocolError: a call of that id has not ended.
        """
        if self.outstanding is not None and len(self._waiting) >= self._limits.waiting:
            raise QueueFull(f"expected at most {self._limits.waiting} waiting calls")
        if message_id in self._waiting or self.matches(message_id):
            raise LocalProtocolError(f"expected a new message id, found that of a waiting call, {quote(message_id)}")

    def matches(self, message_id: str) -> Call | None:
        """The outstanding call, if it has that id."""
        call = self.outstanding
        return call if call is not None and call.message_id == message_id else None

    def add(self, call: Call, frame: bytes, now: float) -> bytes | None:
        """Put a call in line; returns its frame when it leaves at once."""
        if self.outstanding is None:
            return self._leave(call, frame, now)
        self._waiting[call.message_id] = call, frame
        return None

    def end(self, now: float) -> bytes | None:
        """The outstanding call has ended; returns the frame of the next one, whose turn has come."""
        self.outstanding = None
        for message_id, (call, frame) in self._waiting.items():
            del self._waiting[message_id]
            return self._leave(call, frame, now)
        return None

    def expire(self, call: Call) -> None:
        """Remember that a call's time was up: its answer may still come."""
        remember(self._expired, call.message_id, None, self._limits.remembered)

    def has_expired(self, message_id: str) -> bool:
        """Say whether the time of a call of that id was up, not too long ago."""
        return message_id in self._expired

    def withdraw(self, call: Call) -> bool:
        """Take a call out of the line; False when it is not in it."""
        waiting = self._waiting.get(call.message_id)
        if waiting is None or waiting[0] is not call:
            return False
        del self._waiting[call.message_id]
        return True

    def clear(self) -> list[Call]:
        """Give up all calls; returns those that had not ended, in order."""
        calls = [call for call, _ in self._waiting.values()]
        if self.outstanding is not None:
            calls.insert(0, self.outstanding)
        self.outstanding = None
        self._waiting.clear()
        return calls

    def _leave(self, call: Call, frame: bytes, now: float) -> bytes:
        self.outstanding = call
        self.deadline = now + call.timeout_s
        return frame
