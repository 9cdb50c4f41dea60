"""Who may charge: the IdTokens that are stored, and the rules of what is said of one (C01, C02, C09)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ocpp21.csms.store import Store, TokenRecord
from ocpp21.csms.token_policy import connector_types, info_at
from ocpp21.errors import LocalProtocolError
from ocpp21.id_tokens import is_of
from ocpp21.messages import AuthorizationStatusEnumType, IdTokenInfoType, IdTokenType
from ocpp21.messages.values import IdTokenTypes

#: A language and its subtags (RFC 5646, 2.1).
_TAG: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["Tokens", "authorize_stored"]

_ACCEPTED: Final = IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED)
_INVALID: Final = IdTokenInfoType(status=AuthorizationStatusEnumType.INVALID)
_UNKNOWN: Final = IdTokenInfoType(status=AuthorizationStatusEnumType.UNKNOWN)


class Tokens:
    """The IdTokens that a CSMS knows.

    An IdToken is its text and its type, both without regard to case; what is added to it does not count (C01.FR.25).

    Args:
        store: where they are.
    """

    __slots__ = ("_store",)

    def __init__(self, store: Store, /) -> None:
        self._store: Final = store

    async def put(
        self,
        id_token: IdTokenType,
        info: IdTokenInfoType = _ACCEPTED,
        /,
        *,
        evses: Mapping[str, Sequence[int]] | None = None,
        connector_types: Sequence[str] | None = None,
    ) -> None:
        """Remember an IdToken, in place of what was known of it.

        Args:
            id_token: to remember.
            info: what a Charging Station is told of it: its status, its group, the EVSEs where it may charge.
            evses: EVSEs where it may charge, by the identity of the Charging Station, none being all of its EVSEs; None
                is everywhere (C01.FR.20, C01.FR.22).
            connector_types: types of connectors that it may charge with, as ``cCCS2``; None is all (C01.FR.18). They
                count where the device model of the Charging Station was reported.

        Raises:
            LocalProtocolError: the info could not be sent, or the standard forbids it.
            StoreError: it could not be written.
        """
        check_info(info)
        record = TokenRecord(
            id_token=id_token.id_token,
            type=id_token.type,
            info=info,
            evses=None if evses is None else {place: tuple(evse_ids) for place, evse_ids in evses.items()},
            connector_types=None if connector_types is None else tuple(connector_types),
        )
        await self._store.put_token(record)

    async def remove(self, id_token: IdTokenType, /) -> None:
        """Forget an IdToken; nothing happens when it is not known.

        Raises:
            StoreError: it could not be written.
        """
        await self._store.delete_token(id_token.id_token, id_token.type)

    async def find(self, id_token: IdTokenType, /) -> IdTokenInfoType | None:
        """What is known of an IdToken, or None.

        Raises:
            StoreError: it could not be read.
        """
        record = await self.record(id_token)
        return None if record is None else record.info

    async def record(self, id_token: IdTokenType, /) -> TokenRecord | None:
        """What is known of an IdToken, with where it may charge, or None.

        Raises:
            StoreError: it could not be read.
        """
        return await self._store.token(id_token.id_token, id_token.type)


async def authorize_stored(station: Station, id_token: IdTokenType, evse_id: int | None, /) -> IdTokenInfoType:
    """Decide on an IdToken by what is stored of it; one that is not stored is ``Unknown``.

    Args:
        station: where it was presented.
        id_token: that was presented.
        evse_id: where, if that is known.
    """
    if is_of(id_token, IdTokenTypes.NO_AUTHORIZATION):
        return _ACCEPTED  # C02.FR.02
    csms = station.csms
    record = await csms.tokens.record(id_token)
    is_code = is_of(id_token, IdTokenTypes.KEY_CODE)
    if record is None:
        return _INVALID if is_code else _UNKNOWN  # C04.FR.01
    types: dict[int, set[str]] = {}
    if record.connector_types is not None:
        types = connector_types(row.message for row in await csms.store.variables(station.identity))
    info = info_at(record, station.identity, types)
    if is_code and info.status == AuthorizationStatusEnumType.NOT_AT_THIS_LOCATION:
        return _INVALID  # C04.FR.01
    return info  # C04.FR.02, C09.FR.02


def check_info(info: IdTokenInfoType, /) -> None:
    """See that an info keeps the rules that no schema holds.

    Raises:
        LocalProtocolError: it does not.
    """
    for name, language in (("language1", info.language1), ("language2", info.language2)):
        if language is not None and not _TAG.fullmatch(language):  # C01.FR.17, C04.FR.05, C05.FR.04
            raise LocalProtocolError(f"expected {name} as in RFC 5646, such as en-US, found {language[:20]!a}")
    if info.language2 is not None and info.language1 is None:  # C01.FR.10
        raise LocalProtocolError("expected language1 beside language2, found language2 alone")
    if info.language2 is not None and info.language2 == info.language1:  # C01.FR.11
        raise LocalProtocolError(f"expected two languages, found {info.language1!a} twice")
    if info.status == AuthorizationStatusEnumType.NOT_AT_THIS_LOCATION and info.evse_id is not None:  # C01.FR.22
        raise LocalProtocolError("expected no evseId with NotAtThisLocation, found a list")
    group = info.group_id_token
    if group is not None and group.type != IdTokenTypes.CENTRAL:  # C09.FR.13
        raise LocalProtocolError(f"expected a groupIdToken of type Central, found {group.type[:20]!a}")
