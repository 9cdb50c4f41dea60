"""Resets of the station and of single EVSEs, at once or when idle (B11, B12, B13).

Theory of operation. A ResetRequest is answered first. Then transactions are ended, or told that they will be resumed;
their events get the time of one message time-out to arrive, and wait in the queue otherwise (B12.FR.05). Before the
whole station reboots, the reason for the next BootNotification is stored and the connection is closed; what begins
again after that is another :class:`~ocpp21.station.ChargingStation` (see :mod:`ocpp21.station.supervisor`). A reset
that the hardware refuses is tried ResetRetries times again; when it fails for good, everything goes on as it was.

While a reset is due, nothing new begins at the EVSEs that it concerns (``Evses.resetting``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from ocpp21.errors import StoreError
from ocpp21.messages import (
    BootReasonEnumType,
    ResetEnumType,
    ResetRequest,
    ResetResponse,
    ResetStatusEnumType,
    StatusInfoType,
)
from ocpp21.messages.values import ReasonCodes
from ocpp21.station.afterwards import afterwards
from ocpp21.station.boot_reason import forget_reason, remember_reason

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["Obstacle", "Resetting"]

logger: Final = logging.getLogger("ocpp21.station")

#: Says why an EVSE, or with None the whole station, must not be reset now, although no transaction is in the way; or
#: None.
Obstacle: TypeAlias = Callable[[int | None], StatusInfoType | None]

_Status: Final = ResetStatusEnumType
_Type: Final = ResetEnumType

#: MessageTimeout[Default] where it is not there, in s (Part 2, 3.2).
_TIMEOUT_S: Final = 30

#: Before the hardware is asked again, in s.
_PATIENCE_S: Final = 1.0


class Resetting:
    """Resets the station.

    Args:
        station: the station.

    Attributes:
        obstacles: asked, each of them, before a reset: blocks add theirs. Whoever adds one calls :meth:`reconsider`
            when it is gone.
        rebooted: set when the hardware has rebooted as a whole, and has come back to tell.
        is_rebooting: the whole station reboots now: there is no use in a new connection.
    """

    def __init__(self, station: ChargingStation, /) -> None:
        self._station: Final = station
        self._scheduled: Final[
            dict[int | None, BootReasonEnumType]
        ] = {}  # what waits until it is idle, with the reason
        self._turn: Final = asyncio.Lock()  # one reset at a time
        self.obstacles: Final[list[Obstacle]] = []
        self.rebooted: Final = asyncio.Event()
        self._goes_on: Final = asyncio.Event()
        self._goes_on.set()
        station.device_model.ocpp_comm_ctrlr.reset_retries.honour()
        tx = station.device_model.tx_ctrlr
        for variable in (
            tx.resumption_timeout,
            tx.allow_energy_transfer_resumption,
            tx.energy_transfer_resumption_random_range,
        ):
            variable.honour()
        for evse in station.evses.values():
            variable = station.device_model.evse(evse.evse_id).allow_reset
            if evse.facts.can_reset and not variable.exists:
                variable.add(True)  # B11.FR.10

    @property
    def is_rebooting(self) -> bool:
        """Whether the station is about to be gone, by a reset."""
        return not self._goes_on.is_set()

    async def gone_on(self) -> None:
        """Wait until the station is not rebooting; for ever, if the reboot succeeds."""
        await self._goes_on.wait()

    def answer(self, request: ResetRequest, /) -> ResetResponse:
        """Answer a request, in the coroutine that handles it, and do what was answered afterwards (B11.FR.01)."""
        return self.ask(request.type, request.evse_id, None)

    def ask(self, kind: ResetEnumType, evse_id: int | None, reason: BootReasonEnumType | None, /) -> ResetResponse:
        """Answer whether and when there will be a reset, and see that it comes.

        Args:
            kind: at once, when idle, or at once with transactions resumed.
            evse_id: which EVSE, or with None the whole station.
            reason: for the next BootNotification; None when the CSMS has asked.
        """
        refusal = self._refusal(kind, evse_id)
        if refusal is not None:
            return ResetResponse(status=_Status.REJECTED, status_info=refusal)
        if kind is _Type.ON_IDLE and (info := self._why_not_idle(evse_id)) is not None:
            self._scheduled[evse_id] = reason or BootReasonEnumType.SCHEDULED_RESET
            self._reserve()
            return ResetResponse(status=_Status.SCHEDULED, status_info=info)  # B11.FR.07, B12.FR.01
        resumes = kind is _Type.IMMEDIATE_AND_RESUME
        work = partial(self._reset, evse_id, reason or BootReasonEnumType.REMOTE_RESET, resumes=resumes)
        if reason is None:
            afterwards(self._station, work)
        else:
            self._station.accompany(work())
        # B11.FR.03, B11.FR.08, B12.FR.02, B13.FR.02, B13.FR.03
        return ResetResponse(status=_Status.ACCEPTED)

    def reconsider(self) -> None:
        """Do what was scheduled if it can be done now; to be called whenever something has ended."""
        for evse_id, reason in list(self._scheduled.items()):
            if self._why_not_idle(evse_id) is None:
                del self._scheduled[evse_id]
                self._station.accompany(self._reset(evse_id, reason))

    # Whether

    def _refusal(self, kind: ResetEnumType, evse_id: int | None) -> StatusInfoType | None:
        """Say why a reset is refused, or None."""
        if evse_id is not None and evse_id not in self._station.evses:
            return StatusInfoType(reason_code=ReasonCodes.UNKNOWN_EVSE)
        if evse_id is not None and not self._station.device_model.evse(evse_id).allow_reset.get(False):
            # B11.FR.09, B12.FR.09
            return StatusInfoType(reason_code=ReasonCodes.UNSUPPORTED_REQUEST)
        if self.is_rebooting:
            return StatusInfoType(reason_code=ReasonCodes.NOT_ENABLED, additional_info="rebooting")  # B11.FR.06
        if kind is _Type.ON_IDLE:
            return None
        timeout_s = self._station.device_model.tx_ctrlr.resumption_timeout.get(0)
        if kind is _Type.IMMEDIATE_AND_RESUME and timeout_s <= 0:
            return StatusInfoType(reason_code=ReasonCodes.NOT_ENABLED, additional_info="ResumptionTimeout")  # B13.FR.01
        return self._obstacle(evse_id)  # B11.FR.06, B12.FR.10

    def _obstacle(self, evse_id: int | None) -> StatusInfoType | None:
        return next((info for obstacle in self.obstacles if (info := obstacle(evse_id)) is not None), None)

    def _why_not_idle(self, evse_id: int | None) -> StatusInfoType | None:
        """Say what a reset has to wait for, or None."""
        if self._station.transactions.is_in_use(evse_id):
            return StatusInfoType(reason_code=ReasonCodes.TX_IN_PROGRESS)
        return self._obstacle(evse_id)

    def _reserve(self, *evse_ids: int) -> None:
        """Let nothing new begin at some EVSEs, and at those that have a reset scheduled."""
        evses = self._station.evses
        evses.resetting = {
            *evse_ids,
            *(evses if None in self._scheduled else [evse_id for evse_id in self._scheduled if evse_id is not None]),
        }
        self._station.availability.report_changed()

    # How

    async def _reset(self, evse_id: int | None, reason: BootReasonEnumType, *, resumes: bool = False) -> None:
        async with self._turn:
            for scheduled in list(self._scheduled) if evse_id is None else [evse_id]:
                self._scheduled.pop(scheduled, None)
            self._reserve(*(self._station.evses if evse_id is None else [evse_id]))
            transactions = self._station.transactions
            if resumes:
                await transactions.interrupt(evse_id)  # B13.FR.04
            else:
                await transactions.end_for_reset(evse_id)  # B12.FR.04, B12.FR.08
            await self._deliver()
            if evse_id is not None:
                await self._ask_hardware(evse_id, reason)  # B11.FR.08, B13.FR.11
            elif await self._reboot(reason):
                return
            self._reserve()
            transactions.resume(evse_id)  # B13.FR.12

    async def _deliver(self) -> None:
        """Give the events of transactions the time to arrive (B12.FR.05)."""
        timeout_s = self._station.device_model.ocpp_comm_ctrlr.message_timeout["Default"].get(_TIMEOUT_S)
        if not self._station.provisioning.is_online:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._station.queue.emptied()

    async def _reboot(self, reason: BootReasonEnumType) -> bool:
        """Reboot the whole station; returns, if at all, whether it did."""
        store = self._station.store
        try:
            await remember_reason(store, reason)  # B01.FR.09
        except StoreError as error:
            logger.error("reason of the reboot not stored", exc_info=error)
        self._goes_on.clear()
        if self._station.link is not None:
            await self._station.link.close(1001, "reboot")  # B10.FR.06
        if await self._ask_hardware(None, reason):  # B11.FR.03, B13.FR.21
            self.rebooted.set()
            return True
        self._goes_on.set()
        try:
            await forget_reason(store)
        except StoreError as error:
            logger.error("reason of the reboot not forgotten", exc_info=error)
        return False

    async def _ask_hardware(self, evse_id: int | None, reason: BootReasonEnumType) -> bool:
        """Let the hardware reset, and try again when it refuses; says whether it did in the end."""
        retries = self._station.device_model.ocpp_comm_ctrlr.reset_retries.get(0)
        for attempt in range(retries + 1):
            if attempt:
                await asyncio.sleep(_PATIENCE_S)
            try:
                await self._station.hardware.reboot(reason, evse_id=evse_id)
            except Exception as error:  # HardwareError, and whatever else the hardware raises
                logger.error("reset %d of %d has failed: %s", attempt + 1, retries + 1, error)
            else:
                return True
        return False
