"""What a reset has led to, so far (B11, B12, B13)."""

from __future__ import annotations

import asyncio
from typing import Final

from ocpp21.messages import BootNotificationRequest, ResetResponse, ResetStatusEnumType, StatusInfoType

__all__ = ["Reset"]


class Reset:
    """The answer to a reset, and what follows it.

    Args:
        response: the answer.
        evse_id: EVSE that is reset; None for the whole Charging Station.

    Attributes:
        status: ``Accepted``, ``Scheduled`` until the Charging Station is idle, or ``Rejected``.
        status_info: more about it.
        evse_id: as given.
        boot: boot notification that has followed; None before.
    """

    def __init__(self, response: ResetResponse, evse_id: int | None, /) -> None:
        self.status: Final[ResetStatusEnumType] = response.status
        self.status_info: Final[StatusInfoType | None] = response.status_info
        self.evse_id: Final = evse_id
        self.boot: BootNotificationRequest | None = None
        self._booted: Final = asyncio.Event()

    @property
    def leads_to_boot(self) -> bool:
        """Whether the Charging Station boots, now or later: an EVSE is reset without."""
        return self.evse_id is None and self.status is not ResetStatusEnumType.REJECTED

    async def booted(self, *, timeout_s: float | None = None) -> BootNotificationRequest | None:
        """Wait for the boot that follows, at this CSMS.

        Args:
            timeout_s: longest wait, in seconds; for ever by default, as a scheduled reset may be long in coming.

        Returns:
            The boot notification; None when none follows.

        Raises:
            TimeoutError: it has not come in time.
        """
        if not self.leads_to_boot:
            return None
        async with asyncio.timeout(timeout_s):
            await self._booted.wait()
        return self.boot

    def complete(self, boot: BootNotificationRequest, /) -> None:
        """Take note of the boot; for the block."""
        self.boot = boot
        self._booted.set()
