"""The list of a Charging Station as its maker declares it, and updates whose sender is gone (block D)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ocpp21.messages import (
    AuthorizationData,
    AuthorizationStatusEnumType,
    GetLocalListVersionRequest,
    IdTokenInfoType,
    IdTokenType,
    SendLocalListRequest,
    SendLocalListResponse,
    UpdateEnumType,
)
from ocpp21.station.memory import MemoryStore
from station.stations import Site, play

ACCEPTED = IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED)
TOKENS = [IdTokenType(id_token=f"{number:08X}", type="ISO14443") for number in range(4)]


def update(version: int, *tokens: IdTokenType) -> SendLocalListRequest:
    return SendLocalListRequest(
        version_number=version,
        update_type=UpdateEnumType.FULL,
        local_authorization_list=[AuthorizationData(id_token=token, id_token_info=ACCEPTED) for token in tokens],
    )


def make_site() -> Site:
    """A station whose maker has declared all of it."""
    site = Site()
    control = site.device_model.local_auth_list_ctrlr
    control.available.add(True)
    control.entries.add(0, max_limit=2)
    control.items_per_message.add(3)
    control.bytes_per_message.add(2000)
    control.storage.add(0, max_limit=10_000)
    return site


async def send(site: Site, request: SendLocalListRequest) -> SendLocalListResponse:
    return await site.station.local_authorization_list.on_send_local_list_request(request)


@pytest.mark.use_case("D01")
def test_a_list_as_its_maker_declares_it() -> None:
    async def scenario() -> None:
        async with make_site() as site:
            control = site.device_model.local_auth_list_ctrlr
            assert control.enabled.value and control.storage.value == 0  # D01.FR.13
            assert (await send(site, update(1, *TOKENS[:2]))).status == "Accepted"
            assert control.entries.value == 2 and control.storage.value > 100  # D01.FR.12
            refused = await send(site, update(2, *TOKENS[:3]))
            assert refused.status == "Failed" and refused.status_info is not None
            assert refused.status_info.reason_code == "OutOfStorage"
            refused = await send(site, update(2, *TOKENS))
            assert refused.status_info is not None and refused.status_info.reason_code == "TooManyElements"
            assert control.entries.value == 2

    play(scenario)


@pytest.mark.use_case("D01")
def test_an_update_takes_effect_also_when_its_sender_is_gone() -> None:
    class SlowStore(MemoryStore):
        async def commit(self, *changes: Any) -> None:
            await asyncio.sleep(1)
            await super().commit(*changes)

    async def scenario() -> None:
        site = Site()
        site.device_model.local_auth_list_ctrlr.enabled.add(True)
        async with site:
            site.station.store.commit = SlowStore.commit.__get__(SlowStore(), SlowStore)  # type: ignore[method-assign]
            sending = asyncio.ensure_future(send(site, update(7, TOKENS[0])))
            await asyncio.sleep(0.5)
            sending.cancel()
            await asyncio.sleep(1)
            block = site.station.local_authorization_list
            assert block.on_get_local_list_version_request(GetLocalListVersionRequest()).version_number == 7
            assert block.look_up(TOKENS[0]) is not None

    play(scenario)
