"""Authorization by the Charging Station: C01, C02, C05 and C15."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ocpp21.errors import CallError
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    AuthorizeRequest,
    AuthorizeResponse,
    IdTokenInfoType,
    IdTokenType,
)
from ocpp21.station.authorization_order import LocalEntry
from station.stations import PENDING, Csms, Site, play

STATUS = AuthorizationStatusEnumType
CARD = IdTokenType(id_token="04A1B2C3", type="ISO14443")


class Known:
    """Tokens that are known to the station."""

    def __init__(self, infos: dict[str, IdTokenInfoType], *, is_final: bool = False) -> None:
        self.infos = infos
        self.is_final = is_final

    def look_up(self, id_token: IdTokenType, /) -> LocalEntry | None:
        info = self.infos.get(id_token.id_token)
        return None if info is None else LocalEntry(info, self.is_final)


def known(status: STATUS, *, is_final: bool = False) -> Known:
    return Known({CARD.id_token: IdTokenInfoType(status=status)}, is_final=is_final)


class Site_(Site):
    """A site whose CSMS knows one card, and whose station has all settings."""

    def __init__(self, info: IdTokenInfoType | None = None, csms: Csms | None = None, **settings: bool) -> None:
        super().__init__(csms)
        auth = self.device_model.auth_ctrlr
        for name, value in settings.items():
            variable = getattr(auth, name)
            if variable.exists:
                variable.set(value)
            else:
                variable.add(value)
        answer = AuthorizeResponse(id_token_info=info or IdTokenInfoType(status=STATUS.ACCEPTED))
        self.csms.on(AuthorizeRequest)(lambda request: answer)

    async def status(self, id_token: IdTokenType = CARD, evse_id: int | None = None) -> str:
        return (await self.station.authorization.authorize(id_token, evse_id=evse_id)).status

    @property
    def asked(self) -> int:
        return len(self.csms.of(AuthorizeRequest))


@pytest.mark.use_case("C01")
@pytest.mark.parametrize("status", list(STATUS))
def test_the_csms_decides(status: STATUS) -> None:
    async def scenario() -> None:
        info = IdTokenInfoType(status=status, group_id_token=IdTokenType(id_token="G", type="Central"))
        async with Site_(info) as site:
            await site.connected()
            assert await site.station.authorization.authorize(CARD) == info
            assert site.csms.of(AuthorizeRequest) == [AuthorizeRequest(id_token=CARD)]

    play(scenario)


@pytest.mark.use_case("C01")
def test_a_token_may_be_for_some_evses_only() -> None:
    async def scenario() -> None:
        async with Site_(IdTokenInfoType(status=STATUS.ACCEPTED, evse_id=[2])) as site:
            await site.connected()
            assert await site.status(evse_id=1) == STATUS.NOT_AT_THIS_LOCATION
            assert await site.status(evse_id=2) == STATUS.ACCEPTED
            assert (await site.station.authorization.authorize(CARD)).evse_id == [2]

    play(scenario)


@pytest.mark.use_case("C01")
def test_no_answer_is_a_refusal_and_no_connection_is_offline() -> None:
    async def scenario() -> None:
        async with Site_(offline_tx_for_unknown_id_enabled=True) as site:
            await site.connected()

            def refuse(request: AuthorizeRequest) -> Any:
                raise CallError("InternalError")

            site.csms.on(AuthorizeRequest)(refuse)
            assert await site.status() == STATUS.INVALID
            site.csms.on(AuthorizeRequest)(lambda request: asyncio.Event().wait())
            asking = asyncio.ensure_future(site.status())
            await asyncio.sleep(1)
            await site.pair.cut()
            assert await asking == STATUS.ACCEPTED

    play(scenario)


@pytest.mark.use_case("C01")
def test_without_authorization_nobody_is_asked() -> None:
    async def scenario() -> None:
        async with Site_(enabled=False) as site:
            await site.connected()
            assert await site.status() == STATUS.ACCEPTED
            assert site.asked == 0
        async with Site_(disable_remote_authorization=True) as site:
            await site.connected()
            assert await site.status() == STATUS.UNKNOWN
            assert site.asked == 0

    play(scenario)


@pytest.mark.use_case("C02")
@pytest.mark.parametrize("kind", ["NoAuthorization", pytest.param("Central", marks=pytest.mark.use_case("C05"))])
def test_some_tokens_are_not_questioned(kind: str) -> None:
    async def scenario() -> None:
        async with Site_(IdTokenInfoType(status=STATUS.BLOCKED)) as site:
            await site.connected()
            assert await site.status(IdTokenType(id_token="", type=kind)) == STATUS.ACCEPTED
            assert site.asked == 0

    play(scenario)


@pytest.mark.use_case("C01")
@pytest.mark.parametrize(
    ("decider", "pre_authorize", "status", "asked"),
    [
        (known(STATUS.ACCEPTED), True, STATUS.ACCEPTED, 0),
        (known(STATUS.ACCEPTED), False, STATUS.NO_CREDIT, 1),
        (known(STATUS.BLOCKED), True, STATUS.NO_CREDIT, 1),
        (known(STATUS.BLOCKED, is_final=True), True, STATUS.BLOCKED, 0),
        (Known({}), True, STATUS.NO_CREDIT, 1),
    ],
)
def test_who_is_known_locally_while_online(decider: Known, pre_authorize: bool, status: STATUS, asked: int) -> None:
    async def scenario() -> None:
        async with Site_(IdTokenInfoType(status=STATUS.NO_CREDIT), local_pre_authorize=pre_authorize) as site:
            site.station.authorization.deciders[:] = [Known({}), decider, known(STATUS.EXPIRED)][: 2 if asked else 3]
            await site.connected()
            assert (await site.status(), site.asked) == (status, asked)

    play(scenario)


@pytest.mark.use_case("C06")
def test_a_local_token_is_always_asked_about() -> None:
    async def scenario() -> None:
        async with Site_(local_pre_authorize=True) as site:
            site.station.authorization.deciders.append(known(STATUS.BLOCKED, is_final=True))
            await site.connected()
            assert await site.status(IdTokenType(id_token=CARD.id_token, type="Local")) == STATUS.ACCEPTED
            assert site.asked == 1

    play(scenario)


@pytest.mark.use_case("C15")
@pytest.mark.parametrize(
    ("deciders", "authorize_offline", "unknown_enabled", "status"),
    [
        ([], True, True, STATUS.ACCEPTED),
        ([], True, False, STATUS.UNKNOWN),
        ([known(STATUS.ACCEPTED)], True, False, STATUS.ACCEPTED),
        ([known(STATUS.ACCEPTED)], False, True, STATUS.UNKNOWN),
        ([known(STATUS.BLOCKED)], True, True, STATUS.BLOCKED),
    ],
)
def test_offline(deciders: list[Known], authorize_offline: bool, unknown_enabled: bool, status: STATUS) -> None:
    async def scenario() -> None:
        settings = {
            "local_authorize_offline": authorize_offline,
            "offline_tx_for_unknown_id_enabled": unknown_enabled,
        }
        async with Site_(**settings) as site:
            site.station.authorization.deciders.extend(deciders)
            await site.connected()
            await site.pair.cut()
            assert await site.status() == status

    play(scenario)


@pytest.mark.use_case("B02")
@pytest.mark.parametrize(("is_enabled", "status"), [(False, STATUS.NOT_AT_THIS_TIME), (True, STATUS.ACCEPTED)])
def test_before_the_station_is_accepted(is_enabled: bool, status: STATUS) -> None:
    async def scenario() -> None:
        async with Site_(csms=Csms((PENDING, 1000)), offline_tx_for_unknown_id_enabled=True) as site:
            site.device_model.tx_ctrlr.tx_before_accepted_enabled.add(is_enabled)
            await site.connected()
            assert await site.status() == status
            assert site.asked == 0

    play(scenario)
