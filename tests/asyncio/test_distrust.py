"""A station that does not trust its CSMS says so, once for a series of failures (A00.FR.310, A00.FR.316)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ocpp21.asyncio import BackOff, NetworkProfile, keep_connected, serve_roles
from ocpp21.asyncio.tls import client_context, server_context
from ocpp21.csms import CSMS, MemoryStore, Settings
from ocpp21.simulator import SimulatedStation, wallbox
from ocpp21.station import ChargingStation
from ocpp21.station.memory import MemoryStore as StationStore
from ocpp21.testing import Credential, Pki
from ocpp21.testing.virtual_time import EPOCH, run, wall_time

PASSWORD = "PasswordOfSufficientLength"


def events(shown: Credential, trust: bytes, good: Credential) -> list[str]:
    """What a station has in its log after three attempts, a good connection, and one more attempt."""

    async def live() -> list[str]:
        station = ChargingStation(SimulatedStation(wallbox(), epoch=EPOCH), StationStore())
        csms = CSMS(MemoryStore(), now=wall_time, settings=Settings(inventory=None))
        await station.start()
        await csms.start()
        port = 0
        line = None
        for credential, seconds in ((shown, 45.0), (good, 90.0), (shown, 45.0)):
            context = server_context([credential.files])
            server = await serve_roles(csms, "127.0.0.1", port, ssl=context, allow_unauthenticated=True)
            port = server.ports[0]
            if line is None:
                url = f"wss://csms.example.com:{port}"
                profile = NetworkProfile(url, "CS001", PASSWORD, client_context(trust))
                back_off = BackOff(wait_minimum_s=10.0, random_range_s=0.0, repeat_times=0)
                line = keep_connected(station, [profile], back_off=back_off, host="127.0.0.1")
                await line.__aenter__()
            await asyncio.sleep(seconds)
            await server.drain(0.0)
        assert line is not None
        await line.close()
        log = [entry.type for entry in await station.security.log()]
        await station.stop()
        await csms.stop()
        return log

    return run(live(), real_io=True)


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path)


def test_a_bad_certificate_is_reported_once_for_a_series_of_failures(pki: Pki) -> None:
    good = pki.server("csms.example.com")
    log = events(pki.server("csms.example.com", validity="expired"), pki.trust, good)
    assert log == ["StartupOfTheDevice", "InvalidCsmsCertificate", "InvalidCsmsCertificate"]


def test_what_is_no_matter_of_trust_is_not_reported(pki: Pki) -> None:
    good = pki.server("csms.example.com")
    assert events(good, pki.trust, good) == ["StartupOfTheDevice"]
