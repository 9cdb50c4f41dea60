"""Cases shared out over several systems under test: whichever is free takes the next one.

A system that does not even begin two cases in a row is taken for dead and gets no more of them, so that it does not
turn red what others would pass; what it could not begin, another one plays. The last one that is left gets all the
rest, dead or not, since a report says of every case what came of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from ocpp21.conformance.cases.case import Case
from ocpp21.conformance.verdict import Result

__all__ = ["Plays", "Sharing"]

#: So many cases that a system does not begin, one after the other, are taken for its end.
_STRIKES: Final = 2


class Plays(Protocol):
    """Plays cases at one system under test."""

    async def run(self, case: Case, /) -> Result:
        """Play a case; whatever happens, it ends in a verdict."""
        ...


@dataclass(slots=True)
class Sharing:
    """A run over systems under test.

    Attributes:
        runners: at the systems, by their names.
        cases: in the order of the reports.
        on_result: called with each result as it comes.
        on_note: called with what else there is to tell.
    """

    runners: Mapping[str, Plays]
    cases: Sequence[Case]
    on_result: Callable[[Result], object]
    on_note: Callable[[str], object]
    _waiting: list[int] = field(init=False)  # cases, by their numbers
    _playing: int = field(default=0, init=False)
    _at_work: int = field(default=0, init=False)  # systems that have not been given up
    _not_begun_by: dict[int, str] = field(default_factory=dict, init=False)
    _results: dict[int, Result] = field(default_factory=dict, init=False)
    _moved: asyncio.Condition = field(default_factory=asyncio.Condition, init=False)

    def __post_init__(self) -> None:
        self._waiting = list(range(len(self.cases)))
        self._at_work = len(self.runners)

    async def run(self, end: asyncio.Event, /) -> list[Result]:
        """Run until all cases have been played, or until the end; returns results in the order of the cases.

        What is being played at the end is given up, and has no result.
        """
        loop = asyncio.get_running_loop()
        workers = [loop.create_task(self._work(name, runner)) for name, runner in self.runners.items()]
        ending = loop.create_task(end.wait())
        pending: set[asyncio.Task[None]] = set(workers)
        try:
            while pending and not ending.done():
                done, _ = await asyncio.wait([*pending, ending], return_when=asyncio.FIRST_COMPLETED)
                pending.difference_update(done)
                if any(task.exception() for task in done):
                    break
        finally:
            for task in (*workers, ending):
                task.cancel()
            outcomes = await asyncio.gather(*workers, return_exceptions=True)
            await asyncio.wait([ending])
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        return [self._results[number] for number in sorted(self._results)]

    async def _work(self, name: str, runner: Plays) -> None:
        strikes = 0
        while strikes < _STRIKES and (number := await self._take(name)) is not None:
            result = await runner.run(self.cases[number])
            is_in_vain = result.was_played and not result.has_begun
            if result.was_played:
                strikes = strikes + 1 if is_in_vain else 0
            async with self._moved:
                self._playing -= 1
                if is_in_vain and self._at_work > 1 and number not in self._not_begun_by:
                    self._put_back(number, name, result)
                else:
                    result.system = name if result.was_played and len(self.runners) > 1 else ""
                    self._results[number] = result
                    self.on_result(result)
                if strikes == _STRIKES and self._at_work > 1:
                    self._at_work -= 1
                    self.on_note(f"{name} gets no more cases: it has not begun {strikes} in a row")
                elif strikes == _STRIKES:
                    strikes = 0  # the last one
                self._moved.notify_all()

    async def _take(self, name: str) -> int | None:
        """Take the next case; None when there is none, and none will come back."""

        def may_take() -> list[int]:
            return [number for number in self._waiting if self._at_work == 1 or self._not_begun_by.get(number) != name]

        async with self._moved:
            await self._moved.wait_for(lambda: may_take() or not (self._waiting or self._playing))
            if not self._waiting:
                return None
            number = may_take()[0]
            self._waiting.remove(number)
            self._playing += 1
            return number

    def _put_back(self, number: int, name: str, result: Result) -> None:
        self._not_begun_by[number] = name
        self._waiting.insert(0, number)
        self.on_note(f"{name} has not begun {result.case.id}, so another one plays it: {result.text}")
