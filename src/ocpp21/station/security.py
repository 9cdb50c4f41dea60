"""Security (block A) of the Charging Station: security events and their log (A01, A04)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from ocpp21.block import Block
from ocpp21.device_model import Change as Setting
from ocpp21.errors import LocalProtocolError, shorten
from ocpp21.messages import SecurityEventNotificationRequest
from ocpp21.messages.values import CRITICAL_SECURITY_EVENTS, SecurityEvents
from ocpp21.station.delivery import Delivery, Retry
from ocpp21.station.queue import MessageQueue
from ocpp21.station.store import Change, Table

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["Security", "SecurityLogEntry"]

#: Entries that the security log holds; the oldest ones make room (A04.FR.04 advises a rolling log).
_LOG_SIZE: Final = 1000

#: Longest type and techInfo, in characters (Part 3, SecurityEventNotificationRequest).
_TYPE_SIZE: Final = 50
_TECH_INFO_SIZE: Final = 255

#: Until the CSMS has it; the wait after the n-th failure is n times as long (A04.FR.02).
_RETRY: Final = Retry(attempts=None, interval_s=60.0)


class SecurityLogEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A security event in the log.

    Attributes:
        type: kind of event.
        timestamp: when it happened.
        tech_info: detail.
    """

    type: str
    timestamp: datetime
    tech_info: str | None = None


_LOG: Final = Table("security_log", SecurityLogEntry)


class Security(Block["ChargingStation"]):
    """Security, Part 2, block A: A04, and what A01 asks of the log.

    Attributes:
        critical: types of events that the CSMS is told of; the others are in the log only.
    """

    def __init__(self, role: ChargingStation, /) -> None:
        super().__init__(role)
        self.critical: Final[set[str]] = set(CRITICAL_SECURITY_EVENTS)
        self._queue: MessageQueue  # what the CSMS does not know of; there once started
        self._delivery: Delivery
        self._opening: asyncio.Task[None] | None = None  # waits until it may deliver
        self._first = self._next = 0  # numbers of the oldest entry of the log and of the one to come

    async def start(self) -> None:
        """Take up the log, and the events that the CSMS does not know of."""
        numbers = [int(key) for key, _ in await self.role.store.read(_LOG.name)]
        self._first, self._next = (numbers[0], numbers[-1] + 1) if numbers else (0, 0)
        self._queue = await MessageQueue.open(self.role.store, name="security_event")
        self._delivery = Delivery(self._queue, retry=lambda request: _RETRY)
        self.role.accompany(self._delivery.run(self.role.call))

    def attached(self) -> None:
        """Report what is queued once the station is accepted."""
        self._opening = self.role.accompany(self._go_online())

    def detached(self) -> None:
        """Queue what happens from now on."""
        if self._opening is not None:
            self._opening.cancel()
        self.role.accompany(self._delivery.went_offline())

    # Verbs

    async def report_event(
        self, type_: str, /, *, tech_info: str | None = None, timestamp: datetime | None = None
    ) -> None:
        """Write a security event into the log, and tell the CSMS of a critical one, for certain (A04).

        On return the event is durable. It is delivered when the station is accepted and connected, with the time at
        which it happened; it may be delivered twice.

        Args:
            type_: one of :class:`ocpp21.messages.SecurityEvents`, or that of a vendor; at most 50 characters.
            tech_info: detail; cut at 255 characters.
            timestamp: when it happened, aware; now when absent.

        Raises:
            LocalProtocolError: the type is too long.
            StoreError: it was neither written nor queued.
        """
        if len(type_) > _TYPE_SIZE:
            raise LocalProtocolError(f"expected a type of at most {_TYPE_SIZE} characters, found {len(type_)}")
        entry = SecurityLogEntry(
            type=type_,
            timestamp=timestamp or self.role.now(),
            tech_info=None if tech_info is None else shorten(tech_info, _TECH_INFO_SIZE),
        )
        changes = self._write(entry)  # A04.FR.04
        if type_ in self.critical:
            # A04.FR.01, A04.FR.02
            await self._queue.put(_notification(entry), also=changes)
        else:
            await self.role.store.commit(*changes)

    async def log(self) -> list[SecurityLogEntry]:
        """Read the security log, the oldest entry first.

        Raises:
            StoreError: it could not be read.
        """
        return list((await _LOG.load(self.role.store)).values())

    def note_settings(self, settings: Iterable[Setting], /) -> list[Change]:
        """Say what writes into the log that there is a new password, and not which; to be stored along with it.

        Args:
            settings: changes of the device model that the CSMS has asked for.
        """
        return [  # A01.FR.11, A01.FR.12
            change
            for setting in settings
            if setting.place.variable == "BasicAuthPassword"
            for change in self._write(
                SecurityLogEntry(
                    type=SecurityEvents.RECONFIGURATION_OF_SECURITY_PARAMETERS,
                    timestamp=self.role.now(),
                    tech_info=str(setting.place),
                )
            )
        ]

    # Queue and log

    async def _go_online(self) -> None:
        await self.role.provisioning.accepted()
        self._delivery.went_online()

    def _write(self, entry: SecurityLogEntry) -> list[Change]:
        """The changes that write an entry, and remove the oldest ones when the log is full."""
        changes: list[Change] = [_LOG.put(_key(self._next), entry)]
        self._next += 1
        while self._next - self._first > _LOG_SIZE:
            changes.append(_LOG.delete(_key(self._first)))
            self._first += 1
        return changes


def _key(number: int) -> str:
    return f"{number:012}"


def _notification(entry: SecurityLogEntry) -> SecurityEventNotificationRequest:
    return SecurityEventNotificationRequest(type=entry.type, timestamp=entry.timestamp, tech_info=entry.tech_info)
