"""Remote Control (block F) of the CSMS: to start and stop transactions, to unlock, and to ask for messages.

To accept a remote start or stop is a promise to try. What has come of it is in the events of the transaction: a verb
waits for the one that tells, and gives both.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from ocpp21.block import Block
from ocpp21.csms.places import place
from ocpp21.errors import CallError, LocalProtocolError
from ocpp21.messages import (
    ChargingProfilePurposeEnumType,
    ChargingProfileType,
    IdTokenType,
    MessageTriggerEnumType,
    RequestStartStopStatusEnumType,
    RequestStartTransactionRequest,
    RequestStartTransactionResponse,
    RequestStopTransactionRequest,
    StatusInfoType,
    TransactionEventEnumType,
    TransactionEventRequest,
    TransactionLimitType,
    TriggerMessageRequest,
    TriggerMessageResponse,
    TriggerReasonEnumType,
    UnlockConnectorRequest,
    UnlockConnectorResponse,
)

if TYPE_CHECKING:
    from ocpp21.csms.ledger import Transaction
    from ocpp21.csms.station import Station

__all__ = ["RemoteControl", "RemoteStart", "RemoteStop"]

#: Most remote starts of a Charging Station that wait for their transaction with a limit; the oldest give way.
_LIMITS: Final = 64

#: Whether an event is the one that is waited for.
IsAwaited: TypeAlias = Callable[[TransactionEventRequest], bool]


class RemoteStop(msgspec.Struct, frozen=True, kw_only=True):
    """What has come of a remote stop.

    Attributes:
        status: whether the Charging Station has accepted it.
        status_info: more about the status.
        transaction: as of the event that tells of the stop; None when that has not come. It may go on until the EV is
            unplugged, without energy (F03.FR.02).
    """

    status: RequestStartStopStatusEnumType
    status_info: StatusInfoType | None = None
    transaction: Transaction | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether the Charging Station has accepted it."""
        return self.status == RequestStartStopStatusEnumType.ACCEPTED


class RemoteStart(RemoteStop, frozen=True, kw_only=True):
    """What has come of a remote start.

    Attributes:
        status: whether the Charging Station has accepted it.
        status_info: more about the status.
        transaction: as of the event that carries the remoteStartId; None when that has not come: nobody has plugged in,
            or the Charging Station has refused the IdToken.
        remote_start_id: that the events carry.
        transaction_id: of a transaction that had begun before, by its cable; None without.
    """

    remote_start_id: int
    transaction_id: str | None = None


