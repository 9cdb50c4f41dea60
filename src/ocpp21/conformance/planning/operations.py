"""What a case consists of once it is laid out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ocpp21.conformance.cases.case import Case, Expectation
from ocpp21.conformance.cases.checks import Check
from ocpp21.conformance.cases.readings import Readings
from ocpp21.conformance.cases.setup_lines import SetVariable
from ocpp21.conformance.configuration import Token
from ocpp21.conformance.planning.acts import Act

__all__ = [
    "Among",
    "Ask",
    "Do",
    "Hear",
    "Opening",
    "Operation",
    "Plan",
    "Repeat",
    "Require",
    "Serve",
    "Silence",
    "Trigger",
    "Upgrade",
    "Wire",
]


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
        when: what an earlier step must have said for it to be sent: ``2: attributeValue contains 1``; empty for always.
    """

    place: str
    step: str
    message: str
    content: Mapping[str, Any]
    arguments: Mapping[str, str] = field(default_factory=dict)
    is_optional: bool = False
    note: str = ""
    when: str = ""


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
        refused: how many are refused, before one is answered; 0 for all.
        arrival: checks of ``gap``, whole seconds since the last message of this name, of ``earlier``, how many this
            step has had before, and in the end of their ``count``. One message is sent again and again then.
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
    refused: int = 0
    arrival: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Among:
    """Among all that the system under test has said, one message meets one of the expectations of its name.

    Attributes:
        place: for people.
        step: a step that is a state, whose own steps say what is expected of each message.
        expectations: of some message of it.
    """

    place: str
    step: str
    expectations: tuple[Expectation, ...]


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
class Serve:
    """What the test system shows to stations that connect from now on, and whether it lets them in.

    Attributes:
        place: for people.
        endpoint: number of the endpoint; 0 for all.
        fault: of the certificate, as a text with placeholders; empty for the good one, ``old`` for TLS 1.1.
        is_open: whether they are let in.
    """

    place: str
    endpoint: int = 0
    fault: str = ""
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Opening:
    """The station opens a connection, or tries to.

    Attributes:
        place: for people.
        step: number of the step.
        outcome: it is let in (``open``), it is not (``refused``), it ends the connection itself as the certificate is
            none (``broken_off``); ``before`` looks at the latest one that was let in, and waits for none.
        endpoint: number of the endpoint that it must be at; 0 for any.
        checks: of what is seen of it.
        count: how many of them must come.
        is_own_idea: the station need not be told; if it stays connected, it is cut.
    """

    place: str
    step: str
    outcome: Literal["open", "refused", "broken_off", "before"]
    endpoint: int = 0
    checks: tuple[Check, ...] = ()
    count: int = 1
    is_own_idea: bool = False


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The test system, as a station, opens a WebSocket, and is let in or not.

    Attributes:
        place: for people.
        password: as a text with placeholders; empty for none.
        is_refused: whether it must not be let in.
        user: in place of the identity, as a text with placeholders.
        fault: of the client certificate, or ``old`` for TLS 1.1, as a text with placeholders.
        is_plain: it goes by the security profile: password or certificate as configured.
        checks: of what is seen of TLS.
        suites: of TLS 1.2 that the CSMS must all support, as A00.FR.318 names them.
        profile: security profile, as a text with placeholders; empty for that of the run.
        url: likewise; empty for the one that the CSMS is reached at first.
    """

    place: str
    password: str
    is_refused: bool
    user: str = ""
    fault: str = ""
    is_plain: bool = False
    checks: tuple[Check, ...] = ()
    suites: tuple[str, ...] = ()
    profile: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Operations that are played once for each value of a list.

    Attributes:
        place: for people.
        name: of the placeholder that stands for the value.
        values: as texts with placeholders; one that stands for a list, or for a text with commas, for its entries.
        operations: what is played.
    """

    place: str
    name: str
    values: tuple[str, ...]
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """The system under test must not say something for a while.

    Attributes:
        place: for people.
        messages: names; empty for anything.
        check: only what meets it is forbidden; empty for all.
        is_whole: it must not have said so at any time of the case, either.
    """

    place: str
    messages: tuple[str, ...]
    check: str | None = ""
    is_whole: bool = False


Operation: TypeAlias = (
    Ask | Hear | Among | Readings | Do | Trigger | Require | Wire | Serve | Opening | Upgrade | Repeat | Silence
)


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

    @property
    def hears(self) -> tuple[Hear, ...]:
        """All that is expected, also within repetitions, in order."""
        return tuple(_hears(self.operations))


def _hears(operations: Iterable[Operation]) -> Iterator[Hear]:
    for one in operations:
        if isinstance(one, Hear):
            yield one
        elif isinstance(one, Repeat):
            yield from _hears(one.operations)
