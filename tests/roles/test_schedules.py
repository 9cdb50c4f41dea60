"""Whatever happens to a station, the ledger of its CSMS is right in the end: 200 histories by dice."""

from __future__ import annotations

import msgspec
import pytest
from jsonschema import Draft6Validator
from laboratory import Frame
from oracles import published

from ocpp21.testing.virtual_time import run
from roles.reconciling import (
    applied,
    check_energy,
    check_frames,
    check_transactions,
    no_complaints,
    persisted,
)
from roles.schedules import Schedule

SEEDS = range(200)


async def live(schedule: Schedule) -> None:
    lab = schedule.lab
    await schedule.play(40)
    queue = lab.station.queue
    stored, arrived = persisted(schedule.kept.put("message_queue")), await applied(lab.csms_store)
    # I1: whatever was stored has arrived, or was given up after the last attempt (E13.FR.04), and counted.
    assert arrived <= stored
    assert len(stored - arrived) <= queue.given_up + queue.thinned
    if arrived == stored:
        transactions = await check_transactions(lab.csms_store)
        for evse_id in lab.hardware.evses:
            check_energy(transactions, lab.delivered_wh(evse_id), evse_id)
    else:
        assert schedule.attempts < 1000
    assert await lab.station_store.count("transaction") == 0
    await lab.stop()


@pytest.mark.parametrize("seed", SEEDS)
def test_history(seed: int) -> None:
    schedule = Schedule(seed)
    try:
        with no_complaints():
            run(live(schedule))
        check_frames(schedule.lab.frames)
        if seed % 20 == 0:
            check_schemas(schedule.lab.frames)
    except BaseException:
        print(f"seed {seed}", *schedule.log, sep="\n")
        raise


def check_schemas(frames: list[Frame]) -> None:
    """What leaves is valid by an independent validator, too (I13)."""
    actions: dict[str, str] = {}
    for frame in frames:
        kind, message_id, *rest = msgspec.json.decode(frame.data)
        if frame.direction != "out" or kind not in (2, 3, 6):
            continue
        if kind != 3:
            actions[message_id] = rest[0]
        name = actions[message_id] + {2: "Request", 3: "Response", 6: ""}[kind]
        Draft6Validator(published(name)).validate(rest[-1])
    assert len(actions) > 5
