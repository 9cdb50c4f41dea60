"""Role and Block, with small roles of our own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from ocpp21.block import Block, Middleware, Proceed, Role
from ocpp21.errors import CallError, ErrorCode, LocalProtocolError, SessionClosed
from ocpp21.handlers import Table
from ocpp21.messages import (
    DataTransferRequest,
    DataTransferResponse,
    DataTransferStatusEnumType,
    HeartbeatRequest,
    HeartbeatResponse,
    NotifyPeriodicEventStream,
)
from ocpp21.wire import Message, Response

ALIVE = HeartbeatResponse(current_time=datetime(2026, 1, 1, tzinfo=UTC))
HELLO = DataTransferRequest(vendor_id="hello")
ACCEPTED = DataTransferResponse(status=DataTransferStatusEnumType.ACCEPTED)
REJECTED = DataTransferResponse(status=DataTransferStatusEnumType.REJECTED)


class Availability(Block["Desk"]):
    def on_heartbeat_request(self, request: HeartbeatRequest) -> HeartbeatResponse:
        return ALIVE


class DataTransfer(Block["Desk"]):
    answer = ACCEPTED

    def __init__(self, role: Desk) -> None:
        super().__init__(role)
        self.log: list[str] = []

    async def on_data_transfer_request(self, request: DataTransferRequest) -> DataTransferResponse:
        return self.answer

    async def start(self) -> None:
        self.log.append("start")

    async def stop(self) -> None:
        self.log.append("stop")

    def attached(self) -> None:
        self.log.append("attached")

    def detached(self) -> None:
        self.log.append("detached")


class OtherDataTransfer(DataTransfer):
    answer = REJECTED


class Desk(Role):
    side = "CSMS"
    remark: str
    availability: Availability
    data_transfer: DataTransfer


class OtherDesk(Desk):
    data_transfer: OtherDataTransfer


class Wire:
    """A link that answers itself."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.options: dict[str, Any] = {}

    async def call(self, request: Any, /, **options: Any) -> Any:
        self.sent.append(request)
        self.options = options
        return ACCEPTED

    async def send(self, message: Any, /) -> str:
        self.sent.append(message)
        return "1"

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Nothing to close."""


async def handle(role: Role, message: Message) -> Response | None:
    """Do what a connection does."""
    answer = role.handlers[type(message)](message)
    return answer if isinstance(answer, Response | None) else await answer


def test_the_annotations_are_the_table_of_contents() -> None:
    desk = Desk()
    assert type(desk.availability) is Availability and desk.data_transfer.role is desk
    assert isinstance(desk.handlers, Table)
    assert desk.handlers.keys() == {HeartbeatRequest, DataTransferRequest}
    assert not hasattr(desk, "remark")


def test_every_handler_answers() -> None:
    desk = Desk()
    assert asyncio.run(handle(desk, HeartbeatRequest())) is ALIVE
    assert asyncio.run(handle(desk, HELLO)) is ACCEPTED


@pytest.mark.parametrize("desk", [Desk(blocks={"data_transfer": OtherDataTransfer}), OtherDesk()])
def test_a_block_can_be_replaced(desk: Desk) -> None:
    assert type(desk.data_transfer) is OtherDataTransfer
    assert asyncio.run(handle(desk, HELLO)) is REJECTED


def test_a_replacement_must_have_the_name_of_a_block() -> None:
    with pytest.raises(LocalProtocolError, match="name of a block of Desk, found 'data_transfers'"):
        Desk(blocks={"data_transfers": OtherDataTransfer})


def test_a_block_must_have_the_name_of_the_standard() -> None:
    class Misnamed(Role):
        side = "CSMS"
        data_transfers: DataTransfer

    with pytest.raises(LocalProtocolError, match=r"functional block, found Misnamed\.data_transfers"):
        Misnamed()


@pytest.mark.parametrize(
    ("method", "complaint"),
    [
        ("on_hartbeat_request", r"on_<message>, found Wrong\.on_hartbeat_request"),
        ("on_heartbeat_request", "in the block availability, found it in data_transfer"),
    ],
)
def test_a_handler_that_is_misspelt_or_misplaced(method: str, complaint: str) -> None:
    wrong = type("Wrong", (Block,), {method: lambda self, request: None})
    with pytest.raises(LocalProtocolError, match=complaint):
        Desk(blocks={"data_transfer": wrong})


def test_a_handler_on_the_wrong_side() -> None:
    class Wrong(Block["Desk"]):
        def on_change_availability_request(self, request: object) -> None:
            """Never called."""

    with pytest.raises(LocalProtocolError, match="expected a request to the CSMS, found ChangeAvailability"):
        Desk(blocks={"availability": Wrong})


def test_a_handler_by_decorator() -> None:
    desk = Desk()

    @desk.on(DataTransferRequest)
    def answer(request: DataTransferRequest) -> DataTransferResponse:
        return REJECTED

    assert asyncio.run(handle(desk, HELLO)) is REJECTED
    with pytest.raises(LocalProtocolError):
        desk.on(HeartbeatResponse)


def test_hooks_run_in_order() -> None:
    async def live(desk: Desk) -> None:
        await desk.start()
        first, second = Wire(), Wire()
        desk.attach(first)
        desk.attach(second)
        desk.detach(first)  # of no effect: it was replaced
        assert desk.is_connected and desk.link is second
        desk.detach(second)
        assert not desk.is_connected
        await desk.stop()

    desk = Desk()
    asyncio.run(live(desk))
    assert desk.data_transfer.log == ["start", "attached", "detached", "attached", "detached", "stop"]
    assert desk.gate(Any) is None  # type: ignore[arg-type]


def test_calls_and_sends_take_the_link() -> None:
    async def talk(desk: Desk) -> None:
        wire = Wire()
        desk.attach(wire)
        assert await desk.call(HELLO, timeout_s=3.0, message_id="m1") is ACCEPTED
        assert wire.options == {"timeout_s": 3.0, "message_id": "m1"}
        stream = NotifyPeriodicEventStream(id=1, pending=0, basetime=ALIVE.current_time, data=[])
        await desk.send(stream)
        assert wire.sent == [HELLO, stream]

    asyncio.run(talk(Desk()))


@pytest.mark.parametrize("verb", ["call", "send"])
def test_without_a_connection(verb: str) -> None:
    with pytest.raises(SessionClosed, match="not connected"):
        asyncio.run(getattr(Desk(), verb)(HELLO))


def recording(name: str, log: list[str]) -> Middleware[Role]:
    async def middleware(role: Role, message: Message, proceed: Proceed) -> Response | None:
        log.append(f"{name} before")
        answer = await proceed(message)
        log.append(f"{name} after")
        return answer

    return middleware


async def refuse(role: Role, message: Message, proceed: Proceed) -> Response | None:
    raise CallError(ErrorCode.SECURITY_ERROR, "not you")


def test_middleware_stands_around_what_comes_in() -> None:
    log: list[str] = []
    desk = Desk(incoming=[recording("a", log), recording("b", log)])
    assert asyncio.run(handle(desk, HeartbeatRequest())) is ALIVE
    assert asyncio.run(handle(desk, HELLO)) is ACCEPTED
    assert log == ["a before", "b before", "b after", "a after"] * 2

    @desk.on(HeartbeatRequest)
    def late(request: HeartbeatRequest) -> HeartbeatResponse:
        log.append("late")
        return ALIVE

    asyncio.run(handle(desk, HeartbeatRequest()))
    assert log[-5:] == ["a before", "b before", "late", "b after", "a after"]


def test_middleware_stands_around_what_goes_out() -> None:
    log: list[str] = []

    async def talk(desk: Desk) -> None:
        desk.attach(Wire())
        await desk.call(HELLO)

    asyncio.run(talk(Desk(outgoing=[recording("a", log)])))
    assert log == ["a before", "a after"]
    with pytest.raises(CallError, match="not you"):
        asyncio.run(talk(Desk(outgoing=[refuse])))
    with pytest.raises(CallError, match="not you"):
        asyncio.run(handle(Desk(incoming=[refuse]), HELLO))


def test_tasks_end_with_the_role(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []

    async def forever(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def fail() -> None:
        raise RuntimeError("on purpose")

    async def live(desk: Desk) -> None:
        desk.accompany(forever("a"))
        desk.accompany(fail())
        await asyncio.sleep(0)

        async def stop_from_within() -> None:
            await desk.stop()
            ended.append("within")

        await desk.accompany(stop_from_within())

    asyncio.run(live(Desk()))
    assert ended == ["a", "within"]
    assert "task of a role failed" in caplog.text and "on purpose" in caplog.text