class RemoteControl(Block["Station"]):
    """Remote Control, Part 2, block F."""

    def __init__(self, role: Station, /) -> None:
        super().__init__(role)
        self._limits: dict[int, TransactionLimitType] = {}  # by remoteStartId, of transactions that have not begun
        self._waiting: tuple[tuple[IsAwaited, asyncio.Future[Transaction]], ...] = ()  # verbs, for an event

    # Verbs

    async def request_start_transaction(
        self,
        id_token: IdTokenType,
        /,
        *,
        evse_id: int | None = None,
        group_id_token: IdTokenType | None = None,
        charging_profile: ChargingProfileType | None = None,
        limit: TransactionLimitType | None = None,
        patience_s: float | None = None,
    ) -> RemoteStart:
        """Start a transaction, and wait for the event that tells of it (F01, F02, F07).

        Args:
            id_token: to start with (F01.FR.04).
            evse_id: where, from 1; None lets the Charging Station choose, or refuse (F01.FR.06, F01.FR.07).
            group_id_token: of the IdToken; for an EVSE that is reserved for a group.
            charging_profile: for this transaction; a Charging Station without smart charging ignores it (F01.FR.12).
            limit: of the transaction: cost in the currency of the tariff, energy in Wh, time in s, state of charge in
                percent. It is told in the answer to the event that carries the remoteStartId, and lost when the CSMS is
                restarted before.
            patience_s: how long to wait for the event once it is accepted, in s; 0 does not wait. It takes at least
                until somebody has plugged in, for which there is TxCtrlr.EVConnectionTimeOut. That of the settings by
                default.

        Raises:
            LocalProtocolError: the profile is no TxProfile, or is for another transaction; the Charging Station does
                not support the limit; an id is out of range; or the Charging Station was rejected. Nothing was started.
            OcppError: the request has failed, as :meth:`Role.call` says.
        """
        _check_profile(charging_profile)
        if limit is not None:
            await self.role.transactions.check_limit(limit)
        number = self.role.csms.next_request_id()
        request = RequestStartTransactionRequest(
            id_token=id_token,
            remote_start_id=number,
            evse_id=evse_id,
            group_id_token=group_id_token,
            charging_profile=charging_profile,  # F01.FR.08, F02.FR.16
        )
        with _Awaited(self, lambda event: event.transaction_info.remote_start_id == number) as awaited:
            response = await self._start(request, limit)
            is_accepted = response.status == RequestStartStopStatusEnumType.ACCEPTED
            return RemoteStart(
                status=response.status,
                status_info=response.status_info,
                transaction=await awaited.within(self._patience_s(patience_s)) if is_accepted else None,
                remote_start_id=number,
                transaction_id=response.transaction_id,
            )

    async def request_stop_transaction(self, transaction_id: str, /, *, patience_s: float | None = None) -> RemoteStop:
        """Stop a transaction, and wait for the event that tells of it (F03, F04).

        Args:
            transaction_id: of it (F03.FR.01, F04.FR.01).
            patience_s: how long to wait for the event once it is accepted, in s; 0 does not wait. That of the settings
                by default.

        Raises:
            LocalProtocolError: the id is too long, or the Charging Station was rejected. Nothing was sent.
            OcppError: the request has failed, as :meth:`Role.call` says.
        """
        wanted = transaction_id.lower()

        def is_awaited(event: TransactionEventRequest) -> bool:
            is_stopped = (
                event.trigger_reason == TriggerReasonEnumType.REMOTE_STOP
                or event.event_type == TransactionEventEnumType.ENDED
            )
            return is_stopped and event.transaction_info.transaction_id.lower() == wanted

        with _Awaited(self, is_awaited) as awaited:
            response = await self.role.call(RequestStopTransactionRequest(transaction_id=transaction_id))
            is_accepted = response.status == RequestStartStopStatusEnumType.ACCEPTED
            return RemoteStop(
                status=response.status,
                status_info=response.status_info,
                transaction=await awaited.within(self._patience_s(patience_s)) if is_accepted else None,
            )

    async def trigger_message(
        self,
        requested_message: MessageTriggerEnumType,
        /,
        *,
        evse_id: int | None = None,
        connector_id: int | None = None,
        custom_trigger: str | None = None,
    ) -> TriggerMessageResponse:
        """Ask for a message, which comes once this has been answered with Accepted (F06).

        A Charging Station that is not accepted yet is heard then (B02.FR.02).

        Args:
            requested_message: which (F06.FR.01).
            evse_id: of which EVSE, from 1; None is all (F06.FR.02).
            connector_id: of which connector, from 1; a StatusNotification needs it (F06.FR.13).
            custom_trigger: with ``CustomTrigger``, one of the names in CustomizationCtrlr.CustomTriggers (F06.FR.20).

        Raises:
            LocalProtocolError: what one of the arguments needs, or must not have beside it, is not so; or the Charging
                Station was rejected. Nothing was sent.
            OcppError: the request has failed, as :meth:`Role.call` says.
        """
        evse = place(evse_id, connector_id)
        if requested_message is MessageTriggerEnumType.STATUS_NOTIFICATION and connector_id is None:  # F06.FR.13
            raise LocalProtocolError("expected evse_id and connector_id with StatusNotification, found no connector")
        if (requested_message is MessageTriggerEnumType.CUSTOM_TRIGGER) is not bool(custom_trigger):
            raise LocalProtocolError(
                f"expected custom_trigger with CustomTrigger alone, found {custom_trigger!a} with {requested_message}"
            )
        return await self.role.call(
            TriggerMessageRequest(requested_message=requested_message, evse=evse, custom_trigger=custom_trigger)
        )

    async def unlock_connector(self, evse_id: int, connector_id: int, /) -> UnlockConnectorResponse:
        """Free a cable that is stuck; not to stop a transaction, which keeps it (F05).

        Args:
            evse_id: from 1.
            connector_id: within the EVSE, from 1.

        Raises:
            LocalProtocolError: an id is out of range, or the Charging Station was rejected. Nothing was sent.
            OcppError: the request has failed, as :meth:`Role.call` says.
        """
        place(evse_id, connector_id)
        return await self.role.call(UnlockConnectorRequest(evse_id=evse_id, connector_id=connector_id))

    def note_event(self, event: TransactionEventRequest, transaction: Transaction, /) -> None:
        """Take note of an event of a transaction; for the block that receives them."""
        for is_awaited, future in self._waiting:
            if is_awaited(event) and not future.done():
                future.set_result(transaction)

    def take_limit(self, event: TransactionEventRequest, /) -> TransactionLimitType | None:
        """The limit that a remote start was given, once, with the event that tells of it (F07.FR.02)."""
        return self._limits.pop(event.transaction_info.remote_start_id or -1, None)

    # Private

    async def _start(
        self, request: RequestStartTransactionRequest, limit: TransactionLimitType | None
    ) -> RequestStartTransactionResponse:
        """Ask for a transaction; its limit is there before the event that may come right behind the answer."""
        if limit is None:
            return await self.role.call(request)  # F07.FR.01
        while len(self._limits) >= _LIMITS:  # of starts that nobody has followed
            del self._limits[next(iter(self._limits))]
        self._limits[request.remote_start_id] = limit
        try:
            response = await self.role.call(request)
        except (CallError, LocalProtocolError):  # after others nobody knows what has become of it
            del self._limits[request.remote_start_id]
            raise
        if response.status == RequestStartStopStatusEnumType.REJECTED:
            self._limits.pop(request.remote_start_id, None)
        return response

    def _patience_s(self, given_s: float | None) -> float:
        return self.role.csms.settings.remote_patience_s if given_s is None else given_s


class _Awaited:
    """An event that is waited for, within a ``with`` block: it may come right behind an answer, or never."""

    def __init__(self, block: RemoteControl, is_awaited: IsAwaited) -> None:
        self._block: Final = block
        self._future: Final[asyncio.Future[Transaction]] = asyncio.get_running_loop().create_future()
        self._entry: Final = (is_awaited, self._future)

    def __enter__(self) -> _Awaited:
        self._block._waiting = (*self._block._waiting, self._entry)
        return self

    def __exit__(self, *error: object) -> None:
        self._block._waiting = tuple(entry for entry in self._block._waiting if entry is not self._entry)
        self._future.cancel()

    async def within(self, patience_s: float) -> Transaction | None:
        """The transaction, as of the event; None when that does not come in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                return await self._future
        return self._future.result() if self._future.done() and not self._future.cancelled() else None


def _check_profile(profile: ChargingProfileType | None) -> None:
    if profile is None:
        return
    if profile.charging_profile_purpose != ChargingProfilePurposeEnumType.TX_PROFILE:  # F01.FR.09, F02.FR.17
        raise LocalProtocolError(f"expected a TxProfile, found {profile.charging_profile_purpose}")
    if profile.transaction_id is not None:  # F01.FR.11, F02.FR.19
        raise LocalProtocolError("expected no transactionId in the profile of a remote start, found one")
