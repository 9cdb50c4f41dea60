"""A scenario at work on a station."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from ocpp21.messages import BootReasonEnumType, ChargingStateEnumType, ConnectorStatusEnumType, IdTokenType
from ocpp21.simulator.connector import Impossible
from ocpp21.simulator.scenario import (
    STATES,
    ClearFault,
    CutPower,
    DriveIn,
    DriveOut,
    GoOffline,
    GoOnline,
    PlugIn,
    Present,
    RaiseFault,
    Reboot,
    RestorePower,
    Scenario,
    Step,
    Stop,
    Unplug,
    UnplugEV,
    WaitUntil,
)
from ocpp21.simulator.station import SimulatedStation

__all__ = ["Actor", "ScenarioFailed", "perform", "play"]


class ScenarioFailed(AssertionError):
    """A step could not be done, or what was waited for did not come; the text says which, and why, in one line."""


class Actor(Protocol):
    """A Charging Station that a scenario is played on: simulated hardware, and the software on it."""

    @property
    def hardware(self) -> SimulatedStation:
        """What people and the grid act on."""
        ...

    async def go_offline(self) -> None:
        """Lose the connection to the CSMS and do not come back before :meth:`go_online`."""
        ...

    async def go_online(self) -> None:
        """Let the station connect again; need not wait until it has."""
        ...

    async def reboot(self, reason: BootReasonEnumType, /) -> None:
        """Reboot as the station itself would for this reason; need not wait until it is up."""
        ...

    async def wait_until(self, evse_id: int, state: ChargingStateEnumType | ConnectorStatusEnumType, /) -> None:
        """Return as soon as an EVSE is in this state, at once if it is; cancelled when it takes too long."""
        ...


async def play(
    scenario: Scenario, actor: Actor, /, *, on_step: Callable[[int, Step], object] = lambda number, step: None
) -> None:
    """Let a scenario happen to a station, in the time of the running event loop.

    Args:
        scenario: what happens.
        actor: whom it happens to.
        on_step: told of each step, with its number from 1, just before it is done.

    Raises:
        ScenarioFailed: a step could not be done, or a state was not reached in time.
    """
    loop = asyncio.get_running_loop()
    beginning = loop.time()
    for number, step in enumerate(scenario.steps, start=1):
        if step.at is not None:
            await asyncio.sleep(beginning + step.at - loop.time())
        elif step.after:
            await asyncio.sleep(step.after)
        on_step(number, step)
        try:
            await perform(step, actor, scenario)
        except ScenarioFailed as error:
            raise ScenarioFailed(f"step {number} ({step.name}): {error}") from error


async def perform(step: Step, actor: Actor, scenario: Scenario = Scenario(), /) -> None:  # noqa: B008, it is frozen
    """Do one step, at once.

    Args:
        step: what to do.
        actor: whom to do it to.
        scenario: whose EVs there are.

    Raises:
        ScenarioFailed: it could not be done, or a state was not reached in time.
    """
    try:
        await _do(step, scenario, actor)
    except (Impossible, KeyError, TimeoutError) as error:
        raise ScenarioFailed(_reason(step, error)) from error


async def _do(step: Step, scenario: Scenario, actor: Actor) -> None:
    hardware = actor.hardware
    match step:
        case DriveIn():
            hardware.drive_in(step.evse)
        case DriveOut():
            hardware.drive_out(step.evse)
        case PlugIn():
            hardware.plug_in(step.evse, step.connector, scenario.ev(step.ev))
        case Unplug():
            hardware.unplug(step.evse, step.connector)
        case UnplugEV():
            hardware.unplug_ev(step.evse, step.connector)
        case Present():
            hardware.present(IdTokenType(id_token=step.token, type=step.type), step.evse)
        case Stop():
            hardware.press_stop(step.evse)
        case CutPower():
            hardware.cut_power()
        case RestorePower():
            hardware.restore_power()
        case RaiseFault():
            hardware.raise_fault(step.fault, step.evse, step.connector)
        case ClearFault():
            hardware.clear_fault(step.fault, step.evse, step.connector)
        case GoOffline():
            await actor.go_offline()
        case GoOnline():
            await actor.go_online()
        case Reboot():
            await actor.reboot(step.reason)
        case WaitUntil():
            async with asyncio.timeout(step.within):
                await actor.wait_until(step.evse, STATES[step.state])
        case _:
            raise TypeError(f"expected a step of a scenario, found {type(step).__name__}")


def _reason(step: Step, error: Exception) -> str:
    if isinstance(step, WaitUntil):
        return f"expected EVSE {step.evse} to be {step.state} within {step.within:g} s, it was not"
    if isinstance(error, KeyError):
        return f"expected an EVSE or connector of the station, found {error.args[0]}"
    return str(error)
