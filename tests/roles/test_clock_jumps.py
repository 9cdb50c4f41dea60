"""The clock of the station jumps: timers do not care, timestamps tell the new time, and the ledger is complete."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from laboratory import Laboratory, explore

from ocpp21.csms.aggregates import TableStore
from ocpp21.errors import StoreError
from ocpp21.messages import MeterValuesRequest, TransactionEventRequest
from ocpp21.simulator import SimulatedStation, wallbox
from ocpp21.testing.virtual_time import EPOCH
from roles.doomed_tables import WatchedTables
from roles.reconciling import check_energy, check_frames, check_transactions, no_complaints, settle
from roles.sessions import BUSY

#: Of a clock that nobody sets but the test.
VARIABLES = BUSY | {"clock_ctrlr.time_source": ("RealTimeClock",)}

JUMPS_S = {
    "an_hour_back": -3600,
    "a_day_ahead": 86_400,
    "an_hour_ahead": 3600,
    "a_step_back": -0.7,
    "a_step_ahead": 0.7,
}

jumps = pytest.mark.parametrize("jump_s", JUMPS_S.values(), ids=JUMPS_S)


async def jump(lab: Laboratory, seconds: float) -> None:
    await lab.hardware.clock.set(lab.hardware.clock.now() + timedelta(seconds=seconds))


@jumps
def test_while_charging(jump_s: float) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(200)
        await jump(lab, jump_s)
        await lab.quiet(200)
        await lab.leave()
        await settle(lab)
        (transaction,) = await check_transactions(lab.csms_store)
        check_energy([transaction], lab.delivered_wh())

    with no_complaints():
        lab = explore(scenario, variables=VARIABLES)
    told = [
        (at, message) for at, side, message in lab.said if side == "CS" and isinstance(message, TransactionEventRequest)
    ]
    sampled = [at for at, message in told if message.trigger_reason == "MeterValuePeriodic"]
    assert [later - earlier for earlier, later in pairwise(sampled)] == pytest.approx([30] * 12)
    jumped_at = 200.3
    for at, message in told:
        error_s = (message.timestamp - EPOCH).total_seconds() - at
        assert error_s == pytest.approx(0 if at < jumped_at else jump_s, abs=1.0)
    check_frames(lab.frames)


@jumps
def test_while_a_message_waits_to_be_sent_again(jump_s: float) -> None:
    """The second attempt comes 10 s after the first, the third 20 s after that (E13.FR.02, E13.FR.03)."""
    tables = WatchedTables()
    seen: list[float] = []

    def refuse(number: int, kind: str) -> Exception | None:
        if kind == "write" and tables.commits and asyncio.get_running_loop().time() > 50 and len(seen) < 3:
            seen.append(asyncio.get_running_loop().time())
            return StoreError("expected a disk, found none") if len(seen) < 3 else None
        return None

    tables.refuse = refuse

    async def scenario(lab: Laboratory) -> None:
        lab.set("aligned_data_ctrlr.interval", 0)
        await lab.plug_in()
        await lab.quiet(100)
        await lab.present()
        await jump(lab, jump_s)
        await lab.quiet(15)
        await jump(lab, -jump_s)
        await lab.quiet(200)
        await lab.leave()
        await settle(lab)
        check_energy(await check_transactions(lab.csms_store), lab.delivered_wh())

    explore(scenario, variables=VARIABLES, csms_store=TableStore(tables))
    first, second, third = seen
    assert (second - first, third - second) == pytest.approx((10, 20))


@jumps
def test_clock_aligned_slots(jump_s: float) -> None:
    """No slot is taken twice, none in the future, and no more at a time than there are meters."""

    async def scenario(lab: Laboratory) -> None:
        await lab.quiet(1000)
        await jump(lab, jump_s)
        await lab.quiet(3 * 3600)

    with no_complaints():
        lab = explore(scenario, variables=VARIABLES)
    values = [
        (at, message) for at, side, message in lab.said if side == "CS" and isinstance(message, MeterValuesRequest)
    ]
    slots = Counter((message.evse_id, message.meter_value[0].timestamp) for _, message in values)
    assert set(slots.values()) == {1}
    assert all(slot.timestamp() % 120 == 0 for _, slot in slots)
    for at, message in values:
        error_s = (message.meter_value[0].timestamp - EPOCH).total_seconds() - at
        assert error_s == pytest.approx(0 if at < 1000.1 else jump_s, abs=1.0), "a slot that is not now"
    assert max(Counter(round(at) for at, _ in values).values()) == 2  # of the EVSE, and of the main meter
    # All of them but those of the hour that comes twice, or of the one that does not come.
    assert len(values) == pytest.approx(2 * (1000 + 3 * 3600 + min(jump_s, 0)) // 120, abs=4)


@pytest.mark.parametrize("error_s", [-400 * 86_400, 5 * 3600, 400 * 86_400])
def test_a_clock_that_was_wrong_until_the_station_was_accepted(error_s: float) -> None:
    """The slots are those of the time that the CSMS has told, and none is waited for by the clock before."""

    async def scenario(lab: Laboratory) -> None:
        await lab.quiet(2000)

    hardware = SimulatedStation(wallbox(), epoch=EPOCH, boot_s=0.0, clock_error_s=error_s)
    interval = {"aligned_data_ctrlr.interval": 900}
    lab = explore(scenario, hardware=hardware, variables=BUSY | interval)
    slots = [request.meter_value[0].timestamp for request in lab.messages(MeterValuesRequest) if request.evse_id]
    assert slots == [EPOCH + timedelta(seconds=900 * number) for number in (1, 2)]
