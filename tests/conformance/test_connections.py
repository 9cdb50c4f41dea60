"""How stations connect, and how a CSMS takes it: small invented cases, each as it must pass and as it must fail."""

from __future__ import annotations

import asyncio
import dataclasses
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ocpp21.asyncio import Refusal, Server, serve
from ocpp21.asyncio.tls import client_context, server_context
from ocpp21.conformance import Configuration, Result, Verdict, load
from ocpp21.conformance.cases.load import CaseError
from ocpp21.conformance.security import Security
from ocpp21.conformance.wire.handshakes import old
from ocpp21.messages import (
    BootNotificationRequest,
    BootNotificationResponse,
    RegistrationStatusEnumType,
    StatusNotificationRequest,
    StatusNotificationResponse,
)
from ocpp21.testing import Pki
from tests.conformance.dialling import PASSWORD, Dial, DiallingStation
from tests.conformance.scripted import CONFIGURATION, case, expect, play, play_csms, step

HOST = "csms.example.com"
WITH_PASSWORD = dataclasses.replace(CONFIGURATION, password=PASSWORD, boot_timeout_s=60.0)


def outcome(result: Result) -> tuple[Verdict, str]:
    return result.verdict, result.text


PASS = (Verdict.PASS, "")

# Waits

CUT = step(1, "TS", "close WebSocket")
BACK_OFF = "wait <RetryBackOffWaitMinimum>, reconnect"


@pytest.mark.parametrize(
    ("wait_s", "expected"),
    [
        (10.0, PASS),
        (5.0, (Verdict.FAIL, "step 2: expected wait >= <RetryBackOffWaitMinimum>, found 5")),
        (90.0, (Verdict.FAIL, "step 2: expected a connection of the station, found none in time")),
    ],
)
def test_a_station_waits_before_it_connects_again(wait_s: float, expected: tuple[Verdict, str]) -> None:
    steps = [CUT, step(2, "SUT", BACK_OFF), step(3, "TS", "accept connection")]
    text = case(steps=steps, expect=[expect(2, "reconnect", "wait >= <RetryBackOffWaitMinimum>")])
    assert outcome(play(DiallingStation(Dial(), Dial(wait_s)), text, configuration=WITH_PASSWORD)) == expected


@pytest.mark.parametrize(("wait_s", "is_met"), [(20.0, True), (10.0, False)])
def test_a_station_that_is_refused_waits_longer(wait_s: float, is_met: bool) -> None:
    steps = [
        CUT,
        step(2, "SUT", BACK_OFF),
        step(3, "TS", "refuse connection"),
        step(4, "SUT", "wait 2 x the time of step 2, reconnect"),
        step(5, "TS", "accept connection"),
    ]
    text = case(steps=steps, expect=[expect(4, "reconnect", "wait >= 2 x <wait of step 2>")])
    result = play(DiallingStation(Dial(), Dial(10.0), Dial(wait_s)), text, configuration=WITH_PASSWORD)
    assert (result.verdict is Verdict.PASS) is is_met, result.text


# What is shown in a request to upgrade

UPGRADE = [step(1, "SUT", "HTTP upgrade"), step(2, "TS", "HTTP 101 (WebSocket open)")]


@pytest.mark.parametrize(
    ("check", "is_met"),
    [
        ("Authorization == Basic <base64(ChargingStationId:basicAuthPassword)>", True),
        ("Authorization == Basic <base64(ChargingStationId:new password)>", False),
        ("identity == <identity>", True),
        ("user == another", False),
        ("passwordLength >= 16", True),
        ("passwordLength < 16", False),
        ("subprotocols contains ocpp2.1", True),
        ("subprotocols contains ocpp2.0.1", False),
        ("endpoint == 1", True),
        ("endpoint == 2", False),
        ("securityProfile == 1", True),
        ("version absent", True),
    ],
)
def test_what_a_station_shows_when_it_connects(check: str, is_met: bool) -> None:
    text = case(steps=UPGRADE, expect=[expect(1, "HTTP upgrade", check)])
    result = play(DiallingStation(Dial(), Dial(1.0)), text, configuration=WITH_PASSWORD)
    assert (result.verdict is Verdict.PASS) is is_met, result.text
    assert PASSWORD not in result.text and "Q1MwMDE6" not in str([entry.text for entry in result.log])


