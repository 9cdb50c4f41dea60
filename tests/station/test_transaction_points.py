"""When transactions begin and end."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp21.messages import ChargingStateEnumType
from ocpp21.messages.values import TxStartPoints
from ocpp21.station.transaction_points import Conditions, begins, charging_state, ends

BAY = Conditions(is_bay_occupied=True)
EV = Conditions(is_ev_connected=True)
AUTHORIZED = Conditions(is_authorized=True)
NOTHING = Conditions()
BOTH = Conditions(is_ev_connected=True, is_authorized=True)
CHARGING = msgspec.structs.replace(BOTH, is_energy_flowing=True)
POINTS = [value for name, value in vars(TxStartPoints).items() if name.isupper()]

conditions = st.builds(Conditions, *[st.booleans()] * 5)
point_lists = st.sets(st.sampled_from(POINTS))


@pytest.mark.parametrize(
    ("before", "after", "point"),
    [
        (NOTHING, BAY, "ParkingBayOccupancy"),
        (NOTHING, EV, "EVConnected"),
        (NOTHING, AUTHORIZED, "Authorized"),
        (EV, msgspec.structs.replace(EV, is_data_signed=True), "DataSigned"),
        (EV, BOTH, "PowerPathClosed"),
        (AUTHORIZED, BOTH, "PowerPathClosed"),
        (BOTH, CHARGING, "EnergyTransfer"),
    ],
)
@pytest.mark.use_case("E01")
def test_each_start_point(before: Conditions, after: Conditions, point: str) -> None:
    assert begins(before, after, [point])
    assert not begins(before, before, [point]) and not begins(after, after, [point])
    assert not begins(before, after, []) and not begins(after, before, [point])


@pytest.mark.parametrize(
    ("before", "after", "point"),
    [
        (BAY, NOTHING, "ParkingBayOccupancy"),
        (EV, NOTHING, "EVConnected"),
        (AUTHORIZED, NOTHING, "Authorized"),
        (BOTH, EV, "PowerPathClosed"),
        (BOTH, AUTHORIZED, "PowerPathClosed"),
        (CHARGING, BOTH, "EnergyTransfer"),
    ],
)
@pytest.mark.use_case("E06")
def test_each_stop_point(before: Conditions, after: Conditions, point: str) -> None:
    assert ends(before, after, [point]) and not ends(after, before, [point])
    assert not ends(before, after, [])


def test_data_signed_is_no_stop_point() -> None:
    assert not ends(Conditions(is_data_signed=True), NOTHING, ["DataSigned"])


def test_what_stays_true_begins_nothing() -> None:
    assert not begins(BOTH, EV, ["EVConnected"])  # the driver has stopped, the cable is still in
    assert begins(EV, BOTH, ["EVConnected"])  # and is authorized anew


@given(conditions, conditions, point_lists)
def test_power_path_closed_is_ev_connected_and_authorized(
    before: Conditions, after: Conditions, others: set[str]
) -> None:
    """As a stop point it is the same as the two, and as a start point both at once."""
    assert ends(before, after, {*others, "PowerPathClosed"}) >= ends(before, after, others)
    if before.is_ev_connected and before.is_authorized:
        assert ends(before, after, {"PowerPathClosed"}) == ends(before, after, {"EVConnected", "Authorized"})


@given(conditions, conditions, point_lists)
def test_more_points_begin_and_end_no_later(before: Conditions, after: Conditions, points: set[str]) -> None:
    for fewer in itertools.combinations(sorted(points), max(len(points) - 1, 0)):
        assert begins(before, after, points) >= begins(before, after, fewer)
        assert ends(before, after, points) >= ends(before, after, fewer)


@pytest.mark.parametrize(
    ("conditions", "suspended_by", "state"),
    [
        (AUTHORIZED, "EV", ChargingStateEnumType.IDLE),
        (EV, None, ChargingStateEnumType.EV_CONNECTED),
        (CHARGING, None, ChargingStateEnumType.CHARGING),
        (BOTH, "EV", ChargingStateEnumType.SUSPENDED_EV),
        (BOTH, "EVSE", ChargingStateEnumType.SUSPENDED_EVSE),
    ],
)
def test_the_charging_state(conditions: Conditions, suspended_by: str | None, state: ChargingStateEnumType) -> None:
    assert charging_state(conditions, suspended_by) == state
