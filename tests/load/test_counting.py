"""Faults, timelines, plans."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp21.errors import LocalProtocolError
from ocpp21.load import Fault, Plan, Scenario
from ocpp21.load.faults import Faults
from ocpp21.load.timeline import Timeline


def test_faults_are_counted_by_text() -> None:
    faults = Faults()
    for text in ("a", "b", "b"):
        faults.note(Fault.DROPPED, text)
    faults.note(Fault.INVALID, "c")
    assert faults.texts() == {Fault.DROPPED: {"b": 2, "a": 1}, Fault.INVALID: {"c": 1}}
    assert (faults.count(Fault.DROPPED), faults.count(Fault.REFUSED), faults.total) == (3, 0, 4)


def test_texts_without_end_do_not_fill_the_memory() -> None:
    faults = Faults()
    for number in range(1000):
        faults.note(Fault.REFUSED, str(number))
    texts = faults.texts()[Fault.REFUSED]
    assert len(texts) == 33
    assert texts["other texts"] == 1000 - 32
    assert faults.total == 1000


def test_texts_of_the_peer_are_tamed() -> None:
    faults = Faults()
    faults.note(Fault.REFUSED, "\x1b[31m" + "x" * 1000)
    (text,) = faults.texts()[Fault.REFUSED]
    assert text.startswith("\\x1b[31m")
    assert len(text) == 160


def test_slots_of_a_timeline() -> None:
    timeline = Timeline()
    timeline.at(0.5).sent += 1
    timeline.at(0.5).connected = 7
    timeline.at(3.2).sent += 2
    timeline.at(0.9).sent += 4  # late, and still where it belongs
    assert [(slot.sent, slot.connected) for slot in timeline.slots] == [(5, 7), (0, 7), (0, 7), (2, 7)]
    assert timeline.at(-1.0) is timeline.slots[0]


@pytest.mark.parametrize(("last", "width"), [(1199, 1.0), (1200, 2.0), (2401, 4.0)])
def test_a_timeline_never_grows_beyond_a_bound(last: int, width: float) -> None:
    timeline = Timeline()
    for second in range(last + 1):
        slot = timeline.at(float(second))
        slot.sent += 1
        slot.answered += 1
        slot.faults += 1
        slot.connected = second
        slot.latency.record(1.0)
    slots = timeline.slots
    assert timeline.width_s == width
    assert len(slots) <= 1200
    assert sum(slot.sent for slot in slots) == sum(slot.answered for slot in slots) == last + 1
    assert sum(slot.faults for slot in slots) == sum(slot.latency.count for slot in slots) == last + 1
    assert slots[-1].connected == last


def test_a_jump_leaves_an_odd_slot() -> None:
    timeline = Timeline()
    timeline.at(2.0).sent += 1
    timeline.at(1200.0).sent += 1
    assert [number for number, slot in enumerate(timeline.slots) if slot.sent] == [1, 600]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stations": 0}, "expected 1 or more stations, found 0"),
        ({"rate": 0.0}, "expected a rate of more than 0 messages per second, found 0.0"),
        ({"rate": float("nan")}, "expected a rate of more than 0 messages per second, found nan"),
        ({"rate": float("inf")}, "expected a rate of more than 0 messages per second, found inf"),
        ({"rate": 1.0, "flat_out": True}, "expected a rate or `flat_out`, found both"),
        ({"mix": {}}, "expected a mix of scenarios with weights of more than 0"),
        ({"mix": {Scenario.BOOT: 0.0}}, "expected a mix of scenarios with weights of more than 0"),
        ({"mix": {Scenario.BOOT: float("nan")}}, "expected a mix of scenarios with weights of more than 0"),
    ],
)
def test_plans_that_cannot_be(options: dict[str, Any], message: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        Plan(url="ws://127.0.0.1", **options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("options", "interval_s"), [({}, 10.0), ({"rate": 4.0, "stations": 8}, 2.0), ({"flat_out": True}, 0.0)]
)
def test_pace(options: dict[str, Any], interval_s: float) -> None:
    assert Plan(url="ws://127.0.0.1", **options).interval_s == interval_s
