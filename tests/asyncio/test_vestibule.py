"""Before TLS and before HTTP: peers that come in masses and finish nothing, and what comes in one breath."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from loopback import BRIEF, is_served, open_to_all, raw_station, until
from raw_peer import ALIVE, HEARTBEAT

from ocpp21.asyncio import Bounds, Connection, Server, connect
from ocpp21.asyncio.security import CsmsSecurityProfile, SecurityProfile
from ocpp21.testing.pki import Pki

#: Where floods come from; all of 127.0.0.0/8 is this machine.
ATTACKER = ("127.0.0.2", 0)

REQUEST = "\r\n".join(
    [
        "GET /ocpp/CS1 HTTP/1.1",
        *("Host: h", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
        *("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: ocpp2.1", "", ""),
    ]
).encode()

#: The first bytes of a ClientHello that would be longer.
HALF_A_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder: Path = tmp_path_factory.mktemp("pki")
    return Pki(folder)


@pytest.fixture
def no_refill(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time give arrivals back, so that their number is exact."""
    monkeypatch.setattr("ocpp21.asyncio.vestibule._ARRIVALS_PER_S", 1e-9)


def listening(pki: Pki, *, secured: bool, **bounds: Any) -> Server:
    context = CsmsSecurityProfile.tls_basic([pki.server("localhost").files]).server_context() if secured else None
    return open_to_all(ssl=context, bounds=Bounds(**bounds))


@asynccontextmanager
async def honest(server: Server, pki: Pki, *, secured: bool, identity: str = "CS1") -> AsyncIterator[Connection]:
    context = SecurityProfile.tls_basic(identity, "x" * 16, trust=pki.trust).client_context() if secured else None
    where = f"{'wss' if secured else 'ws'}://localhost:{server.ports[0]}/ocpp"
    async with connect(where, identity, ssl=context, patience=BRIEF) as connection:
        yield connection


class Flood:
    """Connections from one source that begin and do not go on."""

    def __init__(self, server: Server, sent: bytes) -> None:
        self._port = server.ports[0]
        self._sent = sent
        self.ends: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def swell(self, count: int) -> None:
        for _ in range(count):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=ATTACKER)
            writer.write(self._sent)
            self.ends.append((reader, writer))

    @property
    def cut_off(self) -> int:
        return sum(reader.at_eof() or reader.exception() is not None for reader, _ in self.ends)

    async def ebb(self) -> None:
        for _, writer in self.ends:
            writer.transport.abort()
        for _, writer in self.ends:
            with suppress(OSError):
                await writer.wait_closed()


@pytest.mark.attack("A07")
@pytest.mark.parametrize(
    ("secured", "sent"),
    [(True, b""), (True, HALF_A_HELLO), (False, b""), (False, REQUEST[:-10])],
    ids=["silent for TLS", "half a hello", "silent for HTTP", "half a request"],
)
async def test_a_flood_from_one_source_is_cut_off_and_the_others_are_served(
    pki: Pki, secured: bool, sent: bytes, no_refill: None, caplog: pytest.LogCaptureFixture
) -> None:
    server = listening(pki, secured=secured, arrivals_per_source=20, connections=1000)
    async with server, honest(server, pki, secured=secured) as station:
        flood = Flood(server, sent)
        for _ in range(10):
            await flood.swell(20)
            assert await station.call(HEARTBEAT) == ALIVE
        await until(lambda: flood.cut_off == 180)
        assert len(server._handshakes) == 20
        assert caplog.text.count("connections cut off reason='too many at a time' source=127.0.0.2") == 1
        async with honest(server, pki, secured=secured, identity="CS2") as newcomer:
            assert await newcomer.call(HEARTBEAT) == ALIVE
        await flood.ebb()
        await until(lambda: not server._handshakes)


