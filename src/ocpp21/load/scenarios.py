"""What stations do: each scenario is an endless script of steps, one at each time that something is due.

A script is a generator: it yields a step and is sent the answer, or None when there was none that is of use.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

from ocpp21.errors import LocalProtocolError
from ocpp21.messages import (
    AuthorizeRequest,
    ChargingStateEnumType,
    ClosePeriodicEventStreamRequest,
    ConnectorStatusEnumType,
    ConstantStreamDataType,
    EVSEType,
    HeartbeatRequest,
    IdTokenType,
    LocationEnumType,
    MeasurandEnumType,
    MeterValuesRequest,
    MeterValueType,
    NotifyPeriodicEventStream,
    OpenPeriodicEventStreamRequest,
    OpenPeriodicEventStreamResponse,
    PeriodicEventStreamParamsType,
    PhaseEnumType,
    ReadingContextEnumType,
    ReasonEnumType,
    SampledValueType,
    StatusNotificationRequest,
    StreamDataElementType,
    TransactionEventEnumType,
    TransactionEventRequest,
    TransactionType,
    TriggerReasonEnumType,
)
from ocpp21.wire import Request, Response, Send

__all__ = ["RECONNECT", "Reconnect", "Scenario", "Script", "Step", "cast", "script"]


class Reconnect:
    """The step of losing the connection, coming back and booting."""


RECONNECT: Final = Reconnect()

Step: TypeAlias = Request[Any] | Send | Reconnect
Script: TypeAlias = Generator[Step, Response | None, None]


class Scenario(StrEnum):
    """What a station does for as long as the run lasts.

    Attributes:
        BOOT: comes and goes: connects, boots, tells the status of its connector, and loses its connection again.
        METERING: sends MeterValues outside of transactions, and a Heartbeat now and then (J01, G02).
        TRANSACTIONS: charges one EV after the other: Authorize, and the events of a transaction with six values each.
        STREAMS: opens a periodic event stream, sends values that are never answered, and closes it (N11 to N15).
    """

    BOOT = "boot"
    METERING = "metering"
    TRANSACTIONS = "transactions"
    STREAMS = "streams"


#: Updated events of a transaction.
_UPDATES: Final = 8

#: Messages of a stream, and values in each.
_BATCHES: Final = 50
_BATCH: Final = 10

#: MeterValues between two Heartbeats.
_METERINGS: Final = 9

_EVSE: Final = EVSEType(id=1, connector_id=1)


def script(scenario: Scenario, dice: random.Random, /, *, token: str) -> Script:
    """Write the script of one station.

    Args:
        scenario: what it does.
        dice: its own.
        token: IdToken that drivers present, of the type Local.
    """
    return _SCRIPTS[scenario](dice, IdTokenType(id_token=token, type="Local"))


def cast(mix: Mapping[Scenario, float], count: int, dice: random.Random, /) -> Sequence[Scenario]:
    """Give each of so many stations its scenario: in proportion to the weights, in an order of the dice.

    Raises:
        LocalProtocolError: there are fewer stations than scenarios.
    """
    if count < len(mix):
        raise LocalProtocolError(f"expected a station or more for each of {len(mix)} scenarios, found {count}")
    total, passed = sum(mix.values()), 0.0
    roles: list[Scenario] = []
    for number, (scenario, weight) in enumerate(mix.items(), start=1):
        passed += weight
        left = len(mix) - number  # each of those that follow needs one, too
        up_to = min(max(round(count * passed / total), len(roles) + 1), count - left)
        roles += [scenario] * (up_to - len(roles))
    dice.shuffle(roles)
    return roles


def _boot(dice: random.Random, token: IdTokenType) -> Script:
    while True:
        yield _status(ConnectorStatusEnumType.AVAILABLE)
        yield RECONNECT


def _metering(dice: random.Random, token: IdTokenType) -> Script:
    register_wh = dice.uniform(0, 1e6)
    while True:
        for _ in range(_METERINGS):
            register_wh += dice.uniform(0, 100)
            yield MeterValuesRequest(evse_id=1, meter_value=[_reading(dice, register_wh)])
        yield HeartbeatRequest()


def _transactions(dice: random.Random, token: IdTokenType) -> Script:
    register_wh = dice.uniform(0, 1e6)
    while True:
        yield _status(ConnectorStatusEnumType.OCCUPIED)
        yield AuthorizeRequest(id_token=token)
        # Whatever the answer is: it was plugged in, at which transactions may start (TxStartPoint EVConnected).
        transaction_id = str(uuid.UUID(int=dice.getrandbits(128), version=4))
        last = _UPDATES + 1
        for seq_no in range(last + 1):
            kind, reason, context = _FIRST if not seq_no else _LAST if seq_no == last else _BETWEEN
            register_wh += dice.uniform(0, 1000) if seq_no else 0
            yield TransactionEventRequest(
                event_type=kind,
                timestamp=datetime.now(UTC),
                trigger_reason=reason,
                seq_no=seq_no,
                transaction_info=TransactionType(
                    transaction_id=transaction_id,
                    charging_state=ChargingStateEnumType.IDLE if seq_no == last else ChargingStateEnumType.CHARGING,
                    stopped_reason=ReasonEnumType.EV_DISCONNECTED if seq_no == last else None,
                ),
                evse=_EVSE,
                id_token=None if seq_no else token,
                meter_value=[_reading(dice, register_wh, context)],
            )
        yield _status(ConnectorStatusEnumType.AVAILABLE)


def _streams(dice: random.Random, token: IdTokenType) -> Script:
    stream_id = 1
    while True:
        params = PeriodicEventStreamParamsType(interval=1, values=_BATCH)
        answer = yield OpenPeriodicEventStreamRequest(
            constant_stream_data=ConstantStreamDataType(id=stream_id, params=params, variable_monitoring_id=1)
        )
        if not isinstance(answer, OpenPeriodicEventStreamResponse) or answer.status != "Accepted":
            continue  # N11: nothing may be sent then
        for _ in range(_BATCHES):
            yield NotifyPeriodicEventStream(
                id=stream_id,
                pending=0,
                basetime=datetime.now(UTC),
                data=[
                    StreamDataElementType(t=number / 10, v=f"{dice.uniform(225, 235):.1f}") for number in range(_BATCH)
                ],
            )
        yield ClosePeriodicEventStreamRequest(id=stream_id)
        stream_id += 1


_SCRIPTS: Final[dict[Scenario, Callable[[random.Random, IdTokenType], Script]]] = {
    Scenario.BOOT: _boot,
    Scenario.METERING: _metering,
    Scenario.TRANSACTIONS: _transactions,
    Scenario.STREAMS: _streams,
}

_FIRST: Final = (
    TransactionEventEnumType.STARTED,
    TriggerReasonEnumType.CABLE_PLUGGED_IN,
    ReadingContextEnumType.TRANSACTION_BEGIN,
)
_BETWEEN: Final = (
    TransactionEventEnumType.UPDATED,
    TriggerReasonEnumType.METER_VALUE_PERIODIC,
    ReadingContextEnumType.SAMPLE_PERIODIC,
)
_LAST: Final = (
    TransactionEventEnumType.ENDED,
    TriggerReasonEnumType.EV_DEPARTED,
    ReadingContextEnumType.TRANSACTION_END,
)


def _status(status: ConnectorStatusEnumType) -> StatusNotificationRequest:
    return StatusNotificationRequest(timestamp=datetime.now(UTC), connector_status=status, evse_id=1, connector_id=1)


def _reading(
    dice: random.Random, register_wh: float, context: ReadingContextEnumType = ReadingContextEnumType.SAMPLE_PERIODIC
) -> MeterValueType:
    """Six values at one moment: about 1 kB."""
    current_a = dice.uniform(6, 32)
    values = (
        (register_wh, MeasurandEnumType.ENERGY_ACTIVE_IMPORT_REGISTER, None),
        (current_a, MeasurandEnumType.CURRENT_IMPORT, PhaseEnumType.L1),
        (current_a, MeasurandEnumType.CURRENT_IMPORT, PhaseEnumType.L2),
        (current_a, MeasurandEnumType.CURRENT_IMPORT, PhaseEnumType.L3),
        (3 * 230 * current_a, MeasurandEnumType.POWER_ACTIVE_IMPORT, None),
        (dice.randrange(101), MeasurandEnumType.SOC, None),
    )
    return MeterValueType(
        timestamp=datetime.now(UTC),
        sampled_value=[
            SampledValueType(
                value=round(value, 1),
                measurand=measurand,
                phase=phase,
                context=context,
                location=LocationEnumType.EV if measurand is MeasurandEnumType.SOC else LocationEnumType.OUTLET,
            )
            for value, measurand, phase in values
        ],
    )
