"""What a refused frame is taken for, by the order of the decision table."""

from __future__ import annotations

import pytest

from ocpp21.decision import Fault, judge
from ocpp21.errors import ErrorCode, RemoteProtocolError
from ocpp21.framing import unpack
from ocpp21.messages import HeartbeatResponse

RPC = ErrorCode.RPC_FRAMEWORK_ERROR


def refused(data: bytes | str) -> RemoteProtocolError:
    with pytest.raises(RemoteProtocolError) as caught:
        unpack(data, response={"a": HeartbeatResponse}.get)
    return caught.value


@pytest.mark.parametrize(
    ("data", "fault", "code", "message_id"),
    [
        (b'[2,"a","Heartbeat",{"x":"\xff"}]', Fault.NOT_UTF8, None, None),
        (b'[6,"a","Heartbeat",{"x":"\xff"}]', Fault.NOT_UTF8, None, None),
        (b"x", Fault.GARBAGE, RPC, "-1"),
        (b"{}", Fault.GARBAGE, RPC, "-1"),
        (b'["2","a"]', Fault.GARBAGE, RPC, "-1"),
        (b'[7,"a"', Fault.GARBAGE, RPC, "-1"),
        (b'[2,"a","Heartbeat",{"x":}]', Fault.GARBAGE, RPC, "-1"),
        (b'[2,"a","Nope",{"x":1]', Fault.GARBAGE, RPC, "-1"),
        ('[2,"a","Heartbeat",{"x":"\ud800"}]', Fault.MESSAGE, None, None),
        (b'[7,"a"]', Fault.MESSAGE, ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, "a"),
        (b'[3,"a",{"x":}]', Fault.MESSAGE, ErrorCode.FORMAT_VIOLATION, "a"),
        (b'[6,"a","Nope",{]', Fault.MESSAGE, ErrorCode.NOT_IMPLEMENTED, "a"),
        (b'[2,"a","Heartbeat",{"x":1,"x":2}]', Fault.MESSAGE, ErrorCode.FORMAT_VIOLATION, "a"),
        # too many elements come before what is wrong in them
        (b'[2,"a","Nope",{},{}]', Fault.MESSAGE, RPC, "a"),
        (b'[2,"a","Heartbeat",{"x":1},{}]', Fault.MESSAGE, RPC, "a"),
        (b'[3,"a",{"x":1},{}]', Fault.MESSAGE, RPC, "a"),
        (b'[2,7,"Heartbeat",{},{}]', Fault.MESSAGE, RPC, "-1"),
        (b'[4,"a","x","",{},{}]', Fault.MESSAGE, RPC, "a"),
        (b'[2,"a","Nope",%s]' % (b"[" * 2000 + b"]" * 2000), Fault.MESSAGE, ErrorCode.NOT_IMPLEMENTED, "a"),
    ],
)
def test_order_of_the_table(data: bytes | str, fault: Fault, code: ErrorCode | None, message_id: str | None) -> None:
    if isinstance(data, str):
        error = RemoteProtocolError("no Unicode", code=RPC, message_type=2)
    else:
        error = refused(data)
    found, judged = judge(error, data, 1 << 20)
    assert found is fault
    if code is not None:
        assert (judged.code, judged.message_id) == (code, message_id)


def test_size_comes_first() -> None:
    data = b'[2,"a","Heartbeat",{"x":"\xff"}]'
    assert judge(refused(data), data, len(data) - 1)[0] is Fault.TOO_BIG
    assert judge(refused(data), memoryview(data), len(data))[0] is Fault.NOT_UTF8


def test_the_arity_fault_says_what_was_due() -> None:
    data = b'[2,"a","Heartbeat",{},{}]'
    _, error = judge(refused(data), bytearray(data), 100)
    assert (error.description, error.message_type) == ("expected 4 elements, found 5", 2)
