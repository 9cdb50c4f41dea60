"""A station that comes back: what runs it again after a reboot that the program has survived.

Most hardware ends the program when it reboots, and whatever starts the program then makes the station anew. Where the
program stays, as with a container whose hardware is another board, :func:`operate` does that::

    @asynccontextmanager
    async def life():
        await hardware.up()  # where it takes its time
        async with ChargingStation(hardware, store) as station, keep_connected(station, [profile]):
            yield station

    await operate(life)

What a station has not stored is lost from one life to the next, as it must be.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["operate"]


async def operate(life: Callable[[], AbstractAsyncContextManager[ChargingStation]], /) -> NoReturn:
    """Run a station, and run it anew each time it has rebooted, until the task is cancelled (B01.FR.03, B11.FR.04).

    Args:
        life: makes one life of the station: on entry it is started and begins to connect, on exit it has let go of the
            hardware, the connection and the store's tables.
    """
    while True:
        async with life() as station:
            await station.rebooted()
