"""Client certificates that have expired: refused, unless that station may renew its own (A00.FR.407, A00.FR.429)."""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from loopback import ANSWERS, BRIEF
from raw_peer import ALIVE, HEARTBEAT
from tls_ends import CSMS, connect, csms_2, csms_3, exchange, foreign_context, lines, refused, station_3

from ocpp21.asyncio import Candidate, Connection, HandshakeFailed, Server, serve
from ocpp21.asyncio import connect as Connecting
from ocpp21.asyncio.security import CsmsSecurityProfile
from ocpp21.testing import Credential, Pki

REFUSED = "expected a client certificate that is valid, found one that has expired"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(autouse=True)
def verbose(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ocpp21.asyncio")


def lenient(pki: Pki, *identities: str, **options: Any) -> CsmsSecurityProfile:
    return csms_3(pki, may_have_expired=lambda identity: identity in identities, **options)


def late(pki: Pki) -> Credential:
    return pki.station("SN-0001", validity="expired")


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_station_may_come_to_renew(pki: Pki, version: str) -> None:
    csms = lenient(pki, "CS-1")
    server, client = csms.server_context(), station_3(pki, late(pki)).client_context()
    assert server is not None and client is not None
    client.maximum_version = ssl.TLSVersion[version]
    seen = asyncio.run(exchange(server, client, profile=csms))
    assert seen.refusal is None and seen.shown is not None and seen.shown.has_expired


def test_whoever_has_a_good_one_has_no_expired_one(pki: Pki) -> None:
    seen = connect(lenient(pki, "CS-1"), station_3(pki, pki.station("SN-0001")))
    assert seen.refusal is None and seen.shown is not None and not seen.shown.has_expired


def test_only_the_stations_that_were_named(pki: Pki) -> None:
    assert connect(lenient(pki, "CS-2"), station_3(pki, late(pki))).refusal == REFUSED


def test_by_default_it_ends_in_the_handshake(pki: Pki, caplog: pytest.LogCaptureFixture) -> None:
    refused(csms_3(pki), station_3(pki, late(pki)))
    assert "security_event=InvalidChargingStationCertificate reason='certificate has expired'" in lines(caplog)[0]


def test_it_must_be_its_own_all_the_same(pki: Pki) -> None:
    other = pki.station("SN-0002", validity="expired")
    refusal = connect(lenient(pki, "CS-1"), station_3(pki, other)).refusal
    assert refusal == "expected `SN-0001` as CN, found `SN-0002`"


@pytest.mark.attack("A04")
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("future", "certificate is not yet valid"),
        ("foreign root", "unable to get local issuer certificate"),
        ("self-signed", "self"),
        ("expired CA", "certificate of a CA has expired"),
        ("future CA", "certificate is not yet valid"),
    ],
)
def test_nothing_else_is_excused(
    pki: Pki, tmp_path: Path, kind: str, why: str, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    sixty_days = timedelta(days=60)
    past, future = (
        Pki(tmp_path / name, now=datetime.now(UTC) + shift)
        for name, shift in (("past", -sixty_days), ("future", sixty_days))
    )
    trust, credential = {
        "future": lambda: (pki.trust, pki.station("SN-0001", validity="future")),
        "foreign root": lambda: (pki.trust, late(pki.foreign())),
        "self-signed": lambda: (pki.trust, pki.self_signed("SN-0001")),
        "expired CA": lambda: (past.trust, past.station("SN-0001")),
        "future CA": lambda: (future.trust, future.station("SN-0001")),
    }[kind]()
    csms = lenient(pki, "CS-1", trust=trust)
    server, client = csms.server_context(), foreign_context(ssl.PROTOCOL_TLS_CLIENT, credential)
    assert server is not None
    client.maximum_version = ssl.TLSVersion[version]
    with pytest.raises(OSError):
        asyncio.run(exchange(server, client, profile=csms))
    (line,) = [line for line in lines(caplog) if "side=CSMS" in line]
    assert "security_event=InvalidChargingStationCertificate" in line and why in line


def test_a_station_refuses_an_expired_csms_as_ever(pki: Pki) -> None:
    error = refused(csms_2(pki, pki.server(CSMS, validity="expired")), station_3(pki, late(pki)))
    assert isinstance(error, ssl.SSLCertVerificationError)


def listen(csms: CsmsSecurityProfile, handler: Any, **options: Any) -> Server:
    context = csms.server_context()
    return serve(handler, "127.0.0.1", 0, binder=csms.binder, ssl=context, handlers=ANSWERS, **options)


def dial(pki: Pki, server: Server, credential: Credential) -> Connecting:
    context = station_3(pki, credential).client_context()
    return Connecting(
        f"wss://127.0.0.1:{server.ports[0]}/ocpp", "CS-1", ssl=context, server_hostname=CSMS, patience=BRIEF
    )


async def test_the_application_is_told(pki: Pki, caplog: pytest.LogCaptureFixture) -> None:
    """So that it can answer the boot Pending, and have the certificate renewed."""
    csms = lenient(pki, "CS-1")
    connections: list[Connection] = []
    candidates: list[Candidate] = []

    async def admit(candidate: Candidate) -> None:
        candidates.append(candidate)

    async with listen(csms, connections.append, may_have_expired=csms.may_have_expired, admit=admit) as server:
        for credential in (late(pki), pki.station("SN-0001")):
            async with dial(pki, server, credential) as station:
                assert await station.call(HEARTBEAT) == ALIVE
    for seen in (connections, candidates):
        assert [each.certificate is not None and each.certificate.has_expired for each in seen] == [True, False]
    said = "certificate let in to renew security_event=InvalidChargingStationCertificate identity=CS-1"
    assert sum(line.startswith(said) for line in lines(caplog)) == 1


@pytest.mark.parametrize("has_binder", [True, False])
async def test_a_server_that_was_not_told_refuses(pki: Pki, has_binder: bool, caplog: pytest.LogCaptureFixture) -> None:
    """A context that lets such certificates through does not by itself let anybody in."""
    csms = lenient(pki, "CS-1")
    csms = csms if has_binder else replace(csms, binder=None)
    async with listen(csms, lambda connection: None, allow_unauthenticated=not has_binder) as server:
        with pytest.raises(HandshakeFailed, match="403"):
            await dial(pki, server, late(pki))
        async with dial(pki, server, pki.station("SN-0001")) as station:
            assert await station.call(HEARTBEAT) == ALIVE
    assert any(
        line.startswith("certificate refused security_event=InvalidChargingStationCertificate")
        for line in lines(caplog)
    )
