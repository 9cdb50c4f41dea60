"""The power that flows is the least of what any part of the way allows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp21.simulator import EV, ChargeCurve, fast_charger, wallbox
from ocpp21.simulator.flow import NOTHING, Flow, flow, offer
from ocpp21.station.hardware import EvseFacts, Limit

(AC,) = wallbox().evses
DC = fast_charger().evses[0]

currents = st.none() | st.floats(0, 100)
limits = st.builds(Limit, currents, st.none() | st.floats(0, 400_000), st.sampled_from([None, 1, 2, 3]))
evs = st.builds(
    EV,
    capacity_wh=st.integers(1000, 200_000),
    state_of_charge=st.floats(0, 100),
    target_soc=st.floats(1, 100),
    curve=st.builds(ChargeCurve, max_power_w=st.floats(1, 400_000), knee_percent=st.integers(0, 100)),
    phases=st.integers(1, 3),
    max_current_a=st.floats(6, 80),
    dc_voltage_v=st.none() | st.floats(200, 1000),
)


def flows(ev: EV, limit: Limit = Limit(), facts: EvseFacts = AC, **options: Any) -> Flow:  # noqa: B008
    options = {"cable_max_current_a": None, "is_derated": False} | options
    return flow(offer(facts, limit, **options), ev)


def test_three_phases_of_sixteen_amperes() -> None:
    assert flows(EV()) == Flow(11_040_000, 16_000, 3, None)


@pytest.mark.parametrize(
    ("limit", "options", "expected"),
    [
        (Limit(current_a=10), {}, Flow(6_900_000, 10_000, 3, None)),
        (Limit(power_w=6900), {}, Flow(6_900_000, 10_000, 3, None)),
        (Limit(phases=1), {}, Flow(3_680_000, 16_000, 1, None)),
        (Limit(power_w=2300, phases=1), {}, Flow(2_300_000, 10_000, 1, None)),
        (Limit(), {"cable_max_current_a": 13}, Flow(8_970_000, 13_000, 3, None)),
        (Limit(), {"is_derated": True}, Flow(5_520_000, 8_000, 3, None)),
        (Limit(current_a=0), {}, NOTHING),
        (Limit(power_w=0), {}, NOTHING),
        (Limit(current_a=-5), {}, NOTHING),
        (Limit(current_a=5.99), {}, NOTHING),
        (Limit(power_w=4139), {}, NOTHING),
    ],
)
def test_limits(limit: Limit, options: Any, expected: Flow) -> None:
    assert flows(EV(), limit, **options) == expected


def test_dc() -> None:
    ev = EV(curve=ChargeCurve(max_power_w=100_000), dc_voltage_v=400)
    assert flows(ev, facts=DC) == Flow(100_000_000, 250_000, 0, None)
    assert flows(ev, Limit(current_a=100), DC) == Flow(40_000_000, 100_000, 0, None)
    assert flows(ev, Limit(power_w=20_000), DC) == Flow(20_000_000, 50_000, 0, None)
    assert flows(ev, Limit(power_w=0), DC) == NOTHING
    assert flows(ev, Limit(power_w=-1), DC) == NOTHING
    assert flows(EV(dc_voltage_v=None), facts=DC) == NOTHING


def test_an_ev_that_wants_nothing_suspends() -> None:
    assert flows(EV(state_of_charge=100)).suspended_by == "EV"
    assert flows(EV(state_of_charge=100), facts=DC).suspended_by == "EV"


@given(evs, limits, st.none() | st.sampled_from([13.0, 20.0, 32.0, 63.0]), st.sampled_from([AC, DC]), st.booleans())
def test_power_never_exceeds_limit_cable_ev_or_evse(
    ev: EV, limit: Limit, cable: float | None, facts: EvseFacts, is_derated: bool
) -> None:
    found = flows(ev, limit, facts, cable_max_current_a=cable, is_derated=is_derated)
    assert (found.power_mw == 0) == (found.suspended_by is not None)
    assert found.power_mw <= ev.wanted_mw
    assert found.power_mw <= facts.max_power_w * 1000
    assert limit.power_w is None or found.power_mw <= limit.power_w * 1000
    assert found.phases <= facts.phases
    assert found.phases <= (limit.phases or 3)
    most_a = [facts.max_current_a, cable, limit.current_a, ev.max_current_a if facts.phases else None]
    assert all(found.current_ma <= most * 1000 for most in most_a if most is not None)
    voltage = 230 * found.phases if facts.phases else (ev.dc_voltage_v or 0)
    assert all(found.power_mw <= most * 1000 * voltage for most in most_a if most is not None)
