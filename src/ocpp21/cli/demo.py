"""``ocpp21 demo``: both roles over a real loopback WebSocket, a charge with an outage, and the energy compared."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ocpp21.cli.credentials import Unusable, need_sockets
from ocpp21.cli.door import OnePassword, url_of
from ocpp21.cli.interrupts import interrupted
from ocpp21.cli.terminal import complain
from ocpp21.errors import StoreError
from ocpp21.messages import ConnectorStatusEnumType

if TYPE_CHECKING:
    from ocpp21.cli.timeline import Timeline
    from ocpp21.csms import CSMS
    from ocpp21.simulator import LiveStation, Scenario, SimulatedStation

__all__ = ["demo"]

_IDENTITY: Final = "DEMO"
_TOKEN: Final = "04A2B3C4D5E6F7"

#: High, so that a few seconds of real time are worth measuring, in W.
_POWER_W: Final = 300_000

#: Longest that the story may take, in s; it takes about 7.
_PATIENCE_S: Final = 14.0

_SCENARIO: Final = f"""
[evs.car]
capacity_wh = 90000
state_of_charge = 20
dc_voltage_v = 800
max_power_w = {_POWER_W}

[[steps]]
do = "plug_in"
evse = 1
ev = "car"

[[steps]]
do = "wait_until"
evse = 1
state = "Occupied"
within = 5

[[steps]]
after = 0.5
do = "present"
token = "{_TOKEN}"
evse = 1

[[steps]]
do = "wait_until"
evse = 1
state = "Charging"
within = 5

[[steps]]
after = 2.5
do = "go_offline"

[[steps]]
after = 2.5
do = "stop"
evse = 1

[[steps]]
do = "wait_until"
evse = 1
state = "Idle"
within = 5

