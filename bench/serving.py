"""One server in a process of its own, as ``python -m bench.serving KIND``; says its port, then what it has taken.

It answers each line with its CPU time in seconds; before that it collects its garbage when the line is ``collect``.

Kinds: ``echo`` is the bare WebSocket library; ``ocpp`` the incumbent with a handler that does nothing, ``handler`` ours
with such a handler; ``memory`` and ``sqlite`` are the CSMS role with its ledger, volatile and durable.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

from ocpp21.asyncio import Bounds, serve
from ocpp21.asyncio.roles import serve_roles
from ocpp21.cli.csms import COLLECTIONS
from ocpp21.csms import CSMS, MemoryStore, Settings, SqliteStore
from ocpp21.messages import (
    IdTokenType,
    RegistrationStatusEnumType,
    TransactionEventRequest,
    TransactionEventResponse,
)

KINDS = ("echo", "handler", "memory", "sqlite", "ocpp")

_ANYBODY = {
    "allow_unauthenticated": True,
    "bounds": Bounds(per_source=None, arrivals_per_source=None),
    "compression": False,
}
#: What the drivers of ``ocpp21 load`` present.
_TOKEN = IdTokenType(id_token="LOAD", type="Local")
_SETTINGS = Settings(inventory=None, unregistered=RegistrationStatusEnumType.ACCEPTED)


@contextlib.asynccontextmanager
async def opened(kind: str) -> AsyncIterator[int]:
    """Serve on a free port."""
    from websockets.asyncio.server import serve as raw_serve

    async with contextlib.AsyncExitStack() as stack:
        if kind in ("echo", "ocpp"):
            take = _echo if kind == "echo" else _incumbent()
            raw = raw_serve(take, "127.0.0.1", 0, compression=None, subprotocols=["ocpp2.1"], ping_interval=None)
            yield next(iter((await stack.enter_async_context(raw)).sockets)).getsockname()[1]
        elif kind == "handler":
            handlers = {TransactionEventRequest: lambda request: TransactionEventResponse()}
            server = serve(lambda connection: None, "127.0.0.1", 0, handlers=handlers, **_ANYBODY)
            yield (await stack.enter_async_context(server)).ports[0]
        else:
            directory = stack.enter_context(tempfile.TemporaryDirectory())
            store = MemoryStore() if kind == "memory" else await SqliteStore.open(Path(directory) / "csms.db")
            stack.push_async_callback(store.close)
            csms = await stack.enter_async_context(CSMS(store, settings=_SETTINGS))
            await csms.tokens.put(_TOKEN)
            yield (await stack.enter_async_context(serve_roles(csms, "127.0.0.1", 0, **_ANYBODY))).ports[0]


async def _echo(socket):
    async for message in socket:
        await socket.send(f"[3{message[2:]}")


def _incumbent():
    from ocpp import messages
    from ocpp.routing import on
    from ocpp.v21 import ChargePoint, call_result
    from ocpp.v21.enums import Action

    messages.ASYNC_VALIDATION = False

    class Incumbent(ChargePoint):
        @on(Action.transaction_event)
        def on_transaction_event(self, **payload):
            return call_result.TransactionEvent()

    async def take(socket):
        with contextlib.suppress(Exception):
            await Incumbent("CS", socket).start()

    return take


async def main(kind: str) -> None:
    """Serve until standard input ends."""
    gc.set_threshold(*COLLECTIONS)
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def answer() -> None:
        for line in sys.stdin:
            if line == "collect\n":
                gc.collect()
            print(time.process_time(), flush=True)
        loop.call_soon_threadsafe(over.set)

    async with opened(kind) as port:
        print(port, flush=True)
        threading.Thread(target=answer, daemon=True).start()
        await over.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
