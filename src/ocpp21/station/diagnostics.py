"""Diagnostics (block N) of the Charging Station: so far, the events that are hardwired (N07, G05).

An event that cannot be delivered, since there is no connection or the station is not accepted, waits for its turn. Of
what is reported of one variable the latest waits: the CSMS learns how things are, not how they were.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from ocpp21.block import Block
from ocpp21.device_model.place import component_key, variable_key
from ocpp21.errors import OcppError
from ocpp21.messages import (
    ComponentType,
    EventDataType,
    EventNotificationEnumType,
    EventTriggerEnumType,
    EVSEType,
    NotifyEventRequest,
    VariableType,
)

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["Diagnostics"]

logger: Final = logging.getLogger("ocpp21.station")

#: A lock that does not hold: severity HardwareFailure (Part 2, N04: the station cannot go on as it should).
_HARDWARE_FAILURE: Final = 1

#: Component with its place, and variable.
_Place: TypeAlias = tuple[object, ...]


class Diagnostics(Block["ChargingStation"]):
    """Diagnostics, Part 2, block N: hardwired events.

    Attributes:
        lock_trigger: what an event of a lock names as its trigger. The standard leaves open whether ``Delta`` or
            ``Alerting`` (G05); the official test expects ``Delta``.
    """

    lock_trigger: ClassVar[EventTriggerEnumType] = EventTriggerEnumType.DELTA

    def __init__(self, role: ChargingStation, /) -> None:
        super().__init__(role)
        self._event_ids: Final = count(1)  # for as long as the station runs
        self._waiting: Final[dict[_Place, EventDataType]] = {}
        self._opening: asyncio.Task[None] | None = None  # waits until it may deliver

    def attached(self) -> None:
        """Deliver what waits, once the station is accepted."""
        self._opening = self.role.accompany(self._go_online())

    def detached(self) -> None:
        """Let wait what happens from now on."""
        if self._opening is not None:
            self._opening.cancel()

    # Verbs

    def hardwired(
        self,
        component: ComponentType,
        variable: VariableType,
        value: str,
        at: datetime,
        /,
        *,
        trigger: EventTriggerEnumType = EventTriggerEnumType.DELTA,
        cleared: bool | None = None,
        severity: int | None = None,
        transaction_id: str | None = None,
    ) -> EventDataType:
        """Make an event that no monitor stands behind, with an id that no other event has while the station runs.

        Args:
            component: concerned.
            variable: of the component.
            value: that its attribute Actual has now.
            at: when that came to be.
            trigger: what has set it off.
            cleared: the situation is over.
            severity: from 0, the gravest, to 9 (N07.FR.21).
            transaction_id: of the transaction concerned.
        """
        return EventDataType(
            event_id=next(self._event_ids),
            timestamp=at,
            trigger=trigger,
            actual_value=value,
            cleared=cleared,
            transaction_id=transaction_id,
            event_notification_type=EventNotificationEnumType.HARD_WIRED_NOTIFICATION,
            component=component,
            variable=variable,
            severity=severity,
        )

    async def notify(self, *events: EventDataType) -> None:
        """Send events now, in one message.

        Raises:
            OcppError: it was not delivered, as :meth:`Role.call` says.
        """
        # N07.FR.07
        await self.role.call(NotifyEventRequest(generated_at=self.role.now(), seq_no=0, event_data=list(events)))

    def tell(self, event: EventDataType, /) -> None:
        """Deliver an event, now or as soon as that is allowed, in place of what waits of the same variable."""
        self._waiting[_place(event)] = event
        if self.role.provisioning.is_online:
            self.role.accompany(self._deliver(_place(event)))

    def report_lock(
        self, evse_id: int, connector_id: int, has_problem: bool, /, *, transaction_id: str | None = None
    ) -> None:
        """Tell that the lock of a connector has failed, or works again (G05.FR.02)."""
        event = self.hardwired(
            ComponentType(name="ConnectorPlugRetentionLock", evse=EVSEType(id=evse_id, connector_id=connector_id)),
            VariableType(name="Problem"),
            "true" if has_problem else "false",
            self.role.now(),
            trigger=self.lock_trigger,
            cleared=None if has_problem else True,
            severity=_HARDWARE_FAILURE,
            transaction_id=transaction_id,
        )
        self.tell(event)

    # Delivery

    async def _go_online(self) -> None:
        await self.role.provisioning.accepted()
        for place in list(self._waiting):
            await self._deliver(place)

    async def _deliver(self, place: _Place) -> None:
        event = self._waiting.pop(place, None)
        if event is None:
            return
        try:
            await self.notify(event)
        except OcppError as error:
            logger.info("event %d not delivered: %s", event.event_id, error)
            self._waiting.setdefault(place, event)


def _place(event: EventDataType) -> _Place:
    return component_key(event.component) + variable_key(event.variable)
