"""EVs: the charge curve, the battery, the target."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from ocpp21.simulator.ev import EV, ChargeCurve
from ocpp21.testing.virtual_time import run


def test_a_curve_is_flat_and_then_falls() -> None:
    steps = ChargeCurve(max_power_w=100, knee_percent=80, final_percent=10).steps()
    assert steps[0] == (0, 100_000)
    assert steps[1][0] == 80
    assert steps[-2] == (99, 10_000)
    assert steps[-1] == (100, 0)
    assert [power for _, power in steps] == sorted((power for _, power in steps), reverse=True)
    assert len(steps) == 22


def test_a_curve_may_fall_from_the_beginning_or_not_at_all() -> None:
    assert ChargeCurve(max_power_w=100, knee_percent=0, final_percent=100).steps()[:2] == [(0, 100_000), (1, 100_000)]
    assert ChargeCurve(max_power_w=100, knee_percent=100).steps() == [(0, 100_000), (100, 0)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_power_w": 0}, "expected max_power_w from 1 to 10000000, found 0"),
        ({"max_power_w": 1, "knee_percent": 101}, "expected knee_percent from 0 to 100, found 101"),
        ({"max_power_w": 1, "final_percent": 0}, "expected final_percent from 1 to 100, found 0"),
    ],
)
def test_a_curve_within_bounds(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ChargeCurve(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"capacity_wh": 0}, "expected capacity_wh from 1 to 10000000, found 0"),
        ({"state_of_charge": 101}, "expected state_of_charge from 0 to 100, found 101"),
        ({"target_soc": 0}, "expected target_soc from 1 to 100, found 0"),
        ({"phases": 4}, "expected phases from 1 to 3, found 4"),
        ({"min_current_a": 17}, "expected min_current_a from 0 to 16, found 17"),
    ],
)
def test_an_ev_within_bounds(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EV(**options)


def test_a_battery_wants_less_from_step_to_step() -> None:
    async def main() -> None:
        ev = EV(capacity_wh=1000, state_of_charge=79, curve=ChargeCurve(max_power_w=1000))
        wanted = []
        while (step := ev.next_step_pj) is not None:
            wanted.append(ev.wanted_mw)
            ev.stored.grow(ev.wanted_mw)
            loop = asyncio.get_running_loop()
            await asyncio.sleep(ev.stored.reaches(step) - loop.time())
        assert ev.wanted_mw == 0
        assert ev.state_of_charge == 100
        assert wanted[0] == 1_000_000
        assert wanted[-1] == 100_000
        assert len(wanted) == 21

    run(main())


def test_a_target_is_where_it_stops() -> None:
    ev = EV(state_of_charge=80, target_soc=80)
    assert (ev.wanted_mw, ev.next_step_pj) == (0, None)
    ev = EV(state_of_charge=70, target_soc=75.5)
    assert ev.wanted_mw == 11_040_000
    assert ev.next_step_pj == ev.capacity_pj * 755 // 1000


def test_above_its_target_it_wants_nothing() -> None:
    assert EV(state_of_charge=90, target_soc=50).wanted_mw == 0
    assert EV(state_of_charge=90, target_soc=50).state_of_charge == Decimal(90)


def test_a_paused_ev_wants_nothing() -> None:
    ev = EV()
    ev.pause()
    assert ev.wanted_mw == 0
    ev.resume()
    assert ev.wanted_mw == 11_040_000
