"""CSMSs to put load on: our own, and some that do not behave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as raw_serve

from ocpp21.asyncio import Bounds
from ocpp21.asyncio.roles import serve_roles
from ocpp21.csms import CSMS, MemoryStore, Settings
from ocpp21.load import Load, Plan, Report, crew
from ocpp21.messages import AuthorizationStatusEnumType, IdTokenInfoType

#: Answers a CALL: its id, action and payload; a text goes out as it stands, None says nothing.
Answer = Callable[[str, str, Any], Awaitable[str | None]]

BOOTED = {"currentTime": datetime.now(UTC).isoformat(), "interval": 1, "status": "Accepted"}

TOKEN_INFO = IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED)


def result(message_id: str, payload: object) -> str:
    return json.dumps([3, message_id, payload])


class Rude:
    """A CSMS that boots stations, and answers everything else as a test wants."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.seen: list[tuple[str, str]] = []
        self.connections: list[ServerConnection] = []

    async def __call__(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        identity = socket.request.path.rpartition("/")[2]
        self.connections.append(socket)
        async for text in socket:
            kind, message_id, action, *rest = json.loads(text)
            self.seen.append((identity, action))
            if kind != 2:
                continue
            if action == "BootNotification":
                await socket.send(result(message_id, BOOTED))
                continue
            said = await self._answer(message_id, action, rest[0])
            if said is not None:
                await socket.send(said)


@asynccontextmanager
async def rude(answer: Answer, **options: Any) -> AsyncIterator[tuple[str, Rude]]:
    """Serve a rude one; gives its URL."""
    csms = Rude(answer)
    async with raw_serve(csms, "127.0.0.1", 0, subprotocols=["ocpp2.1"], **options) as server:  # type: ignore[list-item]
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}", csms


@asynccontextmanager
async def polite(**options: Any) -> AsyncIterator[tuple[str, CSMS]]:
    """Serve our own, which lets in everybody and accepts every IdToken."""
    settings = Settings(authorize=lambda station, token, evse_id: TOKEN_INFO, inventory=None)
    bounds = Bounds(per_source=None, arrivals_per_source=None, takeovers=1000)
    async with CSMS(MemoryStore(), settings=settings) as csms:
        options.setdefault("allow_unauthenticated", True)
        async with serve_roles(csms, "127.0.0.1", 0, bounds=bounds, **options) as server:
            yield f"ws://127.0.0.1:{server.ports[0]}/ocpp", csms


async def put_load(url: str, **options: Any) -> Report:
    """Run a plan to its end."""
    plan = Plan(url=url, **{"duration_s": 0.5, "rate": 200.0, "stations": 4, **options})
    async with asyncio.timeout(30):
        return await Load(plan, crew(plan.stations)).run()
