"""The records of a queue of messages, and which messages may be discarded for want of room."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from ocpp21 import codec
from ocpp21.messages.enumerations import TransactionEventEnumType, TriggerReasonEnumType
from ocpp21.messages.transactions import TransactionEventRequest
from ocpp21.wire import Request

__all__ = ["Discarded", "QueueState", "QueuedMessage", "Waiting", "queued"]

#: What reports a limit is never discarded for want of room (E12.FR.04).
_LIMITS: Final = frozenset(
    {
        TriggerReasonEnumType.LIMIT_SET,
        TriggerReasonEnumType.COST_LIMIT_REACHED,
        TriggerReasonEnumType.ENERGY_LIMIT_REACHED,
        TriggerReasonEnumType.TIME_LIMIT_REACHED,
        TriggerReasonEnumType.SOC_LIMIT_REACHED,
    }
)


class QueuedMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The record of a message.

    Attributes:
        type: name of the message.
        request: the message as JSON.
        transaction_id: of a TransactionEvent.
        is_thinnable: it may be discarded for want of room.
        attempts: transmissions that have failed.
    """

    type: str
    request: msgspec.Raw
    transaction_id: str | None = None
    is_thinnable: bool = False
    attempts: int = 0


class QueueState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The record of the queue itself.

    Attributes:
        last: greatest number that was given to a message.
        offline_to: messages up to this number have waited while the station was offline (E11.FR.07).
        thinned: messages discarded for want of room, over all time.
        given_up: messages discarded after the last attempt, over all time.
    """

    last: int = 0
    offline_to: int = 0
    thinned: int = 0
    given_up: int = 0


class Waiting(msgspec.Struct, frozen=True):
    """The message that is to be delivered next.

    Attributes:
        key: it has in the queue.
        request: the message, marked as offline when it has to be.
        attempts: transmissions that have failed.
    """

    key: str
    request: Request[Any]
    attempts: int


class Discarded(msgspec.Struct, frozen=True):
    """A message that will not be delivered.

    Attributes:
        key: it had in the queue.
        transaction_id: of a TransactionEvent.
        reason: ``given up`` after the last attempt (E13.FR.04), ``thinned`` for want of room (E12.FR.04).
    """

    key: str
    transaction_id: str | None
    reason: Literal["given up", "thinned"]


def queued(request: Request[Any], /) -> QueuedMessage:
    """Check a message, and make its record.

    Raises:
        LocalProtocolError: the message is not valid.
    """
    raw = msgspec.Raw(codec.encode(request))
    name = type(request).__name__
    if not isinstance(request, TransactionEventRequest):
        return QueuedMessage(type=name, request=raw, is_thinnable=True)
    # E12.FR.04
    is_updated = request.event_type == TransactionEventEnumType.UPDATED
    is_thinnable = is_updated and request.trigger_reason not in _LIMITS
    transaction_id = request.transaction_info.transaction_id
    return QueuedMessage(type=name, request=raw, transaction_id=transaction_id, is_thinnable=is_thinnable)
