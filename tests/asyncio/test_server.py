"""The CSMS's side over real sockets: who is let in, and what becomes of the connection."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from loopback import (
    BRIEF,
    HANG_S,
    PASSWORD,
    Passwords,
    is_served,
    nothing,
    open_to_all,
    raw_station,
    run,
    settle,
    station,
    until,
    url,
)
from raw_peer import ALIVE, CHANGE_AVAILABILITY, HEARTBEAT
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from ocpp21.asyncio import Bounds, Candidate, Connection, HandshakeFailed, Refusal, Server, connect, serve
from ocpp21.errors import SessionClosed
from ocpp21.messages import HeartbeatRequest, HeartbeatResponse
from ocpp21.versions import OCPP21, OCPP201


def guarded(*identities: str, **options: Any) -> Server:
    """A server that asks for passwords."""
    passwords = Passwords(*identities or ("CS1", "CS2"))
    return open_to_all(allow_unauthenticated=False, **{"authenticator": passwords, **options})


async def status(server: Server, target: str = "/ocpp/CS1", **options: Any) -> int:
    """Status of the response to a handshake."""
    try:
        async with raw_station(server, target, **options):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


async def say(server: Server, *lines: str) -> bytes:
    """Send the lines of a request; returns the head of the response, or what there is of it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.ports[0])
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


UPGRADE = [
    "Host: h",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]


# Passwords


@pytest.mark.attack("A01", "A02", "A03")
async def test_passwords() -> None:
    async with guarded() as server:
        assert await status(server) == 401  # A01
        assert await status(server, user="CS1", password="wrong") == 401  # A02
        assert await status(server, user="CS2") == 401  # A03
        assert await status(server, "/ocpp/CS2", user="CS1") == 401
        assert dict(server.connections) == {}
        async with connect(url(server), "CS1", password=PASSWORD) as connection:
            assert await connection.call(HEARTBEAT) == ALIVE
        with pytest.raises(HandshakeFailed) as caught:
            await connect(url(server), "CS1", password="wrong")
        assert caught.value.status == 401


@pytest.mark.attack("A08")
async def test_identities_are_told_or_not() -> None:
    passwords = Passwords("CS1")
    async with guarded(authenticator=passwords, knows=passwords.knows) as server:
        assert [await status(server, f"/ocpp/{name}") for name in ("CS1", "CS9", "CS%2F1")] == [401, 404, 404]
    async with guarded(authenticator=passwords, knows=passwords.knows, uniform_401=True) as server:
        assert [await status(server, f"/ocpp/{name}") for name in ("CS1", "CS9", "CS%2F1")] == [401] * 3


@pytest.mark.attack("A05")
async def test_guesses_do_not_lock_the_station_out() -> None:
    """The guesser has an address of its own."""
    async with guarded() as server:
        async with connect(url(server), "CS1", password=PASSWORD):
            pass
        guesses = [await status(server, user="CS1", password=f"{n}", local_addr=("127.0.0.2", 0)) for n in range(100)]
        assert guesses.count(401) <= 6 and set(guesses[10:]) == {429}
        async with connect(url(server), "CS1", password=PASSWORD) as connection:
            assert await connection.call(HEARTBEAT) == ALIVE


def test_nobody_starts_an_open_server_by_mistake() -> None:
    with pytest.raises(ValueError, match="allow_unauthenticated"):
        serve(nothing, "127.0.0.1", 0)


# The request


@pytest.mark.attack("A09")
@pytest.mark.parametrize(
    "target",
    [
        "/ocpp/CS%2F1",
        "/ocpp/CS%00",
        "/ocpp/%2e%2e",
        "/ocpp/CS1%20",
        "/ocpp/" + "a" * 49,
        "/ocpp/a:b",
        "/ocpp/",
        "//",
        "/ocpp/%2541",
    ],
)
async def test_identity_tricks(target: str) -> None:
    """A09; all others are in test_identity.py."""
    async with open_to_all() as server:
        assert b"HTTP/1.1 404" in await say(server, f"GET {target} HTTP/1.1", *UPGRADE)
        assert b"HTTP/1.1 404" in await say(server, "GET http://h/ocpp/CS1 HTTP/1.1", *UPGRADE)
        assert b"HTTP/1.1 101" in (await say(server, "GET /ocpp/CS1 HTTP/1.1", *UPGRADE))


