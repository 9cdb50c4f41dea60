"""Resets over both roles, in virtual time (B11, B12, B13)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from laboratory import OTHER, TOKEN, Laboratory, explore

from ocpp21.csms import Reset, StationReset, TransactionResumed
from ocpp21.errors import LocalProtocolError, StoreError
from ocpp21.messages import (
    BootNotificationRequest,
    BootReasonEnumType,
    ChangeAvailabilityRequest,
    EVSEType,
    HeartbeatRequest,
    NotifyEventRequest,
    OperationalStatusEnumType,
    RequestStartTransactionRequest,
    ResetEnumType,
    ResetRequest,
    ResetStatusEnumType,
    SecurityEventNotificationRequest,
    StatusInfoType,
    TransactionEventRequest,
    TransactionEventResponse,
)
from ocpp21.simulator import wallbox
from ocpp21.simulator.fleet import fast_charger
from ocpp21.station.hardware import Limit
from ocpp21.station.store import Delete

QUIET = {"sampled_data_ctrlr.tx_updated_interval": 0}
RESUMES = {**QUIET, "tx_ctrlr.resumption_timeout": 999, "tx_ctrlr.allow_energy_transfer_resumption": True}

IMMEDIATE = ResetEnumType.IMMEDIATE
ON_IDLE = ResetEnumType.ON_IDLE
RESUME = ResetEnumType.IMMEDIATE_AND_RESUME
ACCEPTED = ResetStatusEnumType.ACCEPTED
SCHEDULED = ResetStatusEnumType.SCHEDULED
REJECTED = ResetStatusEnumType.REJECTED


def reset(lab: Laboratory, kind: ResetEnumType, evse_id: int | None = None) -> Awaitable[Reset]:
    return lab.csms["CS001"].provisioning.reset(kind, evse_id=evse_id)


async def charge(lab: Laboratory, evse_id: int = 1, token: Any = TOKEN) -> None:
    await lab.plug_in(evse_id)
    await lab.present(token, evse_id)
    await lab.quiet(60)


def names(lab: Laboratory) -> list[str]:
    """What the station has said, without what comes at any time."""
    common = (HeartbeatRequest, NotifyEventRequest)
    return [
        type(message).__name__.removesuffix("Request")
        for _, sender, message in lab.said
        if sender == "CS" and not isinstance(message, common) and type(message).__name__.endswith("Request")
    ]


def boots(lab: Laboratory) -> list[str]:
    return [str(boot.reason) for boot in lab.messages(BootNotificationRequest)]


def states(lab: Laboratory, evse_id: int = 1) -> list[str | None]:
    """The states of the connectors of an EVSE as reported, in order."""
    return [
        data.actual_value
        for event in lab.messages(NotifyEventRequest)
        for data in event.event_data
        if data.component.evse is not None and data.component.evse.id == evse_id
    ]


def not_now(evse_id: int | None) -> StatusInfoType:
    return StatusInfoType(reason_code="FwUpdateInProgress")


# B11


@pytest.mark.use_case("B11")
@pytest.mark.parametrize("kind", [IMMEDIATE, ON_IDLE])
def test_an_idle_station_reboots_at_once(kind: ResetEnumType) -> None:
    told: list[StationReset] = []

    async def scenario(lab: Laboratory) -> None:
        lab.csms.subscribe(told.append, StationReset)
        await lab.quiet()
        asked = await reset(lab, kind)
        assert asked.status is ACCEPTED and asked.leads_to_boot and asked.boot is None  # B11.FR.01
        await lab.rebooted()
        boot = await asked.booted(timeout_s=1)
        assert boot is not None and boot.reason is BootReasonEnumType.REMOTE_RESET
        assert lab.station.provisioning.is_online

    lab = explore(scenario)
    assert boots(lab) == ["PowerUp", "RemoteReset"]  # B11.FR.03, B11.FR.04
    assert [event.boot.reason for event in told] == ["RemoteReset"]
    events = [event.type for event in lab.messages(SecurityEventNotificationRequest)]
    assert events == ["StartupOfTheDevice", "ResetOrReboot"]
    assert states(lab)[-1] == "Available"  # B01.FR.05


@pytest.mark.use_case("B11")
def test_the_reason_is_told_once() -> None:
    async def scenario(lab: Laboratory) -> None:
        await reset(lab, IMMEDIATE)
        await lab.rebooted()
        await lab.kill()
        await lab.quiet()
        await lab.boot()

    assert boots(explore(scenario)) == ["PowerUp", "RemoteReset", "Watchdog"]


@pytest.mark.use_case("B11")
def test_the_answer_leaves_before_the_connection_is_closed() -> None:
    async def scenario(lab: Laboratory) -> None:
        assert (await reset(lab, IMMEDIATE)).status is ACCEPTED
        await lab.quiet()
        assert not lab.station.is_connected and not lab.csms["CS001"].is_connected
        again = lab.station.provisioning.reset(IMMEDIATE, BootReasonEnumType.LOCAL_RESET)
        assert again is REJECTED  # B11.FR.06
        await lab.rebooted()

    explore(scenario)


@pytest.mark.use_case("B11")
@pytest.mark.parametrize("kind", [IMMEDIATE, ON_IDLE])
def test_an_idle_evse_is_reset_alone(kind: ResetEnumType) -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab, 2)
        events = len(lab.events)
        await lab.hardware.evses[1].offer(Limit(current_a=10))
        asked = await reset(lab, kind, 1)
        assert asked.status is ACCEPTED and not asked.leads_to_boot
        assert await asked.booted() is None
        await lab.quiet()
        assert lab.hardware.evses[1].limit == Limit(current_a=0)  # B11.FR.08: it was reset indeed
        assert lab.station.is_connected and len(lab.events) == events
        assert lab.hardware.evses[2].contactor.is_closed
        await charge(lab, 1, OTHER)
        assert lab.hardware.evses[1].contactor.is_closed

    lab = explore(scenario, facts=wallbox(evses=2), variables=QUIET)
    assert boots(lab) == ["PowerUp"]
    assert lab.station.device_model.evse(1).allow_reset.value is True  # B11.FR.10


@pytest.mark.use_case("B11")
@pytest.mark.parametrize("evse_id", [0, 3, 99])
def test_an_unknown_evse_is_not_reset(evse_id: int) -> None:
    async def scenario(lab: Laboratory) -> None:
        answer = await lab.csms["CS001"].call(ResetRequest(type=IMMEDIATE, evse_id=evse_id))
        assert answer.status is REJECTED and answer.status_info is not None
        assert answer.status_info.reason_code == "UnknownEvse"

    assert boots(explore(scenario, facts=wallbox(evses=2))) == ["PowerUp"]


@pytest.mark.use_case("B11")
def test_the_csms_names_an_evse_from_1() -> None:
    async def scenario(lab: Laboratory) -> None:
        with pytest.raises(LocalProtocolError, match="expected an EVSE from 1, found 0"):
            await reset(lab, IMMEDIATE, 0)

    assert not explore(scenario).messages(ResetRequest, "CSMS")


@pytest.mark.use_case("B11")
@pytest.mark.use_case("B12")
@pytest.mark.parametrize("kind", [IMMEDIATE, ON_IDLE, RESUME])
@pytest.mark.parametrize("is_charging", [False, True])
def test_an_evse_that_cannot_be_reset_alone_is_not(kind: ResetEnumType, is_charging: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        if is_charging:
            await charge(lab)
        events = len(lab.events)
        answer = await reset(lab, kind, 1)  # B11.FR.09, B12.FR.09
        assert answer.status is REJECTED and answer.status_info is not None
        assert answer.status_info.reason_code == "UnsupportedRequest"
        await lab.quiet()
        assert len(lab.events) == events and lab.station.is_connected

    explore(scenario, facts=fast_charger(), variables=RESUMES)


@pytest.mark.use_case("B11")
@pytest.mark.parametrize(("retries", "failures", "succeeds"), [(2, 2, True), (0, 1, False), (1, 2, False)])
def test_a_reset_that_fails_is_tried_again(retries: int, failures: int, succeeds: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.hardware.reboots_to_fail = failures
        await reset(lab, IMMEDIATE)
        if succeeds:
            await lab.rebooted()
            assert boots(lab) == ["PowerUp", "RemoteReset"]
            return
        await lab.quiet(10)
        assert lab.hardware.reboots_to_fail == failures - retries - 1
        assert not lab.station.provisioning.resetting.is_rebooting
        await lab.go_offline()
        await lab.go_online()  # all goes on as it was, and no boot
        await charge(lab)
        assert lab.events and boots(lab) == ["PowerUp"]
        await lab.kill()
        await lab.quiet()
        await lab.boot()
        assert boots(lab) == ["PowerUp", "Watchdog"]  # the reason was forgotten

    explore(scenario, variables={"ocpp_comm_ctrlr.reset_retries": retries, **QUIET})


@pytest.mark.use_case("B11")
@pytest.mark.use_case("B12")
def test_what_else_is_in_the_way_delays_or_prevents_a_reset() -> None:
    async def scenario(lab: Laboratory) -> None:
        resetting = lab.station.provisioning.resetting
        resetting.obstacles.append(not_now)
        refused = await reset(lab, IMMEDIATE)
        assert refused.status is REJECTED and refused.status_info == not_now(None)  # B11.FR.06, B12.FR.10
        planned = await reset(lab, ON_IDLE)
        assert planned.status is SCHEDULED and planned.leads_to_boot  # B11.FR.07
        await lab.quiet(60)
        assert boots(lab) == ["PowerUp"]
        resetting.obstacles.clear()
        resetting.reconsider()
        await lab.rebooted()
        boot = await planned.booted(timeout_s=1)
        assert boot is not None and boot.reason is BootReasonEnumType.SCHEDULED_RESET

    explore(scenario)


@pytest.mark.use_case("B11")
def test_the_station_resets_itself_for_a_reason_of_its_own() -> None:
    async def scenario(lab: Laboratory) -> None:
        assert lab.station.provisioning.reset(IMMEDIATE, BootReasonEnumType.LOCAL_RESET) is ACCEPTED
        await lab.rebooted()
        await charge(lab)
        assert lab.station.provisioning.reset(ON_IDLE, BootReasonEnumType.FIRMWARE_UPDATE) is SCHEDULED
        await lab.present()
        await lab.rebooted()

    assert boots(explore(scenario, variables=QUIET)) == ["PowerUp", "LocalReset", "FirmwareUpdate"]


@pytest.mark.use_case("B11")
def test_a_boot_that_was_triggered_is_not_the_one_after_the_reset() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        asked = await reset(lab, ON_IDLE)
        await lab.station.provisioning.boot(BootReasonEnumType.TRIGGERED)
        with pytest.raises(TimeoutError):
            await asked.booted(timeout_s=5)
        await lab.present()
        await lab.rebooted()
        assert await asked.booted(timeout_s=1) is not None

    explore(scenario, variables=QUIET)


@pytest.mark.use_case("B11")
def test_a_store_that_fails_stops_no_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(lab: Laboratory) -> None:
        commit = lab.station_store.commit

        async def full(*changes: Any) -> None:
            raise StoreError("full")

        monkeypatch.setattr(lab.station_store, "commit", full)
        await reset(lab, IMMEDIATE)
        async with asyncio.timeout(60):
            await lab.station.rebooted()
        monkeypatch.setattr(lab.station_store, "commit", commit)
        await lab.rebooted()

    assert boots(explore(scenario)) == ["PowerUp", "Unknown"]


@pytest.mark.use_case("B11")
def test_a_store_that_fails_after_a_reset_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The station goes on, and says at the next boot what it had written down."""

    async def scenario(lab: Laboratory) -> None:
        commit = lab.station_store.commit

        async def forgetful(*changes: Any) -> None:
            if any(isinstance(change, Delete) for change in changes):
                raise StoreError("full")
            await commit(*changes)

        lab.hardware.reboots_to_fail = 2
        monkeypatch.setattr(lab.station_store, "commit", forgetful)
        await reset(lab, IMMEDIATE)
        await lab.quiet(60)
        monkeypatch.setattr(lab.station_store, "commit", commit)
        await lab.go_offline()
        await lab.go_online()
        await charge(lab)
        assert lab.delivered_wh() > 0 and not lab.station.provisioning.resetting.is_rebooting
        await lab.present()
        assert (await reset(lab, IMMEDIATE)).status is ACCEPTED
        await lab.rebooted()

    assert boots(explore(scenario, variables=QUIET))[-1] == "RemoteReset"


