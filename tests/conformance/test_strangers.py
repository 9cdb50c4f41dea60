"""A station and a CSMS of a few lines on the ``ocpp`` package of PyPI: the kit runs to the end and finds their gaps."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from websockets.asyncio.client import connect as websocket_connect
from websockets.asyncio.server import Server
from websockets.asyncio.server import serve as websocket_serve

from ocpp21.conformance import CsmsRunner, Result, StationRunner, Verdict, select
from ocpp21.testing.virtual_time import run, wall_time
from tests.conformance.scripted import CONFIGURATION, ScriptedStation

routing = pytest.importorskip("ocpp.routing")
v21 = pytest.importorskip("ocpp.v21")
from ocpp.v21 import call, call_result  # noqa: E402

NOW = "2026-01-01T00:00:00Z"


class StrangeStation(v21.ChargePoint):  # type: ignore[misc]
    """Knows how to boot, and one request."""

    @routing.on("ClearCache")
    def on_clear_cache(self, **_: Any) -> Any:
        return call_result.ClearCache(status="Accepted")

    async def boot(self) -> None:
        await self.call(call.BootNotification(charging_station={"model": "M", "vendor_name": "V"}, reason="PowerUp"))


class StrangeCsms(v21.ChargePoint):  # type: ignore[misc]
    """Knows how to answer a few requests."""

    @routing.on("BootNotification")
    def on_boot_notification(self, **_: Any) -> Any:
        return call_result.BootNotification(current_time=NOW, interval=300, status="Accepted")

    @routing.on("StatusNotification")
    def on_status_notification(self, **_: Any) -> Any:
        return call_result.StatusNotification()

    @routing.on("Authorize")
    def on_authorize(self, **_: Any) -> Any:
        return call_result.Authorize(id_token_info={"status": "Accepted"})

    @routing.on("TransactionEvent")
    def on_transaction_event(self, **_: Any) -> Any:
        return call_result.TransactionEvent()


class StrangeStationDriver(ScriptedStation):
    async def start(self, url: str, /) -> None:
        self.task = asyncio.get_running_loop().create_task(self.live(url))

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])

    async def live(self, url: str) -> None:
        async with websocket_connect(
            f"{url}/CS001", subprotocols=["ocpp2.1"], ping_interval=None, proxy=None
        ) as socket:
            station = StrangeStation("CS001", socket)
            async with asyncio.TaskGroup() as group:
                group.create_task(station.start())
                group.create_task(station.boot())


class StrangeCsmsDriver:
    server: Server

    async def start(self) -> str:
        async def welcome(socket: Any) -> None:
            with contextlib.suppress(Exception):
                await StrangeCsms("CS001", socket).start()

        self.server = await websocket_serve(welcome, "127.0.0.1", 0, subprotocols=["ocpp2.1"], ping_interval=None)
        return f"ws://127.0.0.1:{next(iter(self.server.sockets)).getsockname()[1]}"

    async def trigger(self, identity: str, message: str, payload: dict[str, Any], /) -> None:
        """It never asks anything."""

    async def stop(self) -> None:
        self.server.close()
        await self.server.wait_closed()


def verdicts(results: list[Result]) -> dict[str, Verdict]:
    return {result.case.id: result.verdict for result in results}


@pytest.mark.filterwarnings("ignore")
def test_a_station_on_another_library() -> None:
    async def live() -> list[Result]:
        runner = StationRunner(CONFIGURATION, wall_time, driver=StrangeStationDriver())
        return [await runner.run(one) for one in select(["TC_B_06", "TC_F_06", "TC_G_01", "TC_P_03"], role="CS")]

    found = verdicts(run(live(), real_io=True))
    assert found["TC_B_06_CS"] is Verdict.FAIL
    assert found["TC_F_06_CS"] is Verdict.FAIL
    assert found["TC_G_01_CS"] is Verdict.INCONCLUSIVE  # nobody plugs in


@pytest.mark.filterwarnings("ignore")
def test_a_csms_on_another_library() -> None:
    async def live() -> list[Result]:
        runner = CsmsRunner(CONFIGURATION, wall_time, driver=StrangeCsmsDriver())
        return [await runner.run(one) for one in select(["TC_B_01", "TC_C_02", "TC_E_01", "TC_F_06"], role="CSMS")]

    found = verdicts(run(live(), real_io=True))
    assert found["TC_B_01_CSMS"] is Verdict.PASS
    assert found["TC_C_02_CSMS"] is Verdict.FAIL  # every token is accepted
    assert found["TC_E_01_CSMS"] is Verdict.FAIL  # tokens in TransactionEvents are not answered
    assert found["TC_F_06_CSMS"] is Verdict.FAIL  # it never asks