async def test_only_the_endpoint_is_served() -> None:
    async with open_to_all(path="/ocpp") as server:
        assert [await status(server, target) for target in ("/ocpp/CS1", "/x/CS1", "/CS1")] == [101, 404, 404]


@pytest.mark.attack("A57")
async def test_browsers_are_refused() -> None:
    async with open_to_all() as server:
        assert await status(server, origin="https://evil.example") == 403
    async with open_to_all(origins=["https://good.example"]) as server:
        assert await status(server, origin="https://evil.example") == 403
        assert await status(server, origin="https://good.example") == 101
        assert await status(server) == 101


@pytest.mark.attack("A58")
@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "CONNECT", "OPTIONS", "get"])
async def test_only_get(method: str) -> None:
    async with open_to_all() as server:
        answer = await say(server, f"{method} /ocpp/CS1 HTTP/1.1", *UPGRADE)
        assert answer.startswith(b"HTTP/1.1 405") and b"Allow: GET" in answer


#: A header that nobody must find in a log.
SECRET = "Authorization: Basic aHVudGVyMg=="


@pytest.mark.attack("A53", "A58")
@pytest.mark.parametrize(
    "lines, status, reason",
    [
        (["GET /ocpp/CS1 HTTP/1.1", "Host: h"], b"426", "'Upgrade Required'"),
        (["GET /ocpp/CS1 HTTP/1.0", *UPGRADE], b"505", "'HTTP Version Not Supported'"),
        (["GET /ocpp/CS1 HTTP/1.1", *UPGRADE[:-1]], b"400", "'Bad Request'"),
        (["GET /ocpp/CS1 HTTP/1.1", *UPGRADE, UPGRADE[-1]], b"400", "'Bad Request'"),
        (["GET /ocpp/CS1 HTTP/1.1", *UPGRADE, "Upgrade: h2c"], b"426", "'Upgrade Required'"),
        (["GET /ocpp/CS1 HTTP/1.1", *UPGRADE, *["X-A: 1"] * 200], b"431", "'headers too large'"),
        (["GET /ocpp/CS1 HTTP/1.1", *UPGRADE, "X-A: " + "a" * 9000], b"431", "'headers too large'"),
        (["GET /ocpp/CS1" + "a" * 9000 + " HTTP/1.1", *UPGRADE], b"414", "'request line too long'"),
        (["PRI * HTTP/2.0", "", "SM"], b"", "'no request of HTTP/1.1'"),
        (["GET /ocpp/CS1 HTTP/1.1", "Host: h", "Content-Length: 5", *UPGRADE], b"", "'no request of HTTP/1.1'"),
        (["GET /ocpp/CS1 HTTP/1.1", "Transfer-Encoding: chunked", *UPGRADE], b"", "'no request of HTTP/1.1'"),
        (["GET /ocpp/CS1 HTTP/1.1", *UPGRADE, " folded"], b"", "'no request of HTTP/1.1'"),
        (["GET /ocpp/CS1\xe9 HTTP/1.1", *UPGRADE], b"", "'no request of HTTP/1.1'"),
        (["GET hunter2"], b"", "'no request of HTTP/1.1'"),
        (["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"], b"", "'no request of HTTP/1.1'"),
    ],
    ids=lambda value: ascii(value[0])[:30] if isinstance(value, list) else None,
)
async def test_what_is_no_upgrade(
    lines: list[str], status: bytes, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Refused or cut off, with one line in the log; and the next one is served."""
    async with open_to_all() as server:
        answer = await say(server, lines[0], SECRET, *lines[1:])
        assert answer.startswith(b"HTTP/1.1 " + status) if status else answer == b""
        await until(lambda: "handshake refused" in caplog.text)
        async with station(server) as connection:
            assert await connection.call(HEARTBEAT) == ALIVE
    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("ocpp21")]
    shown = f"status={status.decode()} " if status else ""
    assert line.startswith(f"handshake refused {shown}reason={reason} source=127.0.0.1")
    assert "hunter2" not in line and "aHVudGVyMg" not in line and len(line) < 250


@pytest.mark.parametrize("sent", [b"", b"GET /ocpp/CS1 HT", b"GET /ocpp/CS1 HTTP/1.1\r\nHost: h\r\n"])
async def test_who_goes_before_asking_is_no_attacker(sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Load balancers look whether a port is open; that is worth a line at INFO, not a warning."""
    caplog.set_level(logging.INFO, "ocpp21.asyncio")
    async with open_to_all() as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.ports[0])
        writer.write(sent)
        writer.close()
        await until(lambda: "handshake not finished source=127.0.0.1" in caplog.text)
        assert [record.levelno for record in caplog.records if "handshake" in record.getMessage()] == [logging.INFO]


