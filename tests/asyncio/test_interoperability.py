"""Beside the incumbent, the package ``ocpp``: as a station of our server, and as the CSMS of our client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from incumbent import serve_theirs
from loopback import BRIEF, dial, open_to_all, raw_station, until
from ocpp.charge_point import camel_to_snake_case, snake_to_camel_case
from ocpp.routing import on
from ocpp.v21 import ChargePoint, call, call_result
from websockets.asyncio.server import serve as raw_serve

from ocpp21.asyncio import Connection
from ocpp21.codec import decode
from ocpp21.messages.registry import ACTIONS
from ocpp21.wire import Action, Request

#: The incumbent spells soC, soH and iso15118SchemaVersion otherwise, and knows no SEND.
NOT_COMMON = {"BatterySwap", "Get15118EVCertificate", "NotifyPeriodicEventStream"}

VECTORS = Path(__file__).parents[1] / "vectors"


def smallest(name: str) -> bytes:
    """The smallest valid payload of a message."""
    with (VECTORS / f"{name}.valid.jsonl").open("rb") as lines:
        return min((line.strip() for line in lines), key=len)


def survives(name: str) -> bool:
    """Whether the incumbent's conversion of names gives a payload back as it was."""
    payload = json.loads(smallest(name))
    return bool(snake_to_camel_case(camel_to_snake_case(payload)) == payload)


def theirs(module: Any, action: Action, suffix: str) -> Any:
    """A message of theirs with the smallest payload."""
    return getattr(module, action.name)(**camel_to_snake_case(json.loads(smallest(action.name + suffix))))


def is_common(action: Action) -> bool:
    """Whether both can speak an action: the incumbent knows no SEND, and some names do not survive in it."""
    if action.kind == "SEND" or not (survives(f"{action.name}Request") and survives(f"{action.name}Response")):
        return False
    try:
        return bool(theirs(call, action, "Request") and theirs(call_result, action, "Response"))
    except TypeError:
        return False


COMMON = [action for action in ACTIONS.values() if is_common(action)]
FROM_STATION = [action for action in COMMON if action.initiator != "CSMS"]
FROM_CSMS = [action for action in COMMON if action.initiator != "CS"]


def our_request(action: Action) -> Request[Any]:
    return decode(action.request, smallest(f"{action.name}Request"))  # type: ignore[return-value,arg-type]


def our_response(action: Action) -> Any:
    return decode(action.response, smallest(f"{action.name}Response"))  # type: ignore[arg-type]


def our_handlers(actions: list[Action]) -> dict[Any, Any]:
    answers = {action.request: our_response(action) for action in actions}
    return {message: lambda request: answers[type(request)] for message in answers}


def their_class(actions: list[Action]) -> type[ChargePoint]:
    """A station or back end of theirs that answers every action."""

    def handler(action: Action) -> Any:
        def answer(self: ChargePoint, **payload: Any) -> Any:
            return theirs(call_result, action, "Response")

        answer.__name__ = f"on_{action.name.lower()}"  # which is how it finds its handlers
        return on(action.name)(answer)

    return type("Theirs", (ChargePoint,), {f"on_{action.name.lower()}": handler(action) for action in actions})


@asynccontextmanager
async def their_station() -> AsyncIterator[tuple[ChargePoint, Connection]]:
    async with open_to_all(handlers=our_handlers(FROM_STATION)) as server, raw_station(server) as socket:
        peer = their_class(FROM_CSMS)("CS1", socket)
        task = asyncio.create_task(serve_theirs(peer))
        await until(lambda: server.connections)
        yield peer, server.connections["CS1"]
        await socket.close()
        await task


@asynccontextmanager
async def their_csms() -> AsyncIterator[tuple[ChargePoint, Connection]]:
    peers: list[ChargePoint] = []

    async def accept(socket: Any) -> None:
        peers.append(their_class(FROM_STATION)("CS1", socket))
        await serve_theirs(peers[0])

    async with raw_serve(accept, "127.0.0.1", 0, subprotocols=["ocpp2.1"]) as server:
        where = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with dial(where, "CS1", handlers=our_handlers(FROM_CSMS), patience=BRIEF) as connection:
            await until(lambda: peers)
            yield peers[0], connection


def test_nearly_all_actions_are_common() -> None:
    assert {name for name, action in ACTIONS.items() if not is_common(action)} == NOT_COMMON


async def test_their_station_and_our_csms() -> None:
    async with their_station() as (peer, csms):
        for action in FROM_STATION:
            answer = await peer.call(theirs(call, action, "Request"), suppress=False)
            assert type(answer) is getattr(call_result, action.name), action.name
        for action in FROM_CSMS:
            assert await csms.call(our_request(action)) == our_response(action), action.name
        assert csms.statistics.refused == csms.statistics.dropped == 0


async def test_our_station_and_their_csms() -> None:
    async with their_csms() as (peer, station):
        for action in FROM_STATION:
            assert await station.call(our_request(action)) == our_response(action), action.name
        for action in FROM_CSMS:
            answer = await peer.call(theirs(call, action, "Request"), suppress=False)
            assert type(answer) is getattr(call_result, action.name), action.name
        assert station.statistics.refused == station.statistics.dropped == 0
