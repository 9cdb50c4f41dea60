"""What comes of a case."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ocpp21.conformance.cases.case import Case

__all__ = ["Entry", "Failed", "Inconclusive", "Result", "Verdict"]


class Verdict(StrEnum):
    """The verdict on a case."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not applicable"


class Failed(Exception):
    """The system under test does not do what the case expects.

    Args:
        place: step, and state when it is in one.
        expected: what.
        found: what came instead.
    """

    def __init__(self, place: str, expected: str, found: str) -> None:
        super().__init__(f"{place}: expected {expected}, found {found}")
        self.place = place
        self.expected = expected
        self.found = found


class Inconclusive(Exception):
    """The case could not be played to its end, for a reason that is not the fault of the system under test."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log of a case.

    Attributes:
        at: seconds since the case began.
        kind: ``out`` and ``in`` are frames from and to the system under test, as seen from the test system;
            ``note`` is what was done beside the wire.
        text: the frame or the note.
        action: of a frame.
        step: that it belongs to; empty when it belongs to none.
    """

    at: float
    kind: str
    text: str
    action: str = ""
    step: str = ""


@dataclass(slots=True)
class Result:
    """What came of a case.

    Attributes:
        case: the case.
        verdict: of it.
        place: step at which it was decided; empty for a pass.
        expected: there.
        found: there.
        reason: of a verdict that is no fail.
        duration_s: in the time of the event loop.
        log: frames and what was done, in order.
        unchecked: notes of the case that no check stands for: for people to look at.
        was_played: at a system under test; not, where it does not apply or cannot be played.
        has_begun: the system under test was connected and in order.
        system: at which it was played, where there are several; empty else.
        again: the command that plays this case at this system alone; empty where no command has played it.
    """

    case: Case
    verdict: Verdict
    place: str = ""
    expected: str = ""
    found: str = ""
    reason: str = ""
    duration_s: float = 0.0
    log: list[Entry] = field(default_factory=list)
    unchecked: tuple[str, ...] = ()
    was_played: bool = False
    has_begun: bool = False
    system: str = ""
    again: str = ""

    @property
    def text(self) -> str:
        """One line for people."""
        if self.verdict is Verdict.FAIL:
            return f"{self.place}: expected {self.expected}, found {self.found}"
        return self.reason

    @property
    def wire(self) -> str:
        """The log, a line for each entry."""
        return "\n".join(f"{entry.at:9.3f} {entry.kind:4} {entry.step:4} {entry.text}" for entry in self.log)
