"""Mistakes that others have made, as reported in public, and that nobody shall make here again."""

from __future__ import annotations

import itertools
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from laboratory import IDENTITY, TOKEN, Laboratory, explore

from ocpp21.csms import MeterValuesReceived, Registration, Settings
from ocpp21.device_model import INTEGER
from ocpp21.errors import CallError, ErrorCode
from ocpp21.messages import (
    BootNotificationRequest,
    ChangeAvailabilityStatusEnumType,
    ComponentType,
    GetVariableDataType,
    HeartbeatRequest,
    MeterValuesRequest,
    OperationalStatusEnumType,
    RegistrationStatusEnumType,
    RequestStartStopStatusEnumType,
    SecurityEventNotificationRequest,
    SetVariableDataType,
    TransactionEventEnumType,
    TransactionEventRequest,
    TransactionEventResponse,
    TransactionLimitType,
    VariableType,
)
from ocpp21.messages.values import SecurityEvents
from ocpp21.station.memory import MemoryStore
from ocpp21.station.queue import MessageQueue
from ocpp21.testing.transactions import transaction_event
from ocpp21.testing.virtual_time import run

AUTHORIZED: dict[str, Any] = {
    "sampled_data_ctrlr.tx_updated_interval": 0,
    "tx_ctrlr.tx_start_point": ("Authorized",),
    "tx_ctrlr.tx_stop_point": ("Authorized",),
}
PENDING, ACCEPTED = RegistrationStatusEnumType.PENDING, RegistrationStatusEnumType.ACCEPTED


def variable(component: str, name: str, value: str) -> SetVariableDataType:
    return SetVariableDataType(
        component=ComponentType(name=component), variable=VariableType(name=name), attribute_value=value
    )


async def set_variable(lab: Laboratory, component: str, name: str, value: str) -> str:
    (result,) = await lab.csms[IDENTITY].provisioning.set_variables([variable(component, name, value)])
    return str(result.attribute_status)


def test_a_late_ended_event_is_not_dropped() -> None:
    """A CSMS took a transaction for finished while its last events were still queued, and threw them away."""

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        await lab.go_offline()
        await lab.present()
        await lab.quiet(3600)
        await lab.present()  # the next transaction begins before the CSMS knows that this one is over
        await lab.quiet(60)
        await lab.go_online()
        await lab.quiet(10)
        first, second = sorted(await lab.transactions(), key=lambda each: each.started_at.value)  # type: ignore[union-attr]
        assert first.is_complete and not second.is_ended
        assert first.energy_wh is not None and 180 < first.energy_wh < 190

    explore(scenario, variables={**AUTHORIZED, "auth_ctrlr.offline_tx_for_unknown_id_enabled": True})


def test_a_pending_station_lets_nothing_out() -> None:
    """Stations sent queued events, security events and Heartbeats before the CSMS had accepted them."""
    decisions = [PENDING, PENDING, ACCEPTED]

    def register(station: object, boot: BootNotificationRequest) -> Registration:
        return Registration(decisions.pop(0), interval_s=60)

    async def scenario(lab: Laboratory) -> None:
        lab.station.device_model.tx_ctrlr.tx_before_accepted_enabled.add(True)
        await lab.station.security.report_event(SecurityEvents.TAMPER_DETECTION_ACTIVATED)
        await lab.plug_in()
        await lab.present()
        await lab.connect()
        await lab.quiet(100)
        assert {type(message) for _, side, message in lab.said if side == "CS"} == {BootNotificationRequest}
        await lab.quiet(60)
        assert lab.messages(TransactionEventRequest) and lab.messages(SecurityEventNotificationRequest)

    explore(
        scenario,
        is_connected=False,
        variables={**AUTHORIZED, "auth_ctrlr.offline_tx_for_unknown_id_enabled": True},
        settings=Settings(inventory=None, register=register),
    )


def test_a_pending_station_is_refused_and_may_be_asked() -> None:
    """CSMSs answered anything of a pending station, and could not talk to it themselves."""

    async def scenario(lab: Laboratory) -> None:
        await lab.connect()
        await lab.quiet(1)
        asked = GetVariableDataType(component=ComponentType(name="TxCtrlr"), variable=VariableType(name="TxStartPoint"))
        (result,) = await lab.csms[IDENTITY].provisioning.get_variables([asked])
        assert result.attribute_value == "Authorized"
        link = lab.station.link
        assert link is not None
        with pytest.raises(CallError) as caught:  # past the station's own check
            await link.call(HeartbeatRequest())
        assert caught.value.code == ErrorCode.SECURITY_ERROR

    settings = Settings(inventory=None, register=lambda station, boot: Registration(PENDING, interval_s=60))
    explore(scenario, is_connected=False, variables=AUTHORIZED, settings=settings)


