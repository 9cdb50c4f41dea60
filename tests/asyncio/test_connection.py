"""A connection between our client and our server."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from loopback import ANSWERS, joined, settle, until
from raw_peer import ALIVE, AUTHORIZE, AUTHORIZED, CHANGE_AVAILABILITY, HEARTBEAT, STREAM

from ocpp21.errors import (
    CallError,
    CallTimeout,
    ErrorCode,
    LocalProtocolError,
    QueueFull,
    SessionClosed,
)
from ocpp21.events import Event, FrameDropped, ResultRefused
from ocpp21.limits import Limits
from ocpp21.messages import (
    AuthorizeRequest,
    ChangeAvailabilityRequest,
    ChangeAvailabilityResponse,
    ChangeAvailabilityStatusEnumType,
    HeartbeatRequest,
    HeartbeatResponse,
    NotifyPeriodicEventStream,
)

CHANGED = ChangeAvailabilityResponse(status=ChangeAvailabilityStatusEnumType.ACCEPTED)


class Gate:
    """An asynchronous handler that answers when it is told to, and keeps what it was asked."""

    def __init__(self, answer: Any = ALIVE) -> None:
        self.open = asyncio.Event()
        self.asked: list[Any] = []
        self.cancelled = 0
        self._answer = answer

    async def __call__(self, request: Any) -> Any:
        self.asked.append(request)
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self._answer


async def test_each_side_calls_the_other() -> None:
    async with joined() as (station, csms):

        @station.on(ChangeAvailabilityRequest)
        async def change(request: ChangeAvailabilityRequest) -> ChangeAvailabilityResponse:
            return CHANGED

        assert await station.call(HEARTBEAT) == ALIVE
        assert await csms.call(CHANGE_AVAILABILITY) == CHANGED
        assert station.version.subprotocol == csms.version.subprotocol == "ocpp2.1"
        assert station.identity == csms.identity == "CS1"
        assert station.statistics.sent == csms.statistics.received == 2
        assert repr(station) == "<Connection 'CS1' ocpp2.1 open>"
    assert repr(station) == "<Connection 'CS1' ocpp2.1 closed>"


async def test_a_handler_may_call_the_peer() -> None:
    async with joined() as (station, csms):

        @csms.on(HeartbeatRequest)
        async def on_heartbeat(request: HeartbeatRequest) -> HeartbeatResponse:
            assert await csms.call(CHANGE_AVAILABILITY) == CHANGED
            return ALIVE

        @station.on(ChangeAvailabilityRequest)
        async def change(request: ChangeAvailabilityRequest) -> ChangeAvailabilityResponse:
            with pytest.raises(CallTimeout):
                await station.call(AUTHORIZE, timeout_s=0.01)  # behind our own, which waits for this answer
            return CHANGED

        @csms.on(AuthorizeRequest)
        async def never(request: AuthorizeRequest) -> None:
            await asyncio.Event().wait()

        heartbeat = asyncio.create_task(station.call(HEARTBEAT, timeout_s=0.05))
        with pytest.raises(CallTimeout):
            await heartbeat


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(
    "outcome, code, text",
    [
        (CallError(ErrorCode.SECURITY_ERROR, "no", {"a": 1}), "SecurityError", "no"),
        (CallError(ErrorCode.SECURITY_ERROR, "no", {"a": object()}), "InternalError", ""),
        (RuntimeError("secret"), "InternalError", ""),
        (CHANGED, "InternalError", ""),
        (None, "InternalError", ""),
        (HeartbeatResponse(current_time=None), "InternalError", ""),  # type: ignore[arg-type]
    ],
    ids=["CallError", "details that are no JSON", "error", "wrong answer", "no answer", "answer that is not valid"],
)
async def test_a_handler_that_fails_refuses_the_call(outcome: Any, code: str, text: str, is_async: bool) -> None:
    def plain(request: HeartbeatRequest) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def later(request: HeartbeatRequest) -> Any:
        await asyncio.sleep(0)
        return plain(request)

    async with joined(handlers={HeartbeatRequest: later if is_async else plain}) as (station, _):
        with pytest.raises(CallError) as caught:
            await station.call(HEARTBEAT)
        assert (caught.value.code, caught.value.description) == (code, text)
        assert "Traceback" not in str(caught.value.details)


async def test_a_handler_that_gets_itself_cancelled_refuses_the_call() -> None:
    async def cancelled(request: HeartbeatRequest) -> HeartbeatResponse:
        future: asyncio.Future[HeartbeatResponse] = asyncio.get_running_loop().create_future()
        future.cancel()
        return await future

    async with joined(handlers={HeartbeatRequest: cancelled}) as (station, _):
        with pytest.raises(CallError, match="InternalError"):
            await station.call(HEARTBEAT)


async def test_no_handler_is_not_supported() -> None:
    async with joined() as (_, csms):
        with pytest.raises(CallError, match="NotSupported: expected no ChangeAvailability"):
            await csms.call(CHANGE_AVAILABILITY)


async def test_an_answer_can_be_rejected() -> None:
    events: list[Event] = []
    async with joined(on_event=events.append) as (station, _):

        def no_good(response: Any) -> None:
            raise CallError(ErrorCode.FORMAT_VIOLATION, "a tariff that we cannot show")

        with pytest.raises(CallError, match="a tariff"):
            await station.call(HEARTBEAT, accept=no_good)
        await until(lambda: events)
        (event,) = events
        assert isinstance(event, ResultRefused) and event.error.code == "FormatViolation"
        assert event.request == HEARTBEAT
        seen: list[Any] = []
        await station.call(HEARTBEAT, accept=seen.append)
        assert seen == [ALIVE]


async def test_rejecting_after_the_end_only_raises() -> None:
    async with joined() as (station, _):

        def close_and_refuse(response: Any) -> None:
            station.abort("gone")
            raise CallError(ErrorCode.FORMAT_VIOLATION)

        with pytest.raises(CallError):
            await station.call(HEARTBEAT, accept=close_and_refuse)


async def test_what_is_not_valid_is_not_sent() -> None:
    async with joined() as (station, csms):
        with pytest.raises(LocalProtocolError):
            await station.call(CHANGE_AVAILABILITY)  # type: ignore[type-var]
        with pytest.raises(LocalProtocolError):
            station.on(AuthorizeRequest)(ANSWERS[AuthorizeRequest])
        assert csms.statistics.received == 0


async def test_calls_leave_one_after_another() -> None:
    gate = Gate()
    async with joined(handlers={HeartbeatRequest: gate}) as (station, csms):
        calls = [asyncio.create_task(station.call(HEARTBEAT)) for _ in range(5)]
        await until(lambda: gate.asked)
        await settle()
        assert csms.statistics.received == 1
        gate.open.set()
        assert await asyncio.gather(*calls) == [ALIVE] * 5


async def test_too_many_waiting_calls_are_refused_here() -> None:
    gate = Gate()
    limits = Limits(waiting=2)
    async with joined(handlers={HeartbeatRequest: gate}, station_options={"limits": limits}) as (station, _):
        calls = [asyncio.create_task(station.call(HEARTBEAT)) for _ in range(3)]
        await settle()
        with pytest.raises(QueueFull):
            await station.call(HEARTBEAT)
        gate.open.set()
        await asyncio.gather(*calls)


async def test_a_cancelled_call_that_waits_is_withdrawn() -> None:
    gate = Gate()
    async with joined(handlers={**ANSWERS, HeartbeatRequest: gate}) as (station, csms):
        first = asyncio.create_task(station.call(HEARTBEAT))
        waiting = asyncio.create_task(station.call(AUTHORIZE))
        await until(lambda: gate.asked)
        waiting.cancel()
        await asyncio.wait([waiting])
        gate.open.set()
        await first
        assert await station.call(AUTHORIZE) == AUTHORIZED
        assert csms.statistics.received == 2


async def test_a_cancelled_call_that_has_left_keeps_its_place() -> None:
    gate = Gate()
    async with joined(handlers={**ANSWERS, HeartbeatRequest: gate}) as (station, csms):
        first = asyncio.create_task(station.call(HEARTBEAT))
        await until(lambda: gate.asked)
        first.cancel()
        await asyncio.wait([first])
        second = asyncio.create_task(station.call(AUTHORIZE))
        await settle()
        assert csms.statistics.received == 1
        gate.open.set()
        assert await second == AUTHORIZED


async def test_a_cancelled_call_that_fails_is_nobodys() -> None:
    gate = Gate()
    async with joined(handlers={HeartbeatRequest: gate}) as (station, _):
        call = asyncio.create_task(station.call(HEARTBEAT))
        await until(lambda: gate.asked)
        call.cancel()
        await asyncio.wait([call])


async def test_a_call_may_be_cancelled_in_the_moment_in_which_it_fails() -> None:
    gate = Gate()
    async with joined(handlers={HeartbeatRequest: gate}) as (station, _):
        call = asyncio.create_task(station.call(HEARTBEAT))
        await until(lambda: gate.asked)
        station.abort("lost")
        call.cancel()
        await asyncio.wait([call])
        assert call.cancelled()


async def test_a_late_answer_is_dropped() -> None:
    gate, events = Gate(), []
    async with joined(handlers={**ANSWERS, HeartbeatRequest: gate}, station_options={"on_event": events.append}) as (
        station,
        _,
    ):
        with pytest.raises(CallTimeout, match=r"no answer to Heartbeat within 0\.01 s"):
            await station.call(HEARTBEAT, timeout_s=0.01)
        second = asyncio.create_task(station.call(AUTHORIZE))
        gate.open.set()
        assert await second == AUTHORIZED
        assert [event.reason for event in events if isinstance(event, FrameDropped)] == ["late"]


async def test_a_shorter_timeout_is_kept_after_a_longer_one() -> None:
    async with joined(handlers={**ANSWERS, AuthorizeRequest: Gate()}) as (station, _):
        await station.call(HEARTBEAT, timeout_s=20)
        with pytest.raises(CallTimeout):
            await station.call(AUTHORIZE, timeout_s=0.01)


async def test_closing_ends_every_waiter_once() -> None:
    gate = Gate()
    async with joined(handlers={HeartbeatRequest: gate}) as (station, csms):
        calls = [asyncio.create_task(station.call(HEARTBEAT)) for _ in range(3)]
        await until(lambda: gate.asked)
        await station.close(1000, "enough")
        for call in calls:
            with pytest.raises(SessionClosed, match="enough"):
                await call
        with pytest.raises(SessionClosed):
            await station.call(HEARTBEAT)
        with pytest.raises(SessionClosed):
            await station.send(STREAM)
        await csms.wait_closed()
        assert gate.cancelled == 1
        await station.close()


async def test_a_handler_may_close_the_connection() -> None:
    after = []

    async with joined() as (station, csms):

        @csms.on(HeartbeatRequest)
        async def on_heartbeat(request: HeartbeatRequest) -> HeartbeatResponse:
            await csms.close(1000, "from within")
            after.append(True)
            return ALIVE

        with pytest.raises(SessionClosed, match="from within"):
            await station.call(HEARTBEAT)
        await csms.wait_closed()
        assert after == [True]


async def test_a_handler_that_does_not_want_to_end_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    release = asyncio.Event()
    stubborn = asyncio.Event()

    async def on_heartbeat(request: HeartbeatRequest) -> HeartbeatResponse:
        stubborn.set()
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return ALIVE

    async with joined(handlers={HeartbeatRequest: on_heartbeat}) as (station, csms):
        call = asyncio.create_task(station.call(HEARTBEAT))
        await stubborn.wait()
        await station.close()
        await csms.wait_closed()
        assert "handlers do not end identity=CS1 count=1" in caplog.text
        release.set()
        with pytest.raises(SessionClosed):
            await call


async def test_sends_are_handled_or_lost(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    seen: list[NotifyPeriodicEventStream] = []
    async with joined(handlers={NotifyPeriodicEventStream: seen.append}) as (station, _):
        message_id = await station.send(STREAM)
        await until(lambda: seen)
        assert seen == [STREAM] and len(message_id) == 32
    async with joined() as (station, _):
        await station.send(STREAM)
        await until(
            lambda: "send lost identity=CS1 action=NotifyPeriodicEventStream reason='no handler'" in caplog.text
        )


async def test_handlers_of_sends_may_fail_or_be_too_many(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    gate = Gate()

    def fail(message: NotifyPeriodicEventStream) -> None:
        raise RuntimeError("plain")

    async def fail_later(message: NotifyPeriodicEventStream) -> None:
        raise RuntimeError("later")

    async with joined() as (station, csms):
        for handler in (fail, fail_later):
            csms.on(NotifyPeriodicEventStream)(handler)
            await station.send(STREAM)
            await until(lambda text=str(handler): csms.statistics.received and "RuntimeError" in caplog.text)
        await until(lambda: "later" in caplog.text)
        csms.on(NotifyPeriodicEventStream)(gate)
        for _ in range(70):
            await station.send(STREAM)
        await until(lambda: csms.statistics.received == 72)
        await settle()
        assert len(gate.asked) == 64
        assert caplog.text.count("reason='too many at a time'") == 6


async def test_an_event_handler_that_fails_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: Event) -> None:
        raise RuntimeError("no")

    async with joined(on_event=fail) as (station, _):
        with pytest.raises(CallError):
            await station.call(HEARTBEAT, accept=_refuse)
        assert await station.call(HEARTBEAT) == ALIVE
        assert "on_event failed identity=CS1" in caplog.text


def _refuse(response: Any) -> None:
    raise CallError(ErrorCode.GENERIC_ERROR)


async def test_an_answer_to_a_connection_that_has_ended_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with joined() as (station, csms):

        @csms.on(HeartbeatRequest)
        def answer(request: HeartbeatRequest) -> HeartbeatResponse:
            csms.abort("gone")
            return ALIVE

        with pytest.raises(SessionClosed):
            await station.call(HEARTBEAT)
        assert "answer lost identity=CS1 action=Heartbeat" in caplog.text


@pytest.mark.parametrize("has_begun", [True, False])
async def test_the_task_that_serves_may_be_cancelled(has_begun: bool) -> None:
    async with joined() as (station, csms):
        if has_begun:
            await settle()
        runner = station._runner
        assert runner is not None
        runner.cancel()
        await station.wait_closed()
        with pytest.raises(SessionClosed, match="the task that serves it was cancelled"):
            await station.call(HEARTBEAT)
        await csms.wait_closed()


async def test_draining_lets_handlers_answer() -> None:
    gate = Gate()
    async with joined(handlers={HeartbeatRequest: gate}) as (station, csms):
        call = asyncio.create_task(station.call(HEARTBEAT))
        await until(lambda: gate.asked)
        draining = asyncio.create_task(csms.drain(10))
        await settle()
        gate.open.set()
        assert await call == ALIVE
        await draining
        await station.wait_closed()


async def test_a_connection_can_be_asked_whether_it_lives() -> None:
    async with joined() as (station, csms):
        assert await station.is_alive(5) and await csms.is_alive(5)
        await station.close()
        assert not await asyncio.wait_for(station.is_alive(60), 10)  # at once


async def test_what_accompanies_a_connection_ends_with_it(caplog: pytest.LogCaptureFixture) -> None:
    ended = []

    async def company() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def failing() -> None:
        raise RuntimeError("no")

    async with joined() as (station, _):
        station.accompany(company())
        station.accompany(failing())
        await settle()
        assert "handler failed identity=CS1" in caplog.text
        assert await station.call(HEARTBEAT) == ALIVE
    assert ended == [True]
