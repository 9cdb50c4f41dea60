"""Which parts of the station are in service: the settings that ChangeAvailability makes (Part 2, G03, G04).

Station, EVSEs and connectors have a setting each, and none changes another: so what was out of service by itself stays
so when the whole comes back. A part is in service when it is Operative, and all that it belongs to.
"""

from __future__ import annotations

from typing import Final

import msgspec

from ocpp21.messages import EVSEType, OperationalStatusEnumType
from ocpp21.station.store import Store, Table

__all__ = ["InService"]

_OPERATIVE: Final = OperationalStatusEnumType.OPERATIVE
_INOPERATIVE: Final = OperationalStatusEnumType.INOPERATIVE


class _Setting(msgspec.Struct, frozen=True):
    """The setting of one part; what has none is Operative."""

    status: OperationalStatusEnumType


_TABLE: Final = Table("availability", _Setting)


class InService:
    """The settings; they survive a reset, a reboot and a loss of power.

    B01.FR.07, B11.FR.02, B12.FR.06, G01.FR.02, G03.FR.08, G04.FR.09.
    """

    def __init__(self) -> None:
        self._inoperative: Final[set[str]] = set()

    async def load(self, store: Store, /) -> None:
        """Take up what is stored.

        Raises:
            StoreError: the store could not be read.
        """
        settings = await _TABLE.load(store)
        self._inoperative.update(key for key, setting in settings.items() if setting.status is _INOPERATIVE)

    async def change(self, store: Store, evse: EVSEType | None, status: OperationalStatusEnumType, /) -> None:
        """Set a part, and keep that; it holds from the moment on in which it is durable.

        Args:
            store: where it is kept.
            evse: EVSE, or connector of it; None for the station.
            status: from now on.

        Raises:
            StoreError: it could not be kept; nothing has changed.
        """
        key = _key(evse)
        if (key in self._inoperative) is (status is _INOPERATIVE):
            return
        if status is _OPERATIVE:
            await store.commit(_TABLE.delete(key))
            self._inoperative.discard(key)
        else:
            await store.commit(_TABLE.put(key, _Setting(status)))
            self._inoperative.add(key)

    @property
    def is_all(self) -> bool:
        """Whether every part is Operative."""
        return not self._inoperative

    def holds(self, evse_id: int, connector_id: int, /) -> bool:
        """Whether a connector is in service, with its EVSE and the station."""
        keys = {_key(None), str(evse_id), f"{evse_id}/{connector_id}"}
        return self._inoperative.isdisjoint(keys)


def _key(evse: EVSEType | None) -> str:
    if evse is None:
        return "station"
    return str(evse.id) if evse.connector_id is None else f"{evse.id}/{evse.connector_id}"
