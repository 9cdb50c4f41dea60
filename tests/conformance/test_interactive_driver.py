"""The driver that asks a person: who does it, who cannot, who is not there, and who takes too long."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
import threading
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest

from ocpp21.conformance import CsmsRunner, Result, StationRunner, Verdict, load
from ocpp21.conformance.cases.setup_lines import SetVariable
from ocpp21.conformance.configuration import Token
from ocpp21.conformance.drivers import CannotDo
from ocpp21.conformance.drivers.csms import OwnCsms
from ocpp21.conformance.drivers.interactive import InteractiveCsms, InteractiveDriver
from ocpp21.conformance.drivers.person import Person
from ocpp21.conformance.planning.acts import Act, Deed
from ocpp21.testing.virtual_time import run, wall_time
from tests.conformance.scripted import CONFIGURATION, ScriptedStation, case, expect, step

HOW = " [Enter when done, n when it cannot be done] "


class Someone:
    """Answers what they are told to, and remembers what they were asked."""

    def __init__(self, *answers: str) -> None:
        self.asked: list[str] = []
        self._answers = iter(answers)

    def __call__(self, text: str) -> str:
        self.asked.append(text.removesuffix(HOW))
        answer = next(self._answers, None)
        if answer is None:
            raise EOFError
        return answer


def live(work: Any) -> Any:
    return run(work, real_io=True)


def test_what_a_person_is_asked_at_a_station() -> None:
    someone = Someone(*[""] * 4)

    async def ask() -> None:
        driver = InteractiveDriver(Person(someone))
        await driver.start("ws://127.0.0.1:9000")
        await driver.perform(Act(Deed.PLUG_IN, "plug in the cable", 2, 1))
        await driver.perform(Act(Deed.PRESENT, "present the IdToken", token=Token("04AB", "ISO14443")))
        await driver.configure(SetVariable("TxCtrlr", None, "StopTxOnInvalidId", None, "==", ("true",)), "true")
        await driver.stop()

    live(ask())
    assert someone.asked == [
        "let the station connect to ws://127.0.0.1:9000, without EV, transaction or fault",
        "at EVSE 2, connector 1: plug in the cable",
        "at EVSE 1, connector 1: present the IdToken (04AB, ISO14443)",
        "configure the station: TxCtrlr.StopTxOnInvalidId == true, for example true",
    ]


def test_what_a_person_is_asked_at_a_csms() -> None:
    someone = Someone("")

    async def ask() -> str:
        driver = InteractiveCsms("ws://csms", Person(someone), name="second\x1b")
        await driver.trigger("CS001", "ClearCacheRequest", {})
        await driver.stop()
        return await driver.start()

    assert live(ask()) == "ws://csms"
    assert someone.asked == ["second\\x1b: let the CSMS send ClearCacheRequest to CS001: {}"]


@pytest.mark.parametrize(
    ("answers", "told"),
    [(("n",), "the person cannot dance"), (("  No",), "the person cannot dance"), ((), "nobody is there to dance")],
)
def test_who_cannot(answers: tuple[str, ...], told: str) -> None:
    async def ask() -> None:
        with pytest.raises(CannotDo, match=told):
            await Person(Someone(*answers)).do("dance")

    live(ask())


def test_a_broken_terminal_is_nobody() -> None:
    def break_down(text: str) -> str:
        raise UnicodeDecodeError("utf-8", b"", 0, 1, "no")

    async def ask() -> None:
        with pytest.raises(CannotDo, match="nobody is there to dance"):
            await Person(break_down).do("dance")

    live(ask())


def test_one_thing_at_a_time_and_a_late_answer_is_for_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    """The first question is given up while the person thinks; what they say then must not count for the second."""
    asked: list[str] = []
    thinking, think = threading.Event(), threading.Event()

    def ponder(text: str) -> str:
        asked.append(text.removesuffix(HOW))
        thinking.set()
        assert think.wait(20)
        return "n" if len(asked) == 1 else ""

    async def ask() -> list[Any]:
        person = Person(ponder)
        loop = asyncio.get_running_loop()
        first = loop.create_task(person.do("dance"))
        others = [loop.create_task(person.do(text)) for text in ("sing", "jump")]
        assert await asyncio.to_thread(thinking.wait, 20)
        assert asked == ["dance"]
        others[1].cancel()  # before anybody has heard of it
        first.cancel()
        outcomes = [*await asyncio.gather(first, others[1], return_exceptions=True)]
        think.set()
        return [*outcomes, await others[0]]

    outcomes = asyncio.run(ask())
    assert [type(outcome) for outcome in outcomes[:2]] == [asyncio.CancelledError] * 2 and outcomes[2] is None
    assert asked == ["dance", "sing"]
    assert capsys.readouterr().out == "\nthat is no longer needed; if the run goes on, press Enter\n"


def test_a_person_who_never_answers_holds_neither_case_nor_program() -> None:
    """The case ends at its time limit, and so does the loop: asyncio.run would wait for threads of its executor."""
    never = threading.Event()

    def ignore(text: str) -> str:
        never.wait()
        return ""

    async def play() -> Result:
        library = load(case(steps=[step(1, "manual", "plug in the cable")]), "")
        runner = StationRunner(CONFIGURATION, wall_time, library, driver=InteractiveDriver(Person(ignore)))
        return await runner.run(library.cases["TC_X_01_CS"])

    result = live(play())
    never.set()
    assert (result.verdict, result.text) == (
        Verdict.FAIL,
        "case: expected the end of the case within 300 s, found no end",
    )


class Typist:
    """A pseudo-terminal in the place of standard input."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keyboard, terminal = pty.openpty()
        self._stdin = os.fdopen(terminal)
        monkeypatch.setattr(sys, "stdin", self._stdin)

    def type(self, keys: str) -> None:
        os.write(self.keyboard, keys.encode())

    def close(self) -> None:
        if self.keyboard >= 0:
            os.close(self.keyboard)
            self.keyboard = -1
        self._stdin.close()