[[steps]]
after = 0.5
do = "go_online"
"""


class _Failed(Exception):
    """The story did not go as told, or the energy does not reconcile; the text says why."""


class _Interrupted(Exception):
    """Somebody does not want to see the end."""


def demo(
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", metavar="FILE", show_default="a temporary one", help="SQLite file of the CSMS, which is kept."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object for each line.")] = False,
) -> None:
    """Let a simulated Charging Station charge a car at a CSMS, lose the connection, and come back; about 7 seconds.

    Both roles run in this process, in real time, with a real WebSocket over loopback between them, HTTP Basic
    authentication, and an SQLite file each. The charger has 300 kW: 83 Wh each second. At the end the ledger is read
    back from its file, and its energy compared with what the simulator has delivered.

    Exit codes: 0 the energy reconciles to a thousandth of a Wh, 1 it does not or something went wrong, 2 an unusable
    file, 130 interrupted.
    """
    need_sockets()
    from ocpp21.cli.timeline import Timeline

    timeline = Timeline(as_json=as_json)
    try:
        with tempfile.TemporaryDirectory(prefix="ocpp21-demo-") as directory:
            asyncio.run(_run(timeline, Path(directory), file))
    except _Interrupted:
        raise typer.Exit(130) from None
    except (Unusable, StoreError) as error:
        complain(str(error))
        raise typer.Exit(2) from error
    except _Failed as error:
        complain(str(error))
        raise typer.Exit(1) from error


async def _run(timeline: Timeline, directory: Path, file: Path | None) -> None:
    """Tell the story until its end or a signal.

    Raises:
        _Failed: it did not go as told, or the energy does not reconcile.
        _Interrupted: by SIGINT or SIGTERM.
        StoreError: a file cannot be used.
    """
    story = asyncio.create_task(_story(timeline, directory, file or directory / "csms.sqlite"))
    end = asyncio.create_task(interrupted(story.cancel).wait())
    await asyncio.wait([story, end], return_when=asyncio.FIRST_COMPLETED)
    if not story.done():
        story.cancel()
        await asyncio.wait([story])
        raise _Interrupted
    end.cancel()
    await story


async def _story(timeline: Timeline, directory: Path, file: Path) -> None:
    from ocpp21.cli.ledger import read_ledger, reconcile
    from ocpp21.simulator import ScenarioFailed

    try:
        async with asyncio.timeout(_PATIENCE_S):
            hardware, transactions = await _charge(timeline, directory, file)
    except TimeoutError as error:
        raise _Failed(f"the story takes longer than {_PATIENCE_S:g} s") from error
    except ScenarioFailed as error:
        raise _Failed(str(error)) from error
    entries = await read_ledger(file, _IDENTITY, transactions)
    account = reconcile(hardware.delivered_wh(1), entries)
    timeline.account(account, file if file.parent != directory else None)
    if account.reason is not None:
        raise _Failed(account.reason)


async def _charge(timeline: Timeline, directory: Path, file: Path) -> tuple[SimulatedStation, list[str]]:
    """Start both, let the scenario happen, and end both; gives the hardware, and the ids of the transactions."""
    from ocpp21.asyncio import NetworkProfile, keep_connected, serve_roles
    from ocpp21.cli.simulated import hardware_of, settings_of
    from ocpp21.csms import CSMS, Settings, TransactionStarted
    from ocpp21.csms import SqliteStore as CsmsStore
    from ocpp21.messages import IdTokenType
    from ocpp21.simulator import LiveStation, fast_charger, parse
    from ocpp21.station.sqlite import SqliteStore as StationStore

    password = secrets.token_urlsafe(24)
    transactions: list[str] = []
    async with AsyncExitStack() as closing:
        csms_store = await CsmsStore.open(file)
        closing.push_async_callback(csms_store.close)
        csms = CSMS(csms_store, settings=Settings(inventory=None))
        csms.subscribe(timeline.happened)
        csms.subscribe(lambda event: transactions.append(event.transaction.transaction_id), TransactionStarted)
        await closing.enter_async_context(csms)
        await csms.tokens.put(IdTokenType(id_token=_TOKEN, type="ISO14443"))
        server = serve_roles(csms, "127.0.0.1", 0, authenticator=OnePassword(password.encode()))
        try:
            await closing.enter_async_context(server)
        except OSError as error:
            raise Unusable(f"cannot listen on 127.0.0.1: {error.strerror}") from error
        url = url_of("127.0.0.1", server.ports[0], is_secure=False)
        timeline.begin(url, _POWER_W)

        station_store = await StationStore.open(directory / "station.sqlite")
        closing.push_async_callback(station_store.close)
        facts = fast_charger(evses=1, max_power_w=_POWER_W, max_current_a=500)
        hardware = hardware_of(facts, {}, boot_s=0.0)
        profile = NetworkProfile(url, _IDENTITY, password)
        live = LiveStation(
            hardware,
            station_store,
            connect=lambda station: keep_connected(station, [profile]),
            prepare=settings_of(1),
        )
        await closing.enter_async_context(live)
        await _play(timeline, live, csms, parse(_SCENARIO))
    return hardware, transactions


async def _play(timeline: Timeline, live: LiveStation, csms: CSMS, scenario: Scenario) -> None:
    """Play the scenario, and wait until all has arrived at the CSMS."""
    from ocpp21.csms import ConnectorStatusChanged, TransactionEventReceived
    from ocpp21.simulator import play
    from ocpp21.simulator.scenario import GoOnline, Step

    assert live.station is not None
    role = live.station
    await role.provisioning.accepted()

    def tell(number: int, step: Step) -> None:
        timeline.step(step, waiting=len(role.queue) if isinstance(step, GoOnline) else None)

    async with csms.watch(TransactionEventReceived) as events:
        await play(scenario, live, on_step=tell)
        async for event in events:
            if event.transaction.is_complete:
                break
    async with csms.watch(ConnectorStatusChanged) as changes:
        live.hardware.unplug(1, 1)
        timeline.driver("unplugs")
        async for change in changes:
            if change.report.connector_status is ConnectorStatusEnumType.AVAILABLE:
                break
    await role.queue.emptied()