def test_a_station_that_shows_no_password_fails() -> None:
    check = "Authorization == Basic <base64(ChargingStationId:basicAuthPassword)>"
    text = case(steps=UPGRADE, expect=[expect(1, "HTTP upgrade", check)])
    result = play(DiallingStation(Dial(), Dial(1.0, password="")), text, configuration=WITH_PASSWORD)
    assert result.text == "step 1: expected the password that is configured, found another one, or none"


def test_an_unknown_fact_stops_the_load() -> None:
    text = case(steps=UPGRADE, expect=[expect(1, "HTTP upgrade", "moon == full")])
    with pytest.raises(CaseError, match=r"^TC_X_01_CS, expectation of step 1: expected one of Authorization, .*'moon'"):
        load(text, "")


# The second endpoint

MOVE = [
    step(
        1,
        "TS",
        "SetNetworkProfileRequest",
        {
            "configurationSlot": "<inactive slot>",
            "connectionData.ocppCsmsUrl": "<inactive ocppCsmsUrl>",
            "connectionData.messageTimeout": "<configured for slot>",
            "connectionData.securityProfile": "<configured for slot>",
        },
    ),
    step(2, "SUT", "SetNetworkProfileResponse"),
    step(3, "TS", "close WebSocket"),
]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (True, PASS),
        (False, (Verdict.FAIL, "step 4: expected a connection at endpoint 2, found one at endpoint 1")),
    ],
)
def test_a_station_moves_to_the_second_endpoint(second: bool, expected: tuple[Verdict, str]) -> None:
    text = case(steps=[*MOVE, step(4, "SUT", "connect to the alternative endpoint")])
    station = DiallingStation(Dial(), Dial(10.0, second=second))
    assert outcome(play(station, text, configuration=WITH_PASSWORD)) == expected


@pytest.mark.parametrize(
    ("dials", "is_met"),
    [
        ([Dial(1.0, second=True), Dial(1.0, second=True), Dial(1.0)], True),
        ([Dial(1.0, second=True), Dial(1.0)], False),
        ([Dial(1.0), Dial(1.0, second=True), Dial(1.0, second=True)], False),
    ],
)
def test_a_station_falls_back_when_the_second_endpoint_is_dead(dials: list[Dial], is_met: bool) -> None:
    steps = [
        *MOVE,
        step(4, "TS", "ignore two connection requests on the first slot"),
        step(5, "TS", "accept connection on the second slot"),
    ]
    result = play(DiallingStation(Dial(), *dials), case(steps=steps), configuration=WITH_PASSWORD)
    assert (result.verdict is Verdict.PASS) is is_met, result.text


# TLS of a station


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pki]:
    yield Pki(tmp_path_factory.mktemp("pki"))


def root(pki: Pki, directory: Path) -> Path:
    path = directory / "root.pem"
    path.write_bytes(pki.trust)
    return path


@pytest.fixture
def secured(pki: Pki, tmp_path: Path) -> Configuration:
    security = Security(
        profile=2,
        host=HOST,
        certificates=(pki.server(HOST).files,),
        trust=root(pki, tmp_path),
        faulty={"expired": pki.server(HOST, validity="expired").files},
    )
    return dataclasses.replace(WITH_PASSWORD, security=security)


