"""WebSocket frames, byte by byte, against a listening server (A50, A54).

The numbers are those of the cases of the Autobahn test suite that a case stands for. What is an echo there is an answer
here: a Heartbeat is answered with its time, text that is no OCPP-J with an error, and a binary message not at all.
After each case a second station, which was connected all the while, must still be served.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from loopback import bare, open_to_all, settle, station, until
from raw_peer import ALIVE, HEARTBEAT
from websockets.frames import apply_mask

from ocpp21.asyncio import Connection, Server
from ocpp21.limits import Limits

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
RSV1, RSV2, RSV3 = 0x40, 0x20, 0x10

#: Largest message of the server in these tests, in bytes.
MAX_SIZE = 70_000

BEAT = b'[2,"a","Heartbeat",{}]'
SERVED = b'[3,"a",{"currentTime":"2026-01-17T08:00:00Z"}]'
REFUSED = b'[4,"-1","RpcFrameworkError"'

#: What comes last in every case that goes on: its answer says that all before it has been dealt with.
LAST = b'[2,"last","Heartbeat",{}]'

MASK = b"\x37\xfa\x21\x3d"

DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"


def frame(opcode: int, data: bytes = b"", *, fin: bool = True, rsv: int = 0, size: int | None = None) -> bytes:
    """A masked frame; ``size`` is the number of bytes that its length is written with: 1, 3 or 9."""
    size = size or (1 if len(data) < 126 else 3 if len(data) < 1 << 16 else 9)
    marker = {1: len(data), 3: 126, 9: 127}[size]
    written = len(data).to_bytes(8, "big")[9 - size :]
    head = bytes([fin << 7 | rsv | opcode, 0x80 | marker]) + written
    return head + MASK + apply_mask(data, MASK)


def fragments(*parts: bytes, opcode: int = TEXT, rsv: int = 0) -> bytes:
    last = len(parts) - 1
    return b"".join(
        frame(CONTINUATION if n else opcode, part, fin=n == last, rsv=0 if n else rsv) for n, part in enumerate(parts)
    )


def padded(size: int) -> bytes:
    """A Heartbeat of so many bytes."""
    return BEAT + b" " * (size - len(BEAT))


def closing(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big") + reason)


def deflated(data: bytes, *, bits: int = 15) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -bits)
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")


def customized(text: bytes) -> bytes:
    """A Heartbeat that carries a text where any text may stand."""
    return b'[2,"a","Heartbeat",{"customData":{"vendorId":"%s"}}]' % text


class Case(NamedTuple):
    """What is sent, and what must come back.

    Attributes:
        number: of the case in the Autobahn test suite.
        sent: the bytes.
        expected: payloads of pongs, and behind them texts; or the code of a close frame.
        chopped: bytes that are sent at a time; all at once by default.
        headers: further ones of the request.
    """

    number: str
    sent: bytes
    expected: list[bytes] | int
    chopped: int | None = None
    headers: tuple[str, ...] = ()


def cases() -> Iterator[Case]:
    # 1: lengths of messages, and of their lengths
    for size in (22, 125, 126, 127, 128, 65535, 65536):
        yield Case("1.1", frame(TEXT, padded(size)), [SERVED])
        yield Case("1.2", frame(BINARY, padded(size)), [])
    yield Case("1.1.1", frame(TEXT), [])  # an empty text is dropped
    yield Case("1.2.1", frame(BINARY), [])
    yield Case("1.1.8", frame(TEXT, padded(65536)), [SERVED], chopped=997)
    yield Case("1.1 of 2**63 bytes", b"\x81\xff\x80" + bytes(11), 1009)
    yield Case("1.1 of 2**63 - 1 bytes", b"\x81\xff\x7f" + b"\xff" * 7 + bytes(4), 1009)
    # 2: pings and pongs
    yield Case("2.1", frame(PING), [b""])
    yield Case("2.2", frame(PING, b"Hello, world!"), [b"Hello, world!"])
    yield Case("2.3", frame(PING, b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"), [b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"])
    yield Case("2.4", frame(PING, b"\xfe" * 125), [b"\xfe" * 125])
    yield Case("2.5", frame(PING, b"\xfe" * 126), 1002)
    yield Case("2.6", frame(PING, b"\xfe" * 125), [b"\xfe" * 125], chopped=1)
    yield Case("2.7", frame(PONG), [])
    yield Case("2.8", frame(PONG, b"unsolicited"), [])
    yield Case("2.9", frame(PONG, b"unsolicited") + frame(PING, b"x"), [b"x"])
    yield Case("2.10", b"".join(frame(PING, b"%d" % n) for n in range(10)), [b"%d" % n for n in range(10)])
    yield Case("2.11", b"".join(frame(PING, b"%d" % n) for n in range(10)), [b"%d" % n for n in range(10)], chopped=1)
    # 3: reserved bits
    for number, rsv in enumerate((RSV3, RSV2, RSV2 | RSV3, RSV1, RSV1 | RSV3, RSV1 | RSV2, RSV1 | RSV2 | RSV3), 1):
        yield Case(f"3.{number}", frame(TEXT, BEAT, rsv=rsv), 1002)
        yield Case(f"3.{number} on a ping", frame(PING, rsv=rsv), 1002)
    for rsv in (RSV2, RSV3):
        yield Case("3 with deflate", frame(TEXT, deflated(BEAT), rsv=RSV1 | rsv), 1002, headers=(DEFLATE,))
    # 4: reserved opcodes
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        yield Case("4", frame(opcode), 1002)
        yield Case("4", frame(TEXT, BEAT) + frame(opcode, b"x") + frame(PING), 1002)
    # 5: fragments
    yield Case("5.1", fragments(b"a", b"b", opcode=PING), 1002)
    yield Case("5.2", fragments(b"a", b"b", opcode=PONG), 1002)
    yield Case("5.3", fragments(BEAT[:9], BEAT[9:]), [SERVED])
    yield Case("5.5", fragments(BEAT[:9], BEAT[9:]), [SERVED], chopped=1)
    between = frame(TEXT, BEAT[:9], fin=False) + frame(PING, b"x") + frame(CONTINUATION, BEAT[9:])
    yield Case("5.6", between, [b"x", SERVED])
    yield Case("5.8", between, [b"x", SERVED], chopped=1)
    for fin in (True, False):
        yield Case("5.9, 5.12", frame(CONTINUATION, b"nothing to go on", fin=fin) + frame(TEXT, BEAT), 1002)
        yield Case("5.11, 5.14", frame(CONTINUATION, fin=fin) + frame(TEXT, BEAT), 1002, chopped=1)
        yield Case("5.15", fragments(BEAT[:9], BEAT[9:]) + frame(CONTINUATION, b"x", fin=fin), 1002)
    yield Case("5.18", frame(TEXT, BEAT, fin=False) + frame(TEXT, BEAT), 1002)
    yield Case("5.18 binary", frame(TEXT, BEAT, fin=False) + frame(BINARY, BEAT), 1002)
    yield Case(
        "5.19",
        frame(TEXT, BEAT[:5], fin=False)
        + frame(PING, b"1")
        + frame(CONTINUATION, BEAT[5:9], fin=False)
        + frame(PING, b"2")
        + frame(CONTINUATION, BEAT[9:]),
        [b"1", b"2", SERVED],
    )
    # 6: UTF-8
    yield Case("6.1", fragments(b"", b"", b""), [])
    yield Case("6.1", fragments(b"", b"x", b""), [REFUSED])
    yield Case("6.1.3", fragments(b"", BEAT, b""), [SERVED])
    whole = customized("κόσμε-𐀀-\U0010ffff".encode())
    yield Case("6.2.1", frame(TEXT, whole), [SERVED])
    yield Case("6.2.3", fragments(*(bytes([byte]) for byte in whole)), [SERVED])
    for number, text in (
        ("6.3", b"\xce\xba\xed\xa0\x80edited"),
        ("6.4", b"\xf4\x90\x80\x80edited"),
        ("6.6", b"\xce"),
        ("6.8", b"\xf8\x88\x80\x80\x80"),
        ("6.10", b"\xf7\xbf\xbf\xbf"),
        ("6.12", b"\x80"),
        ("6.13", b"\xc0 \xc1 "),
        ("6.14", b"\xf0\x80\x80"),
        ("6.15", b"\xc0\xaf"),
        ("6.17", b"\xe0\x80\xaf"),
        ("6.18", b"\xc0\x80"),
        ("6.20", b"\xed\xb0\x80"),
        ("6.21", b"\xed\xa0\x80\xed\xb0\x80"),
        ("6.23", b"\xff"),
    ):
        yield Case(number, frame(TEXT, customized(text)), 1007)
        yield Case(number, fragments(customized(text)[:42], customized(text)[42:]), 1007)
    # 7: the closing handshake
    yield Case("7.1.1", frame(TEXT, BEAT) + closing(1000), 1000)
    yield Case("7.1.2", closing(1000) + closing(1000), 1000)
    yield Case("7.1.3", closing(1000) + frame(PING), 1000)
    yield Case("7.1.4", closing(1000) + frame(TEXT, BEAT), 1000)
    # The WebSocket library takes a close within a message for a fault; the connection ends all the same.
    yield Case("7.1.5", frame(TEXT, BEAT, fin=False) + closing(1000) + frame(CONTINUATION, b""), 1002)
    yield Case("7.1.6", frame(TEXT, padded(MAX_SIZE)) + closing(1000) + frame(PING), 1000)
    yield Case("7.3.1", frame(CLOSE), 1005)
    yield Case("7.3.2", frame(CLOSE, b"a"), 1002)
    yield Case("7.3.4", closing(1000, b"Hello"), 1000)
    yield Case("7.3.5", closing(1000, b"*" * 123), 1000)
    yield Case("7.3.6", closing(1000, b"*" * 124), 1002)
    yield Case("7.5.1", closing(1000, b"\xce\xba\xed\xa0\x80edited"), 1007)
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
        yield Case("7.7", closing(code), code)
    for code in (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535):
        yield Case("7.9, 7.13", closing(code), 1002)
    # 9 and 10: as much as may be, and more
    yield Case("9.1", frame(TEXT, padded(MAX_SIZE)), [SERVED])
    yield Case("9.1 and one", frame(TEXT, padded(MAX_SIZE + 1)), 1009)
    yield Case("9.2 and one", frame(BINARY, bytes(MAX_SIZE + 1)), 1009)
    full, more = ([padded(size)[at : at + 64] for at in range(0, size, 64)] for size in (MAX_SIZE, MAX_SIZE + 1))
    yield Case("9.3", fragments(*full), [SERVED])
    yield Case("9.3 and one", fragments(*more), 1009)
    yield Case("9.4 and one", fragments(*more, opcode=BINARY), 1009)
    yield Case("9.5", frame(TEXT, padded(MAX_SIZE)), [SERVED], chopped=1024)
    yield Case("9.7", frame(TEXT, BEAT) * 8, [SERVED] * 8)
    yield Case("10.1.1", fragments(*(padded(65536)[at : at + 1300] for at in range(0, 65536, 1300))), [SERVED])
    # 12 and 13: compression
    for offer in ("", "; server_no_context_takeover", "; client_max_window_bits", "; server_max_window_bits=9"):
        small = deflated(padded(60_000), bits=11)
        yield Case("12, 13", frame(TEXT, small, rsv=RSV1), [SERVED], headers=(DEFLATE + offer,))
        yield Case("12, 13", fragments(small[:9], small[9:], rsv=RSV1), [SERVED], headers=(DEFLATE + offer,))
        yield Case("12, 13", frame(TEXT, BEAT), [SERVED], headers=(DEFLATE + offer,))
    for number, sent, code in (
        ("13 compressed ping", frame(PING, deflated(b"x"), rsv=RSV1), 1002),
        ("13 bit on a continuation", frame(TEXT, fin=False, rsv=RSV1) + frame(CONTINUATION, rsv=RSV1), 1002),
        ("13 that is no deflate", frame(TEXT, b"\xff" * 50, rsv=RSV1), 1002),
        ("13 bomb", frame(TEXT, deflated(padded(1 << 24)), rsv=RSV1), 1009),
    ):
        yield Case(number, sent, code, headers=(DEFLATE,))


#: By families, so that each has one server.
FAMILIES = ("1", "2", "3", "4", "5", "6", "7", "9", "10", "12", "13")


Inflate = Callable[[bytes], bytes]


async def next_frame(reader: asyncio.StreamReader, inflate: Inflate) -> tuple[int, bytes]:
    """Read a frame of the server: whole, not masked, and with no bits that were not agreed upon."""
    head, length = await reader.readexactly(2)
    assert head & 0x80 and length < 128
    size = length if length < 126 else int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
    data = await reader.readexactly(size)
    if head & RSV1:
        data = inflate(data + b"\x00\x00\xff\xff")
    return head & 0x0F, data


async def send(writer: asyncio.StreamWriter, data: bytes, chopped: int | None) -> None:
    for at in range(0, len(data), chopped or len(data) or 1):
        writer.write(data[at : at + (chopped or len(data))])
        await asyncio.sleep(0)


async def outcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[bytes] | int:
    """What comes back, pongs first, up to the last answer; or the code of a close frame, which is the last thing."""
    seen: dict[int, list[bytes]] = {PONG: [], TEXT: []}
    inflate = zlib.decompressobj(-15).decompress  # one for the connection: the server keeps its window
    while True:
        opcode, data = await next_frame(reader, inflate)
        if opcode == CLOSE:
            writer.write(frame(CLOSE, data))
            with pytest.raises((asyncio.IncompleteReadError, OSError)):
                await next_frame(reader, inflate)
            return int.from_bytes(data[:2], "big") if data else 1005
        if data.startswith(b'[3,"last"'):
            return seen[PONG] + seen[TEXT]
        seen[opcode].append(data)


async def play(server: Server, case: Case) -> list[bytes] | int:
    await until(lambda: "CS1" not in server.connections)
    async with bare(server, *case.headers) as (reader, writer):
        await send(writer, case.sent + (frame(TEXT, LAST) if isinstance(case.expected, list) else b""), case.chopped)
        return await outcome(reader, writer)


def shortened(seen: list[bytes] | int, expected: list[bytes] | int) -> list[bytes] | int:
    """Errors by their beginning: the rest is told elsewhere."""
    if isinstance(seen, int) or isinstance(expected, int):
        return seen
    return [REFUSED if text.startswith(REFUSED) else text for text in seen]


async def check(server: Server, honest: Connection, case: Case) -> None:
    seen = await play(server, case)
    assert shortened(seen, case.expected) == case.expected, case.number
    assert await honest.call(HEARTBEAT) == ALIVE, case.number
    assert honest.statistics.dropped == honest.statistics.refused == 0


@pytest.mark.attack("A50")
@pytest.mark.parametrize("family", FAMILIES)
async def test_frames(family: str) -> None:
    chosen = [case for case in cases() if case.number.partition(" ")[0].partition(".")[0].strip(",") == family]
    async with open_to_all(limits=Limits(max_size=MAX_SIZE)) as server, station(server, "CS2") as honest:
        for case in chosen:
            await check(server, honest, case)
    assert len(chosen) >= 1


def test_every_case_is_played() -> None:
    families = [case.number.partition(" ")[0].partition(".")[0].strip(",") for case in cases()]
    assert set(families) <= set(FAMILIES) and len(families) > 150


@pytest.mark.attack("A54")
@pytest.mark.parametrize(
    "sent", [b"\x81\x16" + BEAT, b"\x89\x00", b"\x88\x02\x03\xe8", b"\x01\x01["], ids=["text", "ping", "close", "part"]
)
async def test_frames_that_are_not_masked(sent: bytes) -> None:
    async with open_to_all() as server, station(server, "CS2") as honest:
        await check(server, honest, Case("unmasked", sent, 1002))


@pytest.mark.attack("A54")
async def test_a_flood_of_pings() -> None:
    """Ten thousand are answered, while the peer reads; nobody else waits for that."""
    async with open_to_all() as server, station(server, "CS2") as honest:
        async with bare(server) as (reader, writer):
            for batch in range(100):
                writer.write(b"".join(frame(PING, b"%d" % (100 * batch + n)) for n in range(100)))
                assert await honest.call(HEARTBEAT) == ALIVE
            writer.write(frame(TEXT, LAST))
            assert await outcome(reader, writer) == [b"%d" % n for n in range(10_000)]


@pytest.mark.attack("A54")
async def test_a_flood_of_pings_from_a_peer_that_does_not_read() -> None:
    """Pongs that nobody reads fill no memory: the peer is cut off."""
    async with open_to_all() as server, station(server, "CS2") as honest:
        async with bare(server, has_small_buffers=True) as (reader, writer):
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            flooder = server.connections["CS1"]
            pings = b"".join(frame(PING, bytes(125)) for _ in range(1000))
            most = 0
            while not flooder.is_closed:
                if writer.transport.get_write_buffer_size() < 1 << 20:
                    writer.write(pings)
                await settle()
                most = max(most, flooder._transport.buffered)
                assert await honest.call(HEARTBEAT) == ALIVE
            print(f"{most} bytes waited")
            assert most < 8 * flooder._session.limits.max_size


@pytest.mark.attack("A54")
async def test_data_after_a_close_is_nobodys() -> None:
    """Neither answered nor counted, and the end comes although there is always more."""
    async with open_to_all() as server, station(server, "CS2") as honest:
        async with bare(server) as (reader, writer):
            flooder = server.connections["CS1"]
            writer.write(closing(1000) + frame(TEXT, BEAT) * 1000)
            assert await outcome(reader, writer) == 1000
            await flooder.wait_closed()
            assert flooder.statistics.received == 0
        assert await honest.call(HEARTBEAT) == ALIVE
