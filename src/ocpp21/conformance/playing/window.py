"""A window: all that the case expects of the system under test until the next deed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ocpp21.conformance.planning.operations import Hear
from ocpp21.conformance.wire.line import Heard

__all__ = ["Expected", "brief", "expected_text", "found_text", "is_same_step", "is_sent_again", "urgency"]


@dataclass(slots=True, eq=False)
class Expected:
    """An expectation of a window.

    Attributes:
        hear: of the plan.
        count: how often it has come.
        asked: number of our request, of an answer.
        near: what came in its place.
    """

    hear: Hear
    count: int = 0
    asked: int = 0
    near: list[str] = field(default_factory=list)


def is_sent_again(heard: Heard, before: Any) -> bool:
    """Whether a message is the one that came before at the same step."""
    return isinstance(before, dict) and heard.payload.get("seqNo") == before.get("seqNo")


def is_same_step(one: Hear, other: Hear) -> bool:
    """Whether two expectations are of the same step of a state that is entered twice, at the same place."""
    return (one.place, one.arguments) == (other.place, other.arguments)


def urgency(entry: tuple[int, Expected]) -> tuple[bool, bool, int]:
    """What has not come yet, and says how it must look, is tried first; what takes anything last."""
    number, expected = entry
    return expected.count > 0, not any(one.checks for one in expected.hear.expectations), number


def brief(payload: Any) -> str:
    """A payload as it is shown in a line."""
    text = str(payload)
    return text if len(text) <= 200 else text[:197] + "..."


def expected_text(expected: Expected) -> str:
    """What was expected, where it has not come: what that which came in its place lacks, or the messages."""
    if expected.near:
        return expected.near[0].rpartition(", found ")[0]
    return " or ".join(expected.hear.messages)


def found_text(expected: Expected, /, *, is_connected: bool) -> str:
    """What was found, where nothing has come, or something else in its place."""
    if expected.near:
        return expected.near[0].rpartition(", found ")[2]
    return "nothing in time" if is_connected else "nothing: no connection"
