"""The clock of a simulated station that runs in real time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from ocpp21.simulator import real_epoch
from ocpp21.simulator.clock import SimulatedClock


def test_a_live_station_knows_the_wall_time() -> None:
    async def main() -> tuple[datetime, datetime, datetime]:
        clock = SimulatedClock(real_epoch(), lambda: None)
        return datetime.now(UTC), clock.now(), datetime.now(UTC)

    before, shown, after = asyncio.run(main())
    slack = timedelta(seconds=0.1)  # between two clocks of the machine
    assert before - slack <= shown <= after + slack