# The subprotocol


@pytest.mark.attack("A51")
@pytest.mark.parametrize(
    "offered, chosen",
    [
        (["ocpp2.1"], "ocpp2.1"),
        (["ocpp2.0.1", "ocpp2.1"], "ocpp2.0.1"),
        (["ocpp2.1", "ocpp2.0.1"], "ocpp2.1"),
        (["ocpp0.1", "ocpp2.1", "ocpp1.6"], "ocpp2.1"),
        (["ocpp2.1", "ocpp2.1"], "ocpp2.1"),
        ([f"x{n}" for n in range(1000)] + ["ocpp2.1"], "ocpp2.1"),
    ],
    ids=lambda value: ",".join(value)[:40] if isinstance(value, list) else value,
)
async def test_the_stations_order_decides(offered: list[str], chosen: str) -> None:
    async with open_to_all(versions=[OCPP21, OCPP201]) as server:
        async with raw_station(server, subprotocols=offered) as socket:
            assert socket.subprotocol == chosen
            assert await is_served(socket)
            assert server.connections["CS1"].version.subprotocol == chosen


@pytest.mark.parametrize("offered", [["ocpp0.1"], ["ocpp1.6", "ocpp2.0.1"], ["OCPP2.1"], None], ids=str)
async def test_no_common_subprotocol(offered: list[str] | None, caplog: pytest.LogCaptureFixture) -> None:
    """Part 4, 3.3: the handshake is completed without the header, and the connection closed."""
    async with open_to_all() as server:
        async with raw_station(server, subprotocols=offered) as socket:
            with pytest.raises(ConnectionClosed) as caught:
                await socket.recv()
            assert socket.subprotocol is None and caught.value.rcvd.code == 1002
        assert dict(server.connections) == {}
        assert "no common subprotocol identity=CS1 source=127.0.0.1" in caplog.text
    async with open_to_all(on_no_subprotocol="refuse_http") as server:
        assert await status(server, subprotocols=offered) == 400
        assert await status(server, subprotocols=["ocpp0.1", "ocpp2.1"]) == 101


