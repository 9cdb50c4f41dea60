"""TLS contexts in real handshakes on loopback: what they let through, and what they refuse."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from tls_ends import (
    BINDER,
    CSMS,
    blocking,
    closed,
    connect,
    csms_2,
    csms_3,
    exchange,
    foreign_context,
    lines,
    old,
    refused,
    serving,
    station_2,
    station_3,
)

from ocpp21.asyncio.security import CsmsSecurityProfile, ReloadableServerContext, SecurityProfile
from ocpp21.asyncio.tls import security_event
from ocpp21.errors import LocalProtocolError
from ocpp21.testing import Credential, Pki

REQUIRED_SUITES = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
]
FORWARD_SECRET_SUITES = ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"]


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(autouse=True)
def verbose(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


# Suites


@pytest.mark.parametrize("suite", REQUIRED_SUITES + FORWARD_SECRET_SUITES)
def test_every_suite_of_the_standard_is_negotiated(pki: Pki, suite: str) -> None:
    server = csms_2(pki, rsa_key_exchange=True).server_context()
    client = station_2(pki, rsa_key_exchange=True).client_context()
    assert server is not None and client is not None
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers(suite)
    assert asyncio.run(exchange(server, client))[:2] == ("TLSv1.2", suite)


def test_these_suites_and_no_others_are_offered(pki: Pki) -> None:
    for context in (csms_2(pki).server_context(), station_2(pki).client_context()):
        assert context is not None
        names = {suite["name"] for suite in context.get_ciphers() if suite["protocol"] == "TLSv1.2"}
        assert names == {*REQUIRED_SUITES[:2], *FORWARD_SECRET_SUITES}
    for context in (
        csms_2(pki, rsa_key_exchange=True).server_context(),
        station_2(pki, rsa_key_exchange=True).client_context(),
    ):
        assert context is not None
        names = {suite["name"] for suite in context.get_ciphers() if suite["protocol"] == "TLSv1.2"}
        assert names == {*REQUIRED_SUITES, *FORWARD_SECRET_SUITES}


@pytest.mark.attack("A17")
def test_there_is_no_compression_and_no_renegotiation(pki: Pki) -> None:
    for context in (csms_2(pki).server_context(), station_2(pki).client_context()):
        assert context is not None
        assert context.options & ssl.OP_NO_COMPRESSION and context.options & ssl.OP_NO_RENEGOTIATION
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_the_server_prefers_forward_secrecy(pki: Pki) -> None:
    server, client = csms_2(pki, rsa_key_exchange=True).server_context(), station_2(pki).client_context()
    assert server is not None and client is not None
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers("AES128-GCM-SHA256:AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256")
    assert asyncio.run(exchange(server, client)).suite == "ECDHE-RSA-AES128-GCM-SHA256"


# Names


@pytest.mark.attack("A18")
def test_the_names_of_a_certificate(pki: Pki) -> None:
    """CN counts where there is no dNSName; otherwise the dNSNames and addresses do (A00.FR.309, A00.FR.511)."""
    both = pki.server(CSMS, alternative_names=["backup.example.com", CSMS])
    by_address = pki.server(CSMS, alternative_names=["127.0.0.1"])
    assert connect(csms_2(pki, both), station_2(pki), name="backup.example.com").version
    assert connect(csms_2(pki, by_address), station_2(pki), name="127.0.0.1").version
    assert connect(csms_2(pki, by_address), station_2(pki), name=CSMS).version
    for certificate in (pki.server(CSMS, alternative_names=["other.example.com"]), pki.server("csms")):
        assert isinstance(refused(csms_2(pki, certificate), station_2(pki)), ssl.SSLCertVerificationError)
    assert isinstance(
        refused(csms_2(pki, pki.server("127.0.0.1")), station_2(pki), name="127.0.0.1"), ssl.SSLCertVerificationError
    )


@pytest.mark.attack("A18")
def test_wildcards_are_refused_unless_allowed(pki: Pki, caplog: pytest.LogCaptureFixture) -> None:
    for wildcard in (
        pki.server("*.example.com"),
        pki.server(CSMS, alternative_names=["*.example.com"]),
        pki.server(CSMS, alternative_names=[CSMS, "*.other.example"]),
    ):
        caplog.clear()
        error = refused(csms_2(pki, wildcard), station_2(pki))
        assert isinstance(error, ssl.SSLCertVerificationError)
        assert security_event(error, side="CS") == "InvalidCsmsCertificate"
        (line,) = lines(caplog)
        assert line.startswith("TLS handshake failed side=CS security_event=InvalidCsmsCertificate reason=")
        assert line.endswith("'wildcard certificates are not allowed'")
        assert connect(csms_2(pki, wildcard), station_2(pki, allow_wildcards=True)).version


# What a station refuses (A18)


@pytest.mark.attack("A18")
@pytest.mark.parametrize(
    ("certificate", "verify_code"),
    [
        (lambda pki: pki.server("other.example.com"), 62),
        (lambda pki: pki.server(CSMS, validity="expired"), 10),
        (lambda pki: pki.server(CSMS, validity="future"), 9),
        (lambda pki: pki.foreign().server(CSMS), 20),
        (lambda pki: pki.self_signed(CSMS), 18),
    ],
    ids=["other name", "expired", "not yet valid", "foreign root", "self-signed"],
)
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_bad_server_certificate_is_refused(
    pki: Pki, certificate: Callable[[Pki], Credential], verify_code: int, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    server, client = csms_2(pki, certificate(pki)).server_context(), station_2(pki).client_context()
    assert server is not None and client is not None
    client.maximum_version = ssl.TLSVersion[version]
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        asyncio.run(exchange(server, client))
    assert caught.value.verify_code == verify_code
    assert security_event(caught.value, side="CS") == "InvalidCsmsCertificate"
    (line,) = [line for line in lines(caplog) if "side=CS " in line]
    assert line.startswith("TLS handshake failed side=CS security_event=InvalidCsmsCertificate reason=")


def against(server: ssl.SSLContext, station: SecurityProfile) -> OSError:
    """How a station fails to connect."""

    async def main() -> OSError:
        with pytest.raises(OSError) as caught:
            await asyncio.open_connection(*address, ssl=station.client_context(), server_hostname=CSMS)
        return caught.value

    with blocking(server) as address:
        return asyncio.run(main())


@pytest.mark.attack("A18")
def test_an_old_server_is_refused(pki: Pki, caplog: pytest.LogCaptureFixture) -> None:
    error = against(old(foreign_context(ssl.PROTOCOL_TLS_SERVER, pki.server(CSMS))), station_2(pki))
    assert security_event(error, side="CS") == "InvalidTLSVersion"
    assert lines(caplog) == [
        "TLS handshake failed side=CS security_event=InvalidTLSVersion reason=TLSV1_ALERT_PROTOCOL_VERSION"
    ]


@pytest.mark.attack("A18")
@pytest.mark.parametrize(
    ("version", "suite", "reason", "event"),
    [
        (b"\x03\x02", b"\xc0\x09", "UNSUPPORTED_PROTOCOL", "InvalidTLSVersion"),
        (b"\x03\x00", b"\xc0\x09", "UNSUPPORTED_PROTOCOL", "InvalidTLSVersion"),
        (b"\x03\x03", b"\x00\x2f", "WRONG_CIPHER_RETURNED", "InvalidTLSCipherSuite"),
        (b"\x03\x03", b"\x00\x01", "WRONG_CIPHER_RETURNED", "InvalidTLSCipherSuite"),
    ],
    ids=["TLS 1.1", "SSL 3.0", "CBC", "NULL"],
)
def test_a_server_that_chooses_what_was_not_offered_is_refused(
    pki: Pki, version: bytes, suite: bytes, reason: str, event: str
) -> None:
    """Such servers know of no alerts: they choose, and the client ends it."""

    async def choose(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        chosen = version + bytes(32) + b"\x00" + suite + b"\x00"
        handshake = b"\x02" + len(chosen).to_bytes(3, "big") + chosen
        writer.write(b"\x16" + version + len(handshake).to_bytes(2, "big") + handshake)
        await reader.read()

    async def main() -> None:
        async with serving(choose, None) as address:
            with pytest.raises(ssl.SSLError) as caught:
                await asyncio.open_connection(*address, ssl=station_2(pki).client_context(), server_hostname=CSMS)
            print(caught.value)
            assert (caught.value.reason, security_event(caught.value, side="CS")) == (reason, event)

    asyncio.run(main())


@pytest.mark.attack("A18")
def test_a_server_with_other_suites_is_refused(pki: Pki) -> None:
    server = foreign_context(ssl.PROTOCOL_TLS_SERVER, pki.server(CSMS), pki.server(CSMS, key="rsa"))
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    for suites in ("ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256", "NULL-SHA256:@SECLEVEL=0"):
        server.set_ciphers(suites)
        assert security_event(against(server, station_2(pki)), side="CS") == "InvalidTLSCipherSuite"


@pytest.mark.attack("A18")
@pytest.mark.parametrize("key", ["weak_ec", "weak_rsa"])
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_server_with_a_weak_key_is_refused(pki: Pki, key: Any, version: str) -> None:
    """A key on P-192 finds no suite at all: OpenSSL does not use curves that were not offered."""
    server = foreign_context(ssl.PROTOCOL_TLS_SERVER, pki.server(CSMS, key=key))
    server.maximum_version = ssl.TLSVersion[version]
    event = "InvalidTLSCipherSuite" if key == "weak_ec" else "InvalidCsmsCertificate"
    assert security_event(against(server, station_2(pki)), side="CS") == event


@pytest.mark.attack("A18")
def test_roots_of_the_operating_system_count_for_nothing(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, _ = pki.root.files
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    error = refused(csms_2(pki), station_2(pki, trust=pki.foreign().trust))
    assert isinstance(error, ssl.SSLCertVerificationError)


def test_no_secrets_of_connections_are_written(pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert connect(csms_2(pki), station_2(pki)).version
    assert not (tmp_path / "keys").exists()


@pytest.mark.attack("A17", "A18")
def test_a_server_that_does_not_speak_tls_is_left(pki: Pki) -> None:
    """No fallback: what comes back is an error, and no request has been sent in clear."""
    heard: list[bytes] = []

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(4096))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def main() -> None:
        async with serving(plain, None) as address:
            with pytest.raises(ssl.SSLError) as caught:
                await asyncio.open_connection(*address, ssl=station_2(pki).client_context(), server_hostname=CSMS)
            assert security_event(caught.value, side="CS") is None

    asyncio.run(main())
    assert heard[0].startswith(b"\x16\x03")


# What a CSMS refuses (A04, A17)


def stranger(pki: Pki, kind: str) -> Credential:
    foreign = pki.foreign()
    return {
        "self-signed": lambda: pki.self_signed("SN-0001"),
        "expired": lambda: pki.station("SN-0001", validity="expired"),
        "not yet valid": lambda: pki.station("SN-0001", validity="future"),
        "foreign root": lambda: foreign.station("SN-0001"),
    }[kind]()


@pytest.mark.attack("A04")
@pytest.mark.parametrize("kind", ["self-signed", "expired", "not yet valid", "foreign root"])
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_bad_client_certificate_ends_the_handshake(
    pki: Pki, kind: str, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    server, client = csms_3(pki).server_context(), station_3(pki, stranger(pki, kind)).client_context()
    assert server is not None and client is not None
    client.maximum_version = ssl.TLSVersion[version]
    with pytest.raises(OSError):
        asyncio.run(exchange(server, client))
    (line,) = [line for line in lines(caplog) if "side=CSMS" in line]
    assert line.startswith("TLS handshake failed side=CSMS security_event=InvalidChargingStationCertificate reason=")


@pytest.mark.attack("A04")
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_no_client_certificate_ends_the_handshake(pki: Pki, version: str, caplog: pytest.LogCaptureFixture) -> None:
    server, client = csms_3(pki).server_context(), station_2(pki).client_context()
    assert server is not None and client is not None
    client.maximum_version = ssl.TLSVersion[version]
    with pytest.raises(OSError):
        asyncio.run(exchange(server, client))
    assert (
        "TLS handshake failed side=CSMS security_event=InvalidChargingStationCertificate"
        " reason=PEER_DID_NOT_RETURN_A_CERTIFICATE" in lines(caplog)
    )


@pytest.mark.attack("A04")
@pytest.mark.parametrize("key", ["weak_ec", "weak_rsa"])
def test_a_client_certificate_with_a_weak_key_ends_the_handshake(
    pki: Pki, key: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server = csms_3(pki).server_context()
    client = foreign_context(ssl.PROTOCOL_TLS_CLIENT, pki.station("SN-0001", key=key))
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    assert server is not None
    with pytest.raises(OSError):
        asyncio.run(exchange(server, client))
    assert any("side=CSMS security_event=" in line for line in lines(caplog))


@pytest.mark.attack("A17")
def test_old_clients_are_refused(pki: Pki, caplog: pytest.LogCaptureFixture) -> None:
    server, client = csms_2(pki).server_context(), old(foreign_context(ssl.PROTOCOL_TLS_CLIENT))
    assert server is not None
    with pytest.raises(OSError):
        asyncio.run(exchange(server, client))
    assert lines(caplog) == [
        "TLS handshake failed side=CSMS security_event=InvalidTLSVersion reason=UNSUPPORTED_PROTOCOL"
    ]


@pytest.mark.attack("A17")
@pytest.mark.parametrize(
    "suites",
    ["NULL-SHA256", "AES128-GCM-SHA256", "AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256"],
)
def test_clients_with_other_suites_are_refused(pki: Pki, suites: str, caplog: pytest.LogCaptureFixture) -> None:
    server, client = csms_2(pki).server_context(), foreign_context(ssl.PROTOCOL_TLS_CLIENT)
    assert server is not None
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers(f"{suites}:@SECLEVEL=0")
    with pytest.raises(OSError):
        asyncio.run(exchange(server, client))
    assert lines(caplog) == [
        "TLS handshake failed side=CSMS security_event=InvalidTLSCipherSuite reason=NO_SHARED_CIPHER"
    ]


def hello(suites: list[int], *, version: int = 0x0303, compression: bytes = b"\0") -> bytes:
    """A ClientHello of up to TLS 1.2, as none of today's libraries would write it."""

    def sized(data: bytes, size: int) -> bytes:
        return len(data).to_bytes(size, "big") + data

    groups = b"\x00\x0a" + sized(sized(b"\x00\x17", 2), 2)  # P-256
    algorithms = b"\x00\x0d" + sized(sized(b"\x04\x03\x04\x01", 2), 2)  # SHA-256 with ECDSA and RSA
    body = version.to_bytes(2, "big") + bytes(32) + sized(b"", 1)
    body += sized(b"".join(suite.to_bytes(2, "big") for suite in suites), 2) + sized(compression, 1)
    body += sized(groups + algorithms, 2)
    return b"\x16\x03\x01" + sized(b"\x01" + sized(body, 3), 2)


