"""Scenarios: what happens to a station, and when, written in TOML.

::

    name = "charge, lose the connection, come back"

    [evs.small]
    capacity_wh = 30000
    state_of_charge = 40

    [[steps]]
    do = "plug_in"
    evse = 1
    ev = "small"

    [[steps]]
    after = 5
    do = "present"
    token = "04A2B3C4"
    evse = 1

    [[steps]]
    do = "wait_until"
    evse = 1
    state = "Charging"
    within = 30

    [[steps]]
    at = 600
    do = "go_offline"

A step is done ``at`` so many seconds after the beginning, or ``after`` so many seconds after the step before, which is
0 by default. Nothing is guessed: what is not known, or does not fit, is refused with the number of the step.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, Final, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from ocpp21.messages import BootReasonEnumType, ChargingStateEnumType, ConnectorStatusEnumType
from ocpp21.messages.values import IdTokenTypes
from ocpp21.simulator.ev import EV, ChargeCurve
from ocpp21.spelling import found_name
from ocpp21.station.hardware import Fault

__all__ = [
    "STATES",
    "ClearFault",
    "CutPower",
    "DriveIn",
    "DriveOut",
    "GoOffline",
    "GoOnline",
    "PlugIn",
    "Present",
    "RaiseFault",
    "Reboot",
    "RestorePower",
    "Scenario",
    "ScenarioError",
    "Step",
    "Stop",
    "Unplug",
    "UnplugEV",
    "WaitUntil",
    "parse",
]

#: What ``wait_until`` can wait for: the state of a transaction, or of the connectors, of an EVSE.
STATES: Final[dict[str, ChargingStateEnumType | ConnectorStatusEnumType]] = {
    state.value: state for states in (ChargingStateEnumType, ConnectorStatusEnumType) for state in states
}

_KindT = TypeVar("_KindT")

Seconds: TypeAlias = Annotated[float, Meta(ge=0)]
Id: TypeAlias = Annotated[int, Meta(ge=1)]


class ScenarioError(ValueError):
    """A scenario cannot be read; the text is one line that says where, what was expected, and what was found."""


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that happens.

    Attributes:
        at: when, in seconds after the beginning.
        after: when, in seconds after the step before; not with ``at``.
    """

    name: ClassVar[str]
    at: Seconds | None = None
    after: Seconds | None = None


class _AtEvse(Step, frozen=True, kw_only=True):
    evse: Id


class _AtConnector(_AtEvse, frozen=True, kw_only=True):
    connector: Id = 1


class DriveIn(_AtEvse, frozen=True, kw_only=True):
    """A car parks."""

    name = "drive_in"


class DriveOut(_AtEvse, frozen=True, kw_only=True):
    """A car leaves."""

    name = "drive_out"


class PlugIn(_AtConnector, frozen=True, kw_only=True):
    """The driver connects an EV: one of the table ``evs``, or an ordinary one that is new each time."""

    name = "plug_in"
    ev: str | None = None


class Unplug(_AtConnector, frozen=True, kw_only=True):
    """The driver takes the cable away."""

    name = "unplug"


class UnplugEV(_AtConnector, frozen=True, kw_only=True):
    """The driver takes the cable out of the EV only."""

    name = "unplug_ev"


class Present(Step, frozen=True, kw_only=True):
    """The driver presents a token; ``evse`` is left out for a reader that serves several."""

    name = "present"
    token: Annotated[str, Meta(max_length=255)]
    type: Annotated[str, Meta(max_length=20)] = IdTokenTypes.ISO14443
    evse: Id | None = None


class Stop(_AtEvse, frozen=True, kw_only=True):
    """The driver presses the stop button."""

    name = "stop"


class GoOffline(Step, frozen=True, kw_only=True):
    """The connection to the CSMS is lost, and stays so."""

    name = "go_offline"


class GoOnline(Step, frozen=True, kw_only=True):
    """The connection to the CSMS is possible again."""

    name = "go_online"


class Reboot(Step, frozen=True, kw_only=True):
    """The station boots, as for this reason."""

    name = "reboot"
    reason: BootReasonEnumType = BootReasonEnumType.LOCAL_RESET


class CutPower(Step, frozen=True, kw_only=True):
    """The mains are cut."""

    name = "cut_power"


class RestorePower(Step, frozen=True, kw_only=True):
    """The mains are back."""

    name = "restore_power"


class RaiseFault(Step, frozen=True, kw_only=True):
    """Something breaks: of a connector, of an EVSE, of the station."""

    name = "fault"
    fault: Fault
    evse: Id | None = None
    connector: Id | None = None


class ClearFault(Step, frozen=True, kw_only=True):
    """It is repaired."""

    name = "clear_fault"
    fault: Fault
    evse: Id | None = None
    connector: Id | None = None


