"""What a case consists of once it is laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from ocpp21.conformance.acts import Act
from ocpp21.conformance.case import Case, Expectation
from ocpp21.conformance.configuration import Token
from ocpp21.conformance.setup_lines import SetVariable

__all__ = [
    "CALL_ERROR",
    "Ask",
    "Do",
    "Hear",
    "Login",
    "Operation",
    "Plan",
    "Require",
    "Silence",
    "Trigger",
    "Upgrade",
    "Wire",
]


#: Stands for the name of a message where an error is expected.
CALL_ERROR: Final = "CALLERROR"


@dataclass(frozen=True, slots=True)
class Ask:
    """The test system sends a request.

    Attributes:
        place: for people.
        step: number of the step.
        message: name.
        content: by path.
        arguments: of the state.
        is_optional: the case leaves it open whether it is sent.
        note: why it may be left out.
    """

    place: str
    step: str
    message: str
    content: Mapping[str, Any]
    arguments: Mapping[str, str] = field(default_factory=dict)
    is_optional: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Hear:
    """The system under test says something.

    Attributes:
        place: for people.
        step: number of the step.
        messages: names, one of which must come.
        expectations: of them.
        answer: members of the answer to a request, by path; None for the default answer.
        answer_step: place of the answer; empty when the case has none.
        arguments: of the state.
        is_optional: it may be left out.
        optional_when: what an earlier step must have said for this: ``A1: eventType == Ended``.
        repeats: it may come several times.
        token: IdToken that stands for the valid one here.
        error: code that a request is refused with; of :data:`CALL_ERROR`, the code that is expected, empty for any.
    """

    place: str
    step: str
    messages: tuple[str, ...]
    expectations: tuple[Expectation, ...]
    answer: Mapping[str, Any] | None = None
    answer_step: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    is_optional: bool = False
    optional_when: str = ""
    repeats: bool = False
    token: Token | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Do:
    """A person does something at the station."""

    place: str
    act: Act
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Trigger:
    """A person makes the CSMS send a request with this content."""

    place: str
    message: str
    content: Mapping[str, Any]
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Require:
    """A variable of the station must have a value."""

    line: SetVariable


@dataclass(frozen=True, slots=True)
class Wire:
    """Something happens to the connection.

    Attributes:
        place: for people.
        what: ``cut`` it, ``refuse`` new ones as well, ``accept`` them again, wait until there is one (``connected``),
            or ``wait``.
        seconds: of ``wait``, as a text with placeholders.
    """

    place: str
    what: Literal["cut", "refuse", "accept", "connected", "wait"]
    seconds: str = ""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The test system, as a station, opens a WebSocket with a password, and is let in or not.

    Attributes:
        place: for people.
        password: as a text with placeholders; empty for none.
        is_refused: whether it must not be let in.
    """

    place: str
    password: str
    is_refused: bool


@dataclass(frozen=True, slots=True)
class Login:
    """The station has shown this password when it connected last, as a text with placeholders."""

    place: str
    password: str


@dataclass(frozen=True, slots=True)
class Silence:
    """The system under test must not say something for a while.

    Attributes:
        place: for people.
        messages: names; empty for anything.
        check: only what meets it is forbidden; empty for all.
    """

    place: str
    messages: tuple[str, ...]
    check: str | None = ""


Operation: TypeAlias = Ask | Hear | Do | Trigger | Require | Wire | Upgrade | Login | Silence


@dataclass(frozen=True, slots=True)
class Plan:
    """A case, laid out.

    Attributes:
        case: which.
        operations: in order.
        unchecked: notes that no check stands for.
    """

    case: Case
    operations: tuple[Operation, ...]
    unchecked: tuple[str, ...]

    @property
    def begins_with_boot(self) -> bool:
        """Whether the first thing that the station says is that it has booted."""
        first = next((one for one in self.operations if isinstance(one, Ask | Hear | Trigger)), None)
        return isinstance(first, Ask) and first.message == "BootNotificationRequest"
