"""The driver that asks a service of the maker: against services that do as they are told, and others."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import pytest

from ocpp21.conformance import CsmsRunner, Result, StationRunner, Verdict, load, select
from ocpp21.conformance.configuration import Token
from ocpp21.conformance.drivers import CannotDo
from ocpp21.conformance.drivers.csms import OwnCsms
from ocpp21.conformance.drivers.http import HttpCsms, HttpDriver
from ocpp21.conformance.drivers.posting import MAX_ANSWER, Service
from ocpp21.conformance.drivers.simulator import SimulatorDriver
from ocpp21.conformance.planning.acts import Act, Deed
from ocpp21.testing.virtual_time import EPOCH, run, wall_time
from tests.conformance.maker import Rudeness, acting_through, listening, polite, saying
from tests.conformance.own import system
from tests.conformance.scripted import CONFIGURATION, ScriptedStation, case, expect, step

ASK = [step(1, "TS", "ClearCacheRequest"), step(2, "SUT", "ClearCacheResponse")]
CASE = case(steps=ASK, expect=[expect(2, "ClearCacheResponse", "status == Accepted")])


def live(work: Coroutine[Any, Any, Any]) -> Any:
    return run(work, real_io=True)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


# A service that does as it is told


def test_our_station_behind_a_service() -> None:
    configuration = system("CS").configuration
    seen: list[dict[str, Any]] = []

    async def play() -> list[Result]:
        simulator = SimulatorDriver(configuration, epoch=EPOCH)
        async with listening(polite(acting_through(simulator, seen))) as url:
            driver = HttpDriver(url, identity=configuration.identity)
            runner = StationRunner(configuration, wall_time, driver=driver)
            return [await runner.run(one) for one in select(["TC_E_03", "TC_B_21", "TC_G_05"], role="CS")]

    results = live(play())
    assert [(result.verdict, result.text) for result in results] == [(Verdict.PASS, "")] * len(results)
    assert len(results) >= 2
    deeds = Counter(body["deed"] for body in seen)
    assert deeds["start"] == deeds["stop"] == len(results)
    assert {body["identity"] for body in seen} == {configuration.identity}
    (plugged,) = [body for body in seen if body["deed"] == "plug_in"][:1]
    assert (plugged["evse_id"], plugged["connector_id"], plugged["token"]) == (1, 1, None)
    (presented,) = [body for body in seen if body["deed"] == "present"][:1]
    assert presented["token"] == {"id": configuration.valid.id, "type": configuration.valid.type}


def test_our_csms_behind_a_service() -> None:
    configuration = system("CSMS").configuration
    seen: list[dict[str, Any]] = []
    port = free_port()

    async def play() -> list[Result]:
        csms = OwnCsms(configuration, now=wall_time, port=port)
        async with listening(polite(acting_through(csms, seen))) as url:
            driver = HttpCsms(url, csms=f"ws://127.0.0.1:{port}", identity=configuration.identity)
            runner = CsmsRunner(configuration, wall_time, driver=driver)
            async with runner.reached():
                pass
            return [await runner.run(one) for one in select(["TC_B_01", "TC_B_06", "TC_F_06"], role="CSMS")]

    results = live(play())
    assert [(result.verdict, result.text) for result in results] == [(Verdict.PASS, "")] * len(results)
    (triggered,) = [body for body in seen if body["deed"] == "trigger"][:1]
    assert triggered["identity"] == configuration.identity and triggered["message"].endswith("Request")
    assert [body["deed"] for body in seen[:2]] == ["start", "stop"]


# Others


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"}")  # all of it: else the connection would be reset
    writer.close()
    await writer.wait_closed()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:  # never silent for long: a time-out of each read would not end it
        writer.write(b".")
        await asyncio.sleep(5.0)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 500 Full\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


RUDE: list[tuple[Rudeness, str]] = [
    (
        saying(b"HTTP/1.1 501 No\r\nContent-Length: 9\r\n\r\nno\x1b[1m so\n"),
        "501 No: no\\x1b[1m so",
    ),
    (saying(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"), "302 Found"),
    (saying(b"garbage\r\n\r\n", b"and more"), "no answer in 20 s"),
    (hang_up, "expected an answer of HTTP, found b''"),
    (hang, "no answer in 20 s"),
    (drip, "no answer in 20 s"),
    (flood, f"500 Full: {'x' * 200}"),
]


@pytest.mark.parametrize(("behaviour", "told"), RUDE)
def test_a_rude_service_cannot_do_it(behaviour: Rudeness, told: str) -> None:
    async def ask() -> tuple[str, float, str]:
        async with listening(behaviour) as url:
            began_at = asyncio.get_running_loop().time()
            with pytest.raises(CannotDo) as caught:
                await HttpDriver(url, timeout_s=20.0).perform(Act(Deed.PLUG_IN, "plug in the cable"))
            return str(caught.value), asyncio.get_running_loop().time() - began_at, url

    text, took_s, url = live(ask())
    assert text == f"driver at {url}: plug_in: {told}"
    assert took_s <= 20.0


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\ncontent-length:0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_a_service_that_keeps_the_connection_is_not_waited_for(answer: bytes) -> None:
    async def ask() -> float:
        async with listening(saying(answer)) as url:
            began_at = asyncio.get_running_loop().time()
            await HttpDriver(url).stop()
            return asyncio.get_running_loop().time() - began_at

    assert live(ask()) < 1.0


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    async def ask() -> Any:
        async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 500 No\r\n\r\nbecause")
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        async with listening(say) as url:
            return await Service(url, timeout_s=10.0).post({})

    answer = live(ask())
    assert (answer.status, answer.phrase, answer.text) == (500, "No", "because")


def test_no_more_is_read_than_fits() -> None:
    async def ask() -> Any:
        async with listening(flood) as url:
            return await Service(url, timeout_s=10.0).post({})

    assert 0 < len(live(ask()).text) < MAX_ANSWER


def test_a_service_that_is_not_there() -> None:
    async def ask() -> None:
        driver = HttpDriver(f"http://127.0.0.1:{free_port()}", timeout_s=5.0)
        with pytest.raises(CannotDo, match=r"driver at http://127\.0\.0\.1:\d+/: stop: .*[Cc]onnect"):
            await driver.stop()
        with pytest.raises(CannotDo, match=r"driver at http://127\.0\.0\.1:\d+/: .*[Cc]onnect"):
            await driver.reach()

    live(ask())


@pytest.mark.parametrize(
    "url", ["", "ftp://127.0.0.1", "http:///driver", "127.0.0.1:80", "http://a\nb", "http://[::1", "http://a:99999"]
)
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="expected the URL of a driver such as"):
        HttpDriver(url)


def test_a_login_is_sent_and_not_told() -> None:
    async def ask() -> tuple[bytes, str]:
        heads: list[bytes] = []

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()

        async with listening(listen) as url:
            with pytest.raises(CannotDo) as caught:
                await HttpDriver(url.replace("//", "//ann:s%20t@")).stop()
            return heads[0], str(caught.value)

    head, told = live(ask())
    assert b"\r\nAuthorization: Basic YW5uOnMgdA==\r\n" in head and head.startswith(b"POST /driver HTTP/1.1\r\n")
    assert "ann" not in told and "s%20t" not in told


# What becomes of the case


@pytest.mark.parametrize(
    ("deed", "verdict", "text"),
    [
        ("start", Verdict.INCONCLUSIVE, ": start: 503 Told: not today"),
        ("stop", Verdict.PASS, ""),  # the wire has said what there was to say
        ("", Verdict.PASS, ""),
    ],
)
def test_a_deed_that_is_refused_and_the_case(deed: str, verdict: Verdict, text: str) -> None:
    async def play() -> Result:
        station = ScriptedStation({"ClearCacheRequest": {"status": "Accepted"}})
        told = acting_through(station, [])

        async def answer(body: dict[str, Any]) -> tuple[int, str]:
            done = await told(body)
            return (503, "not today") if body["deed"] == deed else done

        library = load(CASE, "")
        async with listening(polite(answer)) as url:
            runner = StationRunner(CONFIGURATION, wall_time, library, driver=HttpDriver(url))
            result = await runner.run(library.cases["TC_X_01_CS"])
            await station.stop()
            return result

    result = live(play())
    assert result.verdict is verdict and result.text.endswith(text)
    assert result.has_begun is (deed != "start")
    if deed == "stop":
        assert any(entry.text.endswith("stop: 503 Told: not today") for entry in result.log)


def test_a_service_that_hangs_holds_no_case_longer_than_it_may_last() -> None:
    async def play() -> tuple[Result, float]:
        library = load(CASE, "")
        loop = asyncio.get_running_loop()
        async with listening(hang) as url:
            runner = StationRunner(CONFIGURATION, wall_time, library, driver=HttpDriver(url, timeout_s=30.0))
            began_at = loop.time()
            result = await runner.run(library.cases["TC_X_01_CS"])
            return result, loop.time() - began_at

    result, took_s = live(play())
    assert result.verdict is Verdict.INCONCLUSIVE and result.text.endswith("start: no answer in 30 s")
    assert took_s <= 31.0


def test_a_token_is_told_by_id_and_type() -> None:
    async def ask() -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = []
        station = ScriptedStation(present=())
        async with listening(polite(acting_through(station, seen))) as url:
            await HttpDriver(url, identity="CS7").perform(Act(Deed.PRESENT, "present", 2, 1, Token("AB", "Central")))
        return seen

    (body,) = live(ask())
    assert body == {
        "deed": "present",
        "identity": "CS7",
        "text": "present",
        "evse_id": 2,
        "connector_id": 1,
        "token": {"id": "AB", "type": "Central"},
        "seconds": 0.0,
    }


BROKEN_CHUNK = b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n0\r\n\r\n"


@pytest.mark.parametrize("answer", [BROKEN_CHUNK, b"HTTP/9 x\r\n\r\n", b"garbage"])
def test_an_answer_that_is_broken_within(answer: bytes) -> None:
    async def ask() -> None:
        async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"}")
            writer.write(answer)
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        async with listening(say) as url:
            with pytest.raises(CannotDo, match="stop: "):
                await HttpDriver(url).stop()

    live(ask())
