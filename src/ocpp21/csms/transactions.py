"""Transactions (block E) of the CSMS: every event is answered, once the ledger has it for good.

An answer may tell what the transaction costs, and limit it (E16). Whoever decides on that is named in the settings;
limits can also be set at any time, by :meth:`Transactions.limit`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from ocpp21.block import Block
from ocpp21.csms.events import (
    TransactionEnded,
    TransactionEventIgnored,
    TransactionEventReceived,
    TransactionResumed,
    TransactionStarted,
    TransactionUpdated,
)
from ocpp21.csms.ledger import Transaction
from ocpp21.csms.store import Outcome, Recorded
from ocpp21.csms.transaction_limits import WantedLimits, unsupported
from ocpp21.errors import LocalProtocolError, OcppError, printable
from ocpp21.messages import (
    ComponentType,
    GetTransactionStatusRequest,
    GetVariableDataType,
    TransactionEventEnumType,
    TransactionEventRequest,
    TransactionEventResponse,
    TransactionLimitType,
    TriggerReasonEnumType,
    VariableType,
)

if TYPE_CHECKING:
    from datetime import datetime

    from ocpp21.csms.settings import LimitTransaction
    from ocpp21.csms.station import Station

__all__ = ["TransactionStatus", "Transactions"]

logger: Final = logging.getLogger("ocpp21.csms")

DecidedT = TypeVar("DecidedT")


class TransactionStatus(msgspec.Struct, frozen=True):
    """What a Charging Station says of a transaction, or of all (E14).

    Attributes:
        is_ongoing: it goes on; None when it was asked about all. One that is not, and of which no message waits, has
            been reported to its end, or is unknown there.
        has_messages: messages wait to be delivered.
    """

    is_ongoing: bool | None
    has_messages: bool


class Transactions(Block["Station"]):
    """Transactions, Part 2, block E."""

    def __init__(self, role: Station, /) -> None:
        super().__init__(role)
        self._limits: Final = WantedLimits()
        self._supported: tuple[str, ...] | None = None  # TxCtrlr.SupportedLimits, once it was asked for

    def attached(self) -> None:
        """Ask anew what the Charging Station supports, when that is needed: its firmware may be another one."""
        self._supported = None

    async def limit(self, transaction_id: str, limit: TransactionLimitType, /) -> None:
        """Limit a transaction, in the answer to its next event (E16.FR.02).

        What the Charging Station makes of it is told by ``limit`` of the transaction, once it has confirmed. A limit
        cannot be taken away, only be raised beyond all that matters (E16.FR.17). It is lost when the CSMS is restarted
        before that event.

        Args:
            transaction_id: of a transaction that is ongoing.
            limit: the new limits: cost in the currency of the tariff, energy in Wh, time in s, state of charge in
                percent. Those that it leaves out stay as they are.

        Raises:
            LocalProtocolError: there is no such transaction, it has ended, nothing is limited, or the Charging Station
                does not support a limit (E16.FR.12).
            OcppError: the Charging Station could not be asked what it supports, as :meth:`Role.call` says.
            StoreError: the store could not be read.
        """
        transaction = await self.role.csms.store.transaction(self.role.identity, transaction_id)
        if transaction is None or transaction.is_ended:
            state = "none" if transaction is None else "one that has ended"
            raise LocalProtocolError(f"expected a transaction {printable(transaction_id)} that goes on, found {state}")
        await self.check_limit(limit)
        self._limits.set(transaction_id, limit)

    async def get_transaction_status(self, transaction_id: str | None = None, /) -> TransactionStatus:
        """Ask whether a transaction goes on, and whether messages about it wait (E14).

        Args:
            transaction_id: of it; None asks whether any messages about transactions wait.

        Raises:
            LocalProtocolError: the id is too long, or the Charging Station was rejected. Nothing was sent.
            OcppError: the request has failed, as :meth:`Role.call` says.
        """
        response = await self.role.call(GetTransactionStatusRequest(transaction_id=transaction_id))
        # E14.FR.06
        is_ongoing = None if transaction_id is None else response.ongoing_indicator
        return TransactionStatus(is_ongoing, response.messages_in_queue)

    async def on_transaction_event_request(self, request: TransactionEventRequest) -> TransactionEventResponse:
        """Add an event to its transaction, and answer it.

        It is answered whatever it says (J02.FR.19): one that came before as if it had not, and one that contradicts
        what is known, which changes nothing. When it cannot be stored the handler fails, so that the Charging Station
        sends it again (E13).
        """
        csms, identity, now = self.role.csms, self.role.identity, self.role.now()
        try:
            # By the identity of the connection: an id of somebody else's transaction names another one.
            recorded = await csms.store.record_event(identity, request, now)
        except asyncio.CancelledError:
            self.role.accompany(self._tell_late(request, now))
            raise
        self._tell(request, recorded, now)
        info, cost, settings = None, None, csms.settings
        if request.id_token is not None:
            # E01.FR.11, E02.FR.04, E05.FR.01; also of offline events, whose driver was let in by stale data (E04).
            info = await self.role.authorization.authorize_event(request, request.id_token, recorded.transaction)
        if recorded.transaction is not None:
            if settings.cost is not None:
                cost = await _decided(settings.cost, self.role, request, recorded.transaction)
            if (wanted := self.role.remote_control.take_limit(request)) is not None:
                self._limits.set(recorded.transaction.transaction_id, wanted)  # F07.FR.02
            if settings.limit_transaction is not None:
                await self._decide_on_limits(settings.limit_transaction, request, recorded.transaction)
        return TransactionEventResponse(  # E01.FR.12, E02.FR.02, E03.FR.02
            id_token_info=info,
            total_cost=cost,  # E16.FR.11
            transaction_limit=self._limits.answer(request),
        )

    async def _decide_on_limits(
        self, decide: LimitTransaction, request: TransactionEventRequest, transaction: Transaction
    ) -> None:
        """Let whoever limits transactions limit this one; what the Charging Station does not support is not sent."""
        limit = await _decided(decide, self.role, request, transaction)
        if limit is None:
            return
        try:
            await self.check_limit(limit)
        except OcppError as error:
            logger.warning("transaction not limited identity=%s: %s", self.role.identity, printable(str(error)))
        else:
            self._limits.set(transaction.transaction_id, limit)

    async def check_limit(self, limit: TransactionLimitType, /) -> None:
        """See that the Charging Station supports limits (E16.FR.12).

        Raises:
            LocalProtocolError: it does not, or nothing is limited.
            OcppError: it could not be asked, as :meth:`Role.call` says.
        """
        if self._supported is None:
            asked = GetVariableDataType(
                component=ComponentType(name="TxCtrlr"), variable=VariableType(name="SupportedLimits")
            )
            (result,) = await self.role.provisioning.get_variables([asked])
            self._supported = tuple(filter(None, (result.attribute_value or "").split(",")))
        if found := unsupported(limit, self._supported):
            names = ", ".join(self._supported) or "none"
            raise LocalProtocolError(f"expected limits among {printable(names)}, found {', '.join(found)}")
        if limit == TransactionLimitType():
            raise LocalProtocolError("expected at least one limit, found none")

    async def _tell_late(self, request: TransactionEventRequest, now: datetime) -> None:
        """Tell of an event whose connection ended while it was recorded.

        The store has it by now, and would call it a duplicate when it comes again: nobody would ever be told.
        """
        recorded = await self.role.csms.store.record_event(self.role.identity, request, now)
        if recorded.outcome is Outcome.DUPLICATE:
            recorded = msgspec.structs.replace(recorded, outcome=Outcome.NEW)
        self._tell(request, recorded, now)

    def _tell(self, request: TransactionEventRequest, recorded: Recorded, now: datetime) -> None:
        """Publish what is new."""
        if recorded.outcome is Outcome.NEW and recorded.transaction is not None:
            self.role.remote_control.note_event(request, recorded.transaction)
            kind = _EVENTS[request.event_type]
            if kind is TransactionUpdated and request.trigger_reason is TriggerReasonEnumType.TX_RESUMED:
                kind = TransactionResumed
            self.role.csms.publish(kind(station=self.role, at=now, request=request, transaction=recorded.transaction))
        elif recorded.outcome is Outcome.CONFLICT:
            logger.warning("event ignored identity=%s: %s", self.role.identity, printable(recorded.reason))
            self.role.csms.publish(
                TransactionEventIgnored(station=self.role, at=now, request=request, reason=recorded.reason)
            )


_EVENTS: Final[dict[TransactionEventEnumType, type[TransactionEventReceived]]] = {
    TransactionEventEnumType.STARTED: TransactionStarted,
    TransactionEventEnumType.UPDATED: TransactionUpdated,
    TransactionEventEnumType.ENDED: TransactionEnded,
}


async def _decided(
    decide: Callable[[Station, TransactionEventRequest, Transaction], DecidedT | Awaitable[DecidedT | None] | None],
    station: Station,
    request: TransactionEventRequest,
    transaction: Transaction,
) -> DecidedT | None:
    """What somebody decides of a transaction, now or later."""
    decision = decide(station, request, transaction)
    return await decision if isawaitable(decision) else decision
