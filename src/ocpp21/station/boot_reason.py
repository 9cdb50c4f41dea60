"""Why the station has started: remembered over the reboot that the station itself has asked for (B01.FR.09)."""

from __future__ import annotations

import logging
from typing import Final

import msgspec

from ocpp21.errors import StoreError
from ocpp21.messages import BootReasonEnumType
from ocpp21.station.store import Store, Table

__all__ = ["forget_reason", "remember_reason", "take_reason"]

logger: Final = logging.getLogger("ocpp21.station")


class _Reboot(msgspec.Struct, frozen=True):
    """A reboot that is about to happen."""

    reason: BootReasonEnumType


_TABLE: Final = Table("reboot", _Reboot)
_KEY: Final = "next"


async def remember_reason(store: Store, reason: BootReasonEnumType, /) -> None:
    """Keep the reason of a reboot that is about to happen.

    Raises:
        StoreError: it could not be kept.
    """
    await store.commit(_TABLE.put(_KEY, _Reboot(reason)))


async def forget_reason(store: Store, /) -> None:
    """Forget what was kept: the reboot has failed.

    Raises:
        StoreError: it is still kept.
    """
    await store.commit(_TABLE.delete(_KEY))


async def take_reason(store: Store, otherwise: BootReasonEnumType, /) -> BootReasonEnumType:
    """Tell why the station has started, and forget what was kept: the next start has a reason of its own.

    Args:
        store: where it was kept.
        otherwise: the reason as the hardware knows it, for a start that nobody has asked for.

    Raises:
        StoreError: the store could not be read.
    """
    reboot = (await _TABLE.load(store)).get(_KEY)
    if reboot is None:
        return otherwise
    try:
        await forget_reason(store)
    except StoreError as error:  # no reason not to start
        logger.error("reason of the reboot not forgotten", exc_info=error)
    return reboot.reason
