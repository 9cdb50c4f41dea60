"""Scripts hold valid messages in an order that the standard knows."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from ocpp21 import codec, messages
from ocpp21.errors import LocalProtocolError
from ocpp21.load import Scenario
from ocpp21.load.scenarios import RECONNECT, Reconnect, Step, cast, script
from ocpp21.messages.registry import ACTION_OF
from ocpp21.wire import Response

OPENED = messages.OpenPeriodicEventStreamResponse(status=messages.GenericStatusEnumType.ACCEPTED)
REFUSED = messages.OpenPeriodicEventStreamResponse(status=messages.GenericStatusEnumType.REJECTED)


def steps(scenario: Scenario, count: int, answer: Response | None = None, *, seed: int = 1) -> list[Step]:
    play = script(scenario, random.Random(seed), token="TOKEN")
    return [next(play), *(play.send(answer) for _ in range(count - 1))]


def names(found: list[Step]) -> list[str]:
    return ["Reconnect" if isinstance(step, Reconnect) else ACTION_OF[type(step)].name for step in found]


@pytest.mark.parametrize("scenario", Scenario)
def test_every_message_is_valid(scenario: Scenario) -> None:
    for step in steps(scenario, 200, OPENED):
        if not isinstance(step, Reconnect):
            assert ACTION_OF[type(step)].initiator in ("CS", "BOTH")
            assert codec.decode(type(step), codec.encode(step), conform=True)


def test_boot() -> None:
    found = steps(Scenario.BOOT, 4)
    assert names(found) == ["StatusNotification", "Reconnect"] * 2
    assert found[1] is RECONNECT


def test_metering() -> None:
    found = names(steps(Scenario.METERING, 20))
    assert found == (["MeterValues"] * 9 + ["Heartbeat"]) * 2


def test_transactions() -> None:
    found = steps(Scenario.TRANSACTIONS, 26)
    once = ["StatusNotification", "Authorize", *["TransactionEvent"] * 10, "StatusNotification"]
    assert names(found) == once * 2
    events = [step for step in found if isinstance(step, messages.TransactionEventRequest)]
    assert [event.seq_no for event in events] == [*range(10)] * 2
    assert Counter(event.event_type.value for event in events) == {"Started": 2, "Updated": 16, "Ended": 2}
    assert len({event.transaction_info.transaction_id for event in events}) == 2
    registers = [event.meter_value[0].sampled_value[0].value for event in events if event.meter_value]
    assert registers == sorted(registers)


def test_streams() -> None:
    found = names(steps(Scenario.STREAMS, 53, OPENED))
    assert found[:2] == ["OpenPeriodicEventStream", "NotifyPeriodicEventStream"]
    assert found[50:] == ["NotifyPeriodicEventStream", "ClosePeriodicEventStream", "OpenPeriodicEventStream"]


@pytest.mark.parametrize("answer", [None, REFUSED])
def test_nothing_is_streamed_without_consent(answer: Response | None) -> None:
    assert set(names(steps(Scenario.STREAMS, 5, answer))) == {"OpenPeriodicEventStream"}


def test_the_dice_decide() -> None:
    def ids(seed: int) -> set[str]:
        found = steps(Scenario.TRANSACTIONS, 13, seed=seed)
        return {s.transaction_info.transaction_id for s in found if isinstance(s, messages.TransactionEventRequest)}

    assert ids(1) == ids(1) != ids(2)


@pytest.mark.parametrize(
    ("weights", "count", "shares"),
    [((1, 1), 10, (5, 5)), ((3, 1), 100, (75, 25)), ((1000, 1), 10, (9, 1)), ((1, 1000), 10, (1, 9)), ((2,), 3, (3,))],
)
def test_a_mix_is_kept(weights: tuple[float, ...], count: int, shares: tuple[int, ...]) -> None:
    mix = dict(zip(Scenario, weights, strict=False))
    found = cast(mix, count, random.Random(1))
    assert Counter(found) == dict(zip(Scenario, shares, strict=False))
    assert found == cast(mix, count, random.Random(1))


def test_every_scenario_needs_a_station() -> None:
    with pytest.raises(LocalProtocolError, match="expected a station or more for each of 2 scenarios, found 1"):
        cast({Scenario.BOOT: 1, Scenario.METERING: 1}, 1, random.Random(1))
