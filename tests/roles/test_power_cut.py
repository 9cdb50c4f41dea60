"""The station loses everything but its store, at every single commit of a charging session."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from laboratory import Laboratory, explore

from ocpp21.station.store import TableStore
from ocpp21.testing.virtual_time import run
from roles.doomed_tables import DoomedTables, WatchedTables
from roles.reconciling import (
    RESOLUTION_WH,
    applied,
    check_energy,
    check_frames,
    check_transactions,
    no_complaints,
    persisted,
    settle,
)
from roles.sessions import BUSY, Session, online, with_a_gap

#: The Ended event carries no register.
SAMPLED = {"sampled_data_ctrlr.tx_ended_measurands": ()}

#: Most energy between two samples: the wallbox gives 11.04 kW.
LEFT_OUT_WH = Decimal("11040") * 30 / 3600 + RESOLUTION_WH


async def live(session: Session, dooms: tuple[int, ...], *, is_kept: bool, is_exact: bool = True) -> list[int]:
    """Have a session whose station dies at the given commit of its first life, its second life, and so on.

    Args:
        session: what the driver does, in the first life.
        dooms: numbers of the commits.
        is_kept: the commit itself still happens.
        is_exact: the events of the beginning and the end carry the register; otherwise samples alone do.

    Returns:
        How many commits each life had.
    """
    kept = WatchedTables()
    lives: list[int] = []
    lab = Laboratory(variables=BUSY if is_exact else BUSY | SAMPLED)
    plans = [*dooms, None]

    async def begin() -> None:
        if not lives:
            await lab.start()
            await session(lab)
        else:
            await lab.restore_power()
            if lab.hardware.evses[1].ev is not None:
                await lab.unplug()
            elif lab.hardware.evses[1].connectors[1].cable is not None:
                lab.hardware.unplug(1, 1)
        await settle(lab)

    for plan in plans:
        tables = DoomedTables(kept, plan, is_kept=is_kept, die=lab.cut_power)
        lab.station_store = TableStore(tables)
        living = asyncio.ensure_future(begin())
        dying = asyncio.ensure_future(tables.doomed.wait())
        await asyncio.wait([living, dying], return_when=asyncio.FIRST_COMPLETED)
        lives.append(tables.commits)
        if not tables.doomed.is_set():
            dying.cancel()
            await living
            break
        living.cancel()
        await asyncio.wait([living])
        await asyncio.sleep(60)
    transactions = await check_transactions(lab.csms_store)
    assert len(transactions) <= 1
    assert await applied(lab.csms_store) == persisted(kept.put("message_queue"))
    if is_exact:
        # Nothing flows without power, and the register outlives it: what the Ended event of the next life reads is all.
        check_energy(transactions, lab.delivered_wh())
    else:
        # TxEndedMeasurands is empty, so what has flowed since the last sample is known to nobody but the meter (J02).
        billed = sum((each.energy_wh or Decimal(0) for each in transactions), Decimal(0))
        assert 0 <= lab.delivered_wh() - billed <= LEFT_OUT_WH
    if not dooms:
        assert len(transactions) == 1 and lab.delivered_wh() > Decimal(900)
    assert lab.hardware.evses[1].connectors[1].cable is None and not lab.hardware.evses[1].contactor.is_closed
    assert await lab.station_store.count("transaction") == await lab.station_store.count("message_queue") == 0
    check_frames(lab.frames)
    await lab.stop()
    return lives


@pytest.mark.use_case("E12")
@pytest.mark.parametrize("is_exact", [True, False], ids=["exact", "sampled"])
@pytest.mark.parametrize("is_kept", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("session", [online, with_a_gap], ids=["online", "with_a_gap"])
def test_power_is_cut_at_every_commit(session: Session, is_kept: bool, is_exact: bool) -> None:
    with no_complaints():
        (commits,) = run(live(session, (), is_kept=is_kept, is_exact=is_exact))
        assert commits > 30
        for doom in range(1, commits + 1):
            try:
                assert len(run(live(session, (doom,), is_kept=is_kept, is_exact=is_exact))) == 2
            except Exception as error:
                raise AssertionError(f"power cut at commit {doom} of {commits}") from error


@pytest.mark.use_case("E12")
@pytest.mark.parametrize("is_kept", [False, True], ids=["before", "after"])
def test_power_is_cut_again_at_every_commit_of_the_recovery(is_kept: bool) -> None:
    with no_complaints():
        (commits,) = run(live(with_a_gap, (), is_kept=is_kept))
        for doom in range(commits // 2, commits, 3):
            _, recovery = run(live(with_a_gap, (doom,), is_kept=is_kept))
            assert recovery > 2
            for again in range(1, recovery + 1):
                try:
                    assert len(run(live(with_a_gap, (doom, again), is_kept=is_kept))) == 3
                except Exception as error:
                    raise AssertionError(f"power cut at commit {doom} and then at {again} of {recovery}") from error


def test_only_the_program_ends() -> None:
    """The contactor stays where it is: energy flows until the next start, and is part of the transaction."""

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(300)
        await lab.pair.cut()
        await lab.station.stop()
        before = lab.delivered_wh()
        await lab.quiet(60)
        assert lab.delivered_wh() - before > 150
        await lab.boot()
        assert not lab.hardware.evses[1].contactor.is_closed
        await lab.unplug()
        await settle(lab)
        (transaction,) = await check_transactions(lab.csms_store)
        check_energy([transaction], lab.delivered_wh())

    with no_complaints():
        explore(scenario, variables=BUSY)
