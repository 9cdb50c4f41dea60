"""The CSMS dies at every single commit: before it, and between it and the answer. The station sends again."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from laboratory import IDENTITY, Laboratory, explore

from ocpp21.csms.aggregates import TableStore
from ocpp21.csms.booking import EVENTS, path_of
from ocpp21.database import Entry
from ocpp21.testing.virtual_time import run
from roles.doomed_tables import DoomedTables, WatchedTables
from roles.reconciling import (
    applied,
    check_energy,
    check_frames,
    check_transactions,
    no_complaints,
    settle,
)
from roles.sessions import BUSY, Session, online, with_a_gap


def check_answers(lab: Laboratory, kept: WatchedTables) -> int:
    """Whatever was answered had been durable before.

    Returns:
        How many events were answered.
    """
    durable = {
        (change.path, change.number): at
        for at, made in kept.commits
        for change in made
        if isinstance(change, Entry) and change.table == EVENTS
    }
    asked: dict[str, tuple[str, int]] = {}
    answers = 0
    for frame in lab.frames:
        if frame.side != "CSMS" or frame.verdict != "ok":
            continue
        kind, message_id, *rest = msgspec.json.decode(frame.data)
        if frame.direction == "in" and kind == 2 and rest[0] == "TransactionEvent":
            path = path_of(IDENTITY, rest[1]["transactionInfo"]["transactionId"])
            asked[message_id] = path, rest[1]["seqNo"]
        elif frame.direction == "out" and kind == 3 and message_id in asked:
            assert durable[asked[message_id]] <= frame.at
            answers += 1
    return answers


#: How long the CSMS is dead.
_DOWN_S = 40.0


async def live(session: Session, doom: int | None, *, is_kept: bool, is_half_open: bool) -> int:
    """Have a session whose CSMS dies at a commit, and is back a while later.

    Returns:
        How many commits the first CSMS has made.
    """
    kept = WatchedTables()
    lab = Laboratory(variables=BUSY)
    died_at: list[float] = []

    def die() -> None:
        died_at.append(asyncio.get_running_loop().time())
        if lab.has_connected and not is_half_open:
            lab.ends[1].abort()

    tables = DoomedTables(kept, doom, is_kept=is_kept, die=die)
    lab.replace_csms_store(TableStore(tables))

    async def revive() -> None:
        await tables.doomed.wait()
        await asyncio.sleep(_DOWN_S)
        await lab.restart_csms(TableStore(kept))

    reviving = asyncio.ensure_future(revive())
    await lab.start()
    await session(lab)
    if doom is not None:
        await reviving
    reviving.cancel()
    await settle(lab)
    transactions = await check_transactions(lab.csms_store)
    check_energy(transactions, lab.delivered_wh())
    assert check_answers(lab, kept) >= len(await applied(lab.csms_store))
    assert lab.station.queue.given_up == 0
    check_frames(lab.frames, excused=lambda frame: any(at <= frame.at <= at + _DOWN_S for at in died_at))
    await lab.stop()
    return tables.commits


@pytest.mark.use_case("E13")
@pytest.mark.parametrize("is_half_open", [False, True], ids=["cut", "half_open"])
@pytest.mark.parametrize("is_kept", [False, True], ids=["before_commit", "before_answer"])
@pytest.mark.parametrize("session", [online, with_a_gap], ids=["online", "with_a_gap"])
def test_csms_dies_at_every_commit(session: Session, is_kept: bool, is_half_open: bool) -> None:
    with no_complaints():
        commits = run(live(session, None, is_kept=is_kept, is_half_open=is_half_open))
        assert commits > 15
        for doom in range(_FIRST, commits + 1):
            try:
                run(live(session, doom, is_kept=is_kept, is_half_open=is_half_open))
            except Exception as error:
                raise AssertionError(f"CSMS killed at commit {doom} of {commits}") from error


#: The first two commits store the tokens of the laboratory.
_FIRST = 3


def test_no_answer_leaves_before_the_commit() -> None:
    """The disk takes 2 s for a commit: so long takes every answer."""
    kept = WatchedTables()
    kept.write_s = 2.0

    async def scenario(lab: Laboratory) -> None:
        await online(lab)
        await settle(lab)
        (transaction,) = await check_transactions(lab.csms_store)
        check_energy([transaction], lab.delivered_wh())

    with no_complaints():
        lab = explore(scenario, variables=BUSY, csms_store=TableStore(kept))
    assert check_answers(lab, kept) > 10
