"""``ocpp21 station``: a simulated Charging Station with everything the role has, over real sockets."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from ocpp21.cli.credentials import (
    CertificateOption,
    Credentials,
    KeyOption,
    PasswordFileOption,
    Unusable,
    need_sockets,
)
from ocpp21.cli.interrupts import interrupted
from ocpp21.cli.target import IdentityOption, ServerTrustOption, StationProfileOption, Target, UrlArgument, target_of
from ocpp21.cli.terminal import complain
from ocpp21.errors import StoreError

if TYPE_CHECKING:
    from ocpp21.cli.sheet import Sheet
    from ocpp21.simulator import LiveStation, Scenario
    from ocpp21.station.store import Store

__all__ = ["station"]

#: Largest scenario, in bytes.
_MAX_SCENARIO: Final = 1024 * 1024

#: How long the role may go on with what a scenario has begun last, in s, and how long its messages may then take.
_SETTLE_S: Final = 0.5
_DELIVERY_S: Final = 30.0

#: First wait before it connects again, and most that is added at random, in s.
_RETRY_S: Final = 1.0

#: What is plugged in by hand: an EV that takes what a fast charger gives.
_EV: Final = "ev"


class Kind(StrEnum):
    """Kinds of simulated stations."""

    #: AC, three phases of 16 A.
    WALLBOX = "wallbox"
    #: DC, 150 kW.
    FAST = "fast"


class _Plan(NamedTuple):
    """What to run.

    Attributes:
        target: where to connect to.
        kind: of station.
        evses: how many.
        file: of the store; None for memory.
        scenario: what happens; None when somebody types it.
        stays: go on when the scenario is over.
        interval: of meter values, in s.
        boot_s: how long a boot takes, in s.
        as_json: print JSON objects.
    """

    target: Target
    kind: Kind
    evses: int
    file: Path | None
    scenario: Scenario | None
    stays: bool
    interval: int
    boot_s: float
    as_json: bool


def station(
    url: UrlArgument,
    identity: IdentityOption = None,
    kind: Annotated[Kind, typer.Option("--kind", help="wallbox: AC, 11 kW; fast: DC, 150 kW.")] = Kind.WALLBOX,
    evses: Annotated[int, typer.Option("--evses", min=1, max=100, metavar="N", help="Number of EVSEs.")] = 1,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="FILE",
            show_default="in memory",
            help="SQLite file with what must survive: registers, settings, undelivered messages; created when there is "
            "none.",
        ),
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option("--scenario", metavar="FILE", help="TOML file with what happens, from the first acceptance on."),
    ] = None,
    stay: Annotated[bool, typer.Option("--stay", help="Go on when the scenario is over.")] = False,
    profile: StationProfileOption = None,
    password_file: PasswordFileOption = None,
    trust: ServerTrustOption = None,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    interval: Annotated[
        int, typer.Option("--interval", min=0, metavar="SECONDS", help="From meter value to meter value; 0 for none.")
    ] = 60,
    boot: Annotated[float, typer.Option("--boot", min=0, metavar="SECONDS", help="How long a reboot takes.")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object for each line.")] = False,
) -> None:
    """Be a simulated Charging Station, until the scenario is over, `quit`, Ctrl-C or SIGTERM.

    Printed are what happens and every frame with its verdict, secrets masked; times are UTC. It keeps connecting, after
    1 to 2 s at first and then ever more slowly. Without a password none is sent.

    Without a scenario it takes commands from standard input, one to a line: plug [EVSE], present TOKEN [EVSE],
    stop [EVSE], unplug [EVSE], offline, online, reboot, quit. When the scenario is over, its messages have 30 s to be
    delivered. Cables and EVs do not survive the program, meters and undelivered messages do, with --file.

    Exit codes: 0 ended as wanted, 1 a step of the scenario could not be done, 2 wrong usage, or an unusable file or
    scenario.
    """
    need_sockets()
    from ocpp21.simulator import ScenarioFailed

    try:
        target = target_of(url, identity, profile, Credentials(password_file, trust, certificate, key))
        script = None if scenario is None else _scenario(scenario)
        asyncio.run(_live(_Plan(target, kind, evses, file, script, stay, interval, boot, as_json)))
    except (Unusable, StoreError) as error:
        complain(str(error))
        raise typer.Exit(2) from error
    except ScenarioFailed as error:
        complain(f"{scenario}: {error}")
        raise typer.Exit(1) from error


def _scenario(file: Path) -> Scenario:
    """Read a scenario.

    Raises:
        Unusable: the file cannot be read, or is none; the text says where.
    """
    from ocpp21.simulator import ScenarioError, parse

    try:
        with open(file, "rb") as stream:
            data = stream.read(_MAX_SCENARIO + 1)
        if len(data) > _MAX_SCENARIO:
            raise Unusable(f"{file}: expected at most {_MAX_SCENARIO} bytes")
        return parse(data.decode())
    except OSError as error:
        raise Unusable(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{file}: expected UTF-8") from error
    except ScenarioError as error:
        raise Unusable(f"{file}: {error}") from error


async def _live(plan: _Plan) -> None:
    """Live until it is over.

    Raises:
        StoreError: the file cannot be used.
        ScenarioFailed: a step of the scenario could not be done.
        OSError: nothing can be printed any more.
    """
    from ocpp21.asyncio import BackOff, NetworkProfile, keep_connected
    from ocpp21.cli.sheet import Frames, Sheet
    from ocpp21.cli.simulated import hardware_of, settings_of
    from ocpp21.simulator import LiveStation, fast_charger, registers, wallbox

    security, sheet = plan.target.security, Sheet(as_json=plan.as_json)
    line = NetworkProfile(plan.target.endpoint, security.identity, security.password, plan.target.context)
    frames = Frames(sheet)
    async with AsyncExitStack() as closing:
        store = await _open(plan.file)
        closing.push_async_callback(store.close)
        closing.enter_context(sheet.journal())
        facts = (wallbox if plan.kind is Kind.WALLBOX else fast_charger)(evses=plan.evses)
        hardware = hardware_of(facts, await registers(store), boot_s=plan.boot_s)
        task = asyncio.current_task()
        assert task is not None
        end = interrupted(task.cancel)
        sheet.on_broken = end.set
        count = f"{plan.evses} EVSE{'s' if plan.evses > 1 else ''}"
        sheet.say(
            "station",
            f"{security.identity}: {plan.kind} with {count}, to {plan.target.endpoint}",
            identity=security.identity,
            url=plan.target.endpoint,
            evses=plan.evses,
        )
        live = LiveStation(
            hardware,
            store,
            connect=lambda role: keep_connected(
                role,
                [line],
                observe=lambda role, observation: frames.see(security.identity, observation),
                back_off=BackOff(wait_minimum_s=_RETRY_S, random_range_s=_RETRY_S),
            ),
            prepare=settings_of(plan.interval),
        )
        await closing.enter_async_context(live)
        work = asyncio.create_task(_work(live, sheet, plan))
        ended = asyncio.create_task(end.wait())
        await asyncio.wait([work, ended], return_when=asyncio.FIRST_COMPLETED)
        for each in (work, ended):
            each.cancel()
        await asyncio.wait([work, ended])
        if not work.cancelled():
            work.result()
    if sheet.error is not None:
        raise sheet.error


async def _work(live: LiveStation, sheet: Sheet, plan: _Plan) -> None:
    """Let happen what the scenario says, or what is typed."""
    if plan.scenario is None:
        await _follow(live, sheet)
        return
    await _perform(live, sheet, plan.scenario)
    if plan.stays:
        await asyncio.Event().wait()


async def _perform(live: LiveStation, sheet: Sheet, scenario: Scenario) -> None:
    from ocpp21.simulator import play
    from ocpp21.simulator.scenario import Step

    def tell(number: int, step: Step) -> None:
        sheet.say("step", f"step {number}: {step.name}", number=number, step=step.name)

    assert live.station is not None
    await live.station.provisioning.accepted()
    await play(scenario, live, on_step=tell)
    await asyncio.sleep(_SETTLE_S)
    if live.station is not None and live.station.is_connected:
        try:
            async with asyncio.timeout(_DELIVERY_S):
                await live.station.queue.emptied()
        except TimeoutError:
            complain(f"{len(live.station.queue)} messages were not delivered")


async def _follow(live: LiveStation, sheet: Sheet) -> None:
    """Do what is typed; at the end of the input go on for ever."""
    from ocpp21.cli.console import HELP, Misspelt, lines_of_stdin, step_of
    from ocpp21.simulator import ScenarioFailed, perform
    from ocpp21.simulator.scenario import EVFacts, Scenario

    evs = Scenario(evs={_EV: EVFacts(max_power_w=150_000)})
    sheet.say("help", HELP, text=HELP)
    async for line in lines_of_stdin():
        if line.strip() == "quit":
            return
        try:
            step = step_of(line, _EV)
            sheet.say("step", step.name, step=step.name)
            await perform(step, live, evs)
        except (Misspelt, ScenarioFailed) as error:
            complain(str(error))
    await asyncio.Event().wait()


async def _open(file: Path | None) -> Store:
    """Open the store.

    Raises:
        StoreError: the file is in use, damaged, something else, or cannot be opened.
    """
    from ocpp21.station.memory import MemoryStore
    from ocpp21.station.sqlite import SqliteStore

    return MemoryStore() if file is None else await SqliteStore.open(file)
