"""Security profiles over real TLS connections on loopback: who is let in, and as whom."""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from loopback import ANSWERS
from tls_ends import (
    BINDER,
    CSMS,
    PASSWORD,
    Seen,
    closed,
    connect,
    csms_2,
    csms_3,
    exchange,
    organization,
    refused,
    serving,
    station_2,
    station_3,
)

from ocpp21.asyncio import HandshakeFailed, Server, serve
from ocpp21.asyncio import connect as Connecting
from ocpp21.asyncio.binding import PeerCertificate
from ocpp21.asyncio.passwords import PasswordStore
from ocpp21.asyncio.security import CsmsSecurityProfile, ReloadableServerContext, SecurityProfile, check_change
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import HeartbeatRequest
from ocpp21.testing import Credential, Pki


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(autouse=True)
def verbose(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


# What is let through


@pytest.mark.parametrize("key", ["ec", "rsa"])
def test_profile_2_connects(pki: Pki, key: Any) -> None:
    csms = csms_2(pki, pki.server(CSMS, key=key))
    assert connect(csms, station_2(pki)) == Seen("TLSv1.3", "TLS_AES_256_GCM_SHA384", None, None, CSMS)
    assert csms.number == 2


@pytest.mark.parametrize("key", ["ec", "rsa"])
def test_profile_3_connects_and_shows_who_is_there(pki: Pki, key: Any) -> None:
    credential = pki.station("SN-0001", key=key)
    seen = connect(csms_3(pki), station_3(pki, credential))
    assert seen.version == "TLSv1.3" and seen.refusal is None
    assert seen.shown == PeerCertificate(
        ("SN-0001",),
        ("Example CSO",),
        ("Example CSO",),
        f"{credential.certificate.serial_number:X}".zfill(len(seen.shown.serial_number)),
        seen.shown.der,
    )
    assert repr(seen.shown.der) not in repr(seen.shown)


def test_the_same_over_tls_1_2(pki: Pki) -> None:
    server, client = csms_3(pki).server_context(), station_3(pki, pki.station("SN-0001")).client_context()
    assert server is not None and client is not None
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    seen = asyncio.run(exchange(server, client, profile=csms_3(pki)))
    assert (seen.version, seen.suite, seen.refusal) == ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384", None)


# Whose certificate it is (A04)


@pytest.mark.attack("A04")
@pytest.mark.parametrize(
    ("credential", "why"),
    [
        (lambda pki: pki.station("SN-0001", organization="Other"), "as O, found `Other`"),
        (lambda pki: pki.station("SN-9999"), "expected `SN-0001` as CN, found `SN-9999`"),
        (lambda pki: pki.station("CS-1"), "expected `SN-0001` as CN, found `CS-1`"),
    ],
    ids=["other O", "CN of another station", "identity instead of serial number"],
)
def test_a_good_certificate_of_somebody_else_is_refused(
    pki: Pki, credential: Callable[[Pki], Credential], why: str
) -> None:
    refusal = connect(csms_3(pki), station_3(pki, credential(pki))).refusal
    assert refusal is not None and why in refusal


@pytest.mark.attack("A04")
def test_a_foreign_but_trusted_root_does_not_speak_for_the_cso(pki: Pki) -> None:
    foreign = pki.foreign("Manufacturer")
    csms = csms_3(pki, trust=pki.trust + foreign.trust)
    assert connect(csms, station_3(pki, pki.station("SN-0001"))).refusal is None
    refusal = connect(csms, station_3(pki, foreign.station("SN-0001"))).refusal
    assert refusal == "expected the CSO or an organization it trusts as O, found `Manufacturer`"


def test_only_profile_3_asks_for_a_certificate(pki: Pki) -> None:
    assert CsmsSecurityProfile.basic().refusal(None, "CS-1") is None
    assert connect(csms_2(pki), station_3(pki, pki.station("anybody"))).refusal is None
    assert csms_3(pki).refusal(None, "CS-1") == "expected a client certificate, found none"
    server, client = csms_2(pki).server_context(), station_2(pki).client_context()
    assert server is not None and client is not None
    seen = asyncio.run(exchange(server, client, profile=csms_3(pki)))
    assert seen.refusal == "expected a client certificate, found none"


# Renewal


def test_certificates_are_renewed_without_dropping_anybody(pki: Pki, tmp_path: Path) -> None:
    """One station stays connected while the certificate changes under it; the next one sees the new certificate."""
    old_certificate, new_certificate = (pki.server(CSMS, organization=name) for name in ("before", "after"))
    reloadable = ReloadableServerContext(csms_2(pki, old_certificate))
    client = station_2(pki).client_context()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)

    async def main() -> list[str]:
        seen = []
        async with serving(echo, reloadable.context) as address:
            ends = []
            for profile in (None, csms_2(pki, new_certificate)):
                if profile is not None:
                    reloadable.reload(profile)
                ends.append(await asyncio.open_connection(*address, ssl=client, server_hostname=CSMS))
            for reader, writer in ends:
                writer.write(b"still here\n")
                assert await reader.readline() == b"still here\n"
                seen.append(organization(writer.get_extra_info("ssl_object")))
                await closed(writer)
        return seen

    assert asyncio.run(main()) == ["before", "after"]


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
@pytest.mark.parametrize("name", [CSMS, "127.0.0.1"], ids=["with server name", "without"])
def test_roots_are_replaced_too(pki: Pki, version: str, name: str) -> None:
    """A root that is no longer trusted lets nobody in, also when the client names no server."""
    foreign = pki.foreign()
    certificate = pki.server(CSMS, alternative_names=[CSMS, "127.0.0.1"]).files
    profiles = [
        CsmsSecurityProfile.tls_client_certificate([certificate], trust=trust, binder=BINDER)
        for trust in (foreign.trust, pki.trust)
    ]
    reloadable = ReloadableServerContext(profiles[0])
    contexts = [
        station_3(pki, credential).client_context()
        for credential in (foreign.station("SN-0001"), pki.station("SN-0001"))
    ]
    for now_good in (0, 1, 0):
        reloadable.reload(profiles[now_good])
        for number, client in enumerate(contexts):
            assert client is not None
            client.maximum_version = ssl.TLSVersion[version]
            if number == now_good:
                assert asyncio.run(exchange(reloadable.context, client, name=name)).version
            else:
                with pytest.raises(OSError):
                    asyncio.run(exchange(reloadable.context, client, name=name))


