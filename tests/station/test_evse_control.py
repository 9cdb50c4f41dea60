"""What goes on at one EVSE, seen from its parts: reactions, energy and plug, limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ocpp21.messages import (
    IdTokenType,
    LocationEnumType,
    MeasurandEnumType,
    PhaseEnumType,
    ReasonEnumType,
    SampledValueType,
    TransactionLimitType,
    TriggerReasonEnumType,
)
from ocpp21.simulator import EV
from ocpp21.station.deadline import Deadline
from ocpp21.station.evse_control import EvseControl
from ocpp21.station.evse_power import Withheld
from ocpp21.station.hardware import HardwareError
from ocpp21.station.readings import Reading
from ocpp21.station.transaction import AuthorizedToken
from ocpp21.testing.virtual_time import run
from station.stations import Site

AT = datetime(2026, 1, 1, tzinfo=UTC)
HOLDER = AuthorizedToken(IdTokenType(id_token="04AB", type="ISO14443"))
OTHER = AuthorizedToken(IdTokenType(id_token="04AC", type="ISO14443"))
LIMIT = TransactionLimitType(max_energy=1.0)


def with_control(use: Callable[[Site, EvseControl], Awaitable[None]]) -> None:
    """A station that is accepted, and a control of its first EVSE, which nobody else uses."""

    async def live() -> None:
        async with Site() as site:
            await site.connected()
            await use(site, EvseControl(site.station, site.station.evses[1]))

    run(live())


def test_nothing_happens_to_what_is_not_there() -> None:
    async def use(site: Site, control: EvseControl) -> None:
        await control.disconnect_ev(AT)
        await control.suspend_energy("EV", AT)
        await control.start_energy(3, AT)
        await control.end_authorization(TriggerReasonEnumType.STOP_AUTHORIZED, AT, reason=ReasonEnumType.LOCAL)
        await control.limits.set(LIMIT, AT, by_csms=True)
        await control.limits.refuse(AT)
        await control.limits.note_cost(Decimal(1))
        await control.limits.assess()
        for telling in (control.telling.sample, control.telling.collect):
            await telling(AT)
        for telling in (control.telling.sample_clock, control.telling.collect_clock):
            await telling(AT)
        assert control.transaction is None and control.authorization is None
        assert len(site.station.queue) == 0

    with_control(use)


def test_nobody_is_authorized_beside_somebody() -> None:
    async def use(site: Site, control: EvseControl) -> None:
        await control.authorize(HOLDER, AT)
        await control.authorize(OTHER, AT)
        assert control.authorization == HOLDER
        control.halt()

    with_control(use)


def test_a_plug_is_held_for_its_owner() -> None:
    async def use(site: Site, control: EvseControl) -> None:
        power = control.power
        await power.hold(HOLDER)
        assert not power.is_held  # there is nothing to hold
        site.hardware.plug_in(1, 1, EV())
        await power.close()
        assert power.is_closed and power.is_locked
        await power.open()
        await power.hold(HOLDER)
        assert power.is_held and not await power.release(OTHER) and power.is_locked
        assert await power.release(HOLDER) and not power.is_locked and not power.is_held
        assert not await power.release(HOLDER)

    with_control(use)


def test_energy_that_is_withheld_does_not_flow() -> None:
    async def use(site: Site, control: EvseControl) -> None:
        site.hardware.plug_in(1, 1, EV())
        control.power.withheld.update(Withheld)
        await control.power.close()
        assert not control.power.is_closed
        control.power.begin_anew()  # the limit is that of the transaction, and stays
        assert control.power.withheld == {Withheld.LIMIT}

    with_control(use)


def test_without_an_evse_there_is_no_energy_and_no_plug() -> None:
    async def use(site: Site, control: EvseControl) -> None:
        floating = EvseControl(site.station, None)
        await floating.power.close()
        await floating.power.open(suspended_by="EVSE")
        await floating.power.unlock()
        await floating.power.secure()
        assert not (floating.power.is_closed or floating.power.is_locked)
        assert await floating.telling.read(AT) is None
        assert not await floating.telling.has_signed_data(AT)

    with_control(use)


def test_a_lock_that_is_jammed_keeps_the_energy_off() -> None:
    async def use(site: Site, control: EvseControl) -> None:
        site.hardware.plug_in(1, 1, EV())

        async def jammed() -> None:
            raise HardwareError("jammed")

        lock = site.hardware.evses[1].connectors[1].lock
        assert lock is not None
        lock.lock = jammed  # type: ignore[method-assign]
        await control.power.close()
        assert not control.power.is_closed

    with_control(use)


def test_a_contactor_that_does_not_open_keeps_the_plug() -> None:
    async def use(site: Site, control: EvseControl) -> None:
        site.hardware.plug_in(1, 1, EV())
        await control.power.close()

        async def stuck() -> None:
            raise HardwareError("welded")

        site.hardware.evses[1].contactor.open = stuck  # type: ignore[method-assign]
        await control.power.open()
        await control.power.unlock()
        assert control.power.is_closed and control.power.is_locked

    with_control(use)


def test_a_deadline_is_put_off_and_called_off() -> None:
    async def use(site: Site, control: EvseControl) -> None:
        rung: list[str] = []
        deadline = Deadline()
        deadline.cancel()
        deadline.set(1, lambda: rung.append("first"))
        deadline.set(2, lambda: rung.append("second"))
        await asyncio.sleep(3)
        deadline.set(1, lambda: rung.append("third"))
        deadline.cancel()
        await asyncio.sleep(3)
        assert rung == ["second"]

    with_control(use)


@pytest.mark.parametrize(
    ("values", "register_wh"),
    [
        ([], None),
        ([SampledValueType(value=1.5)], Decimal("1.5")),
        (
            [SampledValueType(value=1.0, phase=PhaseEnumType.L1), SampledValueType(value=2.0, phase=PhaseEnumType.L2)],
            Decimal(3),
        ),
        ([SampledValueType(value=1.0, phase=PhaseEnumType.L1), SampledValueType(value=9.0)], Decimal(9)),
        ([SampledValueType(value=1.0, location=LocationEnumType.INLET)], None),
    ],
)
def test_the_register_of_a_reading(values: list[SampledValueType], register_wh: Decimal | None) -> None:
    assert Reading(AT, values).register_wh == register_wh


def test_power_and_state_of_charge_of_a_reading() -> None:
    reading = Reading(
        AT,
        [
            SampledValueType(value=1.0, measurand=MeasurandEnumType.POWER_ACTIVE_IMPORT, phase=PhaseEnumType.L1),
            SampledValueType(value=3.0, measurand=MeasurandEnumType.POWER_ACTIVE_IMPORT),
            SampledValueType(value=55.0, measurand=MeasurandEnumType.SOC, location=LocationEnumType.EV),
        ],
    )
    assert (reading.power_w, reading.soc) == (3, 55)
    assert (Reading(AT, []).power_w, Reading(AT, []).soc) == (None, None)
