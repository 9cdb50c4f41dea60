"""Availability (block G) over both roles: locks that fail (G05), and the events that tell of it (N07)."""

from __future__ import annotations

from typing import Any

import pytest
from laboratory import Laboratory, explore

from ocpp21.csms import EventNotified
from ocpp21.messages import AttributeEnumType, EventDataType, NotifyEventRequest, SetVariableDataType
from ocpp21.messages.datatypes import ComponentType, EVSEType, VariableType
from ocpp21.station.hardware import Fault

QUIET = {"sampled_data_ctrlr.tx_updated_interval": 0}


def points(start: str, stop: str = "EVConnected") -> dict[str, Any]:
    return {**QUIET, "tx_ctrlr.tx_start_point": (start,), "tx_ctrlr.tx_stop_point": (stop,)}


def problems(lab: Laboratory) -> list[EventDataType]:
    """The events about locks."""
    return [
        event
        for request in lab.messages(NotifyEventRequest)
        for event in request.event_data
        if event.component.name == "ConnectorPlugRetentionLock"
    ]


def values(lab: Laboratory) -> list[tuple[str, bool | None]]:
    return [(event.actual_value, event.cleared) for event in problems(lab)]


def lock_of(lab: Laboratory) -> Any:
    return lab.station.device_model.component("ConnectorPlugRetentionLock", evse_id=1, connector_id=1)