def test_a_full_queue_does_not_lose_the_beginning_or_the_end() -> None:
    """Queues dropped the oldest messages, Started among them, or refused the newest ones, Ended among them."""

    async def use() -> None:
        queue = await MessageQueue.open(MemoryStore(), limit=6)
        await queue.put(transaction_event(0, TransactionEventEnumType.STARTED))
        for number in range(1, 40):
            await queue.put(transaction_event(number))
        await queue.put(transaction_event(40, TransactionEventEnumType.ENDED))
        left = []
        while (waiting := await queue.next()) is not None:
            assert isinstance(waiting.request, TransactionEventRequest)
            left.append(waiting.request.seq_no)
            await queue.done(waiting.key)
        assert left[0] == 0 and left[1] == 1 and left[-2:] == [39, 40] and len(left) <= 7

    run(use())


def test_the_pause_between_attempts_grows() -> None:
    """Stations waited the same interval after each attempt, or multiplied by something else than the attempts."""
    times: list[float] = []

    async def scenario(lab: Laboratory) -> None:
        def refuse(request: TransactionEventRequest) -> TransactionEventResponse:
            times.append((lab.csms.now() - start).total_seconds())
            raise CallError(ErrorCode.INTERNAL_ERROR)

        lab.csms[IDENTITY].on(TransactionEventRequest)(refuse)
        start = lab.csms.now()
        await lab.plug_in()
        await lab.present()
        await lab.quiet(300)

    attempts = {
        "ocpp_comm_ctrlr.message_attempts[TransactionEvent]": 4,
        "ocpp_comm_ctrlr.message_attempt_interval[TransactionEvent]": 10,
    }
    explore(scenario, variables={**AUTHORIZED, **attempts})
    first = times[:4]
    assert [round(later - earlier) for earlier, later in itertools.pairwise(first)] == [10, 20, 30]


def test_what_nothing_acts_upon_cannot_be_set() -> None:
    """A station accepted every SetVariables, whether or not anything ever looked at the value."""

    async def scenario(lab: Laboratory) -> None:
        lab.station.device_model.tx_ctrlr.variable("Nonsense", INTEGER).add(1)
        assert await set_variable(lab, "TxCtrlr", "Nonsense", "2") == "Rejected"
        assert await set_variable(lab, "TxCtrlr", "EVConnectionTimeOut", "90") == "Accepted"

    explore(scenario)


@pytest.mark.parametrize(
    ("component", "name", "value"),
    [
        ("TxCtrlr", "EVConnectionTimeOut", "soon"),
        ("TxCtrlr", "EVConnectionTimeOut", "-1"),
        ("TxCtrlr", "StopTxOnInvalidId", "maybe"),
        ("TxCtrlr", "TxStopPoint", "DataSigned"),
        ("SampledDataCtrlr", "TxUpdatedMeasurands", "Energy.Active.Import.Register,Foo"),
    ],
)
def test_values_are_checked(component: str, name: str, value: str) -> None:
    """A station took values of another type, out of range, or out of the list."""

    async def scenario(lab: Laboratory) -> None:
        assert await set_variable(lab, component, name, value) == "Rejected"

    explore(scenario)


def test_the_first_point_that_is_fulfilled_begins_and_the_first_that_is_lost_ends() -> None:
    """A station waited for all start points, or went on until the last stop point was lost."""

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        assert lab.told == [("Started", "CablePluggedIn", "EVConnected")]
        await lab.present()
        await lab.quiet(60)
        await lab.present()
        assert lab.told[-1] == ("Ended", "StopAuthorized", "EVConnected")
        count = len(lab.told)
        await lab.unplug()
        assert len(lab.told) == count

    points = ("Authorized", "EVConnected")
    explore(scenario, variables={**AUTHORIZED, "tx_ctrlr.tx_start_point": points, "tx_ctrlr.tx_stop_point": points})


def test_evse_0_is_the_whole_station() -> None:
    """A schema that demanded an evseId of 1 or more refused the main meter."""
    told: list[int] = []

    async def scenario(lab: Laboratory) -> None:
        lab.csms.subscribe(lambda event: told.append(event.request.evse_id), MeterValuesReceived)
        await lab.quiet(901)

    aligned = {
        "aligned_data_ctrlr.interval": 900,
        "aligned_data_ctrlr.measurands": ("Energy.Active.Import.Register",),
    }
    lab = explore(scenario, variables=aligned)
    assert sorted(told) == sorted(request.evse_id for request in lab.messages(MeterValuesRequest)) == [0, 1]


