"""Cases shared out over several systems under test: as they become free, in order, and around those that are dead."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from ocpp21.conformance import Case, Result, StationRunner, Verdict, load
from ocpp21.conformance.sharing import Sharing
from ocpp21.testing.virtual_time import run, wall_time
from tests.conformance.scripted import CONFIGURATION, ScriptedStation, case, expect, step

CASES = list(load("\n".join(case(id=f"TC_X_{number:02}_CS") for number in range(1, 7)), "").cases.values())


class System:
    """Plays each case in so many seconds, and cannot begin those of some turns.

    Attributes:
        played: ids of the cases that it was given.
    """

    def __init__(self, seconds: float = 1.0, *, dead: Sequence[int] = (), is_playable: bool = True) -> None:
        self.played: list[str] = []
        self._seconds = seconds
        self._dead = dead
        self._is_playable = is_playable

    async def run(self, one: Case, /) -> Result:
        turn = len(self.played)
        self.played.append(one.id)
        if not self._is_playable:
            return Result(one, Verdict.INCONCLUSIVE, reason="not playable")
        await asyncio.sleep(self._seconds)
        if turn in self._dead:
            return Result(one, Verdict.FAIL, "start", "a connection", "none", was_played=True)
        return Result(one, Verdict.PASS, was_played=True, has_begun=True)


class Told:
    """What a run has told, and its results."""

    def __init__(self, systems: dict[str, System], *, cases: Sequence[Case] = CASES, end_after_s: float = 1e6) -> None:
        self.lines: list[str] = []
        self.notes: list[str] = []
        self.took_s = 0.0
        self.results = run(self._run(systems, cases, end_after_s))

    async def _run(self, systems: dict[str, System], cases: Sequence[Case], end_after_s: float) -> list[Result]:
        end = asyncio.Event()
        loop = asyncio.get_running_loop()
        timer = loop.call_later(end_after_s, end.set)

        def tell(result: Result) -> None:
            self.lines.append(f"{result.case.id[5:7]} {result.system}".strip())

        sharing = Sharing(systems, cases, tell, self.notes.append)
        results = await sharing.run(end)
        self.took_s = loop.time()
        timer.cancel()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return results

    @property
    def order(self) -> list[str]:
        return [result.case.id for result in self.results]


ALL = [one.id for one in CASES]
DEAD = range(100)


def test_who_is_free_takes_the_next_one_and_the_order_stays() -> None:
    told = Told({"slow": System(5.0), "fast": System(1.0)})
    assert told.lines == ["02 fast", "03 fast", "04 fast", "05 fast", "01 slow", "06 fast"]
    assert told.order == ALL and told.took_s == 5.0 and told.notes == []
    assert [result.system for result in told.results] == ["slow"] + ["fast"] * 5


def test_one_alone_has_no_name_and_plays_in_order() -> None:
    told = Told({"": System()})
    assert told.lines == [f"{number:02}" for number in range(1, 7)] and told.took_s == 6.0


def test_no_case_and_fewer_cases_than_systems() -> None:
    assert Told({"a": System(), "b": System()}, cases=[]).results == []
    assert Told({"a": System(), "b": System()}, cases=CASES[:1]).lines == ["01 a"]


def test_what_is_not_played_is_played_nowhere() -> None:
    told = Told({"a": System(is_playable=False), "b": System(is_playable=False)})
    assert {result.system for result in told.results} == {""} and told.notes == []
    assert told.order == ALL


def test_a_dead_one_gets_no_more_cases_and_the_others_play_its_own() -> None:
    dead, alive = System(3.0, dead=DEAD), System(1.0)
    told = Told({"dead": dead, "alive": alive})
    assert told.order == ALL and {result.verdict for result in told.results} == {Verdict.PASS}
    assert {result.system for result in told.results} == {"alive"}
    assert len(dead.played) == 2 and sorted(alive.played) == ALL
    assert told.notes[0] == (
        "dead has not begun TC_X_01_CS, so another one plays it: start: expected a connection, found none"
    )
    assert told.notes[-1] == "dead gets no more cases: it has not begun 2 in a row"


def test_the_last_case_of_a_dead_one_is_played_by_one_that_was_done() -> None:
    """It had nothing more to do, but waits until nothing can come back."""
    told = Told({"dead": System(30.0, dead=DEAD), "alive": System(1.0)}, cases=CASES[:3])
    assert told.lines == ["02 alive", "03 alive", "01 alive"] and told.took_s == 31.0


def test_one_that_has_slept_goes_on() -> None:
    told = Told({"a": System(1.0, dead=[0]), "b": System(1.0)})
    assert {result.verdict for result in told.results} == {Verdict.PASS} and len(told.notes) == 1
    assert {result.system for result in told.results} == {"a", "b"}


def test_a_case_that_none_can_begin_is_played_twice_and_no_more() -> None:
    told = Told({"a": System(1.0, dead=[0]), "b": System(1.5, dead=[1])}, cases=CASES[:2])
    assert told.lines == ["02 b", "01 b"]
    assert [result.verdict for result in told.results] == [Verdict.FAIL, Verdict.PASS]


def test_of_dead_ones_the_last_has_all_the_rest() -> None:
    told = Told({"a": System(1.0, dead=DEAD), "b": System(1.1, dead=DEAD)})
    assert told.order == ALL and {result.verdict for result in told.results} == {Verdict.FAIL}
    assert sum("gets no more cases" in note for note in told.notes) == 1


def test_at_the_end_what_is_being_played_is_given_up() -> None:
    told = Told({"slow": System(100.0), "fast": System(1.0)}, end_after_s=3.5)
    assert told.lines == ["02 fast", "03 fast", "04 fast"] and told.took_s == 3.5
    assert told.order == ["TC_X_02_CS", "TC_X_03_CS", "TC_X_04_CS"]


def test_a_fault_of_the_test_system_ends_all_and_is_raised() -> None:
    class Broken(System):
        async def run(self, one: Case, /) -> Result:
            await asyncio.sleep(0.5)
            raise ZeroDivisionError

    other = System(1.0)
    with pytest.raises(ZeroDivisionError):
        Told({"broken": Broken(), "other": other})
    assert len(other.played) == 1


def test_stations_over_real_sockets_and_one_that_dies_on_the_way() -> None:
    """Two stations, each with its own server; the second one does not come back after its first case."""

    class Dying(ScriptedStation):
        started = 0

        async def start(self, url: str, /) -> None:
            self.started += 1
            if self.started == 1:
                await super().start(url)

    steps = [step(1, "TS", "ClearCacheRequest"), step(2, "SUT", "ClearCacheResponse")]
    expected = [expect(2, "ClearCacheResponse", "status == Accepted")]
    records = [case(id=f"TC_X_{number:02}_CS", steps=steps, expect=expected) for number in range(1, 9)]
    library = load("\n".join(records), "")
    configuration = dataclasses.replace(CONFIGURATION, boot_timeout_s=3.0)
    notes: list[str] = []

    async def live() -> list[Result]:
        answers: Any = {"ClearCacheRequest": {"status": "Accepted"}}
        stations = {"well": ScriptedStation(answers), "dying": Dying(answers)}
        runners = {
            name: StationRunner(configuration, wall_time, library, driver=station) for name, station in stations.items()
        }
        sharing = Sharing(runners, list(library.cases.values()), lambda result: None, notes.append)
        return await sharing.run(asyncio.Event())

    results = run(live(), real_io=True)
    assert [(result.verdict, result.text) for result in results] == [(Verdict.PASS, "")] * 8
    assert [result.case.id for result in results] == list(library.cases)
    assert [result.system for result in results].count("dying") == 1
    assert notes[-1] == "dying gets no more cases: it has not begun 2 in a row"
