"""The log of a case has a bound: the first and the last entries are kept, and what is left out is counted."""

from __future__ import annotations

import pytest

from ocpp21.conformance.verdict import Entry
from ocpp21.conformance.wire.log import WireLog


def filled(log: WireLog, count: int, text: str = "{}") -> WireLog:
    """A log with so many frames of the system under test."""
    for number in range(count):
        log.add(Entry(float(number), "in", text.format(number), "Heartbeat"))
    return log


def texts(log: WireLog) -> list[str]:
    return [entry.text for entry in log.entries]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 8])
def test_a_short_log_is_kept_whole(count: int) -> None:
    assert texts(filled(WireLog(most_entries=8), count)) == [str(number) for number in range(count)]


def test_of_a_long_log_the_first_and_the_last_entries_are_kept() -> None:
    log = filled(WireLog(most_entries=4), 1000)
    first, second, gap, third, last = texts(log)
    assert (first, second, third, last) == ("0", "1", "998", "999")
    assert gap.startswith("996 entries of ") and gap.endswith(" bytes left out")
    assert [(entry.kind, entry.at) for entry in log.entries][2] == ("note", 998.0)


def test_large_entries_are_bounded_by_their_size() -> None:
    log = filled(WireLog(most_entries=1000, most_bytes=10_000), 1000, "x" * 1_000)
    assert len(log.entries) == 4 + 1 + 4  # a text of 1,000 characters has 49 bytes beside them
    assert texts(log)[4] == f"992 entries of {992 * 1_049:,} bytes left out"


def test_the_last_entry_is_kept_however_large_it_is() -> None:
    log = filled(WireLog(most_entries=1000, most_bytes=100), 3, "x" * 1_000)
    assert texts(log) == ["2 entries of 2,098 bytes left out", "x" * 1_000]


def test_a_frame_is_marked_with_its_step_on_either_side_of_the_gap() -> None:
    log = filled(WireLog(most_entries=4), 2)
    log.mark("Heartbeat", "1")
    filled(log, 10)
    log.mark("Heartbeat", "2")
    log.mark("", "3")  # an answer: there is none
    assert [entry.step for entry in log.entries] == ["", "1", "", "", "2"]
