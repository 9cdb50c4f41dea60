"""A test case as data: what must be so before, what is done, what is expected."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ocpp21.conformance.cases.checks import Check
from ocpp21.conformance.cases.readings import Readings
from ocpp21.conformance.cases.setup_lines import SetupLine, StateCall

__all__ = ["Case", "Expectation", "Listing", "Loop", "Side", "Slip", "State", "Step", "checks_of"]

#: Role of the system under test.
Side: TypeAlias = Literal["CS", "CSMS"]

#: What a step is: a request or an answer of either side, something that a person does, a state to enter, something that
#: is done to the connection (or shows there), or a remark.
Kind: TypeAlias = Literal["request", "response", "manual", "state", "wire", "note"]


@dataclass(frozen=True, slots=True)
class Loop:
    """Steps that are played once for each value of a list.

    Attributes:
        name: of the placeholder that stands for the value.
        values: texts; placeholders are not resolved.
        to: number of the last step.
    """

    name: str
    values: tuple[str, ...]
    to: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        number: as the source numbers it; empty when it does not.
        by: who does it: ``TS`` the test system, ``SUT`` the system under test, ``manual`` a person, ``state``.
        kind: what it is.
        messages: of a request or response; several are alternatives.
        text: what is done, as written.
        content: members of the message by path, or arguments of the state.
        state: to be entered.
        is_optional: it may be left out.
        optional_when: what an earlier step must have said for this: ``A1: eventType == Ended``.
        repeats: it may come several times.
        note: for people.
        asked_when: of a request of the test system: what an earlier step must have said for it to be sent.
        loop: the steps from here on are played several times.
        refused: how many of its messages are answered InternalError before one is taken; 0 for none.
    """

    number: str
    by: Literal["TS", "SUT", "manual", "state"]
    kind: Kind
    text: str
    messages: tuple[str, ...] = ()
    content: Mapping[str, Any] = field(default_factory=dict)
    state: StateCall | None = None
    is_optional: bool = False
    optional_when: str = ""
    repeats: bool = False
    note: str = ""
    asked_when: str = ""
    loop: Loop | None = None
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of the message of a step.

    Attributes:
        step: number of the step.
        message: name; of several for one step one must come.
        checks: all of which must hold.
        notes: what no check says.
        readings: what all meter readings of the case must be.
    """

    step: str
    message: str
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    readings: tuple[Readings, ...] = ()


def checks_of(expectations: Iterable[Expectation], step: str, messages: Collection[str], /) -> tuple[Check, ...]:
    """All checks of a step that are of one of these messages, or of what stands for one."""
    return tuple(check for one in expectations if one.step == step and one.message in messages for check in one.checks)


@dataclass(frozen=True, slots=True)
class State:
    """A state that cases share.

    Attributes:
        name: of the state.
        role: of the system under test.
        is_memory: whether it is something stored, rather than something going on.
        parameters: names of its arguments.
        setup: what must be so before.
        steps: what is done.
        expectations: of these steps.
        after: what is so afterwards, for people.
    """

    name: str
    role: Side
    is_memory: bool
    parameters: tuple[str, ...]
    setup: tuple[SetupLine, ...]
    steps: tuple[Step, ...]
    expectations: tuple[Expectation, ...]
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """Where a case stands in the certification profiles.

    Attributes:
        profile: name of the profile.
        status: ``mandatory``, ``conditional``, or ``optional``.
        condition: over features, as :mod:`ocpp21.conformance.claims` reads it; empty for always.
        remark: for people.
    """

    profile: str
    status: str
    condition: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A test case.

    Attributes:
        id: such as ``TC_B_01_CS``.
        role: of the system under test.
        block: letter of the functional block.
        title: what it is about.
        use_cases: of Part 2.
        requirements: of Part 2.
        condition: when it applies, for people; :attr:`listings` say it formally.
        setup: what must be so before.
        steps: what is done.
        expectations: of these steps.
        after: what must be so in the end, for people.
        listings: in the certification profiles.
    """

    id: str
    role: Side
    block: str
    title: str
    use_cases: tuple[str, ...]
    requirements: tuple[str, ...]
    condition: str
    setup: tuple[SetupLine, ...]
    steps: tuple[Step, ...]
    expectations: tuple[Expectation, ...]
    after: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Slip:
    """Something that the source has wrong, or says in words of its own, and what stands for it here.

    Attributes:
        cases: ids of cases, names of states; ``*`` for all.
        source: the text.
        here: what is used; empty when it is left out.
        reason: why.
    """

    cases: tuple[str, ...]
    source: str
    here: str
    reason: str
