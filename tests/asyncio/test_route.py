"""Where a Charging Station connects to, by its device model."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import pytest

from ocpp21.asyncio import BackOff, NetworkProfile
from ocpp21.asyncio.profiles import Itinerary, Leg
from ocpp21.asyncio.route import SlotRoute
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import MutabilityEnumType, SetVariableDataType
from ocpp21.messages.datatypes import ComponentType, VariableType
from ocpp21.simulator import SimulatedStation, wallbox
from ocpp21.station import ChargingStation
from ocpp21.station.memory import MemoryStore
from ocpp21.testing.virtual_time import EPOCH

PASSWORD = "correct-horse-battery-staple"
TLS = ssl.create_default_context()
OTHER_TLS = ssl.create_default_context()


def station() -> ChargingStation:
    return ChargingStation(SimulatedStation(wallbox(), epoch=EPOCH), MemoryStore())


def route(role: ChargingStation, *profiles: NetworkProfile, **options: Any) -> SlotRoute:
    return SlotRoute(role, profiles, back_off=options.pop("back_off", BackOff()), **options)


def leg(one: SlotRoute) -> Leg:
    return asyncio.run(one.next())


def put(role: ChargingStation, slot: int, **values: Any) -> None:
    found = role.device_model.network_configuration[str(slot)]
    for name, value in values.items():
        getattr(found, name).set(value)


PLAIN = NetworkProfile("ws://a.example", "CS001", password=PASSWORD)


@pytest.mark.parametrize(
    ("profile", "number"),
    [
        (PLAIN, 1),
        (NetworkProfile("wss://a.example", "CS001", password=PASSWORD, ssl=TLS), 2),
        (NetworkProfile("wss://a.example", "CS001", ssl=TLS), 3),
    ],
)
def test_what_was_installed_is_shown_in_its_slot(profile: NetworkProfile, number: int) -> None:
    role = station()
    one = route(role, profile)
    shown = role.provisioning.network_profiles.profile(1)
    assert (shown.ocpp_csms_url, shown.security_profile) == (profile.url, number)
    assert shown.basic_auth_password is None  # it is the station's, not the slot's
    made = leg(one).profile
    assert (made.url, made.identity, made.password, made.ssl) == (
        profile.url,
        "CS001",
        profile.password,
        profile.ssl,
    )
    assert not one.succeed()
    model = role.device_model
    assert model.ocpp_comm_ctrlr.active_network_profile.value == 1
    assert model.security_ctrlr.security_profile.value == number


def test_what_the_csms_has_put_there_stays() -> None:
    role = station()
    put(role, 1, ocpp_csms_url="ws://b.example")
    assert leg(route(role, PLAIN)).profile.url == "ws://b.example"


def test_a_slot_without_roots_of_its_own_takes_those_of_the_station() -> None:
    role = station()
    secure = NetworkProfile("wss://b.example", "CS002", password=PASSWORD, ssl=TLS)
    one = route(role, PLAIN, secure)
    put(role, 1, ocpp_csms_url="wss://c.example", security_profile=3)
    made = leg(one).profile
    assert (made.url, made.ssl, made.password) == ("wss://c.example", TLS, None)
    put(role, 1, security_profile=2)
    assert leg(one).profile.password == PASSWORD
    put(role, 1, ocpp_csms_url="ws://c.example", security_profile=1)
    assert leg(one).profile.ssl is None


def test_without_any_roots_there_is_nothing_to_connect_with() -> None:
    role = station()
    one = route(role, PLAIN)
    put(role, 1, ocpp_csms_url="wss://c.example", security_profile=2)
    with pytest.raises(LocalProtocolError, match="expected `ssl` with wss://"):
        leg(one)


def test_identity_and_password_are_those_of_the_slot_then_of_the_station_then_as_installed() -> None:
    role = station()
    security = role.device_model.security_ctrlr
    security.identity.add("CS-STATION", mutability=MutabilityEnumType.READ_WRITE)
    one = route(role, PLAIN)
    assert (leg(one).profile.identity, leg(one).profile.password) == ("CS-STATION", PASSWORD)
    security.basic_auth_password.set("of-the-station-16")
    assert leg(one).profile.password == "of-the-station-16"
    put(role, 1, identity="CS-SLOT", basic_auth_password="of-the-slot-16-ch")
    made = leg(one).profile
    assert (made.identity, made.password) == ("CS-SLOT", "of-the-slot-16-ch")


def test_a_password_of_bytes_is_sent_as_it_is() -> None:
    role = station()
    secret = NetworkProfile("ws://a.example", "CS001", password=b"\xff" * 16)
    assert leg(route(role, secret)).profile.password == b"\xff" * 16


def test_the_connection_is_as_the_device_model_says() -> None:
    role, back_off = station(), BackOff(uniform=lambda low, high: high)
    one = route(role, PLAIN, back_off=back_off)
    assert one.limits.timeout_s == 30 and leg(one).options["patience"].ping_interval_s == 60
    comm = role.device_model.ocpp_comm_ctrlr
    comm.web_socket_ping_interval.set(0)
    put(role, 1, message_timeout=7)
    assert leg(one).options["patience"].ping_interval_s == 0 and one.limits.timeout_s == 7
    assert back_off.next_wait_s() == 20
    for name, value in (("wait_minimum", 2), ("random_range", 1), ("repeat_times", 1)):
        getattr(comm, f"retry_back_off_{name}").set(value)
    assert [back_off.next_wait_s() for _ in range(3)] == [5, 5, 5]
    back_off.reset()
    assert back_off.next_wait_s() == 3


def test_an_attempt_waits_while_the_station_reboots() -> None:
    async def scenario() -> None:
        role = station()
        one = route(role, PLAIN)
        role.provisioning.resetting._goes_on.clear()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await one.next()
        role.provisioning.resetting._goes_on.set()
        assert (await one.next()).profile.url == PLAIN.url

    asyncio.run(scenario())


def test_a_csms_that_takes_the_place_of_another_is_another_profile() -> None:
    role = station()
    one = route(role, PLAIN)
    leg(one)
    assert not one.succeed()
    leg(one)
    assert not one.succeed()
    put(role, 1, ocpp_csms_url="ws://b.example")
    leg(one)
    assert one.succeed()
    leg(one)
    assert not one.succeed()


def test_the_order_can_change_between_attempts() -> None:
    role = station()
    one = route(role, PLAIN, NetworkProfile("ws://b.example", "CS001", password=PASSWORD))
    comm = role.device_model.ocpp_comm_ctrlr
    comm.network_profile_connection_attempts.set(1)
    comm.network_configuration_priority.set(("2", "1"))
    assert leg(one).profile.url == "ws://a.example"  # where it is, it stays
    one.fail()
    assert leg(one).profile.url == "ws://b.example"
    comm.network_configuration_priority.set(("1",))
    assert leg(one).profile.url == "ws://a.example"


def test_the_station_lets_its_priority_be_set() -> None:
    role = station()
    route(role, PLAIN, NetworkProfile("ws://b.example", "CS001"))
    data = SetVariableDataType(
        component=ComponentType(name="OCPPCommCtrlr"),
        variable=VariableType(name="NetworkConfigurationPriority"),
        attribute_value="2,1",
    )
    (result,) = role.device_model.set_variables([data]).results
    assert result.attribute_status == "Accepted"


def test_an_itinerary_needs_somewhere_to_go() -> None:
    itinerary = Itinerary([1, 2], attempts=2)
    for slots, attempts in (([], 1), ([1], 0)):
        with pytest.raises(LocalProtocolError, match="expected at least one profile and one attempt"):
            itinerary.revise(slots, attempts=attempts)
    itinerary.fail()
    itinerary.revise([2, 1], attempts=2)
    assert itinerary.current == 1
    itinerary.fail()
    assert itinerary.current == 2
    itinerary.revise([1], attempts=1)
    assert itinerary.current == 1
