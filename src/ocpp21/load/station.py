"""One Charging Station of a run: it comes, boots, plays its script at set times, and comes back when it is dropped.

It says something when it is due. A station that must wait, since its last call is not answered yet or its connection
is gone, falls behind its times and catches up as fast as it can; what it says counts from when it was due. That is what
keeps the latency honest: a CSMS that halts cannot make the load go away.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any, Final

from ocpp21.asyncio import Connection, connect
from ocpp21.asyncio.backoff import BackOff
from ocpp21.asyncio.unreachable import why_unreachable
from ocpp21.errors import CallError, CallTimeout, OcppError, RemoteProtocolError, SessionClosed
from ocpp21.events import Event, FrameDropped, FrameRefused, ResultRefused
from ocpp21.load.crew import Member
from ocpp21.load.faults import Fault
from ocpp21.load.plan import Plan
from ocpp21.load.scenarios import Reconnect, Script, Step
from ocpp21.load.tally import Tally
from ocpp21.messages import (
    BootNotificationRequest,
    BootNotificationResponse,
    BootReasonEnumType,
    ChargingStationType,
    RegistrationStatusEnumType,
)
from ocpp21.messages.registry import ACTION_OF
from ocpp21.wire import Request, Response, Send

__all__ = ["CONNECT", "LoadStation", "now", "open_connection"]

#: The time, in seconds. Event loops have a clock of their own, but that of uvloop knows whole milliseconds only.
now: Final = time.monotonic

#: What connecting is called where actions are counted.
CONNECT: Final = "Connect"

#: Longest wait for the next BootNotification, in seconds, whatever the CSMS says: the run is short.
_MAX_RETRY_S: Final = 60.0

_WAIT_MINIMUM_S: Final = 1.0
_RANDOM_RANGE_S: Final = 1.0
_REPEAT_TIMES: Final = 4


async def open_connection(
    member: Member, plan: Plan, /, *, on_event: Callable[[Event], object] | None = None
) -> Connection:
    """Connect a station as a plan has it.

    Raises:
        OcppError: the CSMS does not let it in.
        OSError: it cannot be reached.
    """
    return await connect(
        plan.url,
        member.identity,
        password=member.security.password,
        ssl=member.context,
        on_event=on_event,
        compression=plan.compression,
        stack=plan.stack,
        open_timeout_s=plan.open_timeout_s,
    )


class LoadStation:
    """One Charging Station of a run.

    Args:
        member: who it is.
        plan: of the run.
        script: what it does.
        dice: its own.
        tally: where everything is counted.
    """

    def __init__(self, member: Member, plan: Plan, script: Script, dice: random.Random, tally: Tally, /) -> None:
        self._member: Final = member
        self._plan: Final = plan
        self._script: Final = script
        self._dice: Final = dice
        self._tally: Final = tally
        self._loop: Final = asyncio.get_running_loop()
        self._connection: Connection | None = None
        self._parting: Connection | None = None  # that we have closed ourselves
        self._watcher: asyncio.Task[None] | None = None
        self._is_ending = False
        self._due_at: float | None = None  # when the step in hand was due; None before there is one
        self._asking: tuple[str, float] | None = None  # the action that an answer is awaited to, and when it was due

    async def live(self, come_at: float, /) -> None:
        """Come at a time of that clock, and go on until the run ends; then leave."""
        try:
            await asyncio.sleep(come_at - now())
            await self._come(come_at)
            await self._play()
        finally:
            await self._leave()

    def end(self) -> bool:
        """Begin nothing any more; says whether an answer is still awaited."""
        self._is_ending = True
        return self._asking is not None

    def settle(self, ended_at: float, /) -> None:
        """Count what the run has left behind: a call without answer, and what was due and had to wait.

        Args:
            ended_at: when the run was over, by that clock.
        """
        interval_s, due_at = self._plan.interval_s, self._due_at
        if self._asking is not None:
            action, asked_at = self._asking
            self._tally.unanswered(action, "no answer before the end", due_at=asked_at)
            if asked_at == due_at:
                due_at += interval_s
        while interval_s and due_at is not None and due_at < ended_at:
            self._tally.owed.record(ended_at - due_at)
            due_at += interval_s

    # The script

    async def _play(self) -> None:
        interval_s, step = self._plan.interval_s, next(self._script)
        due_at = now() + self._dice.random() * interval_s
        while not self._is_ending:
            self._due_at = due_at
            is_free = (wait_s := due_at - now()) >= 0
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            if is_free:
                self._tally.lateness.record(now() - due_at)
            answer = await self._do(step, due_at)
            step = self._script.send(answer)
            due_at = due_at + interval_s if interval_s else now()
        self._due_at = due_at

    async def _do(self, step: Step, due_at: float) -> Response | None:
        if isinstance(step, Reconnect):
            await self._leave()
            await self._come(due_at)
            return None
        if self._connection is None or self._connection.is_closed:
            await self._leave()
            await asyncio.sleep(self._back_off().next_wait_s())
            await self._come(now())
        if isinstance(step, Send):
            await self._send(step)
            return None
        return await self._ask(step, due_at)

    async def _send(self, message: Send) -> None:
        assert self._connection is not None
        action = ACTION_OF[type(message)].name
        try:
            await self._connection.send(message)
        except SessionClosed:
            return  # the drop is counted where it is noticed
        self._tally.sent(action)
        await asyncio.sleep(0)  # nothing else lets the others have their turn

    async def _ask(self, request: Request[Any], due_at: float) -> Response | None:
        """Ask, and count what comes of it."""
        assert self._connection is not None
        action, left_at = ACTION_OF[type(request)].name, now()
        self._asking = action, due_at
        self._tally.sent(action)
        try:
            answer: Response = await self._connection.call(request, timeout_s=self._plan.answer_timeout_s)
        except CallError as error:
            self._tally.note(Fault.REFUSED, f"{action}: {error}")
        except CallTimeout:
            self._tally.unanswered(action, f"no answer within {self._plan.answer_timeout_s:g} s", due_at=due_at)
        except RemoteProtocolError as error:
            self._tally.note(Fault.INVALID, f"{action}: {error}")
        except SessionClosed:
            self._tally.unanswered(action, "the connection ended", due_at=due_at)
        else:
            self._tally.answered(action, due_at=due_at, left_at=left_at)
            if (status := _dissent(answer)) is not None:
                self._tally.note(Fault.REFUSED, f"{action}: answered {status}")
            self._asking = None
            return answer
        self._asking = None
        return None

    # Connecting

    async def _come(self, due_at: float) -> None:
        """Connect and boot, however many attempts it takes."""
        back_off = self._back_off()
        while not self._is_ending:
            if await self._connect(due_at) and await self._boot():
                return
            await self._leave()
            await asyncio.sleep(back_off.next_wait_s())
            due_at = now()

    async def _connect(self, due_at: float) -> bool:
        left_at = now()
        self._tally.sent(CONNECT)
        try:
            connection = await open_connection(self._member, self._plan, on_event=self._note_event)
        except (OSError, OcppError) as error:
            self._tally.note(Fault.UNREACHABLE, why_unreachable(error, timeout_s=self._plan.open_timeout_s))
            return False
        self._tally.answered(CONNECT, due_at=due_at, left_at=left_at)
        self._connection = connection
        self._watcher = self._loop.create_task(self._watch(connection))
        return True

    async def _boot(self) -> bool:
        """Boot until it is accepted (B01 to B03); False when the connection is lost meanwhile."""
        assert self._connection is not None
        while not self._connection.is_closed and not self._is_ending:
            answer = await self._ask(_BOOT, now())
            if isinstance(answer, BootNotificationResponse):
                if answer.status is RegistrationStatusEnumType.ACCEPTED:
                    return True
                await asyncio.sleep(min(answer.interval or _MAX_RETRY_S, _MAX_RETRY_S))
            else:
                await asyncio.sleep(self._back_off().next_wait_s())
        return False

    async def _watch(self, connection: Connection) -> None:
        """Count a connection for as long as it lasts, and its end when it is none of ours."""
        self._tally.came()
        try:
            await connection.wait_closed()
            if self._parting is not connection:
                self._tally.note(Fault.DROPPED, connection.reason)
        finally:
            self._tally.went()

    async def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and self._watcher is not None:
            if not connection.is_closed:
                self._parting = connection
            try:
                await connection.close()
            finally:
                connection.abort("the run is over")  # of no effect, unless closing was cut short
            await self._watcher

    def _note_event(self, event: Event) -> None:
        """Count what came and was no answer to us."""
        match event:
            case FrameDropped(reason):
                self._tally.note(Fault.UNCALLED, f"{reason} answer" if event.message_id else reason)
            case FrameRefused(error):
                self._tally.note(Fault.INVALID, str(error))
            case ResultRefused():
                self._tally.note(Fault.REFUSED, f"an answer of ours: {event.error}")

    def _back_off(self) -> BackOff:
        return BackOff(
            wait_minimum_s=_WAIT_MINIMUM_S,
            random_range_s=_RANDOM_RANGE_S,
            repeat_times=_REPEAT_TIMES,
            uniform=self._dice.uniform,
        )


def _dissent(answer: Response) -> str | None:
    """The status of an answer, or of its IdToken, when it is none of consent."""
    status = getattr(answer, "status", None)
    if status is None and (info := getattr(answer, "id_token_info", None)) is not None:
        status = info.status
    return None if status is None or status == "Accepted" else str(status)


_BOOT: Final = BootNotificationRequest(
    reason=BootReasonEnumType.POWER_UP,
    charging_station=ChargingStationType(model="ocpp21 load", vendor_name="ocpp21"),
)