class WaitUntil(_AtEvse, frozen=True, kw_only=True):
    """Wait until an EVSE is in a state of :data:`STATES`; fail when it is not ``within`` so many seconds."""

    name = "wait_until"
    state: str
    within: Seconds = 60

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise ValueError(f"state: expected one of {', '.join(STATES)}, found {self.state!r}")


STEPS: Final[dict[str, type[Step]]] = {
    step.name: step
    for step in (
        DriveIn,
        DriveOut,
        PlugIn,
        Unplug,
        UnplugEV,
        Present,
        Stop,
        GoOffline,
        GoOnline,
        Reboot,
        CutPower,
        RestorePower,
        RaiseFault,
        ClearFault,
        WaitUntil,
    )
}


class EVFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An EV of a scenario; as in :class:`~ocpp21.simulator.ev.EV`, ``max_power_w`` being that of its charge curve."""

    capacity_wh: float = 60_000
    state_of_charge: float = 20
    target_soc: float = 100
    phases: int = 3
    max_current_a: float = 16
    min_current_a: float = 6
    dc_voltage_v: float | None = 400
    max_power_w: float | None = None


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to a station.

    Attributes:
        name: for people.
        evs: facts of the EVs, by name.
        steps: in order.
    """

    name: str = ""
    evs: dict[str, EVFacts] = {}
    steps: tuple[Step, ...] = ()

    def ev(self, name: str | None, /) -> EV:
        """Make an EV of this name; an ordinary one for None.

        Raises:
            KeyError: there is none of this name.
        """
        facts = msgspec.structs.asdict(EVFacts() if name is None else self.evs[name])
        max_power_w = facts.pop("max_power_w")
        return EV(**facts, curve=None if max_power_w is None else ChargeCurve(max_power_w=max_power_w))


def parse(text: str, /) -> Scenario:
    """Read a scenario.

    Args:
        text: TOML.

    Raises:
        ScenarioError: it is none.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"expected TOML: {error}") from None
    _check_names("scenario", document, ("name", "evs", "steps"))
    scenario = Scenario(
        name=_convert("scenario", document.get("name", ""), str),
        evs={
            name: _ev(f"evs.{name}", facts)
            for name, facts in _convert("evs", document.get("evs", {}), dict[str, dict[str, Any]]).items()
        },
        steps=tuple(
            _step(number, step)
            for number, step in enumerate(_convert("steps", document.get("steps", []), list[dict[str, Any]]), start=1)
        ),
    )
    _check_order(scenario)
    return scenario


def _ev(place: str, facts: dict[str, Any]) -> EVFacts:
    _check_names(place, facts, EVFacts.__struct_fields__)
    converted = _convert(place, facts, EVFacts)
    try:
        Scenario(evs={"": converted}).ev("")
    except ValueError as error:
        raise ScenarioError(f"{place}: {error}") from None
    return converted


def _step(number: int, step: dict[str, Any]) -> Step:
    name = step.get("do")
    if name not in STEPS:
        raise ScenarioError(f"step {number}: expected do to be one of {', '.join(STEPS)}, found {_found(name, STEPS)}")
    place = f"step {number} ({name})"
    members = {key: value for key, value in step.items() if key != "do"}
    _check_names(place, members, STEPS[name].__struct_fields__)
    if "at" in members and "after" in members:
        raise ScenarioError(f"{place}: expected at or after, found both")
    return _convert(place, members, STEPS[name])


def _check_order(scenario: Scenario) -> None:
    """Steps run in the order in which they are written, with EVs that are there."""
    latest = 0.0
    for number, step in enumerate(scenario.steps, start=1):
        place = f"step {number} ({step.name})"
        if step.at is not None and step.at < latest:
            raise ScenarioError(
                f"{place}: expected at to be {latest:g} or more, as in a step before, found {step.at:g}"
            )
        latest = step.at or latest
        if isinstance(step, PlugIn) and step.ev is not None and step.ev not in scenario.evs:
            names = ", ".join(scenario.evs) or "none that is defined"
            raise ScenarioError(f"{place}: expected ev to be one of {names}, found {_found(step.ev, scenario.evs)}")


def _check_names(place: str, members: dict[str, Any], known: tuple[str, ...]) -> None:
    for name in members:
        if name not in known:
            raise ScenarioError(f"{place}: expected one of {', '.join(known)}, found {_found(name, known)}")


def _found(name: object, known: Iterable[str]) -> str:
    """What was found, and what may have been meant."""
    if not isinstance(name, str):
        return "none" if name is None else repr(name)
    return found_name(name, known)


def _convert(place: str, value: object, kind: type[_KindT]) -> _KindT:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        member = re.sub(r"^\.", "", path.rstrip("`"))
        text = message[:1].lower() + message[1:].replace(", got ", ", found ").replace("`", "")
        raise ScenarioError(f"{place}: {member + ': ' if member else ''}{text}") from None
