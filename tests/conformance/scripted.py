"""Systems under test that say exactly what a test tells them to, and small cases to play against them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ocpp21 import codec
from ocpp21.asyncio import Connection, Patience, connect
from ocpp21.conformance import Configuration, CsmsRunner, Result, StationRunner, load
from ocpp21.conformance.cases.setup_lines import SetVariable
from ocpp21.conformance.claims import Claims
from ocpp21.conformance.drivers import CannotDo
from ocpp21.conformance.planning.acts import Act
from ocpp21.errors import CallError
from ocpp21.messages.registry import MESSAGES
from ocpp21.testing.virtual_time import run, wall_time

CONFIGURATION = Configuration(claims=Claims(everything=True), case_timeout_s=300.0)

#: Answers of a station by the name of the request: a payload, or what makes one.
Answers = Mapping[str, dict[str, Any] | Callable[[Any], dict[str, Any]]]

#: What a station says by itself: name and payload of a request, or seconds to wait.
Script = Sequence[tuple[str, dict[str, Any]] | float]

BOOT = ("BootNotificationRequest", {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}})


class ScriptedStation:
    """A station that follows a script.

    Args:
        answers: to requests of the CSMS.
        scripts: what it says by itself: ``start`` when it is connected, the name of a deed when that is done, the name
            of a request once it has been answered.
    """

    def __init__(self, answers: Answers = {}, /, **scripts: Script) -> None:  # noqa: B006, it is only read
        self.answers = answers
        self.scripts = scripts
        self.acts: list[Act] = []
        self.configured: list[tuple[str, str]] = []
        self.told: list[tuple[str, dict[str, Any]]] = []
        self._connection: Connection | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, url: str, /) -> None:
        handlers = {MESSAGES[name]: self._handler(name, answer) for name, answer in self.answers.items()}
        self._connection = await connect(url, "CS001", handlers=handlers, patience=Patience(ping_interval_s=0.0))
        self._connection.start()
        self._follow("start", (BOOT,))

    async def perform(self, act: Act, /) -> None:
        if act.deed not in self.scripts:
            raise CannotDo(f"the script does not know {act.deed}")
        self.acts.append(act)
        self._follow(act.deed)

    async def configure(self, line: SetVariable, value: str, /) -> None:
        self.configured.append((str(line), value))

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._connection is not None:
            await self._connection.close()

    def _handler(self, name: str, answer: Any) -> Callable[[Any], Any]:
        response = name.removesuffix("Request") + "Response"

        def handle(request: Any) -> Any:
            payload = answer(request) if callable(answer) else answer
            asyncio.get_running_loop().call_later(0.1, self._follow, name)
            return codec.decode(response, json.dumps(payload).encode())

        return handle

    def _follow(self, name: str, default: Script = ()) -> None:
        task = asyncio.get_running_loop().create_task(self._say(self.scripts.get(name, default)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _say(self, script: Script) -> None:
        assert self._connection is not None
        for entry in script:
            if isinstance(entry, float):
                await asyncio.sleep(entry)
                continue
            name, payload = entry
            request: Any = codec.decode(name, json.dumps(payload).encode(), conform=False)
            with contextlib.suppress(ConnectionError, CallError):
                self.told.append((name, json.loads(codec.encode(await self._connection.call(request)))))


def case(**parts: Any) -> str:
    """One line of the data."""
    record = {
        "id": "TC_X_01_CS",
        "role": "CS",
        "block": "X",
        "title": "invented",
        "use_cases": [],
        "requirements": [],
        "condition": "",
        "setup": [],
        "steps": [],
        "expect": [],
        "after": [],
        **parts,
    }
    return json.dumps(record)


def state(name: str, **parts: Any) -> str:
    """One line of the states."""
    record = {
        "name": name,
        "role": "CS",
        "kind": "reusable",
        "args": [],
        "setup": [],
        "steps": [],
        "expect": [],
        "after": [],
    }
    return json.dumps({**record, **parts})


def play(
    station: Any, text: str, states: str = "", *, configuration: Configuration = CONFIGURATION, repeat: int = 1
) -> Result:
    """Play a case against a station; the last result when it is played several times."""

    async def live() -> Result:
        library = load(text, states)
        runner = StationRunner(configuration, wall_time, library, driver=station)
        for _ in range(repeat):
            result = await runner.run(next(iter(library.cases.values())))
        return result

    return run(live(), real_io=True)


def play_csms(csms: Any, text: str, states: str = "", *, configuration: Configuration = CONFIGURATION) -> Result:
    """Play a case against a CSMS."""

    async def live() -> Result:
        library = load(text, states)
        runner = CsmsRunner(configuration, wall_time, library, driver=csms)
        return await runner.run(next(iter(library.cases.values())))

    return run(live(), real_io=True)


def step(number: Any, by: str, do: str, content: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """One step of a case."""
    return {"n": number, "by": by, "do": do, **({"with": content} if content else {}), **more}


def expect(number: Any, message: str, *checks: str) -> dict[str, Any]:
    """What is expected of the message of a step."""
    return {"step": number, "message": message, "checks": list(checks)}