def test_a_reload_that_fails_changes_nothing(pki: Pki, tmp_path: Path) -> None:
    certificate, key = tmp_path / "csms.pem", tmp_path / "csms.key"
    first = pki.server(CSMS, organization="before")
    certificate.write_bytes(first.certificate_pem)
    key.write_bytes(first.key_pem)
    profile = CsmsSecurityProfile.tls_basic([(certificate, key)])
    reloadable = ReloadableServerContext(profile)
    certificate.write_bytes(pki.server(CSMS).certificate_pem)
    with pytest.raises(LocalProtocolError, match="KEY_VALUES_MISMATCH"):
        reloadable.reload(profile)
    with pytest.raises(LocalProtocolError, match="expected security profile 2, found 3"):
        reloadable.reload(csms_3(pki))
    key.unlink()
    with pytest.raises(FileNotFoundError):
        reloadable.reload(profile)
    client = station_2(pki).client_context()
    assert client is not None
    assert asyncio.run(exchange(reloadable.context, client)).version


def test_a_station_uses_its_new_certificate_from_the_next_connection_on(pki: Pki, tmp_path: Path) -> None:
    certificate, key = tmp_path / "station.pem", tmp_path / "station.key"
    station = SecurityProfile.tls_client_certificate("CS-1", certificate=certificate, key=key, trust=pki.trust)
    csms = csms_3(pki)
    for serial_number, is_good in (("SN-0002", False), ("SN-0001", True)):
        credential = pki.station(serial_number)
        certificate.write_bytes(credential.certificate_pem)
        key.write_bytes(credential.key_pem)
        assert (connect(csms, station).refusal is None) == is_good


