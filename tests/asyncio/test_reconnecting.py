"""A client that is kept connected."""

from __future__ import annotations

import asyncio

import pytest
from loopback import BRIEF, HANG_S, PASSWORD, Passwords, open_to_all, settle, until, url
from raw_peer import ALIVE, CHANGE_AVAILABILITY, HEARTBEAT, STREAM

from ocpp21.asyncio import (
    AttemptFailed,
    BackOff,
    Client,
    Connected,
    Disconnected,
    HandshakeFailed,
    NetworkProfile,
    Server,
)
from ocpp21.asyncio.reconnecting import Change
from ocpp21.errors import LocalProtocolError, SessionClosed
from ocpp21.messages import (
    ChangeAvailabilityRequest,
    ChangeAvailabilityResponse,
    ChangeAvailabilityStatusEnumType,
    HeartbeatRequest,
    NotifyPeriodicEventStream,
)

CHANGED = ChangeAvailabilityResponse(status=ChangeAvailabilityStatusEnumType.ACCEPTED)


def quick(repeat_times: int = 2) -> BackOff:
    return BackOff(wait_minimum_s=0.01, random_range_s=0.0, repeat_times=repeat_times)


def profile(server: Server, password: str | None = None) -> NetworkProfile:
    return NetworkProfile(url(server), "CS1", password)


async def test_a_call_waits_for_the_connection() -> None:
    changes: list[Change] = []
    async with open_to_all() as server:
        async with Client([profile(server)], on_change=changes.append, patience=BRIEF) as client:
            assert client.connection is None
            assert await client.call(HEARTBEAT, timeout_s=HANG_S) == ALIVE
            await client.send(STREAM)
            assert await client.connected() is client.connection
        assert client.connection is None or client.connection.is_closed
    (change,) = changes
    assert isinstance(change, Connected) and not change.is_other_profile


async def test_after_a_loss_it_connects_again_without_a_boot() -> None:
    changes: list[Change] = []
    seen: list[str] = []
    async with open_to_all(lambda connection: seen.append(connection.identity)) as server:
        async with Client([profile(server)], back_off=quick(), on_change=changes.append, patience=BRIEF) as client:
            for _ in range(3):
                connection = await client.connected()
                assert await client.call(HEARTBEAT) == ALIVE
                await server.connections["CS1"].close()
                with pytest.raises(SessionClosed):
                    await connection.call(HEARTBEAT)
            assert await client.call(HEARTBEAT) == ALIVE
    assert seen == ["CS1"] * 4
    kinds = [type(change) for change in changes]
    assert kinds[:7] == [Connected, Disconnected, Connected, Disconnected, Connected, Disconnected, Connected]
    waits = {change.wait_s for change in changes if isinstance(change, Disconnected)}
    assert waits == {0.01}  # reset by every success


async def test_it_never_gives_up() -> None:
    changes: list[Change] = []
    passwords = Passwords("CS1", password="another")
    async with open_to_all(allow_unauthenticated=False, authenticator=passwords) as server:
        profiles = [profile(server, PASSWORD)]
        async with Client(profiles, back_off=quick(), on_change=changes.append, patience=BRIEF) as client:
            await until(lambda: len(changes) >= 4)
            passwords.passwords["CS1"] = PASSWORD.encode()
            assert await client.call(HEARTBEAT) == ALIVE
    failures = [change for change in changes if isinstance(change, AttemptFailed)]
    assert [failure.wait_s for failure in failures[:4]] == [0.01, 0.02, 0.04, 0.04]
    assert isinstance(failures[0].error, HandshakeFailed) and failures[0].error.status == 401
    assert PASSWORD not in repr(changes)


@pytest.mark.use_case("B10")
async def test_it_goes_on_to_the_next_profile() -> None:
    changes: list[Change] = []
    async with open_to_all() as second:
        async with open_to_all() as first:
            profiles = [profile(first), profile(second)]
            client = Client(profiles, attempts=2, back_off=quick(), on_change=changes.append, patience=BRIEF)
            await client.__aenter__()
            assert await client.call(HEARTBEAT) == ALIVE
        connection = await client.connected()
        assert await connection.call(HEARTBEAT) == ALIVE and "CS1" in second.connections
        await client.close()
    assert [type(change) for change in changes[:5]] == [
        Connected,
        Disconnected,
        AttemptFailed,
        AttemptFailed,
        Connected,
    ]
    last = changes[4]
    assert isinstance(last, Connected) and last.is_other_profile and last.profile is profiles[1]


async def test_handlers_stay_over_connections() -> None:
    async with open_to_all() as server:
        async with Client([profile(server)], back_off=quick(), patience=BRIEF) as client:

            @client.on(ChangeAvailabilityRequest)
            def change(request: ChangeAvailabilityRequest) -> ChangeAvailabilityResponse:
                return CHANGED

            for _ in range(2):
                await client.call(HEARTBEAT)
                connection = server.connections["CS1"]
                assert await connection.call(CHANGE_AVAILABILITY) == CHANGED
                await connection.close()
                await (await client.connected()).is_alive(1)
            with pytest.raises(LocalProtocolError):
                client.on(HeartbeatRequest)
            with pytest.raises(LocalProtocolError):
                client.on(NotifyPeriodicEventStream)


async def test_waiters_see_the_next_connection_not_the_one_that_ends() -> None:
    async with open_to_all() as server:
        async with Client([profile(server)], back_off=quick(), patience=BRIEF) as client:
            first = await client.connected()
            first.abort("lost")
            second = await client.connected()
            assert second is not first and await second.call(HEARTBEAT) == ALIVE


async def test_what_the_application_does_with_a_change_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fail(change: Change) -> None:
        raise RuntimeError("no")

    async with open_to_all() as server:
        async with Client([profile(server)], on_change=fail, patience=BRIEF) as client:
            assert await client.call(HEARTBEAT) == ALIVE
    assert "on_change failed" in caplog.text


async def test_closing_while_it_waits_or_connects() -> None:
    async with open_to_all() as server:
        where = profile(server)
    client = Client([where], back_off=BackOff(wait_minimum_s=1000.0))
    await client.close()
    async with client:
        waiting = asyncio.create_task(client.connected())
        await settle()
    async with client:
        pass
    waiting.cancel()
    await asyncio.wait([waiting])
