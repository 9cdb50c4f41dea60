"""Who may charge."""

from __future__ import annotations

import pytest

from csms.scene import NOON, joined, virtual
from ocpp21.csms import Settings
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import (
    AdditionalInfoType,
    AuthorizationStatusEnumType,
    AuthorizeRequest,
    AuthorizeResponse,
    IdTokenInfoType,
    IdTokenType,
)

CARD = IdTokenType(id_token="04a1B2c3", type="ISO14443")
GROUP = IdTokenType(id_token="family", type="Central")


def info(
    status: AuthorizationStatusEnumType = AuthorizationStatusEnumType.ACCEPTED, **options: object
) -> IdTokenInfoType:
    return IdTokenInfoType(status=status, **options)  # type: ignore[arg-type]


@pytest.mark.use_case("C01")
@pytest.mark.parametrize("status", AuthorizationStatusEnumType)
@virtual
async def test_a_token_is_answered_by_what_is_known_of_it(status: AuthorizationStatusEnumType) -> None:
    async with joined() as scene:
        known = info(status, group_id_token=GROUP, cache_expiry_date_time=NOON, language1="de", language2="en")
        await scene.csms.tokens.put(CARD, known)
        assert await scene.peer.call(AuthorizeRequest(id_token=CARD)) == AuthorizeResponse(id_token_info=known)


@pytest.mark.use_case("C01")
@virtual
async def test_tokens_compare_by_text_and_type_without_regard_to_case() -> None:
    async with joined() as scene:
        await scene.csms.tokens.put(CARD, info(evse_id=[2]))  # C01.FR.20
        same = IdTokenType(
            id_token="04A1b2C3",
            type="iso14443",
            additional_info=[AdditionalInfoType(additional_id_token="x", type="y")],
        )
        assert (await scene.peer.call(AuthorizeRequest(id_token=same))).id_token_info == info(evse_id=[2])
        other = IdTokenType(id_token="04A1B2C3", type="ISO15693")
        unknown = info(AuthorizationStatusEnumType.UNKNOWN)
        assert (await scene.peer.call(AuthorizeRequest(id_token=other))).id_token_info == unknown
        await scene.csms.tokens.remove(same)
        await scene.csms.tokens.remove(same)
        assert await scene.csms.tokens.find(CARD) is None
        assert (await scene.peer.call(AuthorizeRequest(id_token=CARD))).id_token_info == unknown


@pytest.mark.use_case("C02")
@virtual
async def test_a_button_is_always_accepted() -> None:
    async with joined() as scene:
        button = IdTokenType(id_token="", type="noauthorization")
        assert (await scene.peer.call(AuthorizeRequest(id_token=button))).id_token_info == info()  # C02.FR.02


@virtual
async def test_somebody_else_may_decide() -> None:
    invalid = info(AuthorizationStatusEnumType.INVALID)
    async with joined(settings=Settings(authorize=lambda *presented: invalid, inventory=None)) as scene:
        assert (await scene.peer.call(AuthorizeRequest(id_token=CARD))).id_token_info == invalid


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (info(language2="en"), "language1 beside language2"),  # C01.FR.10
        (info(language1="en", language2="en"), "two languages"),  # C01.FR.11
        (info(AuthorizationStatusEnumType.NOT_AT_THIS_LOCATION, evse_id=[1]), "no evseId"),  # C01.FR.22
        (info(group_id_token=CARD), "type Central"),  # C09.FR.13
        (info(evse_id=[]), "evseId"),  # C01.FR.19
        (info(language1="much too long"), "language1"),
        (info(language1="en_US"), "language1 as in RFC 5646"),  # C01.FR.17, C04.FR.05, C05.FR.04
        (info(language1="en", language2="english!"), "language2 as in RFC 5646"),
    ],
)
@virtual
async def test_what_the_standard_forbids_is_not_remembered(wrong: IdTokenInfoType, match: str) -> None:
    async with joined() as scene:
        with pytest.raises(LocalProtocolError, match=match):
            await scene.csms.tokens.put(CARD, wrong)
        assert await scene.csms.tokens.find(CARD) is None