@pytest.mark.use_case("B11")
@pytest.mark.use_case("B12")
@pytest.mark.parametrize("evse_id", [None, 1])
def test_what_is_out_of_service_stays_so(evse_id: int | None) -> None:
    async def scenario(lab: Laboratory) -> None:
        request = ChangeAvailabilityRequest(
            operational_status=OperationalStatusEnumType.INOPERATIVE, evse=EVSEType(id=1)
        )
        assert (await lab.csms["CS001"].call(request)).status == "Accepted"
        await lab.quiet()
        await charge(lab, 2)
        await reset(lab, IMMEDIATE, evse_id)
        if evse_id is None:
            await lab.rebooted()
        await lab.quiet(5)
        assert states(lab, 1)[-1] == "Unavailable"  # B11.FR.02, B12.FR.06
        assert lab.station.availability.status(1, 1) == "Unavailable"
        assert lab.station.availability.status(2, 1) == "Occupied"

    explore(scenario, facts=wallbox(evses=2), variables=QUIET)


# B12


@pytest.mark.use_case("B12")
def test_an_immediate_reset_ends_the_transaction_first() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        asked = await reset(lab, IMMEDIATE)
        assert asked.status is ACCEPTED  # B12.FR.02
        await lab.rebooted()
        assert not lab.hardware.evses[1].connectors[1].lock.is_locked  # type: ignore[union-attr]
        assert lab.station.transactions.is_busy() is False
        assert all(transaction.is_complete for transaction in await lab.transactions())

    lab = explore(scenario, variables=QUIET)
    ended = lab.events[-1]
    assert lab.told[-1] == ("Ended", "ResetCommand", "EVConnected")  # B12.FR.04
    assert ended.transaction_info.stopped_reason == "ImmediateReset" and ended.id_token is None
    assert ended.offline is None and boots(lab) == ["PowerUp", "RemoteReset"]
    assert states(lab)[-1] == "Occupied"
    order = names(lab)
    assert order.index("BootNotification", 1) > len(order) - 1 - order[::-1].index("TransactionEvent")