@pytest.mark.attack("A51", "A52")
@pytest.mark.parametrize(
    "header",
    [
        "",
        ",",
        " ",
        "ocpp2.1,",
        ",,ocpp2.1",
        " " * 8000,
        "a b",
        "ocpp2.1;x",
        "\x80",
        '"ocpp2.1"',
        ",".join(["a"] * 3000),
    ],
    ids=lambda header: ascii(header[:12]).replace("\\", "/"),
)
@pytest.mark.parametrize("name", ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Sec-WebSocket-Key"])
async def test_odd_headers(name: str, header: str) -> None:
    """Whatever stands there, there is an answer, and the next one is served."""
    async with open_to_all() as server:
        lines = [line for line in UPGRADE if not line.startswith(name)]
        answer = await say(server, "GET /ocpp/CS1 HTTP/1.1", *lines, f"{name}: {header}")
        assert answer[:12] in (b"HTTP/1.1 101", b"HTTP/1.1 400", b"")
        async with station(server) as connection:
            assert await connection.call(HEARTBEAT) == ALIVE


@pytest.mark.attack("A52")
@pytest.mark.parametrize(
    "extensions",
    ["__proto__", "constructor; toString", "permessage-deflate; x=1", "permessage-deflate; server_max_window_bits=99"],
)
async def test_odd_extensions(extensions: str) -> None:
    """What is not known is not agreed to."""
    async with open_to_all() as server:
        answer = await say(server, "GET /ocpp/CS1 HTTP/1.1", *UPGRADE, f"Sec-WebSocket-Extensions: {extensions}")
        assert answer.startswith(b"HTTP/1.1 101") and b"Extensions" not in answer


# Certificates and the application's own check


async def test_a_binder_wants_a_certificate() -> None:
    async with open_to_all(allow_unauthenticated=False, binder=lambda certificate, identity: None) as server:
        assert await status(server) == 403


async def test_the_application_may_refuse() -> None:
    seen: list[Candidate] = []

    async def admit(candidate: Candidate) -> Refusal | None:
        seen.append(candidate)
        if candidate.identity == "CS2":
            raise RuntimeError("no")
        return Refusal(503, "not now", (("Retry-After", "7"),)) if candidate.identity == "CS3" else None

    async with open_to_all(allow_unauthenticated=False, admit=admit) as server:
        assert [await status(server, f"/ocpp/{name}") for name in ("CS1", "CS2", "CS3")] == [101, 500, 503]
        assert seen[0] == Candidate("CS1", "127.0.0.1", None, ("ocpp2.1",))


# Bounds


@pytest.mark.attack("A07")
async def test_too_many_connections() -> None:
    async with open_to_all(bounds=Bounds(connections=1)) as server:
        async with station(server):
            assert await status(server, "/ocpp/CS2") == 503
            socks = [await asyncio.open_connection("127.0.0.1", server.ports[0]) for _ in range(16)]
            with pytest.raises((InvalidMessage, OSError)):
                await status(server, "/ocpp/CS3")
            for _, writer in socks:
                writer.close()
        await until(lambda: not server.connections)
        await settle()
        async with station(server) as again:
            assert await again.call(HEARTBEAT) == ALIVE


@pytest.mark.attack("A07")
async def test_too_many_connections_from_one_source() -> None:
    async with open_to_all(bounds=Bounds(per_source=1)) as server:
        async with station(server):
            assert await status(server, "/ocpp/CS2") == 503
            assert await status(server, "/ocpp/CS3", local_addr=("127.0.0.2", 0)) == 101


@pytest.mark.attack("A55")
@pytest.mark.parametrize("sent", [b"", b"GET", b"GET /ocpp/CS1 HTTP/1.1\r\nHost: h\r\n"])
async def test_a_slow_handshake_is_cut_off(sent: bytes) -> None:
    async with open_to_all(bounds=Bounds(handshake_timeout_s=0.05)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.ports[0])
        writer.write(sent)
        try:
            assert await reader.read() == b""
        except ConnectionResetError:
            pass
        writer.close()


# The handler of connections


async def test_the_handler_comes_before_the_first_message() -> None:
    async def handler(connection: Connection) -> None:
        @connection.on(HeartbeatRequest)
        async def on_heartbeat(request: HeartbeatRequest) -> HeartbeatResponse:
            return ALIVE

        await connection.wait_closed()

    async with open_to_all(handler, handlers=None) as server, raw_station(server) as socket:
        assert await is_served(socket)


async def test_the_handler_may_call() -> None:
    answers: list[object] = []

    async def handler(connection: Connection) -> None:
        answers.append(await connection.call(CHANGE_AVAILABILITY))

    async with open_to_all(handler) as server, raw_station(server) as socket:
        frame = (await socket.recv()).split('"')
        await socket.send(f'[3,"{frame[1]}",{{"status":"Accepted"}}]')
        await until(lambda: answers)
        assert await is_served(socket)  # the connection outlives its handler


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_handler_that_fails_closes_the_connection(is_async: bool, caplog: pytest.LogCaptureFixture) -> None:
    def plain(connection: Connection) -> None:
        raise RuntimeError("no")

    async def later(connection: Connection) -> None:
        await asyncio.sleep(0)
        plain(connection)

    async with open_to_all(later if is_async else plain) as server, raw_station(server) as socket:
        with pytest.raises(ConnectionClosed) as caught:
            await socket.recv()
        assert caught.value.rcvd.code == 1011
        assert "handler failed identity=CS1" in caplog.text


# The end


async def test_draining() -> None:
    release = asyncio.Event()

    async def slow(request: HeartbeatRequest) -> HeartbeatResponse:
        await release.wait()
        return ALIVE

    async with open_to_all(handlers={HeartbeatRequest: slow}) as server:
        port = server.ports[0]
        async with raw_station(server) as busy, raw_station(server, "/ocpp/CS2") as idle:
            await busy.send('[2,"a","Heartbeat",{}]')
            await until(lambda: server.connections["CS1"].statistics.received)
            draining = asyncio.create_task(server.drain(10))
            with pytest.raises(ConnectionClosed) as caught:
                await idle.recv()
            assert caught.value.rcvd.code == 1001
            with pytest.raises(OSError):
                await asyncio.open_connection("127.0.0.1", port)
            release.set()
            assert (await busy.recv()).startswith('[3,"a"')
            with pytest.raises(ConnectionClosed):
                await busy.recv()
            await draining
        await server.drain(0)


async def test_whoever_is_in_the_handshake_is_refused_while_draining() -> None:
    async with open_to_all() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.ports[0])
        await until(lambda: server._listener.handler_tasks)
        draining = asyncio.create_task(server.drain(1))
        await settle()
        writer.write("\r\n".join(["GET /ocpp/CS1 HTTP/1.1", *UPGRADE, "", ""]).encode())
        assert b"503" in await reader.read()
        writer.close()
        await draining