@pytest.mark.attack("A07")
async def test_what_is_given_back_lets_a_source_in_again() -> None:
    """A hundred connections a second are let in from one source, for as long as it likes."""
    async with open_to_all(bounds=Bounds(arrivals_per_source=1)) as server:
        loop = asyncio.get_running_loop()
        begin, let_in = loop.time(), 0
        while let_in < 10:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.ports[0], local_addr=ATTACKER)
            with suppress(OSError):
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                let_in += bool(await reader.read())
            writer.close()
        assert loop.time() - begin >= 0.09


@pytest.mark.attack("A07")
async def test_there_may_be_no_bound_on_arrivals() -> None:
    async with open_to_all(bounds=Bounds(arrivals_per_source=None)) as server:
        for _ in range(30):
            async with raw_station(server, "/ocpp/CS1") as socket:
                assert await is_served(socket)


@pytest.mark.attack("A07")
async def test_handshakes_of_tls_count_as_connections(pki: Pki, caplog: pytest.LogCaptureFixture) -> None:
    """First there is a response that says so, then none, and not even TLS."""
    server = listening(pki, secured=True, connections=2, per_source=None)
    async with server, honest(server, pki, secured=True):
        flood = Flood(server, HALF_A_HELLO)
        await flood.swell(1)
        with pytest.raises(OSError, match="503"):
            async with honest(server, pki, secured=True, identity="CS2"):
                raise AssertionError
        await flood.swell(40)
        await until(lambda: flood.cut_off >= 20)
        assert len(server._handshakes) <= 18
        assert caplog.text.count("connections cut off reason='too many connections' source=127.0.0.2") == 1
        await flood.ebb()
        await until(lambda: not server._handshakes)


@pytest.mark.attack("A55")
async def test_a_slow_handshake_of_tls_is_cut_off(pki: Pki, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ocpp21.asyncio")
    async with listening(pki, secured=True, handshake_timeout_s=0.05) as server:
        flood = Flood(server, HALF_A_HELLO)
        await flood.swell(3)
        await until(lambda: flood.cut_off == 3)
        await until(lambda: not server._handshakes)
        assert caplog.text.count("TLS handshake not finished source=127.0.0.2") == 3
        await flood.ebb()


@pytest.mark.parametrize("is_aborted", [False, True])
async def test_who_goes_away_during_tls_leaves_nothing(pki: Pki, is_aborted: bool) -> None:
    async with listening(pki, secured=True) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.ports[0])
        writer.write(HALF_A_HELLO)
        await until(lambda: server._handshakes)
        if is_aborted:
            writer.transport.abort()
        else:
            writer.close()
        await until(lambda: not server._handshakes)


async def test_who_does_not_finish_tls_does_not_hold_up_the_end(pki: Pki) -> None:
    server = await listening(pki, secured=True)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.ports[0])
    writer.write(HALF_A_HELLO)
    await until(lambda: server._handshakes)
    async with asyncio.timeout(5):
        await asyncio.gather(server.drain(0.01), server.drain(0.01))
    with suppress(OSError):
        assert await reader.read() == b""
    assert not server._handshakes
    writer.close()


@pytest.mark.parametrize("is_half_closed", [False, True])
async def test_a_request_in_one_breath_with_the_end_of_tls(pki: Pki, is_half_closed: bool) -> None:
    """Whatever comes before the socket takes over is not lost; but who has said goodbye by then is let go."""
    async with listening(pki, secured=True) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.ports[0])
        context = SecurityProfile.tls_basic("CS1", "x" * 16, trust=pki.trust).client_context()
        assert context is not None
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        secured = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        while True:
            try:
                secured.do_handshake()
            except ssl.SSLWantReadError:
                writer.write(outgoing.read())
                incoming.write(await reader.read(1 << 16))
            else:
                break
        secured.write(REQUEST)
        if is_half_closed:
            with suppress(ssl.SSLWantReadError):
                secured.unwrap()
        writer.write(outgoing.read())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            data = await reader.read(1 << 16)
            if not data:
                break
            incoming.write(data)
            with suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                answer += secured.read(1 << 16)
        assert answer.startswith(b"HTTP/1.1 101") != is_half_closed
        writer.transport.abort()
        await until(lambda: not server.connections and not server._handshakes)
