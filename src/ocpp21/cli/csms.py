"""``ocpp21 csms``: a CSMS with everything the role has, over real sockets."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from contextlib import AsyncExitStack
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
from ocpp21.cli.door import (
    AllowUnauthenticatedOption,
    ClientTrustOption,
    Doorkeeping,
    HostOption,
    OrganizationOption,
    PortOption,
    ServerProfileOption,
    doorkeeping_of,
    security_of,
    url_of,
)
from ocpp21.cli.interrupts import cut_off, interrupted
from ocpp21.cli.terminal import complain
from ocpp21.cli.tokens import read_tokens
from ocpp21.errors import LocalProtocolError, StoreError
from ocpp21.messages import IdTokenType
from ocpp21.open_files import allow_files

if TYPE_CHECKING:
    from ocpp21.cli.sheet import Sheet
    from ocpp21.csms import CSMS, Store

__all__ = ["COLLECTIONS", "csms"]

#: How long calls of stations may still be answered at the end, in s.
_DRAIN_S: Final = 5.0

#: Files that are open besides the sockets.
_OTHER_FILES: Final = 64

#: Thresholds of the garbage collector. Messages cannot be parts of circles, so it has little to find, and each time it
#: goes through what thousands of stations keep in memory: with Python's own, a tenth of the time is its.
COLLECTIONS: Final = (20_000, 20, 20)


class _Plan(NamedTuple):
    """What to serve.

    Attributes:
        doorkeeping: who is let in.
        host: address to listen on.
        port: to listen on; 0 for any.
        file: of the store; None for memory.
        tokens: that are accepted, beside those in the store.
        per_address: connections from one address at a time; 0 for no bound.
        interval: of Heartbeats, in s.
        as_json: print JSON objects.
    """

    doorkeeping: Doorkeeping
    host: str
    port: int
    file: Path | None
    tokens: Sequence[IdTokenType]
    per_address: int
    interval: int
    as_json: bool


def csms(
    host: HostOption = "127.0.0.1",
    port: PortOption = 9000,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="FILE",
            show_default="in memory",
            help="SQLite file with all that must survive; created when there is none.",
        ),
    ] = None,
    tokens: Annotated[
        list[str] | None,
        typer.Option(
            "--token",
            metavar="TEXT",
            help="IdToken that is accepted, `04A2B3C4` or `'04A2B3C4 Central'` with its type; ISO14443 is the default "
            "type. Repeatable.",
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", metavar="FILE", help="File with such IdTokens, one to a line; `#` is a comment."),
    ] = None,
    profile: ServerProfileOption = 1,
    password_file: PasswordFileOption = None,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    trust: ClientTrustOption = None,
    organizations: OrganizationOption = None,
    allow_unauthenticated: AllowUnauthenticatedOption = False,
    per_address: Annotated[
        int,
        typer.Option(
            "--per-address",
            min=0,
            metavar="N",
            help="Connections from one address, at a time and at once; 0: no bound, as behind a proxy or for load.",
        ),
    ] = 1000,
    interval: Annotated[
        int, typer.Option("--interval", min=1, metavar="SECONDS", help="Heartbeat interval that stations are told.")
    ] = 300,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object for each line.")] = False,
) -> None:
    """Be a CSMS, until Ctrl-C or SIGTERM: register stations, decide on IdTokens, keep the ledger of transactions.

    On a terminal there is a live view of stations, transactions and messages; elsewhere, and with `--json`, there are
    lines: what has happened, and every frame with its verdict, secrets masked. Times are UTC, energies Wh. All stations
    have the same password. IdTokens stay in the FILE once they were accepted. What the role can do, and not yet, is in
    docs/use-cases.md.

    At the end, calls have 5 seconds to be answered, and stations a few to close their connections; Ctrl-C again cuts
    them off.

    Exit codes: 0 ended by Ctrl-C or SIGTERM, 2 wrong usage, an unusable file or address.
    """
    need_sockets()
    credentials = Credentials(password_file, trust, certificate, key)
    try:
        security = security_of(profile, credentials, organizations or [])
        doorkeeping = doorkeeping_of(security, credentials, allow_unauthenticated)
        accepted = read_tokens(tokens or (), token_file)
        asyncio.run(_serve(_Plan(doorkeeping, host, port, file, accepted, per_address, interval, as_json)))
    except (Unusable, LocalProtocolError, StoreError) as error:
        complain(str(error))
        raise typer.Exit(2) from error


async def _serve(plan: _Plan) -> None:
    """Serve until SIGINT or SIGTERM, then drain.

    Raises:
        Unusable: the address cannot be listened on.
        StoreError: the file cannot be used.
        OSError: nothing can be printed any more.
    """
    from ocpp21.asyncio import Bounds, serve_roles
    from ocpp21.cli.sheet import Frames
    from ocpp21.csms import CSMS, Settings, Station

    per_address = plan.per_address or None
    bounds = Bounds(per_source=per_address, arrivals_per_source=per_address)
    allow_files(bounds.connections + _OTHER_FILES)
    gc.set_threshold(*COLLECTIONS)
    async with AsyncExitStack() as closing:
        store = await _open(plan.file)
        closing.push_async_callback(store.close)
        csms = CSMS(store, settings=Settings(heartbeat_interval_s=plan.interval))
        sheet = await _sheet(csms, plan, closing)
        await closing.enter_async_context(csms)
        for token in plan.tokens:
            await csms.tokens.put(token)
        frames = Frames(sheet)
        server = serve_roles(
            csms,
            plan.host,
            plan.port,
            observe=lambda role, observation: (
                frames.see(role.identity, observation) if isinstance(role, Station) else None
            ),
            authenticator=plan.doorkeeping.authenticator,
            binder=plan.doorkeeping.binder,
            allow_unauthenticated=plan.doorkeeping.allow_unauthenticated,
            ssl=plan.doorkeeping.context,
            bounds=bounds,
        )
        try:
            await closing.enter_async_context(server)
        except OSError as error:
            raise Unusable(f"cannot listen on {plan.host} port {plan.port}: {error.strerror}") from error
        end = interrupted(lambda: cut_off(server))
        sheet.on_broken = end.set
        sheet.listening(url_of(plan.host, server.ports[0], is_secure=plan.doorkeeping.context is not None))
        await end.wait()
        await server.drain(_DRAIN_S)
    if sheet.error is not None:
        raise sheet.error


async def _open(file: Path | None) -> Store:
    """Open the store.

    Raises:
        StoreError: the file is in use, damaged, something else, or cannot be opened.
    """
    from ocpp21.csms import MemoryStore, SqliteStore

    return MemoryStore() if file is None else await SqliteStore.open(file)


async def _sheet(csms: CSMS, plan: _Plan, closing: AsyncExitStack) -> Sheet:
    """Make what shows all that happens: a live view on a terminal, otherwise lines."""
    from rich.console import Console

    from ocpp21.cli.board import Board
    from ocpp21.cli.happenings import facts_of, words_of
    from ocpp21.cli.sheet import Sheet

    console = Console()
    board = Board(csms, console) if console.is_terminal and not plan.as_json else None
    sheet = board or Sheet(as_json=plan.as_json)
    if board is not None:
        await closing.enter_async_context(board.shown())
        csms.subscribe(board.take)
    closing.enter_context(sheet.journal())
    csms.subscribe(
        lambda event: sheet.say("event", f"{event.station.identity} {words_of(event)}", at=event.at, **facts_of(event))
    )
    return sheet