@pytest.mark.use_case("B12")
@pytest.mark.parametrize("is_silent", [True, False])
def test_events_without_an_answer_come_again_after_the_reboot(is_silent: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        if is_silent:

            async def never(request: TransactionEventRequest) -> TransactionEventResponse:
                await asyncio.sleep(10_000)
                raise AssertionError

            lab.csms["CS001"].on(TransactionEventRequest)(never)
        before, at = len(lab.events), asyncio.get_running_loop().time()
        await reset(lab, IMMEDIATE)
        async with asyncio.timeout(60):
            await lab.station.rebooted()
        took_s = asyncio.get_running_loop().time() - at
        assert 29 <= took_s <= 32 if is_silent else took_s < 1
        lab.csms["CS001"].on(TransactionEventRequest)(lab.csms["CS001"].transactions.on_transaction_event_request)
        await lab.rebooted()
        sent = [event for event in lab.events[before:]]
        assert [event.event_type for event in sent] == (["Ended", "Ended"] if is_silent else ["Ended"])
        assert len({(event.seq_no, event.transaction_info.transaction_id) for event in sent}) == 1
        assert all(transaction.is_complete for transaction in await lab.transactions())

    explore(scenario, variables=QUIET)  # B12.FR.05


@pytest.mark.use_case("B12")
def test_an_offline_station_does_not_wait_for_answers() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        await lab.go_offline()
        at = asyncio.get_running_loop().time()
        lab.station.provisioning.reset(IMMEDIATE, BootReasonEnumType.LOCAL_RESET)
        async with asyncio.timeout(60):
            await lab.station.rebooted()
        assert asyncio.get_running_loop().time() - at < 1
        await lab.rebooted()

    lab = explore(scenario, variables=QUIET)
    assert lab.told[-1] == ("Ended", "ResetCommand", "EVConnected") and lab.events[-1].offline is True


@pytest.mark.use_case("B12")
def test_on_idle_waits_for_the_normal_end_and_begins_nothing_new() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        asked = await reset(lab, ON_IDLE)
        assert asked.status is SCHEDULED and asked.status_info is not None  # B12.FR.01
        assert asked.status_info.reason_code == "TxInProgress"
        again = await reset(lab, ON_IDLE)
        assert again.status is SCHEDULED
        await lab.quiet()
        assert states(lab, 2)[-1] == "Unavailable"
        events = len(lab.events)
        start = RequestStartTransactionRequest(remote_start_id=1, id_token=OTHER, evse_id=2)
        assert (await lab.csms["CS001"].call(start)).status == "Rejected"
        await charge(lab, 2, OTHER)
        assert len(lab.events) == events and not lab.hardware.evses[2].contactor.is_closed
        await lab.unplug(2)
        await lab.quiet(600)
        assert boots(lab) == ["PowerUp"] and lab.station.transactions.is_busy(1)
        await lab.present()
        await lab.rebooted()
        assert (await asked.booted(timeout_s=1)) is (await again.booted(timeout_s=1))
        assert states(lab, 1)[-1] == "Occupied" and states(lab, 2)[-1] == "Available"
        await lab.unplug()
        await charge(lab, 2, OTHER)
        assert lab.hardware.evses[2].contactor.is_closed

    lab = explore(scenario, facts=wallbox(evses=2), variables=QUIET)
    assert boots(lab) == ["PowerUp", "ScheduledReset"]
    ended = [event for event in lab.events if event.event_type == "Ended"]
    assert [event.trigger_reason for event in ended] == ["StopAuthorized"]  # B12.FR.03
    assert len(lab.messages(BootNotificationRequest)) == 2


@pytest.mark.use_case("B12")
def test_on_idle_waits_for_all_transactions() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab, 1)
        await charge(lab, 2, OTHER)
        assert (await reset(lab, ON_IDLE)).status is SCHEDULED
        await lab.present(TOKEN, 1)
        await lab.unplug(1)
        await lab.quiet(60)
        assert boots(lab) == ["PowerUp"]
        await lab.present(OTHER, 2)
        await lab.rebooted()

    lab = explore(scenario, facts=wallbox(evses=2), variables=QUIET)
    assert boots(lab) == ["PowerUp", "ScheduledReset"]


