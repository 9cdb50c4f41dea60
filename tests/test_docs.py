"""The programs of the documents run, and what they say of another library is so."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from ocpp.charge_point import camel_to_snake_case, snake_to_camel_case
from ocpp.routing import on
from ocpp.v21 import ChargePoint, call_result

from ocpp21.block import Block, Role
from ocpp21.errors import CallError, ErrorCode
from ocpp21.messages import HeartbeatRequest, ResetRequest, ResetResponse, ResetStatusEnumType
from ocpp21.testing.roles import RolePair

DOCS = Path(__file__).parents[1] / "docs"
COMING = (DOCS / "coming-from-ocpp.md").read_text(encoding="utf-8")
ROLES = (DOCS / "roles.md").read_text(encoding="utf-8")


def programs(text: str, library: str) -> list[str]:
    return re.findall(rf"```python\n# {library}\n(.*?)```", text, re.DOTALL)


NEW = programs(COMING, "ocpp21")
OLD = programs(COMING, "ocpp")


def names_of(program: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "program"}
    exec(program, names)
    return names


def program(with_text: str) -> dict[str, Any]:
    (found,) = (names_of(each) for each in NEW if with_text in each)
    return found


def test_every_program_is_of_one_library() -> None:
    assert COMING.count("```python") == len(NEW) + len(OLD)
    assert (len(NEW), len(OLD)) == (7, 3)


@pytest.mark.parametrize("text", [*NEW, *OLD, *programs(ROLES, "ocpp21")])
def test_a_program_runs(text: str) -> None:
    names_of(text)


def test_handlers(capsys: pytest.CaptureFixture[str]) -> None:
    async def talk() -> None:
        csms = program("class Heart")["csms"]
        station = Role.__new__(_Station)
        _Station.__init__(station)
        async with csms, RolePair(station, csms.welcome("CS001")):
            csms["CS001"].provisioning.objection = lambda action: None
            await station.call(HeartbeatRequest())

    asyncio.run(talk())
    assert capsys.readouterr().out == "alive: CS001\nCS001 HeartbeatRequest\n"


class _Control(Block[Role]):
    def on_reset_request(self, request: ResetRequest) -> ResetResponse:
        if request.evse_id is not None:
            program("def refuse")["refuse"]()
        return ResetResponse(status=ResetStatusEnumType.ACCEPTED)


class _Station(Role):
    side = "CS"
    provisioning: _Control


class _Csms(Role):
    side = "CSMS"


def test_calls_and_errors() -> None:
    async def talk() -> None:
        station, csms = _Station(), _Csms()
        async with RolePair(station, csms):
            assert await program("def reset")["reset"](csms) == "Accepted"
            with pytest.raises(CallError) as refused:
                await csms.call(ResetRequest(type="OnIdle", evse_id=1))
            assert refused.value.code == ErrorCode.SECURITY_ERROR

    asyncio.run(talk())


@pytest.mark.parametrize("server", ["import serve\n", "serve_roles"])
def test_servers(tmp_path: Path, server: str) -> None:
    is_role = server == "serve_roles"

    async def main() -> None:
        serve = program(server)["main"]
        serving = asyncio.create_task(serve(tmp_path / "csms.sqlite", 0) if is_role else serve(0))
        while signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # then it serves
            await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGTERM)
        await serving

    asyncio.run(main())
    assert (tmp_path / "csms.sqlite").exists() is is_role


# What is said of the other library


class Wire:
    """A connection that says what it is told to, and keeps what it hears."""

    def __init__(self, *incoming: str) -> None:
        self.incoming = list(incoming)
        self.sent: list[Any] = []

    async def send(self, text: str) -> None:
        self.sent.append(json.loads(text))

    async def recv(self) -> str:
        return self.incoming.pop(0)


def test_custom_data_there() -> None:
    assert snake_to_camel_case(camel_to_snake_case({"usedSOC": 1})) == {"usedSoC": 1}


@pytest.mark.parametrize("action", ["Heartbeat", "Invented"])
def test_no_answer_without_a_handler_there(action: str) -> None:
    async def main() -> list[Any]:
        wire = Wire()
        await ChargePoint("CS1", wire).route_message(f'[2,"1","{action}",{{}}]')
        return wire.sent

    assert asyncio.run(main()) == []


def test_a_handler_that_calls_waits_for_itself_there() -> None:
    class Station(ChargePoint):
        @on("Heartbeat")
        async def on_heartbeat(self, **kwargs: Any) -> Any:
            with pytest.raises(asyncio.TimeoutError):
                await names_of(OLD[1])["reset"](self)
            return call_result.Heartbeat("2026-01-01T00:00:00Z")

    async def main() -> list[Any]:
        wire = Wire('[2,"1","Heartbeat",{}]', '[3,"x",{"status":"Accepted"}]')
        station = Station("CS1", wire, response_timeout=0.01)
        station._unique_id_generator = lambda: "x"
        await station.route_message(await wire.recv())
        assert len(wire.incoming) == 1  # nobody has read the answer
        return [frame[:2] for frame in wire.sent]

    assert asyncio.run(main()) == [[2, "x"], [3, "1"]]


def test_a_callerror_is_none_there() -> None:
    async def main() -> Any:
        wire = Wire()
        station = ChargePoint("CS1", wire)
        station._unique_id_generator = lambda: "x"
        answer = asyncio.create_task(names_of(OLD[1])["reset"](station))
        await asyncio.sleep(0.05)
        await station.route_message('[4,"x","NotSupported","",{}]')
        return await answer

    assert asyncio.run(main()) is None


def test_links_lead_somewhere() -> None:
    for document in (*DOCS.glob("*.md"), DOCS.parent / "README.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
