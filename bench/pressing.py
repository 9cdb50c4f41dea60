"""Presses servers of :mod:`bench.serving` from outside: by the clock, and by the CPU time of the server itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from websockets.asyncio.client import connect as raw_connect

from ocpp21.cli.datasets import datasets


class Pressed(NamedTuple):
    """What one round has taken.

    Attributes:
        wall_s: by the clock, per message.
        cpu_s: of the server's process, per message.
    """

    wall_s: float
    cpu_s: float


class Serving:
    """A server that runs."""

    def __init__(self, kind: str) -> None:
        command = [sys.executable, "-m", "bench.serving", kind]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
        )
        self.port = int(self._line())

    def cpu_s(self) -> float:
        """CPU time that it has taken so far, in seconds."""
        return self._ask("cpu")

    def resident_bytes(self, *, collect: bool = True) -> int:
        """Memory that it holds now, in bytes; by default without garbage. Linux alone tells."""
        if collect:
            self._ask("collect")
        return resident_bytes(self._process.pid)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def _ask(self, what: str) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return float(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def resident_bytes(pid: int) -> int:
    """Memory that a process holds, in bytes. Linux alone tells."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


@contextlib.contextmanager
def serving(*kinds: str) -> Iterator[dict[str, Serving]]:
    """Servers of these kinds, all at once; they are pressed in turns."""
    running: dict[str, Serving] = {}
    try:
        for kind in kinds:
            running[kind] = Serving(kind)
        yield running
    finally:
        for server in running.values():
            server.close()


@cache
def _typical() -> Mapping[str, Any]:
    return datasets()["Transaction"].value


def events(transaction_id: str, count: int) -> list[str]:
    """The frames of the first events of a transaction, about 1 kB each."""
    payload = dict(_typical())
    payload.pop("idToken", None)  # whether it may charge is another question, and answered elsewhere
    payload["transactionInfo"] = {**payload["transactionInfo"], "transactionId": transaction_id}
    frames = []
    for seq_no in range(count):
        payload["eventType"], payload["seqNo"] = "Updated" if seq_no else "Started", seq_no
        frames.append(orjson.dumps([2, f"{transaction_id}/{seq_no}", "TransactionEvent", payload]).decode())
    return frames


async def press(servers: dict[str, Serving], *, connections: int, each: int, rounds: int) -> dict[str, list[Pressed]]:
    """Let so many stations send so many events each, one after the other, to each server in turns."""
    async with contextlib.AsyncExitStack() as stack:
        sockets = {}
        for kind, server in servers.items():
            sockets[kind] = [
                await stack.enter_async_context(opened_socket(server, number)) for number in range(connections)
            ]
        found: dict[str, list[Pressed]] = {kind: [] for kind in servers}
        for number in range(rounds + 1):
            for kind in list(servers)[:: -1 if number % 2 else 1]:
                frames = [events(f"{connections}/{number}/{station}", each) for station in range(connections)]
                cpu_s, begin = servers[kind].cpu_s(), time.perf_counter()
                await asyncio.gather(*map(converse, sockets[kind], frames))
                wall_s = time.perf_counter() - begin
                count = connections * each
                if number:  # the first one warms up
                    found[kind].append(Pressed(wall_s / count, (servers[kind].cpu_s() - cpu_s) / count))
    return found


def opened_socket(server: Serving, number: int) -> raw_connect:
    """A connection to a server, as the station of that number."""
    url = f"ws://127.0.0.1:{server.port}/CS{number}"
    return raw_connect(url, subprotocols=["ocpp2.1"], proxy=None, compression=None, ping_interval=None)


async def converse(socket, frames) -> None:
    """Say one thing after the other, each when the one before is answered."""
    for frame in frames:
        await socket.send(frame)
        answer = await socket.recv()
        assert answer.startswith("[3"), answer
