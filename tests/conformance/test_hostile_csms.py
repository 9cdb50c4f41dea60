"""CSMSs under test that are dead or hostile: each ends in a verdict in time, and the next case starts clean."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as websocket_serve
from websockets.exceptions import ConnectionClosed

from ocpp21.conformance import CsmsRunner, Result, Verdict, load
from ocpp21.conformance.drivers.csms import OwnCsms
from ocpp21.testing.virtual_time import run, wall_time
from tests.conformance.maker import Rudeness, listening, saying
from tests.conformance.scripted import CONFIGURATION, case, expect, step

STEPS = [step(1, "TS", "HeartbeatRequest"), step(2, "SUT", "HeartbeatResponse")]
CASE = case(id="TC_X_01_CSMS", role="CSMS", steps=STEPS, expect=[expect(2, "HeartbeatResponse", "currentTime present")])
LIBRARY = load(CASE, "")
NOW = "2026-01-01T00:00:00Z"

HURRIED = dataclasses.replace(CONFIGURATION, case_timeout_s=100.0, boot_timeout_s=20.0)

Behaviour = Callable[[ServerConnection], Awaitable[None]]


class At:
    """The driver of a CSMS that is always there."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def start(self) -> str:
        return self._url

    async def trigger(self, identity: str, message: str, payload: dict[str, Any], /) -> None:
        """Nothing listens."""

    async def stop(self) -> None:
        """Nothing listens."""