# Arguments


def test_profile_1_has_no_context(pki: Pki) -> None:
    station, csms = SecurityProfile.basic("CS-1", PASSWORD), CsmsSecurityProfile.basic()
    assert (station.number, station.client_context(), csms.number, csms.server_context()) == (1, None, 1, None)
    with pytest.raises(LocalProtocolError, match="expected a security profile with TLS, found 1"):
        ReloadableServerContext(csms)


def test_basic_credentials(pki: Pki) -> None:
    for profile in (SecurityProfile.basic("CS-1", PASSWORD), station_2(pki)):
        kind, _, value = profile.headers()["Authorization"].partition(" ")
        assert (kind, base64.b64decode(value)) == ("Basic", f"CS-1:{PASSWORD}".encode())
    assert station_3(pki, pki.station()).headers() == {}


@pytest.mark.parametrize("identity", ["", "a:b", "a/b", "x" * 49, "a b", "é", "a\n", "CS%31"])
def test_what_is_no_identity(identity: str) -> None:
    with pytest.raises(LocalProtocolError, match="expected 1 to 48 characters"):
        SecurityProfile.basic(identity, PASSWORD)


def test_every_character_of_an_identity() -> None:
    for identity in ("x" * 48, "aZ09*-_=+|@."):
        assert SecurityProfile.basic(identity, PASSWORD).identity == identity


@pytest.mark.attack("A19")
def test_urls_fit_the_profile(pki: Pki) -> None:
    secured, plain = station_2(pki), SecurityProfile.basic("CS-1", PASSWORD)
    for url in ("wss://csms.example.com/ocpp", "WSS://[::1]:8443/ocpp", "wss://csms:1/" + "x" * 1986):
        secured.check_url(url)
    plain.check_url("ws://10.0.0.1:80/ocpp")
    for profile, url, why in (
        (secured, "ws://csms.example.com/ocpp", "wss:// for security profile 2, found `ws`"),
        (station_3(pki, pki.station()), "ws://csms.example.com/ocpp", "wss:// for security profile 3, found `ws`"),
        (plain, "wss://csms.example.com/ocpp", "ws:// for security profile 1, found `wss`"),
    ):
        with pytest.raises(LocalProtocolError) as caught:
            profile.check_url(url)
        assert why in str(caught.value)


PROFILES = (1, 2, 3)


@pytest.mark.attack("A19")
@pytest.mark.use_case("A05")
@pytest.mark.parametrize("allow_downgrade", [False, True])
@pytest.mark.parametrize("new", PROFILES)
@pytest.mark.parametrize("current", PROFILES)
def test_a_profile_is_not_lowered(current: Any, new: Any, allow_downgrade: bool) -> None:
    if (current, new) in {(2, 1), (3, 1)} or ((current, new) == (3, 2) and not allow_downgrade):
        with pytest.raises(LocalProtocolError, match=f"no change from security profile {current} to {new}"):
            check_change(current, new, allow_downgrade=allow_downgrade)
    else:
        check_change(current, new, allow_downgrade=allow_downgrade)


@pytest.mark.attack("A19")
def test_by_default_nothing_is_lowered() -> None:
    with pytest.raises(LocalProtocolError, match="without AllowSecurityProfileDowngrade"):
        check_change(3, 2)


# Secrets (A59)


