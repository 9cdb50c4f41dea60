"""Remote Control (block F) over both roles: remote start with a limit (F07)."""

from __future__ import annotations

from typing import Any

import pytest
from laboratory import OTHER, TOKEN, Laboratory, explore

from ocpp21.csms import RemoteStart
from ocpp21.errors import CallError, LocalProtocolError
from ocpp21.messages import (
    MessageTriggerEnumType,
    RequestStartTransactionRequest,
    TransactionLimitType,
)
from ocpp21.station.hardware import Fault

SUPPORTED = ("maxCost", "maxEnergy", "maxTime")


def points(start: str, stop: str = "EVConnected") -> dict[str, Any]:
    return {
        "sampled_data_ctrlr.tx_updated_interval": 0,
        "tx_ctrlr.tx_start_point": tuple(start.split(",")),
        "tx_ctrlr.tx_stop_point": (stop,),
        "tx_ctrlr.supported_limits": SUPPORTED,
    }


async def start(lab: Laboratory, limit: TransactionLimitType, **options: Any) -> RemoteStart:
    options.setdefault("patience_s", 5.0)
    outcome: RemoteStart = await lab.csms["CS001"].remote_control.request_start_transaction(
        options.pop("token", TOKEN), evse_id=1, limit=limit, **options
    )
    await lab.quiet()
    return outcome


def echoes(lab: Laboratory) -> list[TransactionLimitType | None]:
    """What the station has said of limits."""
    limits = [event.transaction_info.transaction_limit for event in lab.events]
    return [limit for limit in limits if limit is not None]


@pytest.mark.use_case("F07")
@pytest.mark.parametrize("start_point", ["EVConnected", "Authorized", "PowerPathClosed"])
def test_a_limit_of_energy(start_point: str) -> None:
    limit = TransactionLimitType(max_energy=5000)

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        outcome = await start(lab, limit)
        assert outcome.transaction is not None
        await lab.quiet(3600)
        assert float(lab.delivered_wh()) == pytest.approx(5000, rel=0.05)  # F07.FR.04
        assert lab.told[-1] == ("Updated", "EnergyLimitReached", "SuspendedEVSE")
        raised = TransactionLimitType(max_energy=8000)
        await lab.csms["CS001"].transactions.limit(outcome.transaction.transaction_id, raised)
        await lab.csms["CS001"].remote_control.trigger_message(MessageTriggerEnumType.TRANSACTION_EVENT)
        await lab.quiet(60)
        assert ("Updated", "ChargingStateChanged", "Charging") in lab.told[-3:]

    lab = explore(scenario, variables=points(start_point))
    first = next(event for event in lab.events if event.transaction_info.remote_start_id is not None)
    assert first.trigger_reason == "RemoteStart"
    (request,) = lab.messages(RequestStartTransactionRequest, "CSMS")
    assert request.remote_start_id == first.transaction_info.remote_start_id  # F07.FR.01
    assert echoes(lab)[0] == limit  # F07.FR.02, F07.FR.03
    assert ("Updated", "LimitSet") in [(kind, trigger) for kind, trigger, _ in lab.told]
    assert echoes(lab).count(limit) == 1


@pytest.mark.use_case("F07")
def test_a_limit_of_time_with_the_start_first() -> None:
    async def scenario(lab: Laboratory) -> None:
        outcome = await start(lab, TransactionLimitType(max_time=900))
        assert outcome.transaction is not None
        await lab.plug_in()
        await lab.quiet(1000)

    lab = explore(scenario, variables=points("Authorized"))
    assert ("Updated", "TimeLimitReached", "SuspendedEVSE") in lab.told


@pytest.mark.use_case("F07")
def test_a_limit_that_is_not_supported() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        for limit in (TransactionLimitType(max_soc=80), TransactionLimitType()):
            with pytest.raises(LocalProtocolError):
                await start(lab, limit)

    lab = explore(scenario, variables=points("EVConnected"))
    assert not lab.messages(RequestStartTransactionRequest, "CSMS")


@pytest.mark.use_case("F07")
def test_the_limit_of_a_start_that_was_refused_limits_nobody() -> None:
    async def scenario(lab: Laboratory) -> None:
        limit = TransactionLimitType(max_energy=100)
        lab.hardware.raise_fault(Fault.GROUND_FAILURE, 1)
        assert (await start(lab, limit)).status == "Rejected"
        lab.hardware.clear_fault(Fault.GROUND_FAILURE, 1)

        @lab.station.on(RequestStartTransactionRequest)
        def refuse(request: RequestStartTransactionRequest) -> Any:
            raise CallError("GenericError", "no")

        with pytest.raises(CallError):
            await start(lab, limit)
        assert not lab.csms["CS001"].remote_control._limits

    explore(scenario, variables=points("EVConnected"))


@pytest.mark.use_case("F07")
def test_starts_that_nobody_followed_are_forgotten() -> None:
    async def scenario(lab: Laboratory) -> None:
        for _ in range(70):
            await start(lab, TransactionLimitType(max_energy=100), token=OTHER, patience_s=0)
            await lab.quiet(5)
        assert len(lab.csms["CS001"].remote_control._limits) == 64

    explore(scenario, variables={**points("EVConnected"), "tx_ctrlr.ev_connection_time_out": 4})