def test_money_is_not_counted_in_binary_fractions() -> None:
    """Sums of tenths did not reach a limit that they are equal to, or legal amounts were refused."""

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(1)
        await lab.station.transactions.limit(1, TransactionLimitType(max_cost=0.3))
        (transaction,) = await lab.transactions()
        lab.station.transactions.note_cost(transaction.transaction_id, Decimal("0.1") + Decimal("0.2"))
        await lab.quiet(1)

    lab = explore(scenario, variables={**AUTHORIZED, "tx_ctrlr.supported_limits": ("maxCost",)})
    assert lab.told[-1][1] == "CostLimitReached"


def test_times_leave_in_utc() -> None:
    """Times without a zone, or with one that the peer did not understand, moved transactions by hours."""

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        await lab.unplug()

    lab = explore(scenario, variables=AUTHORIZED)
    times = [
        text
        for frame in lab.frames
        for text in re.findall(r'"(?:timestamp|currentTime)":"([^"]*)"', frame.data.decode())
    ]
    assert len(times) > 10
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z", text) for text in times)


def test_a_second_connection_replaces_the_first() -> None:
    """A station that had lost its connection was locked out until the server noticed, too."""

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(10)
        for end in lab.ends:
            end.link.cut()  # nobody is told
        await lab.connect()
        await lab.quiet(10)
        await lab.present()
        await lab.quiet(10)
        (transaction,) = await lab.transactions()
        assert transaction.is_complete

    explore(scenario, variables=AUTHORIZED)


def test_an_event_that_comes_twice_counts_once() -> None:
    """A repeated event was billed again, or refused with an error that made the station repeat it for ever."""

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        await lab.present()
        (before,) = await lab.transactions()
        for event in list(lab.events):
            answer = await lab.station.call(event)
            if event.id_token is not None:
                assert answer.id_token_info is not None and str(answer.id_token_info.status) == "Accepted"
        (after,) = await lab.transactions()
        assert after == before and after.is_complete

    explore(scenario, variables=AUTHORIZED)


def test_a_token_is_told_once() -> None:
    """Stations repeated the IdToken in every event, and had it authorized with each of them."""

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(300)

    lab = explore(scenario, variables={**AUTHORIZED, "sampled_data_ctrlr.tx_updated_interval": 30})
    assert [event.id_token for event in lab.events if event.id_token] == [TOKEN] and len(lab.events) > 10


def test_sampled_values_are_part_of_the_transaction() -> None:
    """Values of a transaction came by MeterValues, as in OCPP 1.6, or as texts."""

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(121)

    lab = explore(scenario, variables={**AUTHORIZED, "sampled_data_ctrlr.tx_updated_interval": 60})
    assert not lab.messages(MeterValuesRequest)
    for frame in lab.frames:
        for event in json.loads(frame.data)[3:]:
            for moment in event.get("meterValue", []):
                assert all(isinstance(sample["value"], int | float) for sample in moment["sampledValue"])


def test_a_remote_start_is_taken_before_the_cable() -> None:
    """Stations rejected a remote start until an EV was connected, so no driver could start by an app first."""

    async def scenario(lab: Laboratory) -> None:
        outcome = await lab.csms[IDENTITY].remote_control.request_start_transaction(TOKEN, evse_id=1)
        assert outcome.status == RequestStartStopStatusEnumType.ACCEPTED
        await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() > 0

    lab = explore(scenario, variables=AUTHORIZED)
    assert lab.told[0][:2] == ("Started", "RemoteStart")


def test_a_change_of_availability_waits_for_the_transaction_and_outlives_a_reboot() -> None:
    """Stations cut the running transaction off, or were in service again after the next boot."""

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        availability = lab.csms[IDENTITY].availability
        response = await availability.change_availability(OperationalStatusEnumType.INOPERATIVE, evse_id=1)
        assert response.status == ChangeAvailabilityStatusEnumType.SCHEDULED
        before = lab.delivered_wh()
        await lab.quiet(60)
        assert lab.delivered_wh() > before
        await lab.present()
        await lab.kill()
        await lab.boot()
        assert not lab.station.availability.is_in_service(1)

    lab = explore(scenario, variables=AUTHORIZED)
    assert lab.told[-1][:2] == ("Ended", "StopAuthorized")