@pytest.mark.use_case("B12")
def test_an_immediate_reset_takes_the_place_of_a_scheduled_one() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        assert (await reset(lab, ON_IDLE)).status is SCHEDULED
        assert (await reset(lab, IMMEDIATE)).status is ACCEPTED
        await lab.rebooted()
        await lab.quiet(600)

    lab = explore(scenario, variables=QUIET)
    assert boots(lab) == ["PowerUp", "RemoteReset"] and lab.told[-1][1] == "ResetCommand"


@pytest.mark.use_case("B12")
def test_the_transaction_of_one_evse_ends() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab, 1)
        await charge(lab, 2, OTHER)
        assert (await reset(lab, IMMEDIATE, 1)).status is ACCEPTED
        await lab.quiet(5)
        assert lab.told[-1] == ("Ended", "ResetCommand", "EVConnected")  # B12.FR.08
        assert lab.events[-1].transaction_info.stopped_reason == "ImmediateReset"
        assert not lab.station.transactions.is_busy(1) and lab.station.transactions.is_busy(2)
        assert lab.hardware.evses[2].contactor.is_closed
        await lab.unplug(1)
        await charge(lab, 1)
        assert lab.hardware.evses[1].contactor.is_closed

    lab = explore(scenario, facts=wallbox(evses=2), variables=QUIET)
    assert boots(lab) == ["PowerUp"]


