"""Virtual time: jumps to timers, order, executors, deadlocks."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from ocpp21.testing.virtual_time import EPOCH, Deadlock, VirtualTimeLoop, run, wall_time

WEEK_S = 7 * 24 * 3600


def test_a_week_of_timers_runs_in_a_moment() -> None:
    async def week() -> int:
        beats = 0
        while asyncio.get_running_loop().time() < WEEK_S:
            await asyncio.sleep(60)
            beats += 1
        return beats

    began = time.monotonic()
    assert run(week()) == WEEK_S // 60
    assert time.monotonic() - began < 10


def test_the_wall_time_follows() -> None:
    async def hour() -> tuple[datetime, datetime]:
        first = wall_time()
        await asyncio.sleep(3600.5)
        return first, wall_time()

    epoch = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert run(hour(), epoch=epoch) == (epoch, epoch + timedelta(seconds=3600.5))
    assert run(hour())[0] == EPOCH


def test_an_epoch_is_aware() -> None:
    with pytest.raises(ValueError, match="expected an aware epoch, found 2026-01-01T00:00:00"):
        VirtualTimeLoop(epoch=datetime(2026, 1, 1))


def test_wall_time_is_known_in_virtual_time_only() -> None:
    async def ask() -> None:
        wall_time()

    with pytest.raises(RuntimeError, match="expected a VirtualTimeLoop"):
        asyncio.run(ask())


def test_a_timer_runs_at_its_exact_time() -> None:
    async def main(start: float) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(start)
        seen: list[tuple[float, float]] = []
        begun = loop.time()

        def ring(when: float) -> None:
            seen.append((when, loop.time()))

        for step in range(50):
            loop.call_at(begun + step * 1e-7, ring, begun + step * 1e-7)
        await asyncio.sleep(1)
        assert len(seen) == 50
        assert all(when == now for when, now in seen)

    for start in (0.0, 0.1, 3e7, 1e10):
        run(main(start))


def test_the_order_of_timers_is_by_time_then_by_age() -> None:
    seed = 20261
    print("seed", seed)

    def once() -> list[tuple[float, int]]:
        dice = random.Random(seed)
        seen: list[tuple[float, int]] = []

        async def main() -> None:
            loop = asyncio.get_running_loop()
            handles = []
            for number in range(2000):
                delay = dice.randrange(20)
                handles.append(loop.call_later(delay, seen.append, (delay, number)))
            for handle in handles:
                if dice.random() < 0.3:
                    handle.cancel()
            await asyncio.sleep(30)

        run(main())
        return seen

    first = once()
    assert first == sorted(first)
    assert 1000 < len(first) < 2000
    assert once() == first


def test_tasks_that_sleep_to_the_same_moment_wake_in_order() -> None:
    async def main() -> list[int]:
        woken: list[int] = []

        async def sleeper(number: int) -> None:
            await asyncio.sleep(10)
            woken.append(number)

        await asyncio.gather(*(sleeper(number) for number in range(100)))
        return woken

    assert run(main()) == list(range(100))


def test_timeouts_are_virtual() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert run(main()) == 3600


def test_work_in_an_executor_takes_no_virtual_time() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        seen: list[str] = []
        loop.call_later(5, seen.append, "timer")
        release = threading.Event()
        loop.call_later(0, release.set)
        assert await asyncio.to_thread(release.wait, 60)
        assert loop.time() == 0
        assert seen == []
        await asyncio.sleep(5)
        assert seen == ["timer"]

    run(main())


def test_work_in_an_executor_is_waited_for_when_nothing_else_is_due() -> None:
    async def main() -> str:
        return await asyncio.to_thread(str, 17)

    assert run(main()) == "17"


def test_the_loop_does_not_jump_while_an_executor_is_slow() -> None:
    async def main() -> float:
        done = asyncio.create_task(asyncio.to_thread(threading.Event().wait, 0.02))
        await asyncio.wait([done, asyncio.create_task(asyncio.sleep(1))], return_when=asyncio.FIRST_COMPLETED)
        assert done.done()
        return asyncio.get_running_loop().time()

    assert run(main()) == 0


def test_a_failure_in_an_executor_is_passed_on() -> None:
    async def main() -> None:
        with pytest.raises(ValueError):
            await asyncio.to_thread(int, "x")
        await asyncio.sleep(1)

    run(main())


def test_a_deadlock_is_an_error_that_names_who_waits() -> None:
    cleaned: list[str] = []

    async def stuck() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.set_name("stuck station")
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append("up")

    with pytest.raises(Deadlock, match=r"expected a timer or work in an executor, found neither.*: stuck station"):
        run(stuck())
    assert cleaned == ["up"]


def test_a_deadlock_without_tasks_says_so() -> None:
    loop = VirtualTimeLoop()
    try:
        with pytest.raises(Deadlock, match="no task"):
            loop.run_forever()
    finally:
        loop.close()


def test_a_closed_loop_takes_no_timers() -> None:
    loop = VirtualTimeLoop()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_later(1, print)


def test_sockets_carry_what_is_said_in_virtual_time() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            await asyncio.sleep(100)
            writer.write(line)
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for number in range(3):
            writer.write(b"%d\n" % number)
            assert await reader.readline() == b"%d\n" % number
        assert asyncio.get_running_loop().time() == 300
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    run(main(), real_io=True)


def test_with_real_io_another_thread_may_wake_the_loop() -> None:
    async def main() -> str:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str] = loop.create_future()
        threading.Thread(target=loop.call_soon_threadsafe, args=(future.set_result, "woken")).start()
        return await future

    assert run(main(), real_io=True) == "woken"


def test_with_real_io_a_jump_waits_for_a_moment_of_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocpp21.testing.virtual_time._SILENCE_S", 60)

    async def main() -> float:
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        timer = threading.Timer(0.02, loop.call_soon_threadsafe, (woken.set_result, None))
        timer.start()
        async with asyncio.timeout(1):
            await woken
        return loop.time()

    assert run(main(), real_io=True) == 0


def test_with_real_io_no_jump_overtakes_what_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocpp21.testing.virtual_time._SILENCE_S", 0)

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            await asyncio.sleep(1)
            writer.write(data)
        writer.close()
        await writer.wait_closed()
        gone.set()

    gone = asyncio.Event()

    async def main() -> float:
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for _ in range(200):
            writer.write(b"x")
            async with asyncio.timeout(1.5):
                assert await reader.read(100) == b"x"
        writer.close()
        await writer.wait_closed()
        await gone.wait()
        server.close()
        await server.wait_closed()
        return loop.time()

    assert run(main(), real_io=True) == 200


def test_debug_mode_changes_nothing() -> None:
    async def main() -> float:
        await asyncio.sleep(WEEK_S)
        return asyncio.get_running_loop().time()

    with asyncio.Runner(debug=True, loop_factory=VirtualTimeLoop) as runner:
        assert runner.run(main()) == WEEK_S
