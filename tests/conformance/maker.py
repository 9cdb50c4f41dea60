"""A maker's service, as the HTTP driver asks for it: small, real, and as rude as a test wants it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from ocpp21.conformance.cases.setup_lines import SetVariable
from ocpp21.conformance.configuration import Token
from ocpp21.conformance.drivers import CannotDo
from ocpp21.conformance.planning.acts import Act, Deed

#: Answers a deed with a status and a text.
Answering = Callable[[dict[str, Any]], Awaitable[tuple[int, str]]]

#: Does as it likes with a connection.
Rudeness = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(behaviour: Rudeness) -> AsyncIterator[str]:
    """A server on a port that is free; gives its URL."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await behaviour(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/driver"
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(list(tasks))


def saying(*parts: bytes) -> Rudeness:
    """Say this once a request has come, and wait to be left."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
        await writer.drain()
        await reader.read()

    return say


def polite(answering: Answering) -> Rudeness:
    """Speak HTTP, and close each connection once it is answered."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
        status, text = await answering(json.loads(await reader.readexactly(int(fields[b"content-length"]))))
        body = text.encode()
        writer.write(f"HTTP/1.1 {status} Told\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        await reader.read()  # until the test system has hung up

    return serve


def acting_through(driver: Any, seen: list[dict[str, Any]]) -> Answering:
    """Do what is asked for through a driver of ours, for a station or a CSMS."""

    async def answer(body: dict[str, Any]) -> tuple[int, str]:
        seen.append(body)
        deed = body["deed"]
        try:
            match deed:
                case "start":
                    await driver.start(*filter(None, [body.get("url")]))
                case "configure":
                    names = ("component", "component_instance", "variable", "variable_instance")
                    line = SetVariable(*[body[name] for name in names], "==", (body["value"],))
                    await driver.configure(line, body["value"])
                case "trigger":
                    await driver.trigger(body["identity"], body["message"], body["payload"])
                case "stop":
                    await driver.stop()
                case _:
                    token = None if body["token"] is None else Token(**body["token"])
                    place = (body["evse_id"], body["connector_id"])
                    await driver.perform(Act(Deed(deed), body["text"], *place, token, body["seconds"]))
        except CannotDo as error:
            return 501, str(error)
        return 200, ""

    return answer