@pytest.mark.use_case("B12")
def test_on_idle_waits_for_the_transaction_of_one_evse_only() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab, 1)
        await charge(lab, 2, OTHER)
        asked = await reset(lab, ON_IDLE, 1)
        assert asked.status is SCHEDULED and not asked.leads_to_boot
        await lab.quiet()
        await lab.hardware.evses[1].offer(Limit(current_a=10))
        await lab.present(OTHER, 2)
        await lab.quiet(5)
        assert lab.hardware.evses[1].limit == Limit(current_a=10)
        await lab.present(TOKEN, 1)  # B12.FR.07
        await lab.quiet(5)
        assert lab.told[-1][:2] == ("Ended", "StopAuthorized")
        assert lab.station.evses.resetting == set()

    lab = explore(scenario, facts=wallbox(evses=2), variables=QUIET)
    assert boots(lab) == ["PowerUp"]


@pytest.mark.use_case("B12")
def test_an_authorization_that_waits_for_an_ev_ends_with_the_reset() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.present(TOKEN, None)
        assert (await reset(lab, ON_IDLE)).status is SCHEDULED
        assert (await reset(lab, IMMEDIATE)).status is ACCEPTED
        await lab.rebooted()
        await lab.plug_in()
        assert not lab.events

    explore(scenario, facts=wallbox(evses=2), variables=QUIET)


