"""Remote Control (block F) over both roles: starting, stopping, unlocking."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from laboratory import OTHER, TOKEN, UNKNOWN, Laboratory, explore

from ocpp21.csms import Registration, RemoteStart, Settings
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    AuthorizeRequest,
    ChargingProfileKindEnumType,
    ChargingProfilePurposeEnumType,
    ChargingProfileType,
    ChargingRateUnitEnumType,
    ChargingSchedulePeriodType,
    ChargingScheduleType,
    EVSEType,
    IdTokenInfoType,
    IdTokenType,
    OperationalStatusEnumType,
    RegistrationStatusEnumType,
    RequestStartTransactionRequest,
    RequestStopTransactionRequest,
    TransactionEventRequest,
)
from ocpp21.simulator import EV, SimulatedStation, wallbox
from ocpp21.simulator.evse import SimulatedEvse
from ocpp21.station.hardware import Fault
from ocpp21.testing.virtual_time import EPOCH

QUIET = {"sampled_data_ctrlr.tx_updated_interval": 0}
CENTRAL = IdTokenType(id_token="remote-1", type="Central")


def points(start: str, stop: str = "EVConnected", **variables: Any) -> dict[str, Any]:
    return {
        **QUIET,
        "tx_ctrlr.tx_start_point": tuple(start.split(",")),
        "tx_ctrlr.tx_stop_point": tuple(stop.split(",")),
        **{name.replace("__", "."): value for name, value in variables.items()},
    }


CONNECTED = points("EVConnected")
AUTHORIZED = points("Authorized", "Authorized")


def remote(lab: Laboratory) -> Any:
    return lab.csms["CS001"].remote_control


async def start(lab: Laboratory, token: IdTokenType = TOKEN, **options: Any) -> RemoteStart:
    options.setdefault("patience_s", 5.0)
    outcome: RemoteStart = await remote(lab).request_start_transaction(token, **options)
    await lab.quiet()
    return outcome


def profile(**changes: Any) -> ChargingProfileType:
    options: dict[str, Any] = {
        "id": 1,
        "stack_level": 0,
        "charging_profile_purpose": ChargingProfilePurposeEnumType.TX_PROFILE,
        "charging_profile_kind": ChargingProfileKindEnumType.RELATIVE,
        "charging_schedule": [
            ChargingScheduleType(
                id=1,
                charging_rate_unit=ChargingRateUnitEnumType.A,
                charging_schedule_period=[ChargingSchedulePeriodType(start_period=0, limit=6.0)],
            )
        ],
        **changes,
    }
    return ChargingProfileType(**options)


# F01


@pytest.mark.use_case("F01")
def test_cable_first() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        (transaction,) = await lab.transactions()
        outcome = await start(lab, evse_id=1)
        assert outcome.is_accepted and outcome.transaction_id == transaction.transaction_id  # F01.FR.13
        assert outcome.transaction is not None and outcome.transaction.started_by is not None
        assert outcome.transaction.remote_start_id is not None
        assert outcome.transaction.remote_start_id.value == outcome.remote_start_id
        await lab.quiet(600)
        assert lab.delivered_wh() > 0
        await lab.unplug()

    lab = explore(scenario, variables=CONNECTED)
    assert lab.told == [
        ("Started", "CablePluggedIn", "EVConnected"),
        ("Updated", "RemoteStart", "EVConnected"),  # F01.FR.19
        ("Updated", "ChargingStateChanged", "Charging"),
        ("Ended", "EVCommunicationLost", "Idle"),
    ]
    (request,) = lab.messages(RequestStartTransactionRequest, "CSMS")
    ids = [event.transaction_info.remote_start_id for event in lab.events]
    assert ids == [None, request.remote_start_id, None, None]  # F01.FR.25
    # F01.FR.03, F01.FR.04, F01.FR.05: as with a token that is presented
    assert [event.id_token for event in lab.events] == [None, TOKEN, None, None]
    assert not lab.messages(AuthorizeRequest)  # F01.FR.02


@pytest.mark.use_case("F01")
@pytest.mark.parametrize("point", ["Authorized", "PowerPathClosed", "EnergyTransfer"])
def test_cable_first_where_the_start_begins_the_transaction(point: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        outcome = await start(lab, evse_id=1)
        assert outcome.transaction_id is None and outcome.transaction is not None

    lab = explore(scenario, variables=points(point))
    started = lab.events[0]
    assert (started.event_type, started.trigger_reason) == ("Started", "RemoteStart")
    assert started.id_token == TOKEN and started.evse == EVSEType(id=1, connector_id=1)
    values = [value for meter in started.meter_value or () for value in meter.sampled_value]
    assert [value.context for value in values] == ["Transaction.Begin"]  # F01.FR.14
    assert [event.transaction_info.remote_start_id is not None for event in lab.events].count(True) == 1


@pytest.mark.use_case("F01", "C05")
@pytest.mark.parametrize(
    ("token", "asked", "charges"), [(TOKEN, True, True), (UNKNOWN, True, False), (CENTRAL, False, True)]
)
def test_the_station_authorizes_what_it_is_told_to(token: IdTokenType, asked: bool, charges: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(CENTRAL)
        await lab.plug_in()
        outcome = await start(lab, token, evse_id=1)
        assert outcome.is_accepted
        assert (outcome.transaction is not None) is (token is not UNKNOWN)
        await lab.quiet(60)
        assert (lab.delivered_wh() > 0) is charges

    lab = explore(scenario, variables={**CONNECTED, "auth_ctrlr.authorize_remote_start": True})
    assert bool(lab.messages(AuthorizeRequest)) is asked  # F01.FR.01
    if asked:
        order = [type(message).__name__ for _, _, message in lab.said]
        assert order.index("RequestStartTransactionRequest") < order.index("AuthorizeRequest")
        answers = [frame for frame in lab.frames if frame.side == "CS" and frame.direction == "out"]
        answer = next(number for number, frame in enumerate(answers) if frame.data.startswith(b"[3"))
        question = next(
            number
            for number, frame in enumerate(answers)
            if b"AuthorizeRequest" in frame.data[:80] or b'"Authorize"' in frame.data
        )
        assert answer < question  # it responds first
    triggers = [trigger for _, trigger, _ in lab.told]
    assert ("RemoteStart" in triggers) is (token is not UNKNOWN)


@pytest.mark.use_case("F01", "E05")
def test_a_token_that_the_csms_does_not_accept_stops_it() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await start(lab, UNKNOWN, evse_id=1)
        await lab.quiet(60)
        assert lab.delivered_wh() < 1

    lab = explore(scenario, variables=CONNECTED)
    assert ("Updated", "Deauthorized") in [(kind, trigger) for kind, trigger, _ in lab.told]  # F01.FR.03


@pytest.mark.use_case("F01")
def test_a_second_start_is_rejected() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await start(lab, evse_id=1)
        before = len(lab.events)
        for token in (TOKEN, OTHER):
            outcome = await start(lab, token, evse_id=1)
            assert outcome.status == "Rejected" and outcome.transaction is None  # F01.FR.24
            assert outcome.status_info is not None and outcome.status_info.reason_code == "TxInProgress"
        await lab.quiet(60)
        assert len(lab.events) == before and lab.delivered_wh() > 0

    explore(scenario, variables=CONNECTED)


@pytest.mark.use_case("F01")
def test_two_starts_at_once_begin_one() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        outcomes = await asyncio.gather(start(lab, evse_id=1), start(lab, OTHER, evse_id=1))
        assert sorted(str(outcome.status) for outcome in outcomes) == ["Accepted", "Rejected"]

    lab = explore(scenario, variables={**CONNECTED, "auth_ctrlr.authorize_remote_start": True})
    assert [event.id_token for event in lab.events if event.id_token] == [TOKEN]


@pytest.mark.use_case("F01")
@pytest.mark.parametrize(
    ("obstacle", "reason"),
    [("fault", "NotEnabled"), ("heat", "NotEnabled"), ("inoperative", "NotEnabled"), ("evse", "UnknownEvse")],
)
def test_where_nothing_can_be_started(obstacle: str, reason: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        if obstacle == "inoperative":
            await lab.csms["CS001"].availability.change_availability(OperationalStatusEnumType.INOPERATIVE, evse_id=1)
        elif obstacle != "evse":
            lab.hardware.raise_fault(Fault.GROUND_FAILURE if obstacle == "fault" else Fault.HIGH_TEMPERATURE, 1)
        await lab.quiet()
        outcome = await start(lab, evse_id=9 if obstacle == "evse" else 1)
        assert outcome.status == "Rejected"  # F01.FR.23, F02.FR.25
        assert outcome.status_info is not None and outcome.status_info.reason_code == reason
        await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() == 0

    lab = explore(scenario, variables=AUTHORIZED)
    assert not lab.events


@pytest.mark.use_case("F01")
def test_nothing_is_started_or_stopped_before_the_station_is_accepted() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.connect()
        await lab.quiet()
        assert lab.csms["CS001"].provisioning.status == "Pending"
        outcome = await start(lab, evse_id=1)
        stop = await remote(lab).request_stop_transaction("any")
        for each in (outcome, stop):
            assert each.status == "Rejected" and each.status_info.reason_code == "CSNotAccepted"  # B02.FR.05

    pending = Registration(status=RegistrationStatusEnumType.PENDING)
    settings = Settings(inventory=None, register=lambda station, boot: pending)
    explore(scenario, is_connected=False, settings=settings, variables=CONNECTED)


@pytest.mark.use_case("F01")
def test_a_profile_is_ignored_without_smart_charging() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        assert (await start(lab, evse_id=1, charging_profile=profile())).transaction is not None  # F01.FR.12
        (request,) = lab.messages(RequestStartTransactionRequest, "CSMS")
        assert request.charging_profile == profile()
        await lab.quiet(3600)
        assert lab.delivered_wh() > 10_000  # 16 A on three phases, not 6

    explore(scenario, variables=CONNECTED)


@pytest.mark.use_case("F01")
def test_a_profile_that_cannot_be_applied_is_refused() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        outcome = await start(lab, evse_id=1, charging_profile=profile())
        assert outcome.status == "Rejected" and outcome.status_info is not None
        assert outcome.status_info.reason_code == "UnsupportedRequest"
        default = ChargingProfilePurposeEnumType.TX_DEFAULT_PROFILE
        for wrong in (profile(charging_profile_purpose=default), profile(transaction_id="T")):
            with pytest.raises(LocalProtocolError):  # F01.FR.09, F01.FR.11
                await start(lab, evse_id=1, charging_profile=wrong)
            request = RequestStartTransactionRequest(
                id_token=TOKEN, remote_start_id=1, evse_id=1, charging_profile=wrong
            )
            response = await lab.csms["CS001"].call(request)
            assert response.status == "Rejected" and response.status_info is not None
            assert response.status_info.reason_code == "InvalidProfile"  # F01.FR.26

    lab = explore(scenario, variables={**CONNECTED, "smart_charging_ctrlr.enabled": True})
    assert [trigger for _, trigger, _ in lab.told] == ["CablePluggedIn"]


@pytest.mark.use_case("F01")
def test_an_evse_below_one_is_never_asked_for() -> None:
    async def scenario(lab: Laboratory) -> None:
        with pytest.raises(LocalProtocolError):
            await start(lab, evse_id=0)

    lab = explore(scenario)
    assert not lab.messages(RequestStartTransactionRequest, "CSMS")


@pytest.mark.use_case("F01")
def test_a_group_may_stop_what_was_started_for_it() -> None:
    group = IdTokenType(id_token="GROUP", type="Central")
    member = IdTokenType(id_token="MEMBER", type="ISO14443")

    async def scenario(lab: Laboratory) -> None:
        info = IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED, group_id_token=group)
        await lab.csms.tokens.put(member, info)
        await lab.plug_in()
        await start(lab, evse_id=1, group_id_token=group)
        await lab.quiet(60)
        await lab.present(member)

    lab = explore(scenario, variables=AUTHORIZED)
    assert lab.told[-1] == ("Ended", "StopAuthorized", "EVConnected")
    assert lab.events[-1].id_token == member


# F02


@pytest.mark.use_case("F02")
def test_start_first() -> None:
    async def scenario(lab: Laboratory) -> None:
        outcome = await start(lab, evse_id=1)
        assert outcome.transaction_id is None and outcome.transaction is not None
        await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() > 0

    lab = explore(scenario, variables=AUTHORIZED)
    assert lab.told == [
        ("Started", "RemoteStart", "Idle"),  # F02.FR.01, F02.FR.21
        ("Updated", "CablePluggedIn", "EVConnected"),
        ("Updated", "ChargingStateChanged", "Charging"),
    ]
    # F02.FR.10, F02.FR.11, F02.FR.12, F02.FR.13: as with a token that is presented first
    assert lab.events[0].id_token == TOKEN and lab.events[1].evse == EVSEType(id=1, connector_id=1)
    assert lab.events[0].meter_value and not lab.messages(AuthorizeRequest)  # F02.FR.02


@pytest.mark.use_case("F02")
@pytest.mark.parametrize("point", ["EVConnected", "PowerPathClosed", "EnergyTransfer"])
def test_start_first_where_the_cable_begins_the_transaction(point: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        waiting = asyncio.ensure_future(start(lab, evse_id=1, patience_s=60.0))
        await lab.quiet(10)
        assert not lab.events
        await lab.plug_in()
        outcome = await waiting
        assert outcome.transaction is not None and outcome.transaction.evse_id is not None

    lab = explore(scenario, variables=points(point))
    started = lab.events[0]
    assert (started.event_type, started.trigger_reason) == ("Started", "RemoteStart")  # F02.FR.21
    assert started.id_token == TOKEN and started.evse == EVSEType(id=1, connector_id=1)
    assert started.transaction_info.remote_start_id is not None


@pytest.mark.use_case("F02", "E03")
def test_no_cable_in_time() -> None:
    async def scenario(lab: Laboratory) -> None:
        await start(lab, evse_id=1)
        await lab.quiet(21)
        outcome = await start(lab, evse_id=1)  # the EVSE is ready again
        assert outcome.transaction is not None

    lab = explore(scenario, variables={**AUTHORIZED, "tx_ctrlr.ev_connection_time_out": 20})
    assert lab.told == [
        ("Started", "RemoteStart", "Idle"),
        ("Ended", "EVConnectTimeout", "Idle"),  # F02.FR.07
        ("Started", "RemoteStart", "Idle"),
    ]
    assert lab.events[1].transaction_info.stopped_reason == "Timeout"


@pytest.mark.use_case("F02")
def test_no_cable_in_time_with_a_bay() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.hardware.drive_in(1)
        await start(lab, evse_id=1)
        await lab.quiet(21)
        lab.hardware.drive_out(1)
        await lab.quiet()

    variables = {**points("Authorized", "ParkingBayOccupancy"), "tx_ctrlr.ev_connection_time_out": 20}
    lab = explore(scenario, has_bay_sensors=True, variables=variables)
    assert [(kind, trigger) for kind, trigger, _ in lab.told] == [
        ("Started", "RemoteStart"),
        ("Updated", "EVConnectTimeout"),  # F02.FR.08
        ("Ended", "EVDeparted"),
    ]


@pytest.mark.use_case("F02")
def test_a_start_that_nobody_followed_is_forgotten() -> None:
    async def scenario(lab: Laboratory) -> None:
        outcome = await start(lab, evse_id=1, patience_s=30.0)
        assert outcome.is_accepted and outcome.transaction is None
        await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() == 0

    lab = explore(scenario, variables={**CONNECTED, "tx_ctrlr.ev_connection_time_out": 20})
    assert lab.told == [("Started", "CablePluggedIn", "EVConnected")]
    assert lab.events[0].id_token is None and lab.events[0].transaction_info.remote_start_id is None


@pytest.mark.use_case("F02")
def test_a_second_start_while_one_waits_is_rejected() -> None:
    async def scenario(lab: Laboratory) -> None:
        assert (await start(lab, evse_id=1, patience_s=0)).is_accepted
        assert (await start(lab, OTHER, evse_id=1)).status == "Rejected"

    explore(scenario, variables=CONNECTED)


@pytest.mark.use_case("F02")
def test_a_token_that_is_refused_begins_nothing() -> None:
    async def scenario(lab: Laboratory) -> None:
        outcome = await start(lab, UNKNOWN, evse_id=1)
        assert outcome.is_accepted and outcome.transaction is None
        await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() == 0

    lab = explore(scenario, variables={**AUTHORIZED, "auth_ctrlr.authorize_remote_start": True})
    assert not lab.events and lab.messages(AuthorizeRequest)  # F02.FR.09


@pytest.mark.use_case("F02")
def test_the_station_takes_the_evse_at_which_the_ev_comes() -> None:
    async def scenario(lab: Laboratory) -> None:
        assert (await start(lab, patience_s=0)).is_accepted  # F02.FR.14
        assert (await start(lab, OTHER, patience_s=0)).status == "Rejected"  # one waits already
        await lab.plug_in(2, 1)
        await lab.quiet(60)
        assert lab.delivered_wh(2) > 0

    lab = explore(scenario, facts=wallbox(evses=2), variables=CONNECTED)
    started = lab.events[0]
    assert started.evse == EVSEType(id=2, connector_id=1) and started.trigger_reason == "RemoteStart"
    assert started.transaction_info.remote_start_id is not None


@pytest.mark.use_case("F02")
@pytest.mark.parametrize("plugged", [(), (1,), (2,), (1, 2)])
def test_which_evse_the_station_chooses(plugged: tuple[int, ...]) -> None:
    async def scenario(lab: Laboratory) -> None:
        for evse_id in plugged:
            await lab.plug_in(evse_id, 1)
        outcome = await start(lab)
        assert outcome.is_accepted is (len(plugged) < 2)  # F01.FR.07: nobody knows whose EV it is
        if len(plugged) == 1:
            assert outcome.transaction is not None and outcome.transaction.evse_id is not None
            assert outcome.transaction.evse_id.value == plugged[0]  # F01.FR.20
        elif not plugged:
            assert outcome.transaction is not None and outcome.transaction.evse_id is None

    explore(scenario, facts=wallbox(evses=2), variables=points("EVConnected,Authorized"))


@pytest.mark.use_case("F02")
def test_the_one_evse_that_is_left() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms["CS001"].availability.change_availability(OperationalStatusEnumType.INOPERATIVE, evse_id=2)
        outcome = await start(lab)
        assert outcome.transaction is not None and outcome.transaction.evse_id is not None
        assert outcome.transaction.evse_id.value == 1
        assert (await start(lab, OTHER)).status == "Rejected"

    explore(scenario, facts=wallbox(evses=2), variables=AUTHORIZED)


# F03


@pytest.mark.use_case("F03")
@pytest.mark.parametrize(
    ("stop", "told"),
    [
        ("Authorized", [("Ended", "RemoteStop", "EVConnected")]),
        ("PowerPathClosed", [("Ended", "RemoteStop", "EVConnected")]),
        (
            "EVConnected",
            [
                ("Updated", "RemoteStop", "Charging"),
                ("Updated", "ChargingStateChanged", "EVConnected"),
                ("Ended", "EVCommunicationLost", "Idle"),
            ],
        ),
    ],
)
def test_remote_stop(stop: str, told: list[tuple[str, str, str]]) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(600)
        (transaction,) = await lab.transactions()
        outcome = await remote(lab).request_stop_transaction(transaction.transaction_id.upper())
        assert outcome.is_accepted and outcome.transaction is not None  # F03.FR.07
        await lab.quiet()
        delivered = lab.delivered_wh()
        await lab.quiet(600)
        assert lab.delivered_wh() == delivered
        await lab.unplug()  # the plug is free
        (transaction,) = await lab.transactions()
        assert transaction.is_complete and transaction.stopped_reason == "Remote"

    lab = explore(scenario, variables=points("PowerPathClosed", stop))
    (request,) = lab.messages(RequestStopTransactionRequest, "CSMS")
    assert request.transaction_id.lower() == lab.events[0].transaction_info.transaction_id  # F03.FR.01
    assert lab.told[-len(told) :] == told  # F03.FR.02, F03.FR.03
    assert [event.id_token for event in lab.events[-len(told) :]] == [None] * len(told)
    assert lab.events[-1].transaction_info.stopped_reason == "Remote"
    assert lab.events[-1].meter_value  # F03.FR.04


@pytest.mark.use_case("F03")
def test_a_transaction_that_is_not_there_is_not_stopped() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        outcome = await remote(lab).request_stop_transaction("bogus")
        assert outcome.status == "Rejected" and outcome.transaction is None  # F03.FR.08
        assert outcome.status_info.reason_code == "TxNotFound"
        before = lab.delivered_wh()
        await lab.quiet(60)
        assert lab.delivered_wh() > before
        (transaction,) = await lab.transactions()
        await lab.present()
        assert (await remote(lab).request_stop_transaction(transaction.transaction_id)).status == "Rejected"

    explore(scenario, variables=AUTHORIZED)


@pytest.mark.use_case("F03")
def test_a_transaction_that_nobody_was_authorized_for() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        (transaction,) = await lab.transactions()
        outcome = await remote(lab).request_stop_transaction(transaction.transaction_id)
        assert outcome.is_accepted
        await lab.unplug()

    lab = explore(scenario, variables=CONNECTED)
    assert lab.told[1:] == [("Updated", "RemoteStop", "EVConnected"), ("Ended", "EVCommunicationLost", "Idle")]
    assert lab.events[-1].transaction_info.stopped_reason == "Remote"


@pytest.mark.use_case("F03", "F01")
@pytest.mark.parametrize("stop", ["Authorized", "EVConnected"])
def test_start_again_with_the_cable_still_in(stop: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        first = await start(lab, evse_id=1)
        assert first.transaction is not None
        await remote(lab).request_stop_transaction(first.transaction.transaction_id)
        await lab.quiet(60)
        if stop == "EVConnected":
            assert (await start(lab, OTHER, evse_id=1)).status == "Rejected"
        second = await start(lab, evse_id=1)
        assert second.transaction is not None
        is_same = second.transaction.transaction_id == first.transaction.transaction_id
        assert is_same is (stop == "EVConnected")
        assert (second.transaction_id is not None) is is_same
        await lab.quiet(60)
        await lab.unplug()

    lab = explore(scenario, variables=points("PowerPathClosed", stop))
    assert [trigger for _, trigger, _ in lab.told].count("RemoteStart") == 2
    assert lab.events[-1].transaction_info.stopped_reason != "Remote"


@pytest.mark.use_case("F03")
def test_a_start_that_waits_for_its_cable_can_be_stopped() -> None:
    async def scenario(lab: Laboratory) -> None:
        outcome = await start(lab)
        assert outcome.transaction is not None
        stop = await remote(lab).request_stop_transaction(outcome.transaction.transaction_id)
        assert stop.transaction is not None and stop.transaction.is_ended

    lab = explore(scenario, facts=wallbox(evses=2), variables=AUTHORIZED)
    assert lab.told[-1] == ("Ended", "RemoteStop", "Idle")


@pytest.mark.use_case("F03")
def test_a_stop_that_the_driver_was_faster_with() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        (transaction,) = await lab.transactions()
        lab.hardware.present(TOKEN, 1)
        outcome = await remote(lab).request_stop_transaction(transaction.transaction_id)
        await lab.quiet()
        assert outcome.status in ("Accepted", "Rejected")

    lab = explore(scenario, variables=AUTHORIZED)
    assert [kind for kind, _, _ in lab.told].count("Ended") == 1


@pytest.mark.use_case("F02", "E09")
def test_a_plug_that_is_held_for_somebody_else() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        await lab.unplug()
        lock = lab.hardware.evses[1].connectors[1].lock
        assert lock is not None and lock.is_locked
        outcome = await start(lab, OTHER, evse_id=1)
        assert outcome.status == "Rejected" and outcome.status_info is not None
        assert outcome.status_info.reason_code == "TxInProgress"
        assert (await start(lab, evse_id=1)).transaction is not None

    explore(scenario, variables={**AUTHORIZED, "ocpp_comm_ctrlr.unlock_on_ev_side_disconnect": False})


# F04


class CommunicatingEvse(SimulatedEvse):
    """An EVSE that asks its EV to stop, as ISO 15118 does; what it asks is written down."""

    asked: list[bool]
    takes_s: float

    async def ask_to_stop(self) -> None:
        self.asked.append(self.contactor.is_closed)
        await asyncio.sleep(self.takes_s)
        assert self.ev is not None
        self.ev.pause()


def communicating(takes_s: float) -> tuple[SimulatedStation, list[bool]]:
    hardware = SimulatedStation(wallbox(), epoch=EPOCH, boot_s=0.0)
    evse: Any = hardware.evses[1]
    evse.__class__ = CommunicatingEvse
    evse.asked, evse.takes_s = [], takes_s
    return hardware, evse.asked


@pytest.mark.use_case("F04")
@pytest.mark.parametrize("stop", ["Authorized", "EVConnected"])
@pytest.mark.parametrize("takes_s", [2.0, 1000.0])
def test_the_ev_is_asked_to_stop(stop: str, takes_s: float) -> None:
    hardware, asked = communicating(takes_s)

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in(ev=EV())
        outcome = await start(lab, evse_id=1)
        assert outcome.transaction is not None
        await lab.quiet(60)
        await remote(lab).request_stop_transaction(outcome.transaction.transaction_id, patience_s=0)
        await lab.quiet(1.0)
        assert asked == [True] and hardware.evses[1].contactor.is_closed  # the EV stops first
        await lab.quiet(60)
        assert not hardware.evses[1].contactor.is_closed  # whether it has or not
        await lab.unplug()

    lab = explore(scenario, hardware=hardware, variables=points("PowerPathClosed", stop))
    assert lab.events[-1].transaction_info.stopped_reason == "Remote"  # F04.FR.03
    assert len(lab.messages(RequestStopTransactionRequest, "CSMS")) == 1  # F04.FR.01
    assert ("RemoteStop" in [trigger for _, trigger, _ in lab.told]) and asked == [True]  # F04.FR.02


@pytest.mark.use_case("F04")
def test_an_ev_is_not_asked_when_something_is_broken() -> None:
    hardware, asked = communicating(2.0)

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await start(lab, evse_id=1)
        lab.hardware.raise_fault(Fault.GROUND_FAILURE, 1)
        await lab.quiet()

    lab = explore(scenario, hardware=hardware, variables=AUTHORIZED)
    assert not asked and lab.told[-1][:2] == ("Ended", "AbnormalCondition")


# F05


async def unlock(lab: Laboratory, evse_id: int = 1, connector_id: int = 1) -> tuple[str, str | None]:
    response = await remote(lab).unlock_connector(evse_id, connector_id)  # F05.FR.01
    await lab.quiet()
    return str(response.status), response.status_info and response.status_info.reason_code


@pytest.mark.use_case("F05")
def test_unlock_without_a_transaction() -> None:
    async def scenario(lab: Laboratory) -> None:
        lock = lab.hardware.evses[1].connectors[1].lock
        assert lock is not None
        tries = lock.tries
        assert await unlock(lab) == ("Unlocked", None)  # F05.FR.06
        assert lock.tries == tries + 1
        await lab.plug_in()
        lock.is_locked = True
        assert await unlock(lab) == ("Unlocked", None) and not lock.is_locked  # F05.FR.04

    lab = explore(scenario, variables=AUTHORIZED)
    assert not lab.events


@pytest.mark.use_case("F05")
def test_unlock_while_somebody_charges() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        lock = lab.hardware.evses[1].connectors[1].lock
        assert await unlock(lab) == ("OngoingAuthorizedTransaction", None)  # F05.FR.02
        assert await unlock(lab, 1, 2) == ("Unlocked", None)  # another connector
        before = lab.delivered_wh()
        await lab.quiet(60)
        assert lock is not None and lock.is_locked and lab.delivered_wh() > before

    facts = wallbox(connector_types=("sType2", "sType2"))
    lab = explore(scenario, facts=facts, variables=CONNECTED)
    assert "Ended" not in [kind for kind, _, _ in lab.told]


@pytest.mark.use_case("F05")
def test_unlock_what_is_authorized_no_more() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(OTHER, IdTokenInfoType(status=AuthorizationStatusEnumType.BLOCKED))
        await lab.plug_in()
        await start(lab, OTHER, evse_id=1)  # is stopped, and the plug is kept (E05)
        lock = lab.hardware.evses[1].connectors[1].lock
        assert lock is not None and lock.is_locked and lab.told[-1][0] == "Updated"
        assert await unlock(lab) == ("Unlocked", None)
        assert not lock.is_locked
        await lab.unplug()
        assert (await start(lab, evse_id=1, patience_s=0)).is_accepted  # nobody's cable is held

    lab = explore(scenario, variables=CONNECTED)
    assert lab.told[-1] == ("Ended", "EVCommunicationLost", "Idle")


@pytest.mark.use_case("F05", "G05")
def test_a_jammed_lock_is_not_unlocked() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.hardware.raise_fault(Fault.LOCK_FAILURE, 1, 1)
        assert await unlock(lab) == ("UnlockFailed", None)  # F05.FR.05
        component = lab.station.device_model.component("ConnectorPlugRetentionLock", evse_id=1, connector_id=1)
        assert component.problem.value is True  # type: ignore[attr-defined]

    explore(scenario)


@pytest.mark.use_case("F05")
def test_connectors_that_cannot_be_unlocked() -> None:
    async def scenario(lab: Laboratory) -> None:
        assert await unlock(lab, 1, 9) == ("UnknownConnector", "UnknownConnectorId")  # F05.FR.03
        assert await unlock(lab, 9, 1) == ("UnknownConnector", "UnknownEvse")
        assert await unlock(lab, 1, 1) == ("UnlockFailed", "FixedCable")
        for place in ((0, 1), (1, 0)):
            with pytest.raises(LocalProtocolError):
                await unlock(lab, *place)

    explore(scenario, facts=wallbox(connector_types=("cType2",)))


@pytest.mark.use_case("F05")
def test_no_unlocking_while_energy_may_flow() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        lab.hardware.raise_fault(Fault.CONTACTOR_FAILURE, 1)  # it is welded
        await lab.quiet()
        assert await unlock(lab) == ("UnlockFailed", None)

    lab = explore(scenario, variables=AUTHORIZED)
    assert isinstance(lab.events[-1], TransactionEventRequest) and lab.told[-1][0] == "Ended"