def careless() -> ssl.SSLContext:
    """Of a station that trusts everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def hello(shown: dict[str, str], *, broken: bool) -> list[dict[str, Any]]:
    end = step(4, "SUT", "terminate TLS connection") if broken else step(4, "SUT", "HTTP upgrade")
    return [CUT, step(2, "SUT", "TLS ClientHello"), step(3, "TS", "TLS ServerHello", shown), end]


def test_a_station_ends_tls_that_it_should_not_trust(pki: Pki, secured: Configuration) -> None:
    def careful() -> ssl.SSLContext:
        return client_context(pki.trust)

    text = case(steps=hello({"certificate": "expired"}, broken=True))
    station = DiallingStation(Dial(context=careful), Dial(10.0, context=careful), Dial(10.0, context=careful))
    assert outcome(play(station, text, configuration=secured)) == PASS


def test_a_station_that_trusts_everybody_fails(secured: Configuration) -> None:
    text = case(steps=hello({"certificate": "expired"}, broken=True))
    station = DiallingStation(Dial(context=careless), Dial(10.0, context=careless))
    result = play(station, text, configuration=secured)
    assert result.text == "step 2: expected an end of the connection by the station, found a request to upgrade"


def test_a_station_that_speaks_old_tls_fails(pki: Pki, secured: Configuration) -> None:
    steps = hello({"version": "<below 1.2>"}, broken=True)
    careful = DiallingStation(*[Dial(10.0, context=lambda: client_context(pki.trust))] * 2)
    assert outcome(play(careful, case(steps=steps), configuration=secured)) == PASS
    station = DiallingStation(Dial(context=careless), Dial(10.0, context=lambda: old(careless())))
    assert play(station, case(steps=steps), configuration=secured).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("check", "is_met"),
    [
        ("version in (TLSv1.2, TLSv1.3)", True),
        ("version == TLSv1.1", False),
        ("serverName == <host>", True),
        ("serverName == elsewhere", False),
        ("cipher present", True),
        ("commonName present", False),
    ],
)
def test_what_a_station_agrees_to(pki: Pki, secured: Configuration, check: str, is_met: bool) -> None:
    text = case(steps=hello({}, broken=False), expect=[expect(4, "HTTP upgrade", check)])
    station = DiallingStation(*[Dial(10.0, context=lambda: client_context(pki.trust))] * 2)
    result = play(station, text, configuration=secured)
    assert (result.verdict is Verdict.PASS) is is_met, result.text


def test_a_station_shows_its_certificate(pki: Pki, secured: Configuration) -> None:
    security = dataclasses.replace(secured.security, profile=3)
    configuration = dataclasses.replace(secured, security=security)
    text = case(steps=hello({}, broken=False), expect=[expect(4, "HTTP upgrade", "commonName == <identity>")])
    for name, is_met in (("CS001", True), ("CS002", False)):
        files = pki.station(name).files
        station = DiallingStation(
            *[Dial(10.0, password="", context=lambda files=files: client_context(pki.trust, files=files))] * 2  # type: ignore[misc]
        )
        result = play(station, text, configuration=configuration)
        assert (result.verdict is Verdict.PASS) is is_met, result.text


def test_a_certificate_that_is_not_configured_is_inconclusive(pki: Pki, secured: Configuration) -> None:
    text = case(steps=hello({"certificate": "foreign"}, broken=True))
    station = DiallingStation(Dial(context=lambda: client_context(pki.trust)))
    reason = "no certificate `foreign` is configured in [security.faulty]"
    assert outcome(play(station, text, configuration=secured)) == (Verdict.INCONCLUSIVE, reason)


def test_a_case_is_for_some_security_profiles(secured: Configuration) -> None:
    text = case(steps=UPGRADE, condition="security profile 1 or 2 active")
    configuration = dataclasses.replace(secured, security=dataclasses.replace(secured.security, profile=3))
    reason = "expected security profile 1 or 2, found 3"
    assert outcome(play(DiallingStation(Dial()), text, configuration=configuration)) == (Verdict.NOT_APPLICABLE, reason)


# A CSMS

BOOTED = BootNotificationResponse(
    current_time=datetime(2026, 1, 1, tzinfo=UTC), interval=60, status=RegistrationStatusEnumType.ACCEPTED
)
TOLD = StatusNotificationResponse()
#: Of CS001 and the password.
GOOD = f"Basic {b64encode(f'CS001:{PASSWORD}'.encode()).decode()}"


class ScriptedCsms:
    """A CSMS that lets in whom a test tells it to.

    Args:
        admit: says whether an Authorization header is good.
        context: of TLS; None for none.
    """

    def __init__(self, admit: Callable[[str], bool], context: Callable[[], ssl.SSLContext] | None = None) -> None:
        self._admit = admit
        self._context = context
        self._server: Server | None = None

    async def start(self) -> str:
        async def admit(candidate: Any) -> Refusal | None:
            return None if self._admit("".join(candidate.authorization)) else Refusal(401, "no")

        async def serve_station(connection: Any) -> None:
            await connection.wait_closed()

        context = None if self._context is None else self._context()
        handlers = {BootNotificationRequest: lambda _: BOOTED, StatusNotificationRequest: lambda _: TOLD}
        self._server = await serve(serve_station, "127.0.0.1", 0, admit=admit, ssl=context, handlers=handlers)
        return f"{'ws' if context is None else 'wss'}://localhost:{self._server.ports[0]}"

    async def trigger(self, identity: str, message: str, payload: dict[str, Any], /) -> None:
        raise AssertionError("nothing is triggered here")

    async def stop(self) -> None:
        assert self._server is not None
        await self._server.drain(0.0)
        await asyncio.sleep(0)


def refused(header: str) -> str:
    steps = [
        step(1, "TS", "HTTP upgrade", {"Authorization": header} if header else None),
        step(2, "SUT", "reject the upgrade"),
    ]
    return case(id="TC_X_01_CSMS", role="CSMS", steps=steps)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic base64(<configured ChargingStationId>:<new password>)",
        "Basic base64(<configured ChargingStationId> + Invalid:<configured basicAuthPassword>)",
    ],
)
def test_a_csms_must_refuse_wrong_credentials(header: str) -> None:
    strict = ScriptedCsms(lambda shown: shown == GOOD)
    assert outcome(play_csms(strict, refused(header), configuration=WITH_PASSWORD)) == PASS
    careless_csms = ScriptedCsms(lambda shown: True)
    result = play_csms(careless_csms, refused(header), configuration=WITH_PASSWORD)
    assert result.text == "step 1: expected a refused upgrade, found an open WebSocket"


def test_a_csms_must_let_in_who_is_right() -> None:
    header = "Basic base64(<configured ChargingStationId>:<configured basicAuthPassword>)"
    steps = [step(1, "TS", "HTTP upgrade", {"Authorization": header}), step(2, "SUT", "upgrade to WebSocket")]
    text = case(id="TC_X_01_CSMS", role="CSMS", steps=steps)
    assert outcome(play_csms(ScriptedCsms(lambda shown: shown == GOOD), text, configuration=WITH_PASSWORD)) == PASS
    shown_before: list[str] = []

    def once(shown: str) -> bool:
        shown_before.append(shown)
        return len(shown_before) == 1

    result = play_csms(ScriptedCsms(once), text, configuration=WITH_PASSWORD)
    assert result.text == "step 1: expected an open WebSocket, found a refused upgrade: expected status 101, found 401"


def tls_case(shown: dict[str, Any], *checks: str, version: str = "", end: str = "upgrade to WebSocket") -> str:
    steps = [
        step(1, "TS", f"drop the connection, TLS ClientHello{version}"),
        step(2, "SUT", "TLS ServerHello"),
        step(
            3, "TS", "TLS client certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished", shown
        ),
        step(4, "SUT", end),
    ]
    return case(id="TC_X_01_CSMS", role="CSMS", steps=steps, expect=[expect(3, "HTTP upgrade", *checks)])


@pytest.fixture
def at_csms(pki: Pki, tmp_path: Path) -> Configuration:
    security = Security(profile=2, trust=root(pki, tmp_path))
    return dataclasses.replace(WITH_PASSWORD, security=security)


def csms(pki: Pki, **options: Any) -> ScriptedCsms:
    kinds = [pki.server("localhost").files, pki.server("localhost", key="rsa").files]
    return ScriptedCsms(lambda shown: True, lambda: server_context(kinds, **options))


@pytest.mark.parametrize(
    ("check", "is_met"),
    [
        ("version in (TLSv1.2, TLSv1.3)", True),
        ("version == TLSv1.1", False),
        ("commonName == localhost", True),
        ("commonName == elsewhere", False),
        ("keySize >= 224 if keyType == EC", True),
        ("keySize >= 4096 if keyType == EC", False),
        ("serialNumber present", True),
        ("cipher absent", False),
    ],
)
def test_the_tls_of_a_csms(pki: Pki, at_csms: Configuration, check: str, is_met: bool) -> None:
    result = play_csms(csms(pki), tls_case({}, check), configuration=at_csms)
    assert (result.verdict is Verdict.PASS) is is_met, result.text


def test_a_csms_must_support_all_suites(pki: Pki, at_csms: Configuration) -> None:
    text = tls_case({"suites": ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256"]})
    assert outcome(play_csms(csms(pki, rsa_key_exchange=True), text, configuration=at_csms)) == PASS
    result = play_csms(csms(pki), text, configuration=at_csms)
    assert result.text == "step 1: expected TLS_RSA_WITH_AES_128_GCM_SHA256, found no agreement on it"


def test_a_csms_must_not_speak_old_tls(pki: Pki, at_csms: Configuration) -> None:
    text = tls_case({}, version=" below 1.2", end="terminate the connection")
    assert outcome(play_csms(csms(pki), text, configuration=at_csms)) == PASS

    def both() -> ssl.SSLContext:
        context = old(server_context([pki.server("localhost").files]))
        context.maximum_version = ssl.TLSVersion.TLSv1_3
        return context

    result = play_csms(ScriptedCsms(lambda shown: True, both), text, configuration=at_csms)
    assert result.text == "step 1: expected a refused upgrade, found an open WebSocket"
    refusing = iter([True, False])
    result = play_csms(ScriptedCsms(lambda shown: next(refusing), both), text, configuration=at_csms)
    assert result.text == "step 1: expected an end of the connection below TLS 1.2, found HTTP status 401"


def test_a_csms_must_refuse_bad_client_certificates(pki: Pki, at_csms: Configuration) -> None:
    security = dataclasses.replace(
        at_csms.security,
        profile=3,
        certificates=(pki.station("CS001").files,),
        faulty={"foreign": pki.foreign().station("CS001").files},
    )
    configuration = dataclasses.replace(at_csms, security=security)
    text = tls_case({"clientCertificate": "foreign"}, end="terminate the connection")
    assert outcome(play_csms(csms(pki, trust=pki.trust), text, configuration=configuration)) == PASS
    assert play_csms(csms(pki), text, configuration=configuration).verdict is Verdict.FAIL


def test_tls_that_a_station_does_not_get_fails(pki: Pki, at_csms: Configuration) -> None:
    security = dataclasses.replace(at_csms.security, trust=root(pki.foreign(), at_csms.security.trust.parent))  # type: ignore[union-attr]
    result = play_csms(csms(pki), tls_case({}), configuration=dataclasses.replace(at_csms, security=security))
    assert result.text.startswith("start: expected a connection to wss://localhost:")


@pytest.mark.parametrize(
    "text",
    [
        "HTTP upgrade",
        "TLS ClientHello",
        "TLS client certificate, ClientKeyExchange",
        "drop the connection, TLS ClientHello",
    ],
)
def test_a_connection_of_which_nothing_comes_cannot_be_played(text: str) -> None:
    steps = [step(1, "TS", text)]
    result = play_csms(ScriptedCsms(lambda shown: True), case(id="TC_X_01_CSMS", role="CSMS", steps=steps))
    assert outcome(result) == (Verdict.INCONCLUSIVE, f"step 1: the test system cannot {text!r} yet")


@pytest.mark.parametrize("text", ["terminate TLS connection", "TLS Finished", "upgrade to WebSocket"])
def test_the_end_of_a_connection_without_its_beginning_cannot_be_played(text: str) -> None:
    result = play(DiallingStation(Dial()), case(steps=[step(1, "SUT", text)]), configuration=WITH_PASSWORD)
    assert outcome(result) == (Verdict.INCONCLUSIVE, f"step 1: the test system cannot {text!r} yet")
