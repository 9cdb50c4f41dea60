"""The Authorization Cache (C10 to C12) over both roles, in virtual time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from laboratory import OTHER, TOKEN, Laboratory, explore, wall_time

from ocpp21.errors import StoreError
from ocpp21.messages import (
    AdditionalInfoType,
    AuthorizationStatusEnumType,
    AuthorizeRequest,
    ClearCacheStatusEnumType,
    IdTokenInfoType,
    IdTokenType,
    SetVariableDataType,
    SetVariableStatusEnumType,
    StatusInfoType,
)
from ocpp21.messages.datatypes import ComponentType, VariableType
from ocpp21.station.memory import MemoryStore

STATUS = AuthorizationStatusEnumType
CACHE = {
    "sampled_data_ctrlr.tx_updated_interval": 0,
    "auth_cache_ctrlr.enabled": True,
    "auth_ctrlr.local_pre_authorize": True,
    "auth_ctrlr.local_authorize_offline": True,
}
CONNECTED = {**CACHE, "tx_ctrlr.tx_start_point": ("EVConnected",), "tx_ctrlr.tx_stop_point": ("EVConnected",)}
AUTHORIZED = {**CACHE, "tx_ctrlr.tx_start_point": ("Authorized",), "tx_ctrlr.tx_stop_point": ("Authorized",)}
GROUP = IdTokenType(
    id_token="family", type="Central", additional_info=[AdditionalInfoType(additional_id_token="x", type="y")]
)


def info(status: STATUS = STATUS.ACCEPTED, **options: Any) -> IdTokenInfoType:
    return IdTokenInfoType(status=status, **options)


def asked(lab: Laboratory) -> int:
    return len(lab.messages(AuthorizeRequest))


async def status(lab: Laboratory, token: IdTokenType = TOKEN) -> tuple[str, int]:
    """What is said of a token, and how often the CSMS was asked for that."""
    before = asked(lab)
    known = await lab.station.authorization.authorize(token)
    return str(known.status), asked(lab) - before


async def dump(lab: Laboratory) -> bytes:
    return b"".join(value for _, value in await lab.station_store.read("authorization_cache"))


@pytest.mark.use_case("C10")
@pytest.mark.parametrize("said", list(STATUS))
def test_every_status_is_kept_over_a_power_cut(said: STATUS) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(TOKEN, info(said, group_id_token=GROUP, language1="de"))
        await lab.station.authorization.authorize(TOKEN)  # C10.FR.01, C10.FR.04
        await lab.kill()
        await lab.boot()  # C10.FR.02
        await lab.go_offline()
        known = await lab.station.authorization.authorize(TOKEN)
        group = IdTokenType(id_token="family", type="Central")  # C10.FR.14
        assert known == info(said, group_id_token=group, language1="de")
        found = await dump(lab)
        assert TOKEN.id_token.encode() not in found and b"additionalInfo" not in found  # C10.FR.12

    explore(scenario, variables=CACHE)


@pytest.mark.use_case("C10")
def test_entries_live_for_so_long() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.station.authorization.authorize(TOKEN)
        await lab.csms.tokens.put(OTHER, info(cache_expiry_date_time=wall_time() + timedelta(days=300)))
        await lab.station.authorization.authorize(OTHER)
        await lab.quiet(1)
        assert await status(lab) == ("Accepted", 0)
        await lab.quiet(2)
        assert await status(lab) == ("Accepted", 1)  # C10.FR.08, C10.FR.10
        assert await status(lab, OTHER) == ("Accepted", 0)  # C10.FR.13 goes before LifeTime
        assert await status(lab) == ("Accepted", 0)

    explore(scenario, variables={**CACHE, "auth_cache_ctrlr.life_time": 2})


@pytest.mark.use_case("C10")
def test_what_has_expired_is_gone() -> None:
    async def scenario(lab: Laboratory) -> None:
        soon = wall_time() + timedelta(seconds=10)
        await lab.csms.tokens.put(TOKEN, info(cache_expiry_date_time=soon))
        await lab.station.authorization.authorize(TOKEN)
        assert await status(lab) == ("Accepted", 0)
        await lab.quiet(11)
        assert await status(lab) == ("Accepted", 1)  # C10.FR.13
        assert lab.station.authorization.cache.size_b == 0 and not await dump(lab)

    explore(scenario, variables=CACHE)


@pytest.mark.use_case("C10")
@pytest.mark.parametrize("is_final", [True, False])
def test_an_answer_to_an_event_changes_an_entry(is_final: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.station.authorization.authorize(TOKEN)
        await lab.csms.tokens.put(TOKEN, info(STATUS.BLOCKED))
        await lab.plug_in()
        await lab.present()  # C10.FR.05, C12.FR.06
        assert lab.told[-1][1] == "Deauthorized"  # C12.FR.03
        await lab.csms.tokens.put(TOKEN)
        # C10.FR.03, C12.FR.05
        assert await status(lab) == (("Blocked", 0) if is_final else ("Accepted", 1))

    explore(scenario, variables={**AUTHORIZED, "auth_cache_ctrlr.disable_post_authorize": is_final})


@pytest.mark.use_case("C10")
def test_the_cache_can_be_switched_off_and_keeps_what_it_has() -> None:
    async def switch(lab: Laboratory, is_on: bool) -> None:
        data = SetVariableDataType(
            attribute_value=str(is_on).lower(),
            component=ComponentType(name="AuthCacheCtrlr"),
            variable=VariableType(name="Enabled"),
        )
        (result,) = await lab.csms["CS001"].provisioning.set_variables([data])
        assert result.attribute_status == SetVariableStatusEnumType.ACCEPTED  # C10.FR.11

    async def scenario(lab: Laboratory) -> None:
        await lab.station.authorization.authorize(TOKEN)
        await switch(lab, False)
        assert await status(lab) == ("Accepted", 1)
        assert await status(lab, OTHER) == ("Accepted", 1)
        await switch(lab, True)
        assert await status(lab) == ("Accepted", 0)
        assert await status(lab, OTHER) == ("Accepted", 1)

    explore(scenario, variables=CACHE)


@pytest.mark.use_case("C10")
def test_only_an_order_that_is_there_can_be_chosen() -> None:
    async def choose(lab: Laboratory, policy: str) -> SetVariableStatusEnumType:
        data = SetVariableDataType(
            attribute_value=policy, component=ComponentType(name="AuthCacheCtrlr"), variable=VariableType(name="Policy")
        )
        (result,) = await lab.csms["CS001"].provisioning.set_variables([data])
        return result.attribute_status

    async def scenario(lab: Laboratory) -> None:
        assert await choose(lab, "FIFO") == SetVariableStatusEnumType.ACCEPTED
        assert await choose(lab, "CUSTOM") == SetVariableStatusEnumType.REJECTED
        lab.station.authorization.cache.custom_order = lambda entry: entry.uses
        assert await choose(lab, "CUSTOM") == SetVariableStatusEnumType.ACCEPTED

    explore(scenario, variables={**CACHE, "auth_cache_ctrlr.policy": "LRU"})


class FailingStore(MemoryStore):
    """Takes no changes while it is told not to."""

    fails = False

    async def commit(self, *changes: Any) -> None:
        if self.fails:
            raise StoreError("expected a disk, found none")
        await super().commit(*changes)


@pytest.mark.use_case("C10")
def test_what_cannot_be_stored_is_kept_until_it_can() -> None:
    store = FailingStore()

    async def scenario(lab: Laboratory) -> None:
        store.fails = True
        await lab.station.authorization.authorize(TOKEN)
        assert await status(lab) == ("Accepted", 0)
        store.fails = False
        await lab.station.authorization.authorize(OTHER)
        await lab.kill()
        await lab.boot()
        assert await status(lab) == await status(lab, OTHER) == ("Accepted", 0)

    explore(scenario, variables=CACHE, station_store=store)


@pytest.mark.use_case("C11")
def test_the_cache_is_cleared() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.station.authorization.authorize(TOKEN)
        assert await status(lab) == ("Accepted", 0)
        response = await lab.csms["CS001"].authorization.clear_cache()  # C11.FR.01
        assert response.status == ClearCacheStatusEnumType.ACCEPTED  # C11.FR.02, C11.FR.03
        assert not await dump(lab)
        assert await status(lab) == ("Accepted", 1)

    explore(scenario, variables=CACHE)


@pytest.mark.use_case("C11")
@pytest.mark.parametrize("variables", [{}, {"auth_cache_ctrlr.enabled": False}])
def test_a_cache_that_is_not_in_use_is_not_cleared(variables: dict[str, Any]) -> None:
    async def scenario(lab: Laboratory) -> None:
        response = await lab.csms["CS001"].authorization.clear_cache()
        assert response.status == ClearCacheStatusEnumType.REJECTED  # C11.FR.04
        assert response.status_info == StatusInfoType(reason_code="NotEnabled")

    explore(scenario, variables=variables)


@pytest.mark.use_case("C11")
def test_a_cache_that_cannot_be_cleared_stays_as_it_is() -> None:
    store = FailingStore()

    async def scenario(lab: Laboratory) -> None:
        await lab.station.authorization.authorize(TOKEN)
        store.fails = True
        response = await lab.csms["CS001"].authorization.clear_cache()
        assert response.status == ClearCacheStatusEnumType.REJECTED  # C11.FR.05
        assert response.status_info == StatusInfoType(reason_code="InternalError")
        assert await status(lab) == ("Accepted", 0)
        store.fails = False

    explore(scenario, variables=CACHE, station_store=store)


@pytest.mark.use_case("C12")
@pytest.mark.parametrize("cable_first", [True, False])
def test_a_cached_token_starts_at_once(cable_first: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.station.authorization.authorize(TOKEN)
        before = asked(lab)
        if cable_first:
            await lab.plug_in()
            await lab.present()
        else:
            await lab.present()
            assert lab.delivered_wh() == 0
            await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() > 0 and asked(lab) == before  # C12.FR.04

    lab = explore(scenario, variables=CONNECTED)
    assert TOKEN in [event.id_token for event in lab.events]  # C12.FR.02


@pytest.mark.use_case("C12")
@pytest.mark.parametrize(("now", "starts"), [(STATUS.ACCEPTED, True), (STATUS.INVALID, False)])
def test_a_cached_token_that_was_not_accepted_is_asked_about(now: STATUS, starts: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(TOKEN, info(STATUS.INVALID))
        await lab.station.authorization.authorize(TOKEN)
        await lab.csms.tokens.put(TOKEN, info(now))
        await lab.plug_in()
        await lab.present()

    lab = explore(scenario, variables=AUTHORIZED)
    assert asked(lab) == 2 and bool(lab.events) == starts


@pytest.mark.use_case("C12")
def test_without_pre_authorize_the_cache_is_not_looked_at() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.station.authorization.authorize(TOKEN)
        assert await status(lab) == ("Accepted", 1)

    explore(scenario, variables={**CACHE, "auth_ctrlr.local_pre_authorize": False})


@pytest.mark.use_case("C12")
def test_the_cache_alone_decides_where_nobody_may_be_asked() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.station.authorization.authorize(TOKEN)
        lab.set("auth_ctrlr.disable_remote_authorization", True)
        lab.set("auth_ctrlr.local_pre_authorize", False)
        assert await status(lab) == ("Accepted", 0)
        assert await status(lab, OTHER) == ("Unknown", 0)

    explore(scenario, variables=CACHE)
