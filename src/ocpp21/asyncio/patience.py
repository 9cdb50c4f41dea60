"""How long a connection bears with its peer."""

from __future__ import annotations

import msgspec

__all__ = ["Patience"]


class Patience(msgspec.Struct, frozen=True):
    """How long a connection bears with its peer, in seconds; none of it is set by the standard but the first.

    Attributes:
        ping_interval_s: from ping to ping; 0 sends none (WebSocketPingInterval).
        pong_timeout_s: in which some frame must come after a ping; at most the interval.
        stall_timeout_s: in which a peer that does not read must begin to.
        close_timeout_s: for the closing handshake, and for handlers to end.
    """

    ping_interval_s: float = 20.0
    pong_timeout_s: float = 20.0
    stall_timeout_s: float = 30.0
    close_timeout_s: float = 5.0
