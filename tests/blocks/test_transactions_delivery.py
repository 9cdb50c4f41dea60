"""Transactions begun offline (E04), and events that the CSMS does not accept (E13), over both roles."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from laboratory import IDENTITY, TOKEN, UNKNOWN, Laboratory, explore

from ocpp21.errors import CallError, ErrorCode, StoreError
from ocpp21.messages import (
    ComponentType,
    SetVariableDataType,
    TransactionEventRequest,
    TransactionEventResponse,
    VariableType,
)
from ocpp21.testing.virtual_time import EPOCH

ATTEMPTS = "ocpp_comm_ctrlr.message_attempts[TransactionEvent]"
INTERVAL = "ocpp_comm_ctrlr.message_attempt_interval[TransactionEvent]"


def variables(interval: int = 0, stop: str = "Authorized", **settings: Any) -> dict[str, Any]:
    return {
        "sampled_data_ctrlr.tx_updated_interval": interval,
        "tx_ctrlr.tx_start_point": ("PowerPathClosed",),
        "tx_ctrlr.tx_stop_point": tuple(stop.split(",")),
        "auth_ctrlr.offline_tx_for_unknown_id_enabled": True,
        **settings,
    }


class Refusing:
    """Refuses events with some seqNos, so many times each; writes down when each event came.

    Args:
        lab: whose CSMS it takes the place of.
        times: how often, by seqNo.
        code: with what.
    """

    def __init__(self, lab: Laboratory, times: dict[int, int], code: ErrorCode = ErrorCode.INTERNAL_ERROR) -> None:
        self.came: list[tuple[int, float, TransactionEventRequest]] = []
        self._times = dict(times)
        self._code = code
        self._role = lab.csms[IDENTITY]
        self._clock = lambda: (lab.csms.now() - EPOCH).total_seconds()
        self._role.on(TransactionEventRequest)(self.take)

    async def take(self, request: TransactionEventRequest) -> TransactionEventResponse:
        self.came.append((request.seq_no, self._clock(), request))
        left = self._times.get(request.seq_no, 0)
        if left:
            self._times[request.seq_no] = left - 1
            raise CallError(self._code, "not now")
        return await self._role.transactions.on_transaction_event_request(request)

    def times(self, seq_no: int) -> list[float]:
        """When an event came, in s after its first time."""
        found = [at for number, at, _ in self.came if number == seq_no]
        return [round(at - found[0]) for at in found]


# E04


@pytest.mark.use_case("E04")
def test_begun_while_offline() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.go_offline()
        await lab.plug_in()
        await lab.present()
        await lab.quiet(35)
        assert not lab.events  # E04.FR.01
        await lab.go_online()  # E04.FR.02
        await lab.quiet(25)
        await lab.present()
        (transaction,) = await lab.transactions()
        assert transaction.is_complete and transaction.was_offline
        assert abs((transaction.energy_wh or 0) - lab.delivered_wh()) < 1

    lab = explore(scenario, variables=variables(10))
    assert lab.told[0] == ("Started", "Authorized", "EVConnected") and lab.events[0].id_token == TOKEN
    assert [event.seq_no for event in lab.events] == list(range(len(lab.events)))  # E04.FR.04
    periodic = [event for event in lab.events if event.trigger_reason == "MeterValuePeriodic"]
    assert [bool(event.offline) for event in periodic] == [True] * 3 + [False] * 3  # E04.FR.03
    assert all(
        (later.timestamp - earlier.timestamp).total_seconds() == 10 for earlier, later in itertools.pairwise(periodic)
    )
    begun = lab.events[0].meter_value
    assert begun is not None and begun[0].sampled_value[0].context == "Transaction.Begin"  # E04.FR.05
    assert all(event.meter_value for event in periodic)  # E04.FR.06


@pytest.mark.use_case("E04")
@pytest.mark.parametrize("stops", [True, False])
def test_begun_while_offline_with_a_token_that_the_csms_refuses(stops: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.go_offline()
        await lab.plug_in()
        await lab.present(UNKNOWN)
        await lab.quiet(60)
        assert lab.hardware.evses[1].flow.power_mw > 0
        await lab.go_online()
        await lab.quiet(5)
        assert lab.hardware.evses[1].flow.power_mw == 0

    lab = explore(scenario, variables=variables(**{"tx_ctrlr.stop_tx_on_invalid_id": stops}))
    assert lab.events[0].offline is True and lab.events[-1].offline is None
    if stops:
        assert lab.told[-1] == ("Ended", "Deauthorized", "EVConnected")
    else:
        assert lab.told[-1] == ("Updated", "ChargingStateChanged", "SuspendedEVSE")


@pytest.mark.use_case("E04")
def test_what_was_begun_offline_survives_a_restart() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.go_offline()
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        await lab.kill()
        await lab.boot(is_connected=False)
        await lab.quiet(60)
        await lab.go_online()
        await lab.quiet(10)
        (transaction,) = await lab.transactions()
        assert transaction.is_complete and transaction.was_offline

    lab = explore(scenario, variables=variables(10))
    assert [event.seq_no for event in lab.events] == list(range(len(lab.events)))


# E13


@pytest.mark.use_case("E13")
@pytest.mark.parametrize("code", [ErrorCode.INTERNAL_ERROR, ErrorCode.GENERIC_ERROR, ErrorCode.FORMAT_VIOLATION])
def test_an_event_is_tried_again(code: ErrorCode) -> None:
    refusing: list[Refusing] = []

    async def scenario(lab: Laboratory) -> None:
        refusing.append(Refusing(lab, {1: 3}, code))
        await lab.plug_in()
        await lab.present()
        await lab.quiet(5)
        await lab.present()
        await lab.quiet(200)
        (transaction,) = await lab.transactions()
        assert transaction.is_complete

    explore(scenario, variables=variables(**{ATTEMPTS: 5, INTERVAL: 10}))
    (seen,) = refusing
    assert seen.times(1) == [0, 10, 30, 60]  # E13.FR.02, E13.FR.03: 10, 20 and 30 s apart
    assert [number for number, _, _ in seen.came] == [0, 1, 1, 1, 1, 2]  # nothing overtakes it
    contents = {str(request) for number, _, request in seen.came if number == 1}
    assert len(contents) == 1  # its seqNo, timestamp and values stay as they are


@pytest.mark.use_case("E13")
@pytest.mark.parametrize("attempts", [1, 3])
def test_an_event_is_given_up(attempts: int) -> None:
    refusing: list[Refusing] = []

    async def scenario(lab: Laboratory) -> None:
        refusing.append(Refusing(lab, {1: 99}))
        await lab.plug_in()
        await lab.present()
        await lab.quiet(5)
        await lab.present()
        await lab.quiet(300)
        assert lab.station.queue.given_up == 1
        (transaction,) = await lab.transactions()
        assert transaction.is_ended and not transaction.is_complete and transaction.missing_count == 1

    explore(scenario, variables=variables(**{ATTEMPTS: attempts, INTERVAL: 60}))
    (seen,) = refusing
    assert seen.times(1) == [0, 60, 180][:attempts]
    assert [number for number, _, _ in seen.came] == [0, *[1] * attempts, 2]  # E13.FR.04


@pytest.mark.use_case("E13")
def test_the_csms_tunes_the_attempts() -> None:
    refusing: list[Refusing] = []

    async def scenario(lab: Laboratory) -> None:
        provisioning = lab.csms[IDENTITY].provisioning
        component = ComponentType(name="OCPPCommCtrlr")
        results = await provisioning.set_variables(
            [
                SetVariableDataType(
                    component=component,
                    variable=VariableType(name=name, instance="TransactionEvent"),
                    attribute_value=value,
                )
                for name, value in (("MessageAttempts", "2"), ("MessageAttemptInterval", "7"))
            ]
        )
        assert [str(result.attribute_status) for result in results] == ["Accepted"] * 2  # E13.FR.01
        refusing.append(Refusing(lab, {0: 99}))
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)

    explore(scenario, variables=variables())
    assert refusing[0].times(0) == [0, 7]


@pytest.mark.use_case("E13")
@pytest.mark.memory_only
def test_no_answer_is_a_failed_attempt() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(5)
        lab.ends[1].link.cut()  # the CSMS gets no word out any more
        await lab.present()
        await lab.quiet(34)
        waiting = await lab.station.queue.next()
        assert waiting is not None and waiting.attempts == 1
        await lab.go_offline()
        await lab.go_online()
        await lab.quiet(60)
        (transaction,) = await lab.transactions()  # the CSMS has it once, however often it came
        assert transaction.is_complete and transaction.event_count == 3

    explore(scenario, variables=variables(**{ATTEMPTS: 3, INTERVAL: 1}))


@pytest.mark.use_case("E13")
def test_the_end_of_the_connection_is_no_attempt() -> None:
    async def scenario(lab: Laboratory) -> None:
        Refusing(lab, {0: 1})
        await lab.plug_in()
        await lab.present()
        await lab.quiet(1)
        for _ in range(5):
            await lab.go_offline()
            await lab.quiet(10)
            await lab.go_online()
        await lab.quiet(60)
        assert lab.station.queue.given_up == 0 and not len(lab.station.queue)

    lab = explore(scenario, variables=variables(**{ATTEMPTS: 2, INTERVAL: 20}))
    assert lab.events[-1].offline is True  # it has waited through an outage


@pytest.mark.use_case("E13")
def test_the_csms_cannot_write_it_down_at_first() -> None:
    """A CSMS whose store fails answers with an error, and gets the event again."""

    async def scenario(lab: Laboratory) -> None:
        role = lab.csms[IDENTITY]
        failures = [1, 1]

        async def decide(request: TransactionEventRequest) -> TransactionEventResponse:
            if failures:
                failures.pop()
                raise RuntimeError("the disk is full")
            return await role.transactions.on_transaction_event_request(request)

        role.on(TransactionEventRequest)(decide)
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        (transaction,) = await lab.transactions()
        assert transaction.started_at is not None and not transaction.missing_count

    explore(scenario, variables=variables(**{ATTEMPTS: 3, INTERVAL: 5}))


@pytest.mark.use_case("E04")
def test_what_could_not_be_saved_is_saved_when_the_station_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(lab: Laboratory) -> None:
        commit = lab.station_store.commit

        async def full(*changes: Any) -> None:
            raise StoreError("expected a disk, found none")

        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        await lab.go_offline()
        monkeypatch.setattr(lab.station_store, "commit", full)
        await lab.present()  # the end of it cannot be written down
        await lab.quiet()
        monkeypatch.setattr(lab.station_store, "commit", commit)
        await lab.station.stop()
        await lab.boot()
        await lab.quiet(60)
        (transaction,) = await lab.transactions()
        assert transaction.is_complete and transaction.was_offline

    lab = explore(scenario, variables=variables())
    assert [kind for kind, _, _ in lab.told] == ["Started", "Updated", "Ended"]