def greet(server: ssl.SSLContext | None, greeting: bytes) -> bytes:
    """Give a server a ClientHello, and return what it says to that."""
    assert server is not None
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    incoming.write(greeting)
    with pytest.raises(ssl.SSLWantReadError):
        server.wrap_bio(incoming, outgoing, server_side=True).do_handshake()
    return outgoing.read()


GOOD_SUITE = 0xC02B


@pytest.mark.attack("A17")
@pytest.mark.parametrize(
    "suites",
    [[0x0001, 0x0002, 0x003B], [0x0003, 0x0008, 0x0014], [0x0004, 0x0005, 0xC011], [0x000A, 0x002F, 0xC009], [0x009C]],
    ids=["NULL", "EXPORT", "RC4", "CBC", "RSA key exchange"],
)
def test_suites_that_no_library_knows_any_more_are_refused(
    pki: Pki, suites: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    server = csms_2(pki).server_context()
    assert greet(server, hello([*suites, GOOD_SUITE]))
    with pytest.raises(ssl.SSLError, match="NO_SHARED_CIPHER"):
        greet(server, hello(suites))
    assert "security_event=InvalidTLSCipherSuite" in lines(caplog)[0]


@pytest.mark.attack("A17")
@pytest.mark.parametrize("version", [0x0300, 0x0301, 0x0302], ids=["SSL 3.0", "TLS 1.0", "TLS 1.1"])
def test_old_versions_are_refused(pki: Pki, version: int, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ssl.SSLError, match=r"UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW"):
        greet(csms_2(pki).server_context(), hello([GOOD_SUITE], version=version))
    assert "security_event=InvalidTLSVersion" in lines(caplog)[0]


@pytest.mark.attack("A17")
def test_compression_is_not_taken_up(pki: Pki) -> None:
    server = csms_2(pki).server_context()
    said = greet(server, hello([GOOD_SUITE], compression=b"\1\0"))
    session_end = 44 + said[43]  # record and handshake header, version, random, session id
    assert said[session_end : session_end + 3] == GOOD_SUITE.to_bytes(2, "big") + b"\0"
    with pytest.raises(ssl.SSLError, match="COMPRESSION"):
        greet(server, hello([GOOD_SUITE], compression=b"\1"))


async def converse(server: ssl.SSLContext, data: bytes) -> bytes:
    """Send bytes without TLS to a TLS port and return all that comes back."""

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise AssertionError("expected no handshake to be good, found one")

    async with serving(never, server) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(data)
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            await closed(writer)


@pytest.mark.attack("A17")
@pytest.mark.parametrize(
    "data",
    [
        b"GET /CS-1 HTTP/1.1\r\nHost: csms\r\n\r\n",
        b"\x16\x03\x01\x00\x05hello",
        b"\x80\x2e\x01\x00\x02" + bytes(43),
        bytes(100),
    ],
    ids=["http", "broken hello", "sslv2 hello", "zeros"],
)
def test_what_is_no_tls_is_refused(pki: Pki, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    server = csms_2(pki).server_context()
    assert server is not None
    answer = asyncio.run(converse(server, data))
    assert b"HTTP" not in answer and len(answer) < 10  # an alert, at most
    (line,) = lines(caplog)
    assert line.startswith("TLS handshake failed side=CSMS reason=")


# Sessions


def turns(*steps: Callable[[], object]) -> None:
    """Let both ends take turns until neither waits for the other; asyncio gives no way to resume a session."""
    for step in steps * 4:
        with suppress(ssl.SSLWantReadError):
            step()


def meet(
    server: ssl.SSLContext, client: ssl.SSLContext, session: ssl.SSLSession | None = None
) -> tuple[ssl.SSLSession | None, bool | None]:
    """Connect, maybe with a session from before; return that of now, and whether the server took up the other."""
    ends = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(ends[0], ends[1], server_side=True)
    theirs = client.wrap_bio(ends[1], ends[0], server_hostname=CSMS, session=session)
    turns(theirs.do_handshake, ours.do_handshake)
    ours.write(b"x")
    assert theirs.read(1) == b"x"
    turns(theirs.unwrap, ours.unwrap)  # an end that is not closed well forgets its session
    return theirs.session, theirs.session_reused


@pytest.fixture(params=["TLSv1_2", "TLSv1_3"])
def client(pki: Pki, request: pytest.FixtureRequest) -> ssl.SSLContext:
    """Of somebody who looks at nothing, but has a good certificate."""
    context = foreign_context(ssl.PROTOCOL_TLS_CLIENT, pki.station("SN-0001"))
    context.maximum_version = ssl.TLSVersion[request.param]
    return context


def test_a_session_is_resumed(pki: Pki, client: ssl.SSLContext) -> None:
    certificates = ReloadableServerContext(csms_3(pki))
    session, _ = meet(certificates.context, client)
    session, is_resumed = meet(certificates.context, client, session)
    assert is_resumed
    certificates.reload(csms_3(pki))
    assert not meet(certificates.context, client, session)[1]


def test_a_session_does_not_outlive_its_certificate(
    pki: Pki, client: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = csms_3(pki).server_context()
    assert server is not None
    session, _ = meet(server, client)
    a_year_later = time.time() + 365 * 86400
    monkeypatch.setattr("ocpp21.asyncio.tls.time", SimpleNamespace(time=lambda: a_year_later))
    with pytest.raises(ssl.SSLCertVerificationError):
        meet(server, client, session)
    assert lines(caplog) == [
        "TLS handshake failed side=CSMS security_event=InvalidChargingStationCertificate"
        " reason='certificate has expired'"
    ]


def test_a_session_does_not_outlive_its_root(
    pki: Pki, client: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    certificates = ReloadableServerContext(csms_3(pki))
    session, _ = meet(certificates.context, client)
    certificates.reload(csms_3(pki, trust=pki.foreign().trust))
    with pytest.raises(ssl.SSLCertVerificationError):
        meet(certificates.context, client, session)
    assert "side=CSMS security_event=InvalidChargingStationCertificate" in lines(caplog)[0]


# Files and errors


def test_own_certificates_must_be_good(pki: Pki, tmp_path: Path) -> None:
    for key in ("weak_ec", "weak_rsa"):
        with pytest.raises(LocalProtocolError, match="112 bits of strength, found EE_KEY_TOO_SMALL"):
            csms_2(pki, pki.server(CSMS, key=key)).server_context()
        with pytest.raises(LocalProtocolError, match="112 bits of strength, found EE_KEY_TOO_SMALL"):
            station_3(pki, pki.station(key=key)).client_context()
    with pytest.raises(LocalProtocolError, match="KEY_VALUES_MISMATCH"):
        CsmsSecurityProfile.tls_basic([(pki.server().files[0], pki.server().files[1])]).server_context()
    with pytest.raises(LocalProtocolError, match="expected a server certificate, found none"):
        CsmsSecurityProfile.tls_basic([])
    with pytest.raises(LocalProtocolError, match="expected a server certificate, found none"):
        CsmsSecurityProfile.tls_client_certificate([], trust=pki.trust, binder=BINDER)
    with pytest.raises(FileNotFoundError):
        CsmsSecurityProfile.tls_basic([(tmp_path / "no.pem", tmp_path / "no.key")]).server_context()


def test_roots_are_a_file_or_text(pki: Pki, tmp_path: Path) -> None:
    file, _ = pki.root.files
    assert connect(csms_2(pki), station_2(pki, trust=file)).version
    assert connect(csms_2(pki), station_2(pki, trust=str(file))).version
    (tmp_path / "empty.pem").write_bytes(b"")
    for trust in (b"", b"no certificate", "\xff".encode(), tmp_path / "empty.pem", pki.root.key_pem):
        with pytest.raises(LocalProtocolError, match="expected root certificates as PEM"):
            station_2(pki, trust=trust).client_context()
    with pytest.raises(FileNotFoundError):
        station_2(pki, trust=tmp_path / "none.pem").client_context()


def test_encrypted_keys(pki: Pki, tmp_path: Path) -> None:
    """Without the password there is an error, and nobody is asked at the terminal."""
    credential, secret = pki.server(CSMS), "key-password"
    key = tmp_path / "encrypted.key"
    key.write_bytes(
        credential.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(secret.encode()))
    )
    files = [(credential.files[0], key)]
    profile = CsmsSecurityProfile.tls_basic(files, key_password=secret)
    assert connect(profile, station_2(pki)).version and secret not in repr(profile)
    for wrong in (None, "wrong"):
        with pytest.raises(LocalProtocolError) as caught:
            CsmsSecurityProfile.tls_basic(files, key_password=wrong).server_context()
        assert "wrong" not in str(caught.value)


def test_errors_that_are_no_security_events() -> None:
    for error in (
        OSError(),
        ConnectionResetError(),
        ValueError(),
        ssl.SSLError(1, "unknown"),
        ssl.SSLEOFError(8, "eof"),
    ):
        assert security_event(error, side="CS") is None


def connect_blocking(server: ssl.SSLContext | None, client: ssl.SSLContext | None) -> str | None:
    assert server is not None and client is not None
    with blocking(server) as address, socket.create_connection(address) as connection:
        with client.wrap_socket(connection, server_hostname=CSMS) as secured:
            secured.sendall(b"x")
            assert secured.recv(1) == b"x"
            return secured.version()


def test_blocking_connections_are_checked_too(pki: Pki, caplog: pytest.LogCaptureFixture) -> None:
    client = station_3(pki, pki.station("SN-0001")).client_context()
    assert connect_blocking(csms_3(pki).server_context(), client) == "TLSv1.3"
    assert connect_blocking(ReloadableServerContext(csms_3(pki)).context, client) == "TLSv1.3"
    assert lines(caplog) == []
    with pytest.raises(ssl.SSLCertVerificationError):
        connect_blocking(csms_2(pki, pki.server("*.example.com")).server_context(), client)
    (line,) = [line for line in lines(caplog) if "side=CS " in line]
    assert line.endswith("security_event=InvalidCsmsCertificate reason='wildcard certificates are not allowed'")
