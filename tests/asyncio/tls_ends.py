"""Both ends of TLS connections on loopback: ours by security profile, and those of others, which do as they like."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ocpp21.asyncio.binding import BySerialNumberOrIdentity, PeerCertificate
from ocpp21.asyncio.security import CsmsSecurityProfile, SecurityProfile
from ocpp21.testing import Credential, Pki

CSMS = "csms.example.com"
PASSWORD = "Correct-Horse-Battery-Staple=40_chars|:."
BINDER = BySerialNumberOrIdentity({"Example CSO"}, {"CS-1": "SN-0001"})


def both_kinds(pki: Pki) -> list[tuple[Path, Path]]:
    return [pki.server(CSMS).files, pki.server(CSMS, key="rsa").files]


def csms_2(pki: Pki, *certificates: Credential, **options: Any) -> CsmsSecurityProfile:
    files = [each.files for each in certificates] or both_kinds(pki)
    return CsmsSecurityProfile.tls_basic(files, **options)


def csms_3(pki: Pki, **options: Any) -> CsmsSecurityProfile:
    return CsmsSecurityProfile.tls_client_certificate(
        both_kinds(pki), **{"trust": pki.trust, "binder": BINDER} | options
    )


def station_2(pki: Pki, **options: Any) -> SecurityProfile:
    return SecurityProfile.tls_basic("CS-1", PASSWORD, **{"trust": pki.trust} | options)


def station_3(pki: Pki, credential: Credential, **options: Any) -> SecurityProfile:
    certificate, key = credential.files
    return SecurityProfile.tls_client_certificate(
        "CS-1", certificate=certificate, key=key, **{"trust": pki.trust} | options
    )


# One connection


class Seen(NamedTuple):
    """What became of a connection on both sides."""

    version: str | None = None
    suite: str | None = None
    refusal: str | None = None
    shown: PeerCertificate | None = None
    common_name: str | None = None


def subject(connection: ssl.SSLObject, wanted: str) -> str:
    found: Any = connection.getpeercert()
    (name,) = [value for part in found["subject"] for key, value in part if key == wanted]
    return str(name)


def common_name(connection: ssl.SSLObject) -> str:
    return subject(connection, "commonName")


def organization(connection: ssl.SSLObject) -> str:
    return subject(connection, "organizationName")


@asynccontextmanager
async def serving(
    handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], context: ssl.SSLContext | None
) -> AsyncIterator[tuple[str, int]]:
    """Listen, and leave nothing behind."""
    tasks: list[asyncio.Task[None]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task: asyncio.Task[None] | None = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        with suppress(OSError):
            await handler(reader, writer)
        await closed(writer)

    async with await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context) as listening:
        yield listening.sockets[0].getsockname()
        for _ in range(5):  # a handshake that the other side has ended has no task to wait for
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def exchange(
    server: ssl.SSLContext,
    client: ssl.SSLContext,
    *,
    name: str = CSMS,
    profile: CsmsSecurityProfile | None = None,
) -> Seen:
    """Connect, send a line, and wait for its echo, which comes only when both handshakes were good."""
    accepted: list[ssl.SSLObject] = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer.get_extra_info("ssl_object"))
        writer.write(await reader.readline())
        await reader.read()

    async with serving(echo, server) as address:
        reader, writer = await asyncio.open_connection(*address, ssl=client, server_hostname=name)
        try:
            writer.write(b"line\n")
            if await reader.readline() != b"line\n":
                raise ConnectionResetError
            theirs: ssl.SSLObject = writer.get_extra_info("ssl_object")
            (ours,) = accepted
            refusal = None if profile is None else profile.refusal(ours, "CS-1")
            suite = (theirs.cipher() or ("",))[0]
            return Seen(theirs.version(), suite, refusal, PeerCertificate.of(ours), common_name(theirs))
        finally:
            await closed(writer)


def connect(csms: CsmsSecurityProfile, station: SecurityProfile, **options: Any) -> Seen:
    server, client = csms.server_context(), station.client_context()
    assert server is not None and client is not None
    return asyncio.run(exchange(server, client, profile=csms, **options))


def refused(csms: CsmsSecurityProfile, station: SecurityProfile, **options: Any) -> OSError:
    with pytest.raises(OSError) as caught:
        connect(csms, station, **options)
    return caught.value


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "ocpp21.asyncio"]


# Others


def foreign_context(protocol: int, *credentials: Credential, strength: int = 0) -> ssl.SSLContext:
    """A context of somebody with lower standards than ours."""
    context = ssl.SSLContext(protocol)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(f"ALL:@SECLEVEL={strength}")
    for credential in credentials:
        context.load_cert_chain(*credential.files)
    return context


def old(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let a context speak TLS 1.0 and 1.1 only."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@contextmanager
def blocking(context: ssl.SSLContext) -> Iterator[tuple[str, int]]:
    """Serve one connection in a thread. Unlike the servers of asyncio, this one sends alerts when it refuses."""

    def serve() -> None:
        with listening, suppress(OSError):
            connection, _ = listening.accept()
            with connection, context.wrap_socket(connection, server_side=True) as secured:
                secured.sendall(secured.recv(100))

    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()
    finally:
        thread.join()