@pytest.fixture
def typist(monkeypatch: pytest.MonkeyPatch) -> Iterator[Typist]:
    typist = Typist(monkeypatch)
    yield typist
    typist.close()


def test_at_a_terminal(typist: Typist, capsys: pytest.CaptureFixture[str]) -> None:
    async def ask() -> None:
        person = Person()
        typist.type("\nyes\nn\n")
        await person.do("sing")
        await person.do("dance")
        with pytest.raises(CannotDo):
            await person.do("fly")
        typist.type("\x04")  # end of the input
        with pytest.raises(CannotDo, match="nobody is there to sit"):
            await person.do("sit")

    live(ask())
    assert capsys.readouterr().out == "".join(f"{text}{HOW}" for text in ("sing", "dance", "fly", "sit"))


def test_whoever_leaves_something_on_the_keyboard_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader) as stdin, os.fdopen(writer, "wb") as keyboard:
        monkeypatch.setattr(sys, "stdin", stdin)
        keyboard.write(b"x" * 20_000)
        keyboard.flush()

        async def ask() -> None:
            with pytest.raises(CannotDo, match="nobody is there to sing"):
                await Person().do("sing")

        live(ask())


@pytest.mark.parametrize("make", [lambda: None, StringIO], ids=["none", "no descriptor"])
def test_without_standard_input(monkeypatch: pytest.MonkeyPatch, make: Callable[[], Any]) -> None:
    monkeypatch.setattr(sys, "stdin", make())

    async def ask() -> None:
        with pytest.raises(CannotDo, match="nobody is there to sing"):
            await Person().do("sing")

    live(ask())


def test_a_case_with_a_person_at_the_station() -> None:
    """Somebody connects the station and plugs in, when they are told to."""
    steps = [step(1, "manual", "plug in the cable"), step(2, "SUT", "StatusNotificationRequest")]
    occupied = {"timestamp": "2026-01-01T00:00:00Z", "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}

    async def play() -> tuple[Result, list[str]]:
        station = ScriptedStation(plug_in=(("StatusNotificationRequest", occupied),))
        loop = asyncio.get_running_loop()
        asked: list[str] = []

        def do(text: str) -> str:
            asked.append(text.removesuffix(HOW))
            if "connect to" in text:
                url = text.partition("connect to ")[2].partition(",")[0]
                asyncio.run_coroutine_threadsafe(station.start(url), loop).result(20)
            else:
                act = Act(Deed.PLUG_IN, "plug in the cable")
                asyncio.run_coroutine_threadsafe(station.perform(act), loop).result(20)
            return ""

        library = load(
            case(steps=steps, expect=[expect(2, "StatusNotificationRequest", "connectorStatus == Occupied")]), ""
        )
        runner = StationRunner(CONFIGURATION, wall_time, library, driver=InteractiveDriver(Person(do)))
        result = await runner.run(library.cases["TC_X_01_CS"])
        await station.stop()
        return result, asked

    result, asked = live(play())
    assert (result.verdict, result.text) == (Verdict.PASS, "")
    assert [text.partition(" ")[0] for text in asked] == ["let", "at"]


def test_a_person_who_is_not_there_at_a_csms() -> None:
    async def play() -> Result:
        steps = [step(1, "SUT", "ClearCacheRequest"), step(2, "TS", "ClearCacheResponse", {"status": "Accepted"})]
        library = load(case(id="TC_X_01_CSMS", role="CSMS", steps=steps), "")
        csms = OwnCsms(CONFIGURATION, now=wall_time)
        driver = InteractiveCsms(await csms.start(), Person(Someone()))
        result = await CsmsRunner(CONFIGURATION, wall_time, library, driver=driver).run(library.cases["TC_X_01_CSMS"])
        await csms.stop()
        return result

    result = live(play())
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.text == "nobody is there to let the CSMS send ClearCacheRequest to CS001: {}"
