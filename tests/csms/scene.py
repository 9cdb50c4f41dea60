"""A CSMS and a peer that plays the Charging Station, joined in memory, in virtual time."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ocpp21.block import Role
from ocpp21.csms import CSMS, MemoryStore, Settings, Station, StationEvent
from ocpp21.errors import CallError
from ocpp21.messages import (
    BootNotificationRequest,
    BootNotificationResponse,
    BootReasonEnumType,
    ChargingStationType,
    ComponentType,
    EVSEType,
    GenericDeviceModelStatusEnumType,
    GetBaseReportRequest,
    GetBaseReportResponse,
    NotifyReportRequest,
    ReportDataType,
    TransactionEventEnumType,
    TransactionEventRequest,
    TransactionType,
    TriggerReasonEnumType,
    VariableAttributeType,
    VariableType,
)
from ocpp21.testing.roles import RolePair
from ocpp21.testing.virtual_time import run, wall_time
from ocpp21.wire import Request

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

#: Without an inventory: the peers of most tests could not give one.
QUIET = Settings(inventory=None)

BOOT = BootNotificationRequest(
    charging_station=ChargingStationType(model="Model", vendor_name="Vendor"), reason=BootReasonEnumType.POWER_UP
)


class Peer(Role):
    """What the test makes of the Charging Station."""

    side = "CS"

    async def boot(self, request: BootNotificationRequest = BOOT) -> BootNotificationResponse:
        return await self.call(request)


class Scene:
    """The two roles, and all that the CSMS has told of."""

    def __init__(self, csms: CSMS, station: Station, peer: Peer, pair: RolePair) -> None:
        self.csms = csms
        self.station = station
        self.peer = peer
        self.pair = pair
        self.events: list[StationEvent] = []

    def told(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def virtual(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a coroutine function as a test, from noon on, in virtual time."""

    @functools.wraps(test)
    def plain(*arguments: Any, **options: Any) -> None:
        run(test(*arguments, **options), epoch=NOON)

    return plain


def make_csms(store: MemoryStore | None = None, settings: Settings = QUIET, **options: Any) -> CSMS:
    return CSMS(MemoryStore() if store is None else store, now=wall_time, settings=settings, **options)


@asynccontextmanager
async def joined(
    csms: CSMS | None = None, /, *, identity: str = "CS001", boots: bool = True, settings: Settings = QUIET
) -> AsyncIterator[Scene]:
    """A connection of a Charging Station that has booted, unless told otherwise."""
    async with make_csms(settings=settings) if csms is None else csms as csms:
        station, peer = csms.welcome(identity), Peer()
        async with RolePair(peer, station, identity=identity) as pair:
            scene = Scene(csms, station, peer, pair)
            csms.subscribe(scene.events.append)
            if boots:
                await peer.boot()
            yield scene
        await peer.stop()


async def refused(peer: Role, request: Request[Any]) -> str:
    """The code that a request is refused with."""
    with pytest.raises(CallError) as caught:
        await peer.call(request)
    return str(caught.value.code)


def event(
    transaction_id: str = "tx",
    seq_no: int = 0,
    kind: TransactionEventEnumType = TransactionEventEnumType.STARTED,
    **options: Any,
) -> TransactionEventRequest:
    options.setdefault("transaction_info", TransactionType(transaction_id=transaction_id))
    options.setdefault("trigger_reason", TriggerReasonEnumType.CABLE_PLUGGED_IN)
    options.setdefault("timestamp", NOON + timedelta(seconds=seq_no))
    return TransactionEventRequest(event_type=kind, seq_no=seq_no, **options)


def component(name: str, evse_id: int | None = None, connector_id: int | None = None) -> ComponentType:
    evse = None if evse_id is None else EVSEType(id=evse_id, connector_id=connector_id)
    return ComponentType(name=name, evse=evse)


def variable(name: str, instance: str | None = None) -> VariableType:
    return VariableType(name=name, instance=instance)


def row(name: str, value: str | None = "1", *, instance: str | None = None) -> ReportDataType:
    return ReportDataType(
        component=component("DeviceDataCtrlr"),
        variable=variable(name, instance),
        variable_attribute=[VariableAttributeType(value=value)],
    )


def part(request_id: int, seq_no: int, *rows: ReportDataType, tbc: bool | None = None) -> NotifyReportRequest:
    return NotifyReportRequest(
        request_id=request_id, generated_at=NOON, seq_no=seq_no, tbc=tbc, report_data=list(rows) or None
    )


def reporting(peer: Peer, *parts: tuple[int, bool, str]) -> list[int]:
    """Let a peer answer requests for base reports with these parts: number, whether more follow, name of the row."""
    numbers: list[int] = []

    async def report(request_id: int) -> None:
        for seq_no, tbc, name in parts:
            await peer.call(part(request_id, seq_no, row(name), tbc=tbc))

    @peer.on(GetBaseReportRequest)
    def answer(request: GetBaseReportRequest) -> GetBaseReportResponse:
        numbers.append(request.request_id)
        peer.accompany(report(request.request_id))
        return GetBaseReportResponse(status=GenericDeviceModelStatusEnumType.ACCEPTED)

    return numbers
