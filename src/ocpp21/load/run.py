"""A run: the stations come, do what their scripts say, and are called back; what they met is in the report."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from ocpp21.errors import LocalProtocolError
from ocpp21.load.crew import Member
from ocpp21.load.plan import Plan
from ocpp21.load.report import Report, summarize
from ocpp21.load.scenarios import cast, script
from ocpp21.load.station import LoadStation, now, open_connection
from ocpp21.load.tally import Tally
from ocpp21.open_files import allow_files

__all__ = ["Load", "allow_sockets"]

#: Files that are open besides the sockets.
_OTHER_FILES: Final = 64


class Load:
    """A run, within one event loop.

    Args:
        plan: what it is to be.
        members: who the stations are, as many as the plan has.

    Raises:
        LocalProtocolError: there are too few of them.

    Attributes:
        plan: what it is to be.
        tally: what is counted; None before the run has begun.
    """

    def __init__(self, plan: Plan, members: Sequence[Member], /) -> None:
        if len(members) < plan.stations:
            raise LocalProtocolError(f"expected {plan.stations} stations, found {len(members)}")
        self.plan: Final = plan
        self._members: Final = members[: plan.stations]
        self._scenarios: Final = cast(plan.mix, plan.stations, random.Random(plan.seed))
        self._over: Final = asyncio.Event()
        self._at_once: Final = asyncio.Event()
        self.tally: Tally | None = None
        self._began: datetime | None = None
        self._cpu_s = 0.0

    async def probe(self) -> None:
        """Connect the first station once and close again: what is wrong for all shows there.

        Raises:
            OcppError: the CSMS does not let it in.
            OSError: it cannot be reached.
        """
        connection = await open_connection(self._members[0], self.plan)
        await connection.close()

    def stop(self) -> None:
        """End the run before its time; a second call ends what is still under way, too."""
        if self._over.is_set():
            self._at_once.set()
        self._over.set()

    def report(self) -> Report | None:
        """What has been found so far; None before the run has begun."""
        if self.tally is None or self._began is None:
            return None
        return summarize(self.plan, self.tally, self._began, cpu_s=time.process_time() - self._cpu_s)

    async def run(self) -> Report:
        """Carry the plan out, once.

        Cancelling it ends the run at once; :meth:`report` is good then, too.
        """
        loop = asyncio.get_running_loop()
        self._began, self._cpu_s = datetime.now(UTC), time.process_time()
        self.tally = tally = Tally(now)
        began_at = now()
        stations = [self._station(number, tally) for number in range(len(self._members))]
        pause_s = self.plan.ramp_s / len(stations)
        tasks = [loop.create_task(station.live(began_at + number * pause_s)) for number, station in enumerate(stations)]
        for task in tasks:
            task.add_done_callback(self._look_at)
        try:
            await _wait(self._over, self.plan.duration_s)
            ended_at = now()
            tally.end()
            for station, task in zip(stations, tasks, strict=True):
                if not station.end():
                    task.cancel()
            left = asyncio.gather(*tasks, return_exceptions=True)
            left.add_done_callback(lambda _: self._at_once.set())
            await _wait(self._at_once, self.plan.grace_s)
        finally:
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        for station in stations:
            station.settle(ended_at)
        report = self.report()
        assert report is not None
        return report

    def _look_at(self, task: asyncio.Task[None]) -> None:
        """End the run when a station has failed by a fault of ours: whatever a CSMS does, none does."""
        if not task.cancelled() and task.exception() is not None:
            self.stop()

    def _station(self, number: int, tally: Tally) -> LoadStation:
        dice = random.Random(f"{self.plan.seed} {number}")
        play = script(self._scenarios[number], dice, token=self.plan.token)
        return LoadStation(self._members[number], self.plan, play, dice, tally)


async def _wait(event: asyncio.Event, timeout_s: float | None) -> None:
    """Wait for an event, but no longer than so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()


def allow_sockets(stations: int, /) -> None:
    """Have so many sockets allowed to this process, as far as the system lets us.

    Raises:
        LocalProtocolError: it does not.
    """
    allowed = allow_files(stations + _OTHER_FILES)
    if allowed < stations + _OTHER_FILES:
        raise LocalProtocolError(
            f"expected at most {allowed - _OTHER_FILES} stations, since {allowed} files may be open: raise the hard "
            "limit (`ulimit -Hn`), or run it twice"
        )
