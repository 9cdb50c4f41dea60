"""What a connection needs of a WebSocket, so that any stack can carry it.

Messages are the raw bytes of text messages. They are not decoded to ``str``: the codec works on bytes and checks the
UTF-8 itself. Binary messages are dropped by the transport (Part 4, 4.1.2 knows text only).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from ocpp21.errors import OcppError

__all__ = ["Closed", "HandshakeFailed", "Receiver", "Transport"]

#: Takes one text message, as bytes.
Receiver = Callable[[bytes | bytearray | memoryview], None]


class HandshakeFailed(OcppError, ConnectionError):
    """The opening handshake did not lead to a connection that speaks OCPP.

    Attributes:
        status: of the HTTP response; None when there was none, or it was 101 and something else was wrong.
        reason: what was expected and what came.
    """

    def __init__(self, reason: str, *, status: int | None = None) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


class Closed(NamedTuple):
    """How a WebSocket ended.

    Attributes:
        code: close code of RFC 6455, 7.4.1; 1006 when nobody said one.
        reason: text of the close frame.
    """

    code: int
    reason: str


class Transport(Protocol):
    """One open WebSocket."""

    @property
    def heard_at(self) -> float:
        """When the last whole frame came, of whatever kind, in the time of the event loop."""
        ...

    @property
    def congested_since(self) -> float | None:
        """Since when more waits to be written than should, in the time of the event loop; None when all is well."""
        ...

    @property
    def buffered(self) -> int:
        """Bytes that wait to be written."""
        ...

    def send(self, message: bytes, /) -> None:
        """Put one text message into the write buffer; a closed WebSocket swallows it."""
        ...

    async def drain(self) -> None:
        """Wait until the WebSocket is not congested, or closed."""
        ...

    async def listen(self, receive: Receiver, on_congested: Callable[[], object], /) -> Closed:
        """Hand over every whole text message as it comes, those first that have come already, until the end.

        Calling back costs one turn of the event loop less per message than waiting for each.

        Args:
            receive: takes the bytes of one message; it raises nothing, and does not wait.
            on_congested: called whenever the WebSocket becomes congested, be it with answers to pings.
        """
        ...

    def hold(self) -> None:
        """Stop reading until the WebSocket is not congested; what has been read already still comes."""
        ...

    def ping(self) -> None:
        """Ask for a sign of life; a closed WebSocket does nothing."""
        ...

    async def heard(self) -> None:
        """Wait for the next whole frame, of whatever kind, or the end."""
        ...

    async def close(self, code: int, reason: str, /) -> None:
        """Do the closing handshake, within a bounded time. It raises nothing."""
        ...

    def abort(self) -> None:
        """End it at once."""
        ...
