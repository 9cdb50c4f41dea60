"""How the Authorization Cache makes room (C10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from ocpp21.messages import AuthorizationStatusEnumType, IdTokenInfoType, IdTokenType
from ocpp21.station.authorization_cache import AuthorizationCache
from station.stations import Site, play

TOKENS = {name: IdTokenType(id_token=name, type="ISO14443") for name in "ABCD"}
ACCEPTED = IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED)
BLOCKED = IdTokenInfoType(status=AuthorizationStatusEnumType.BLOCKED)


@contextmanager
def clock(site: Site) -> Iterator[Callable[[float], None]]:
    """Let the clock of a station be set forward by hand, in s."""
    ahead = timedelta()
    real = site.station.now

    def forward(seconds: float) -> None:
        nonlocal ahead
        ahead += timedelta(seconds=seconds)

    site.station.now = lambda: real() + ahead  # type: ignore[method-assign]
    yield forward


def make_site(capacity_b: int | None, policy: str | None = None, **variables: Any) -> Site:
    site = Site()
    control = site.device_model.auth_cache_ctrlr
    control.available.add(True)
    if capacity_b is not None:
        control.storage.add(0, max_limit=capacity_b)
    if policy is not None:
        control.policy.add(policy)
    for name, value in variables.items():
        getattr(control, name).add(value)
    return site


async def entry_size() -> int:
    """The room that one entry takes, in B."""
    async with make_site(None) as site:
        await site.station.authorization.cache.learn(TOKENS["A"], ACCEPTED)
        return site.station.authorization.cache.size_b


def kept(cache: AuthorizationCache) -> set[str]:
    return {name for name, token in TOKENS.items() if cache.look_up(token) is not None}


@pytest.mark.use_case("C10")
@pytest.mark.parametrize(("policy", "gone"), [(None, "A"), ("LRU", "A"), ("LFU", "C"), ("FIFO", "B"), ("CUSTOM", "C")])
def test_the_policy_says_what_makes_room(policy: str | None, gone: str) -> None:
    async def scenario() -> None:
        size = await entry_size()
        async with make_site(3 * size + 60, policy) as site:
            cache = site.station.authorization.cache
            assert site.device_model.auth_cache_ctrlr.enabled.value  # Available brings it
            cache.custom_order = lambda entry: -entry.stored_at.timestamp()
            with clock(site) as forward:
                for name in "BAC":
                    await cache.learn(TOKENS[name], ACCEPTED)
                    forward(1)
                for name in "AABBC":
                    forward(1)
                    cache.look_up(TOKENS[name])
                assert site.device_model.auth_cache_ctrlr.storage.value == cache.size_b > 2.9 * size
                await cache.learn(TOKENS["D"], ACCEPTED)
                assert kept(cache) == set("ABCD") - {gone}  # C10.FR.07
                assert cache.size_b <= 3 * size + 60
                await cache.load()
                assert kept(cache) == set("ABCD") - {gone}

    play(scenario)


@pytest.mark.use_case("C10")
def test_what_is_over_goes_first_then_what_is_not_accepted() -> None:
    async def scenario() -> None:
        size = await entry_size()
        async with make_site(3 * size + 60, life_time=10) as site:
            cache = site.station.authorization.cache
            with clock(site) as forward:
                await cache.learn(TOKENS["B"], BLOCKED)
                await cache.learn(TOKENS["A"], ACCEPTED)
                forward(9)
                await cache.learn(TOKENS["B"], BLOCKED)
                await cache.learn(TOKENS["C"], ACCEPTED)
                forward(2)
                await cache.learn(TOKENS["D"], ACCEPTED)
                assert kept(cache) == set("BCD")
                await cache.learn(TOKENS["A"], ACCEPTED)
                assert kept(cache) == set("ACD")

    play(scenario)


@pytest.mark.use_case("C10")
def test_what_never_fits_is_left_out() -> None:
    async def scenario() -> None:
        async with make_site(50) as site:
            await site.station.authorization.cache.learn(TOKENS["A"], ACCEPTED)
            assert kept(site.station.authorization.cache) == set() and site.station.authorization.cache.size_b == 0

    play(scenario)


@pytest.mark.use_case("C10")
def test_a_station_without_a_cache_keeps_nothing() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.station.authorization.cache.learn(TOKENS["A"], ACCEPTED)
            assert site.station.authorization.cache.size_b == 0
            assert not site.device_model.auth_cache_ctrlr.storage.exists

    play(scenario)


@pytest.mark.use_case("C10")
@pytest.mark.parametrize("kind", ["Central", "NoAuthorization", "DirectPayment", "central"])
def test_some_tokens_are_never_cached(kind: str) -> None:
    async def scenario() -> None:
        async with make_site(None) as site:
            cache, token = site.station.authorization.cache, IdTokenType(id_token="x", type=kind)
            await cache.learn(TOKENS["A"], ACCEPTED)
            size = cache.size_b
            await cache.learn(token, ACCEPTED)
            assert cache.size_b == size and cache.look_up(token) is None  # C02.FR.03, C05.FR.02

    play(scenario)