@pytest.mark.attack("A59")
def test_nothing_shows_a_secret(pki: Pki, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the texts of profiles, nor what is logged at DEBUG, asyncio's own lines included."""
    station = station_2(pki, allow_wildcards=True)
    server, client = csms_2(pki).server_context(), station.client_context()
    assert server is not None and client is not None
    asyncio.run(exchange(server, client), debug=True)
    asyncio.run(exchange(server, client), debug=True)
    refused(csms_2(pki, pki.foreign().server(CSMS)), station)
    shown = [caplog.text, repr(station), str(station), f"{station}", repr(csms_3(pki)), repr(pki.station())]
    with pytest.raises(LocalProtocolError) as caught:
        SecurityProfile.basic("CS-1", PASSWORD * 2)
    shown.append(str(caught.value))
    authorization = station.headers()["Authorization"].removeprefix("Basic ")
    for secret in (PASSWORD, authorization, "Authorization", "PRIVATE KEY"):
        assert not any(secret in text for text in shown)
    assert "starts SSL handshake" in caplog.text


# With connect and serve


def profiles(pki: Pki, number: int) -> tuple[CsmsSecurityProfile, SecurityProfile]:
    return {
        1: lambda: (CsmsSecurityProfile.basic(), SecurityProfile.basic("CS-1", PASSWORD)),
        2: lambda: (csms_2(pki), station_2(pki)),
        3: lambda: (csms_3(pki), station_3(pki, pki.station("SN-0001"))),
    }[number]()


def listen(csms: CsmsSecurityProfile) -> Server:
    store = PasswordStore(cost=4)
    store.set("CS-1", PASSWORD)
    return serve(
        lambda connection: None,
        "127.0.0.1",
        0,
        authenticator=None if csms.number == 3 else store,
        binder=csms.binder,
        ssl=csms.server_context(),
        handlers=ANSWERS,
    )


def dial(server: Server, station: SecurityProfile) -> Connecting:
    secured = station.client_context()
    options = {} if secured is None else {"ssl": secured, "server_hostname": CSMS}
    url = f"{'ws' if secured is None else 'wss'}://127.0.0.1:{server.ports[0]}/ocpp"
    station.check_url(url)
    return Connecting(url, station.identity, password=station.password, **options)


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_a_station_is_served(pki: Pki, number: int, caplog: pytest.LogCaptureFixture) -> None:
    csms, station = profiles(pki, number)
    async with listen(csms) as server, dial(server, station) as connection:
        assert (await connection.call(HeartbeatRequest())).current_time
    for secret in (PASSWORD, base64.b64encode(f"CS-1:{PASSWORD}".encode()).decode(), "Authorization"):
        assert secret not in caplog.text


@pytest.mark.parametrize("number", [1, 2])
async def test_a_wrong_password_is_refused(pki: Pki, number: int) -> None:
    csms, station = profiles(pki, number)
    async with listen(csms) as server:
        with pytest.raises(HandshakeFailed, match="401"):
            await dial(server, replace(station, password=b"wrong-wrong-wrong"))


@pytest.mark.attack("A04")
async def test_the_certificate_of_another_station_is_refused(pki: Pki, caplog: pytest.LogCaptureFixture) -> None:
    async with listen(csms_3(pki)) as server:
        with pytest.raises(HandshakeFailed, match="403"):
            await dial(server, station_3(pki, pki.station("SN-0002")))
        async with dial(server, station_3(pki, pki.station("SN-0001"))) as connection:
            assert (await connection.call(HeartbeatRequest())).current_time
    assert "expected `SN-0001` as CN, found `SN-0002`" in caplog.text


@pytest.mark.attack("A19")
@pytest.mark.parametrize("shown", [2, 1], ids=["without certificate", "without TLS"])
async def test_a_lower_profile_is_refused_where_a_higher_one_is_in_use(pki: Pki, shown: int) -> None:
    """One profile on each port (A00.FR.002, A00.FR.006); nothing falls back to another."""
    async with listen(csms_3(pki)) as server:
        with pytest.raises((OSError, HandshakeFailed)):
            await dial(server, profiles(pki, shown)[1])
