"""Ctrl-C and SIGTERM: the first one ends a command in good order, another one at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocpp21.asyncio import Server

__all__ = ["cut_off", "interrupted"]


def interrupted(again: Callable[[], object], /) -> asyncio.Event:
    """Give what is set by the first SIGINT or SIGTERM.

    Args:
        again: called by every one that comes after it.
    """
    end = asyncio.Event()

    def interrupt() -> None:
        if end.is_set():
            again()
        end.set()

    with suppress(NotImplementedError):  # Windows: there, Ctrl-C cancels the whole
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, interrupt)
    return end


def cut_off(server: Server, /) -> None:
    """Cut off the stations that do not close their connections."""
    for connection in list(server.connections.values()):
        connection.abort("interrupted again")
