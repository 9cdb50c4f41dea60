"""Rules about IdTokens that more is known for than their status: places, connectors, transactions. Pure computation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from ocpp21.csms.ledger import Transaction
from ocpp21.csms.store import TokenRecord
from ocpp21.id_tokens import is_accepted, same_text
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    IdTokenInfoType,
    IdTokenType,
    ReportDataType,
    TransactionEventRequest,
    TriggerReasonEnumType,
)

__all__ = [
    "TokenPolicy",
    "connector_types",
    "info_at",
    "is_authorization_over",
    "is_concurrent",
    "is_shut_out",
    "is_started_by",
]

_Status = AuthorizationStatusEnumType
_Trigger = TriggerReasonEnumType

#: What begins the authorization of a transaction, and what ends it.
_BEGINS: Final = frozenset({_Trigger.AUTHORIZED, _Trigger.REMOTE_START})
_ENDS: Final = frozenset({_Trigger.STOP_AUTHORIZED, _Trigger.DEAUTHORIZED, _Trigger.REMOTE_STOP})


class TokenPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What else decides on tokens that would be accepted.

    Attributes:
        concurrent_transactions: most transactions that a token may have at a time, at all Charging Stations together:
            one that begins beyond that is answered ConcurrentTx. None is no limit. With a limit, all ongoing
            transactions are looked through when one begins.
        keeps_out_second_tokens: answer NotAtThisTime while every EVSE of the Charging Station has a transaction whose
            authorization is over, and which another token has begun (C01.FR.24).
    """

    concurrent_transactions: int | None = None
    keeps_out_second_tokens: bool = True


def info_at(record: TokenRecord, identity: str, types: Mapping[int, Collection[str]], /) -> IdTokenInfoType:
    """What a Charging Station is told of a token that is stored.

    Args:
        record: of the token.
        identity: of the Charging Station.
        types: of the connectors of each EVSE; empty when they are not known.
    """
    info = record.info
    if not is_accepted(info):
        return info
    allowed: set[int] | None = None if info.evse_id is None else set(info.evse_id)
    if record.evses is not None:
        here = [evse_ids for place, evse_ids in record.evses.items() if same_text(place, identity)]
        if not here:  # C01.FR.22
            return msgspec.structs.replace(info, status=_Status.NOT_AT_THIS_LOCATION, evse_id=None)
        allowed = _both(allowed, set(here[0]) or None)
    if record.connector_types is not None and types:
        fitting = {evse_id for evse_id, has in types.items() if not set(has).isdisjoint(record.connector_types)}
        if not fitting:  # C01.FR.18
            return msgspec.structs.replace(info, status=_Status.NOT_ALLOWED_TYPE_EVSE, evse_id=None)
        allowed = _both(allowed, None if fitting == set(types) else fitting)
    if allowed is not None and not allowed:  # C01.FR.22
        return msgspec.structs.replace(info, status=_Status.NOT_AT_THIS_LOCATION, evse_id=None)
    # C01.FR.19, C01.FR.20
    return msgspec.structs.replace(info, evse_id=None if allowed is None else sorted(allowed))


def connector_types(rows: Iterable[ReportDataType], /) -> dict[int, set[str]]:
    """The types of the connectors of each EVSE, from what was reported of the device model."""
    found: dict[int, set[str]] = {}
    for row in rows:
        evse = row.component.evse
        if evse is None or not same_text(row.component.name, "Connector"):
            continue
        if same_text(row.variable.name, "ConnectorType"):
            types = {attribute.value for attribute in row.variable_attribute if attribute.value}
            found.setdefault(evse.id, set()).update(types)
    return found


def is_authorization_over(events: Iterable[TransactionEventRequest], /) -> bool:
    """Whether somebody was authorized in a transaction, and no longer is, by its events in order."""
    is_over = False
    for event in events:
        if event.trigger_reason in _ENDS:
            is_over = True
        elif event.trigger_reason in _BEGINS:
            is_over = False
    return is_over


def is_started_by(transaction: Transaction, id_token: IdTokenType, /) -> bool:
    """Whether a token was the first one of a transaction."""
    first = transaction.started_by
    return (
        first is not None
        and same_text(first.value.id_token, id_token.id_token)
        and same_text(first.value.type, id_token.type)
    )


def is_shut_out(evse_ids: Collection[int], shut: Collection[int], /) -> bool:
    """Whether a token can do nothing at a Charging Station.

    Args:
        evse_ids: of its EVSEs, as far as they are known.
        shut: those at which another token's transaction waits for its end.
    """
    return bool(shut) and set(evse_ids) <= set(shut)


def is_concurrent(
    transaction: Transaction, id_token: IdTokenType, ongoing: Iterable[Transaction], most: int, /
) -> bool:
    """Whether a transaction is one too many of those of its token; of several, the latest are.

    Args:
        transaction: that a token begins.
        id_token: the token.
        ongoing: transactions that have not ended; this one may be among them.
        most: how many a token may have.
    """
    if not is_started_by(transaction, id_token):
        return False
    own = _order(transaction)
    earlier = [each for each in ongoing if is_started_by(each, id_token) and _order(each) < own]
    return len(earlier) >= most


def _order(transaction: Transaction) -> tuple[float, str, str]:
    """Where a transaction stands among others; one whose Started has not arrived began longest ago."""
    began = 0.0 if transaction.started_at is None else transaction.started_at.value.timestamp()
    return began, transaction.identity, transaction.transaction_id


def _both(one: set[int] | None, other: set[int] | None) -> set[int] | None:
    """What both allow; None allows all."""
    if one is None or other is None:
        return other if one is None else one
    return one & other