async def test_who_does_not_finish_the_handshake_does_not_hold_up_the_end() -> None:
    server = await open_to_all()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.ports[0])
    await until(lambda: server._handshakes)
    async with asyncio.timeout(5):
        await server.drain(0.01)
    assert await reader.read() == b""
    writer.close()


async def test_who_comes_through_the_door_while_it_closes_is_sent_away() -> None:
    async def slow(candidate: Candidate) -> None:
        server._door.is_open = False

    async with open_to_all(admit=slow) as server, raw_station(server) as socket:
        with pytest.raises(ConnectionClosed) as caught:
            await socket.recv()
        assert caught.value.rcvd.code == 1001


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains(number: signal.Signals) -> None:
    async with open_to_all() as server, station(server) as connection:
        serving = asyncio.create_task(server.serve_until(timeout_s=1))
        await settle()
        os.kill(os.getpid(), number)
        await serving
        await connection.wait_closed()
        with pytest.raises(SessionClosed, match="going away"):
            await connection.call(HEARTBEAT)


# Secrets


@pytest.mark.attack("A59")
def test_a_run_at_debug_tells_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "s3cret-of-the-station"

    async def main() -> None:
        passwords = Passwords("CS1", password=secret)
        async with guarded(authenticator=passwords) as server:
            for password in (secret, "wr0ng-secret"):
                try:
                    async with connect(url(server), "CS1", password=password, patience=BRIEF) as connection:
                        assert await connection.call(HEARTBEAT) == ALIVE
                        repr(connection)
                except HandshakeFailed as error:
                    logging.getLogger("app").info("failed: %r", error)

    records = caplog.handler.records
    run(main())
    text = "\n".join(str(record.__dict__) for record in records) + caplog.text
    assert "connection closed identity=CS1" in text
    for shape in (secret, "wr0ng", "Authorization", "Basic ", "Q1MxO"):  # the last one is CS1 in base64
        assert shape not in text


# The end of the process

TWICE = """
import asyncio, os, signal, socket, threading
from ocpp21.asyncio import Patience, serve

ASK = ("GET /CS1 HTTP/1.1|Host: h|Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 13|"
       "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==|Sec-WebSocket-Protocol: ocpp2.1||").replace("|", "\\r\\n")

def peer(port):
    with socket.create_connection(("127.0.0.1", port)) as station:
        station.sendall(ASK.encode())
        station.recv(4096)
        os.kill(os.getpid(), signal.SIGINT)
        while b"going away" not in station.recv(4096):
            pass
        os.kill(os.getpid(), signal.SIGINT)
        while station.recv(4096):  # never answers the close
            pass

async def main():
    patience = Patience(close_timeout_s=0.2)
    async with serve(lambda c: None, "127.0.0.1", 0, allow_unauthenticated=True, patience=patience) as server:
        threading.Thread(target=peer, args=(server.ports[0],), daemon=True).start()
        await server.serve_until(timeout_s=0.2)

asyncio.run(main())
"""


def test_two_interrupts_end_a_process_whose_peer_does_not_close() -> None:
    ended = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, timeout=HANG_S)
    assert ended.stderr.rstrip().endswith("KeyboardInterrupt")
