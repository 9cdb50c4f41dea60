"""Whether the peer still lives: pings at an interval, and any whole frame that comes is a sign of life.

No pong timeout is defined by the standard (Part 4, 5.3 and 8.4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ocpp21.asyncio.transport import Transport

__all__ = ["Liveness"]


class Liveness:
    """Pings a peer, and tells when it is dead.

    Args:
        transport: the connection.
        interval_s: seconds from ping to ping; 0 sends none (WebSocketPingInterval).
        timeout_s: seconds in which some frame must come after a ping.
        on_dead: called once when none has.
    """

    __slots__ = ("_interval_s", "_loop", "_on_dead", "_pinged_at", "_timeout_s", "_timer", "_transport")

    def __init__(
        self, transport: Transport, /, *, interval_s: float, timeout_s: float, on_dead: Callable[[], object]
    ) -> None:
        self._loop: Final = asyncio.get_running_loop()
        self._transport: Final = transport
        self._interval_s: Final = interval_s
        self._timeout_s: Final = min(timeout_s, interval_s)  # so that it is over before the next ping
        self._on_dead: Final = on_dead
        self._pinged_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin."""
        if self._interval_s > 0:
            self._timer = self._loop.call_later(self._interval_s, self._ping)

    def stop(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ping(self) -> None:
        self._pinged_at = self._loop.time()
        self._transport.ping()
        self._timer = self._loop.call_later(self._timeout_s, self._read_first)

    def _read_first(self) -> None:
        """Let what came while the loop was busy be read; or whoever stalls the loop would kill all connections."""
        self._timer = self._loop.call_later(0.0, self._judge)

    def _judge(self) -> None:
        if self._transport.heard_at < self._pinged_at:
            self._timer = None
            self._on_dead()
        else:
            self._timer = self._loop.call_at(self._pinged_at + self._interval_s, self._ping)
