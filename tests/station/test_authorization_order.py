"""The order of authorization, against a table that was written from the text of the use cases C10 and C12 to C15."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import product
from typing import Any, NamedTuple

import pytest

from ocpp21.messages import (
    AuthorizationData,
    AuthorizationStatusEnumType,
    AuthorizeRequest,
    AuthorizeResponse,
    IdTokenInfoType,
    IdTokenType,
    SendLocalListRequest,
    UpdateEnumType,
)
from station.stations import Site, play

STATUS = AuthorizationStatusEnumType
CARD = IdTokenType(id_token="04A1B2C3", type="ISO14443")

#: What the CSMS says: another status than any that is known here.
SAID = STATUS.NO_CREDIT


class Case(NamedTuple):
    """Where a token is known, and how the station is set."""

    listed: str  # nothing, Accepted, Expired (Accepted with a date that has passed), Blocked
    cached: str  # nothing, Accepted, Invalid
    is_online: bool
    local_pre_authorize: bool
    local_authorize_offline: bool
    offline_unknown: bool
    supports_expiry: bool
    disable_post: bool
    list_enabled: bool
    cache_enabled: bool
    disable_remote: bool


CASES = [
    Case(*values)
    for values in product(
        ["nothing", "Accepted", "Expired", "Blocked"], ["nothing", "Accepted", "Invalid"], *[[True, False]] * 9
    )
]


def expected(case: Case) -> str:
    """What becomes of a token: accepted, refused, or asked about."""
    listed = case.listed if case.list_enabled else "nothing"
    cached = case.cached if case.cache_enabled else "nothing"
    is_listed = listed != "nothing"
    # The list goes before the cache, whatever it says (C13.FR.01, C14.FR.01).
    is_good = listed == "Accepted" or (listed == "Expired" and not case.supports_expiry)
    is_stale = listed == "Expired" and case.supports_expiry
    if not is_listed:
        is_good = cached == "Accepted"
    is_known = is_listed or cached != "nothing"
    if not case.is_online:
        if not is_known:
            return "accepted" if case.offline_unknown else "refused"  # C15.FR.08, C13.FR.04, C13.FR.06
        return "accepted" if is_good and case.local_authorize_offline else "refused"  # C13.FR.02, C13.FR.05
    if case.disable_remote:  # never asked: list and cache alone
        return "accepted" if is_good else "refused"
    if not case.local_pre_authorize or not is_known:
        return "asked"  # C01.FR.02
    if is_good:
        return "accepted"  # C12.FR.02, C14.FR.02, C14.FR.04
    if is_stale:
        return "asked"  # C14.FR.05, with DisablePostAuthorize as well
    return "refused" if case.disable_post else "asked"  # C10.FR.03, C12.FR.05, C14.FR.03


async def prepared(site: Site, listed: str, cached: str) -> None:
    """Let a token be known."""
    station = site.station
    if cached != "nothing":
        await station.authorization.cache.learn(CARD, IdTokenInfoType(status=STATUS(cached)))
    expires_at = station.now() - timedelta(seconds=1) if listed == "Expired" else None
    status = STATUS.BLOCKED if listed == "Blocked" else STATUS.ACCEPTED
    entry = AuthorizationData(
        id_token=CARD, id_token_info=IdTokenInfoType(status=status, cache_expiry_date_time=expires_at)
    )
    await station.local_authorization_list.on_send_local_list_request(
        SendLocalListRequest(
            version_number=1,
            update_type=UpdateEnumType.FULL,
            local_authorization_list=None if listed == "nothing" else [entry],
        )
    )


def set_up(site: Site, case: Case) -> None:
    model = site.device_model
    settings: list[tuple[Any, bool]] = [
        (model.auth_ctrlr.local_pre_authorize, case.local_pre_authorize),
        (model.auth_ctrlr.local_authorize_offline, case.local_authorize_offline),
        (model.auth_ctrlr.offline_tx_for_unknown_id_enabled, case.offline_unknown),
        (model.auth_ctrlr.disable_remote_authorization, case.disable_remote),
        (model.local_auth_list_ctrlr.supports_expiry_date_time, case.supports_expiry),
        (model.local_auth_list_ctrlr.disable_post_authorize, case.disable_post),
        (model.auth_cache_ctrlr.disable_post_authorize, case.disable_post),
        (model.local_auth_list_ctrlr.enabled, case.list_enabled),
        (model.auth_cache_ctrlr.enabled, case.cache_enabled),
    ]
    for variable, value in settings:
        if variable.exists:
            variable.set(value)
        else:
            variable.add(value)


@pytest.mark.use_case("C13")
@pytest.mark.use_case("C14")
@pytest.mark.use_case("C15")
@pytest.mark.use_case("C12")
@pytest.mark.parametrize("is_online", [True, False])
def test_every_case_is_decided_as_the_use_cases_say(is_online: bool) -> None:
    async def scenario() -> None:
        for listed, cached in product(
            ["nothing", "Accepted", "Expired", "Blocked"], ["nothing", "Accepted", "Invalid"]
        ):
            site = Site()
            site.device_model.local_auth_list_ctrlr.enabled.add(True)
            site.device_model.auth_cache_ctrlr.enabled.add(True)
            async with site:
                asked: list[AuthorizeRequest] = []

                @site.csms.on(AuthorizeRequest)
                def answer(request: AuthorizeRequest, asked: list[AuthorizeRequest] = asked) -> AuthorizeResponse:
                    asked.append(request)
                    return AuthorizeResponse(id_token_info=IdTokenInfoType(status=SAID))

                await site.connected()
                if not is_online:
                    await site.pair.cut()
                for case in CASES:
                    if (case.listed, case.cached, case.is_online) != (listed, cached, is_online):
                        continue
                    site.device_model.local_auth_list_ctrlr.enabled.set(True)
                    site.device_model.auth_cache_ctrlr.enabled.set(True)
                    await site.station.authorization.cache.clear()
                    await prepared(site, listed, cached)
                    set_up(site, case)
                    asked.clear()
                    info = await site.station.authorization.authorize(CARD)
                    outcome = "asked" if asked else "accepted" if info.status == STATUS.ACCEPTED else "refused"
                    assert outcome == expected(case), (case, info)
                    assert len(asked) <= 1 and (info.status == SAID) == bool(asked)
                await asyncio.sleep(0)

    play(scenario)


def test_the_table_has_all_outcomes() -> None:
    assert {expected(case) for case in CASES} == {"accepted", "refused", "asked"}
    assert len(CASES) == 12 * 2**9