# B13


@pytest.mark.use_case("B13")
@pytest.mark.parametrize("timeout_s", [0, None])
@pytest.mark.parametrize("is_charging", [True, False])
def test_without_resumption_timeout_nothing_is_resumed(timeout_s: int | None, is_charging: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        if is_charging:
            await charge(lab)
        answer = await reset(lab, RESUME)  # B13.FR.01
        assert answer.status is REJECTED
        await lab.quiet(60)
        assert lab.station.transactions.is_busy() is is_charging
        assert lab.hardware.evses[1].contactor.is_closed is is_charging

    variables = QUIET if timeout_s is None else {**QUIET, "tx_ctrlr.resumption_timeout": timeout_s}
    assert boots(explore(scenario, variables=variables)) == ["PowerUp"]


@pytest.mark.use_case("B13")
def test_an_idle_station_reboots_as_ever() -> None:
    async def scenario(lab: Laboratory) -> None:
        assert (await reset(lab, RESUME)).status is ACCEPTED  # B13.FR.02
        await lab.rebooted()

    lab = explore(scenario, variables=RESUMES)
    assert boots(lab) == ["PowerUp", "RemoteReset"] and not lab.events


@pytest.mark.use_case("B13")
@pytest.mark.parametrize("boot_s", [1.0, 2000.0])
@pytest.mark.parametrize("allows_energy", [True, False])
def test_a_transaction_goes_on_after_the_reboot(boot_s: float, allows_energy: bool) -> None:
    resumed: list[TransactionResumed] = []

    async def scenario(lab: Laboratory) -> None:
        lab.csms.subscribe(resumed.append, TransactionResumed)
        await charge(lab)
        lock = lab.hardware.evses[1].connectors[1].lock
        assert lock is not None and lock.is_locked
        asked = await reset(lab, RESUME)
        assert asked.status is ACCEPTED  # B13.FR.03
        async with asyncio.timeout(60):
            await lab.station.rebooted()
        assert not lock.is_locked and not lab.hardware.evses[1].contactor.is_closed  # B13.FR.20
        await lab.rebooted(boot_s=boot_s)  # B13.FR.21, B13.FR.23
        assert lock.is_locked  # B13.FR.22
        assert lab.hardware.evses[1].contactor.is_closed is allows_energy  # B13.FR.24, B13.FR.25
        await lab.quiet(60)
        await lab.present()
        await lab.unplug()
        (transaction,) = await lab.transactions()
        assert transaction.is_complete

    variables = {**RESUMES, "tx_ctrlr.allow_energy_transfer_resumption": allows_energy}
    lab = explore(scenario, variables=variables)
    state = "Charging" if allows_energy else "SuspendedEVSE"
    # B13.FR.04, B13.FR.30
    assert lab.told[2:4] == [("Updated", "ResetCommand", "Charging"), ("Updated", "TxResumed", state)]
    assert [event.seq_no for event in lab.events] == list(range(len(lab.events)))
    assert len({event.transaction_info.transaction_id for event in lab.events}) == 1
    assert all(event.id_token is None for event in lab.events[2:4])
    assert boots(lab) == ["PowerUp", "RemoteReset"]
    assert lab.told[-1][:2] == ("Ended", "StopAuthorized")
    assert [event.request.trigger_reason for event in resumed] == ["TxResumed"]
    assert "Available" not in states(lab)[states(lab).index("Occupied") : -1]


@pytest.mark.use_case("B13")
@pytest.mark.parametrize("reset_s", [0, 2000])  # 2000 s are more than ResumptionTimeout
@pytest.mark.parametrize("allows_energy", [True, False])
def test_a_transaction_goes_on_after_the_reset_of_its_evse(
    allows_energy: bool, reset_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[list[bool]] = []  # the contactors, when the hardware is asked to reset

    async def scenario(lab: Laboratory) -> None:
        reboot = lab.hardware.reboot

        async def slowly(reason: BootReasonEnumType, /, *, evse_id: int | None = None) -> None:
            closed.append([evse.contactor.is_closed for evse in lab.hardware.evses.values()])
            await asyncio.sleep(reset_s)
            await reboot(reason, evse_id=evse_id)

        monkeypatch.setattr(lab.hardware, "reboot", slowly)
        await charge(lab, 1)
        await charge(lab, 2, OTHER)
        first = lab.events[0].transaction_info.transaction_id
        events = len(lab.events)
        assert (await reset(lab, RESUME, 1)).status is ACCEPTED
        await lab.quiet(reset_s + 5)
        state = "Charging" if allows_energy else "SuspendedEVSE"  # B13.FR.12, B13.FR.13, B13.FR.14
        assert lab.told[events:] == [("Updated", "ResetCommand", "Charging"), ("Updated", "TxResumed", state)]
        assert {event.transaction_info.transaction_id for event in lab.events[events:]} == {first}
        assert lab.hardware.evses[1].contactor.is_closed is allows_energy
        assert lab.hardware.evses[2].contactor.is_closed

    variables = {**RESUMES, "tx_ctrlr.allow_energy_transfer_resumption": allows_energy}
    lab = explore(scenario, facts=wallbox(evses=2), variables=variables)
    assert closed == [[False, True]]  # B13.FR.10
    assert boots(lab) == ["PowerUp"]  # B13.FR.11


@pytest.mark.use_case("B13")
def test_another_state_is_the_same_afterwards() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await reset(lab, RESUME)
        await lab.rebooted()
        await lab.present()
        await lab.quiet(60)
        assert lab.hardware.evses[1].contactor.is_closed

    connected = {"tx_ctrlr.tx_start_point": ("EVConnected",), "tx_ctrlr.tx_stop_point": ("EVConnected",)}
    lab = explore(scenario, variables={**RESUMES, **connected})
    assert lab.told == [
        ("Started", "CablePluggedIn", "EVConnected"),
        ("Updated", "ResetCommand", "EVConnected"),
        ("Updated", "TxResumed", "EVConnected"),
        ("Updated", "Authorized", "EVConnected"),
        ("Updated", "ChargingStateChanged", "Charging"),
    ]


@pytest.mark.use_case("B13")
def test_what_could_not_be_told_before_is_told_after_the_boot() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        await lab.go_offline()
        lab.station.provisioning.reset(RESUME, BootReasonEnumType.LOCAL_RESET)
        await lab.rebooted()

    lab = explore(scenario, variables=RESUMES)
    assert [trigger for _, trigger, _ in lab.told[-2:]] == ["ResetCommand", "TxResumed"]
    assert lab.events[-2].offline is True


@pytest.mark.use_case("B13")
def test_a_reset_that_fails_for_good_resumes_at_once() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        lab.hardware.reboots_to_fail = 10
        await reset(lab, RESUME)
        await lab.quiet(10)
        await lab.go_offline()
        await lab.go_online()
        assert lab.hardware.evses[1].contactor.is_closed
        await reset(lab, RESUME, 1)
        await lab.quiet(10)
        assert lab.hardware.evses[1].contactor.is_closed

    lab = explore(scenario, variables=RESUMES)
    assert [trigger for _, trigger, _ in lab.told[2:]] == ["ResetCommand", "TxResumed"] * 2
    assert boots(lab) == ["PowerUp"]


@pytest.mark.use_case("B13")
def test_a_driver_who_leaves_meanwhile_ends_it() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        await reset(lab, RESUME)
        async with asyncio.timeout(60):
            await lab.station.rebooted()
        await lab.unplug()
        await lab.rebooted()

    lab = explore(scenario, variables=RESUMES)
    assert lab.told[2:] == [("Updated", "ResetCommand", "Charging"), ("Ended", "EVCommunicationLost", "Idle")]
    assert lab.events[-1].transaction_info.stopped_reason == "EVDisconnected"