@asynccontextmanager
async def websocket(behaviour: Behaviour, **more: Any) -> AsyncIterator[str]:
    """A CSMS that does as it likes with its WebSockets; gives its URL."""

    async def welcome(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            await behaviour(connection)

    options: dict[str, Any] = {"subprotocols": ["ocpp2.1"], "ping_interval": None, "close_timeout": 1, **more}
    async with websocket_serve(welcome, "127.0.0.1", 0, **options) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def play(url: str) -> tuple[Result, float]:
    """Play the case at a CSMS, and then at ours: its result, and how long it took."""
    loop = asyncio.get_running_loop()
    began_at, tasks = loop.time(), asyncio.all_tasks()
    one = LIBRARY.cases["TC_X_01_CSMS"]
    result = await CsmsRunner(HURRIED, wall_time, LIBRARY, driver=At(url)).run(one)
    took_s = loop.time() - began_at
    await asyncio.sleep(1.0)
    left = {task for task in asyncio.all_tasks() - tasks if "welcome" not in str(task) and "serve" not in str(task)}
    assert not left, "something of the case goes on"
    ours = OwnCsms(HURRIED, now=wall_time)
    clean = await CsmsRunner(HURRIED, wall_time, LIBRARY, driver=ours).run(one)
    assert (clean.verdict, clean.text) == (Verdict.PASS, "")
    return result, took_s


def check(outcome: tuple[Result, float], text: str) -> None:
    result, took_s = outcome
    assert (result.verdict, text in result.text) == (Verdict.FAIL, True), result.text
    assert took_s <= HURRIED.case_timeout_s + 10.0


# With a WebSocket


async def be_silent(connection: ServerConnection) -> None:
    await connection.wait_closed()


async def close_at_once(connection: ServerConnection) -> None:
    await connection.close(1011)


async def break_off_at_once(connection: ServerConnection) -> None:
    connection.transport.abort()


def answering(make: Callable[[str, str], list[str | bytes]], *, boots: bool = True) -> Behaviour:
    """Answer each CALL by what is made of its id and action; the boot in order, unless ``boots`` is not set."""

    async def answer(connection: ServerConnection) -> None:
        async for message in connection:
            _, message_id, action, *_ = json.loads(message)
            if boots and action == "BootNotification":
                boot = {"currentTime": NOW, "interval": 300, "status": "Accepted"}
                await connection.send(json.dumps([3, message_id, boot]))
            elif boots and action == "StatusNotification":
                await connection.send(json.dumps([3, message_id, {}]))
            else:
                for frame in make(message_id, action):
                    await connection.send(frame)

    return answer


async def close_after_boot(connection: ServerConnection) -> None:
    message_id = json.loads(await connection.recv())[1]
    await connection.send(json.dumps([3, message_id, {"currentTime": NOW, "interval": 300, "status": "Accepted"}]))
    await connection.close()


async def ask_for_ever(connection: ServerConnection) -> None:
    for number in range(100_000):
        await connection.send(f'[2,"{number}","ClearCache",{{}}]')
        await asyncio.sleep(1.0)


async def begin_and_never_end(connection: ServerConnection) -> None:
    async def parts() -> AsyncIterator[str]:
        for _ in range(100_000):
            yield "["
            await asyncio.sleep(1.0)

    await connection.send(parts())


HEARTBEAT = '[3,"%s",{"currentTime":"2026-01-01T00:00:00Z"}]'

WIRE = "wire: expected frames that keep to the schemas and OCPP-J, found "

BEHAVIOURS: list[tuple[Behaviour, str]] = [
    (be_silent, "start: expected BootNotificationResponse, found nothing in time"),
    (close_at_once, "start: expected BootNotificationResponse, found CALLERROR"),
    (break_off_at_once, "start: expected BootNotificationResponse, found CALLERROR"),
    (close_after_boot, "start: expected StatusNotificationResponse, found CALLERROR"),
    (ask_for_ever, "start: expected BootNotificationResponse, found nothing in time"),
    (begin_and_never_end, "start: expected BootNotificationResponse, found nothing in time"),
    (answering(lambda *_: ["garbage"], boots=False), "start: expected BootNotificationResponse, found"),
    (answering(lambda *_: [b"\x00\xff"], boots=False), "start: expected BootNotificationResponse, found"),
    (
        answering(lambda *_: ["garbage"]),
        f"{WIRE}refused RpcFrameworkError",
    ),
    (answering(lambda *_: []), "step 2: expected HeartbeatResponse, found nothing in time"),
    (
        answering(lambda *_: [HEARTBEAT % "another"]),
        f"{WIRE}dropped unsolicited",
    ),
    (
        answering(lambda key, _: [f'[3,"{key}",{{}}]']),
        f"{WIRE}refused OccurrenceConstraintViolation",
    ),
    (
        answering(lambda key, _: [f'[4,"{key}","InternalError","no",{{}}]']),
        "step 2: expected HeartbeatResponse, found CALLERROR",
    ),
    (
        answering(lambda key, _: [f'[4,"{key}"]']),
        f"{WIRE}refused RpcFrameworkError",
    ),
    (
        answering(lambda key, _: [f'[3,"{key}",{{"customData":{{"vendorId":"{"x" * 20_000_000}"}}}}]']),
        "frame exceeds limit of 1048576 bytes",
    ),
    (
        answering(lambda *_: ["[" * 100_000]),
        f"{WIRE}refused RpcFrameworkError",
    ),
]


@pytest.mark.parametrize(("behaviour", "text"), BEHAVIOURS)
def test_a_hostile_csms_fails_in_time_and_the_next_case_starts_clean(behaviour: Behaviour, text: str) -> None:
    async def live() -> tuple[Result, float]:
        async with websocket(behaviour) as url:
            return await play(url)

    check(run(live(), real_io=True), text)


def test_one_that_never_draws_breath() -> None:
    """In real time, as that of a test would stand still: nothing is ever waited for."""

    async def flood(connection: ServerConnection) -> None:
        for number in itertools.count():
            await connection.send(f'[2,"{number}","ClearCache",{{}}]')
            await asyncio.sleep(0)

    async def live() -> tuple[Result, float]:
        hurried = dataclasses.replace(HURRIED, case_timeout_s=1.0, message_timeout_s=0.5)
        loop = asyncio.get_running_loop()
        async with websocket(flood) as url:
            began_at = loop.time()
            runner = CsmsRunner(hurried, found=LIBRARY, driver=At(url))
            return await runner.run(LIBRARY.cases["TC_X_01_CSMS"]), loop.time() - began_at

    result, took_s = asyncio.run(live())
    assert result.verdict is Verdict.FAIL
    assert took_s <= 5.0


# Without


async def accept_and_be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drip_for_ever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"H")
        await asyncio.sleep(1.0)


ACCEPT = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"

RUDE: list[Rudeness] = [
    accept_and_be_silent,
    drip_for_ever,
    saying(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
    saying(b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
    saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"),
    saying(b"\x00" * 1000),
    saying(b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 100_000),
    saying(ACCEPT + b"Sec-WebSocket-Accept: wrong\r\n\r\n"),
]


@pytest.mark.parametrize("behaviour", RUDE)
def test_no_handshake_is_a_fail_in_time(behaviour: Rudeness) -> None:
    async def live() -> tuple[Result, float]:
        async with listening(behaviour) as url:
            return await play(url.replace("http", "ws"))

    check(run(live(), real_io=True), "start: expected a connection to ws://127.0.0.1:")


@pytest.mark.parametrize("offered", ["ocpp1.6", "ocpp2.0.1", None])
def test_another_subprotocol_is_a_fail(offered: str | None) -> None:
    def select(connection: ServerConnection, subprotocols: Any) -> Any:
        return offered

    async def live() -> tuple[Result, float]:
        async with websocket(be_silent, subprotocols=[offered or "ocpp2.1"], select_subprotocol=select) as url:
            return await play(url)

    check(run(live(), real_io=True), "start: expected a connection to ws://127.0.0.1:")


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    check(run(play(f"ws://127.0.0.1:{port}"), real_io=True), "start: expected a connection to ws://127.0.0.1:")
