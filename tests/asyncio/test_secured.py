"""The security profiles between our client and our server."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from loopback import BRIEF, PASSWORD, Passwords, dial, open_to_all
from raw_peer import ALIVE, HEARTBEAT

from ocpp21.asyncio import Candidate, HandshakeFailed, Server
from ocpp21.asyncio.binding import ByIdentity
from ocpp21.asyncio.security import CsmsSecurityProfile, SecurityProfile
from ocpp21.errors import SessionClosed
from ocpp21.testing.pki import Pki

CSO = "Example CSO"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder: Path = tmp_path_factory.mktemp("pki")
    return Pki(folder, organization=CSO)


def where(server: Server) -> str:
    return f"wss://localhost:{server.ports[0]}/ocpp"


async def test_profile_2(pki: Pki) -> None:
    profile = CsmsSecurityProfile.tls_basic([pki.server("localhost").files])
    server = open_to_all(allow_unauthenticated=False, authenticator=Passwords("CS1"), ssl=profile.server_context())
    async with server:
        trust = SecurityProfile.tls_basic("CS1", PASSWORD, trust=pki.trust).client_context()
        async with dial(where(server), "CS1", password=PASSWORD, ssl=trust, patience=BRIEF) as connection:
            assert await connection.call(HEARTBEAT) == ALIVE
        with pytest.raises(HandshakeFailed):
            await dial(where(server), "CS1", password="wrong", ssl=trust)
        foreign = SecurityProfile.tls_basic("CS1", PASSWORD, trust=pki.foreign().trust).client_context()
        with pytest.raises(ssl.SSLCertVerificationError):
            await dial(where(server), "CS1", password=PASSWORD, ssl=foreign)


@pytest.mark.attack("A04")
async def test_profile_3(pki: Pki) -> None:
    profile = CsmsSecurityProfile.tls_client_certificate(
        [pki.server("localhost").files], trust=pki.trust, binder=ByIdentity({CSO})
    )
    seen: list[Candidate] = []

    async def admit(candidate: Candidate) -> None:
        seen.append(candidate)

    options = {"binder": profile.binder, "admit": admit, "ssl": profile.server_context()}
    async with open_to_all(allow_unauthenticated=False, **options) as server:
        certificate, key = pki.station("CS1").files
        station = SecurityProfile.tls_client_certificate("CS1", certificate=certificate, key=key, trust=pki.trust)
        async with dial(where(server), "CS1", ssl=station.client_context(), patience=BRIEF) as connection:
            assert await connection.call(HEARTBEAT) == ALIVE
        assert seen[0].certificate is not None and seen[0].certificate.common_names == ("CS1",)
        with pytest.raises(HandshakeFailed) as caught:  # its certificate, on the path of another station
            await dial(where(server), "CS2", ssl=station.client_context())
        assert caught.value.status == 403
        trust = SecurityProfile.tls_basic("CS1", PASSWORD, trust=pki.trust).client_context()
        with pytest.raises((OSError, SessionClosed)):  # no certificate
            async with dial(where(server), "CS1", ssl=trust, patience=BRIEF) as connection:
                await connection.call(HEARTBEAT)
