"""Whatever the start and stop points, and in whatever order things happen: every transaction is told properly."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from laboratory import OTHER, TOKEN, Laboratory, explore

from ocpp21.messages import TransactionEventRequest, TransactionLimitType
from ocpp21.simulator import EV, Impossible

POINTS = ["ParkingBayOccupancy", "EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"]

ACTS = [
    "plug_in",
    "unplug_ev",
    "unplug",
    "present",
    "present_other",
    "press_stop",
    "stop_session",
    "pause",
    "resume",
    "drive_in",
    "drive_out",
    "limit",
    "wait",
]

points = st.sets(st.sampled_from(POINTS), min_size=1).map(lambda found: tuple(sorted(found)))


async def act(lab: Laboratory, name: str) -> None:
    hardware, ev = lab.hardware, lab.hardware.evses[1].ev
    with suppress(Impossible):
        match name:
            case "plug_in":
                hardware.plug_in(1, 1, EV())
            case "unplug_ev" | "unplug":
                getattr(hardware, name)(1, 1)
            case "present" | "present_other":
                hardware.present(TOKEN if name == "present" else OTHER, 1)
            case "press_stop" | "stop_session" | "drive_in" | "drive_out":
                getattr(hardware, name)(1)
            case "pause" | "resume" if ev is not None:
                getattr(ev, name)()
            case "limit" if lab.station.transactions.is_busy(1):
                await lab.station.transactions.limit(1, TransactionLimitType(max_energy=50.0))
    await lab.quiet(40 if name == "wait" else 0.5)


async def clear(lab: Laboratory) -> None:
    """Everybody gets their cable out and drives away; a last driver fulfils all stop points, and loses them all."""
    for is_last in (False, True):
        if is_last:
            if not lab.station.transactions.is_busy(1):
                return
            for name in ("drive_in", "plug_in", "present", "wait"):
                await act(lab, name)
        lock = lab.hardware.evses[1].connectors[1].lock
        for token in ("present", "present_other") * 2:
            if lock is not None and lock.is_locked:
                await act(lab, token)
        for name in ("unplug", "drive_out", "wait"):
            await act(lab, name)


def check(events: list[TransactionEventRequest]) -> None:
    """One transaction: one Started, one Ended, states that change when they say so, each token told once."""
    kinds = [str(event.event_type) for event in events]
    assert kinds == ["Started", *["Updated"] * (len(kinds) - 2), "Ended"]
    assert [event.seq_no for event in events] == list(range(len(events)))
    assert events[-1].transaction_info.stopped_reason is not None  # E06.FR.08
    is_connected, previous = False, None
    for event in events:
        trigger, state = str(event.trigger_reason), str(event.transaction_info.charging_state)
        if trigger == "CablePluggedIn":
            is_connected = True
        elif trigger == "EVCommunicationLost":
            is_connected = False
        elif event is events[0]:
            is_connected = state != "Idle"
        assert (state == "Idle") is not is_connected, (trigger, state)
        if trigger == "ChargingStateChanged":
            assert state != previous
        previous = state
        if event.id_token is not None:  # E01.FR.10, E07.FR.02
            assert trigger in ("Authorized", "StopAuthorized") or event is events[0]
        if trigger == "Authorized":
            assert event.id_token is not None
        if trigger.startswith("MeterValue"):
            assert event.id_token is None
    begun = [
        value
        for event in events[:-1]
        for moment in event.meter_value or ()
        for value in moment.sampled_value
        if value.context == "Transaction.Begin"
    ]
    assert len(begun) == 1  # E01.FR.09, E01.FR.17: once


@seed(21)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    start=points,
    stop=points,
    stops=st.booleans(),
    acts=st.lists(st.sampled_from(ACTS), min_size=8, max_size=20),
)
def test_any_order(start: tuple[str, ...], stop: tuple[str, ...], stops: bool, acts: list[str]) -> None:
    async def scenario(lab: Laboratory) -> None:
        for name in acts:
            await act(lab, name)
        await clear(lab)
        assert not lab.station.transactions.is_busy(1)
        assert lab.hardware.evses[1].flow.power_mw == 0

    variables: dict[str, Any] = {
        "sampled_data_ctrlr.tx_updated_interval": 15,
        "tx_ctrlr.tx_start_point": start,
        "tx_ctrlr.tx_stop_point": stop,
        "tx_ctrlr.stop_tx_on_ev_side_disconnect": stops,
        "tx_ctrlr.ev_connection_time_out": 20,
        "tx_ctrlr.supported_limits": ("maxEnergy",),
    }
    lab = explore(scenario, has_bay_sensors=True, variables=variables)
    by_transaction: dict[str, list[TransactionEventRequest]] = defaultdict(list)
    for event in lab.events:
        by_transaction[event.transaction_info.transaction_id].append(event)
    for events in by_transaction.values():
        check(events)