@pytest.mark.use_case("G05", "N07")
@pytest.mark.parametrize("start", ["PowerPathClosed", "EnergyTransfer"])
def test_a_plug_that_cannot_be_locked(start: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        seen: list[EventNotified] = []
        lab.csms.subscribe(lambda event: seen.append(event), EventNotified)
        await lab.plug_in()
        lab.hardware.raise_fault(Fault.LOCK_FAILURE, 1, 1)
        lock = lab.hardware.evses[1].connectors[1].lock
        assert lock is not None
        before = lock.tries
        await lab.present()
        await lab.quiet(60)
        assert lock.tries == before + 3 and lock_of(lab).tries.value == 3
        assert lab.delivered_wh() == 0 and not lab.events  # G05.FR.01
        assert values(lab) == [("true", None)]  # G05.FR.02
        (event,) = problems(lab)
        assert event.component.evse == EVSEType(id=1, connector_id=1) and event.variable.name == "Problem"
        assert (event.trigger, event.event_notification_type) == ("Delta", "HardWiredNotification")
        assert event.severity is not None  # N07.FR.21
        (told,) = [each for each in seen if each.event.component.name == "ConnectorPlugRetentionLock"]
        assert told.event == event
        assert not [frame for frame in lab.frames if frame.side == "CSMS" and frame.data[:2] == b"[4"]
        # G05.FR.03, N07.FR.03: it was answered, so it does not wait any more
        assert not lab.station.diagnostics._waiting
        ids = [each.event.event_id for each in seen]
        assert len(set(ids)) == len(ids) and lock_of(lab).problem.value is True
        await lab.unplug()
        lab.hardware.clear_fault(Fault.LOCK_FAILURE, 1, 1)
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        assert values(lab) == [("true", None), ("false", True)] and lock_of(lab).active.value is True
        assert lab.delivered_wh() > 0

    lab = explore(scenario, variables=points(start))
    assert lab.told[0][0] == "Started" and lab.told[-1][2] == "Charging"


@pytest.mark.use_case("G05")
@pytest.mark.parametrize(("start", "state"), [("EVConnected", "EVConnected"), ("Authorized", "EVConnected")])
def test_a_transaction_that_has_begun_gets_no_energy(start: str, state: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        lab.hardware.raise_fault(Fault.LOCK_FAILURE, 1, 1)
        await lab.present()
        await lab.quiet(600)
        assert lab.delivered_wh() == 0 and values(lab) == [("true", None)]
        (event,) = problems(lab)
        assert (event.transaction_id is not None) is (start == "EVConnected")
        await lab.unplug()

    lab = explore(scenario, variables=points(start))
    assert {told[2] for told in lab.told[:-1]} == {state}
    assert lab.told[-1] == ("Ended", "EVCommunicationLost", "Idle")


@pytest.mark.use_case("G05")
def test_token_first_then_a_plug_that_cannot_be_locked() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.hardware.raise_fault(Fault.LOCK_FAILURE, 1, 1)
        await lab.present()
        await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() == 0 and not lab.events

    lab = explore(scenario, variables=points("PowerPathClosed"))
    assert values(lab) == [("true", None)]


@pytest.mark.use_case("G05")
def test_the_driver_tries_again() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.hardware.raise_fault(Fault.LOCK_FAILURE, 1, 1)
        await lab.plug_in()
        await lab.present()
        lab.hardware.clear_fault(Fault.LOCK_FAILURE, 1, 1)
        await lab.present()  # lets go
        await lab.present()
        await lab.quiet(60)
        assert lab.delivered_wh() > 0

    lab = explore(scenario, variables=points("PowerPathClosed"))
    assert values(lab) == [("true", None), ("false", True)]


@pytest.mark.use_case("G05")
def test_the_operator_says_how_often_it_is_tried() -> None:
    async def scenario(lab: Laboratory) -> None:
        data = SetVariableDataType(
            attribute_type=AttributeEnumType.MAX_SET,
            attribute_value="5",
            component=ComponentType(name="ConnectorPlugRetentionLock", evse=EVSEType(id=1, connector_id=1)),
            variable=VariableType(name="Tries"),
        )
        (result,) = await lab.csms["CS001"].provisioning.set_variables([data])
        assert result.attribute_status == "Accepted"
        lock = lab.hardware.evses[1].connectors[1].lock
        assert lock is not None
        await lab.plug_in()
        lab.hardware.raise_fault(Fault.LOCK_FAILURE, 1, 1)
        before = lock.tries
        await lab.present()
        assert lock.tries == before + 5

    explore(scenario, variables=points("PowerPathClosed"))


@pytest.mark.use_case("G05")
@pytest.mark.parametrize("is_jammed", [False, True])
@pytest.mark.parametrize("stop", ["EVConnected", "PowerPathClosed"])
def test_a_bolt_that_goes_back_by_itself(is_jammed: bool, stop: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        if is_jammed:
            lab.hardware.raise_fault(Fault.LOCK_FAILURE, 1, 1)
        lab.hardware.break_lock(1, 1)
        await lab.quiet()
        before = lab.delivered_wh()
        await lab.quiet(60)
        assert (lab.delivered_wh() > before) is not is_jammed  # G05.FR.01
        assert lab.told[-1][1] == ("AbnormalCondition" if is_jammed else "ChargingStateChanged")
        assert lab.told[-1][0] == ("Ended" if is_jammed and stop == "PowerPathClosed" else "Updated")

    lab = explore(scenario, variables=points("PowerPathClosed", stop))
    assert values(lab) == [("true", None)] if is_jammed else values(lab)[-1:] in ([], [("false", True)])


@pytest.mark.use_case("G05")
def test_a_bolt_that_held_nothing() -> None:
    async def scenario(lab: Laboratory) -> None:
        lock = lab.hardware.evses[1].connectors[1].lock
        assert lock is not None
        lock.is_locked = True
        lab.hardware.break_lock(1, 1)
        await lab.quiet()

    lab = explore(scenario, variables=points("PowerPathClosed"))
    assert not lab.events and not values(lab)


@pytest.mark.use_case("G05", "N07")
@pytest.mark.parametrize("is_repaired", [False, True])
def test_what_happens_offline_is_told_as_it_is_then(is_repaired: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.quiet()
        await lab.go_offline()
        lab.hardware.raise_fault(Fault.LOCK_FAILURE, 1, 1)
        await lab.plug_in()
        await lab.present()
        if is_repaired:
            lab.hardware.clear_fault(Fault.LOCK_FAILURE, 1, 1)
            await lab.present()
            await lab.present()
        await lab.go_online()

    variables = {**points("PowerPathClosed"), "auth_ctrlr.offline_tx_for_unknown_id_enabled": True}
    lab = explore(scenario, variables=variables)
    assert values(lab) == [("false", True) if is_repaired else ("true", None)]


@pytest.mark.use_case("G05", "F05")
def test_a_lock_that_does_not_open_is_told_of() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        lab.hardware.raise_fault(Fault.LOCK_FAILURE, 1, 1)
        await lab.present()
        assert values(lab) == [("true", None)]
        lab.hardware.clear_fault(Fault.LOCK_FAILURE, 1, 1)
        response = await lab.csms["CS001"].remote_control.unlock_connector(1, 1)
        await lab.quiet()
        assert response.status == "Unlocked"
        await lab.unplug()

    lab = explore(scenario, variables=points("Authorized", "Authorized"))
    assert values(lab) == [("true", None), ("false", True)]
