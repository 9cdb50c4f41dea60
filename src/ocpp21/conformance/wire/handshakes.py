"""What the test system sees of TLS: of every handshake of a station, whatever becomes of it, and of that of a CSMS."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable
from typing import Any, Final, cast

from ocpp21.asyncio.tls import RelayContext

__all__ = ["Handshake", "Listening", "listening", "old"]


class Handshake:
    """The server's end of a TLS connection; it goes on as the connection itself would.

    Args:
        connection: the TLS connection.

    Attributes:
        is_done: both sides have finished.
        failure: OpenSSL's reason, where the handshake has failed; empty otherwise.
        server_name: that the station has asked for; empty for none.
    """

    def __init__(self, connection: ssl.SSLObject, /) -> None:
        self.is_done = False
        self.failure = ""
        self.server_name = ""
        self._connection: Final = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def do_handshake(self) -> None:
        """Take the next step, and note where it leads."""
        try:
            self._connection.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self.failure = error.reason or type(error).__name__
            raise
        self.is_done = True

    @property
    def facts(self) -> dict[str, Any]:
        """What has been agreed, as checks ask for it."""
        cipher = self._connection.cipher()
        return {
            "version": self._connection.version() or "",
            "cipher": cipher[0] if cipher else "",
            "serverName": self.server_name,
        }


class Listening(RelayContext):
    """A context to listen with that tells of each handshake as it begins.

    Attributes:
        began: is told.
    """

    began: Callable[[Handshake], object]

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """Begin a connection of asyncio."""
        connection = super().wrap_bio(*args, **options)
        handshake = Handshake(connection)

        def note_name(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> None:
            handshake.server_name = name or ""

        self.current.sni_callback = note_name
        self.began(handshake)
        return cast(ssl.SSLObject, handshake)


def listening(context: ssl.SSLContext, began: Callable[[Handshake], object], /) -> Listening:
    """Make a context to listen with out of another, which can be replaced.

    Args:
        context: takes the connections.
        began: told of each handshake.
    """
    found = Listening(ssl.PROTOCOL_TLS_SERVER)
    found.current, found.began = context, began
    return found


def old(context: ssl.SSLContext, /) -> ssl.SSLContext:
    """Let a context speak TLS 1.0 and 1.1 only, as nobody should any more (A00.FR.313)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context
