"""Authorization (block C) of the CSMS: who may charge, where, and what is said of contracts."""

from __future__ import annotations

from inspect import isawaitable
from typing import TYPE_CHECKING

import msgspec

from ocpp21.block import Block
from ocpp21.csms.contracts import contract_response
from ocpp21.csms.events import AuthorizationAnswered
from ocpp21.csms.ledger import Transaction
from ocpp21.csms.token_policy import is_authorization_over, is_concurrent, is_shut_out, is_started_by
from ocpp21.growing_delay import GrowingDelay
from ocpp21.id_tokens import is_accepted, is_of
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    AuthorizeRequest,
    AuthorizeResponse,
    ClearCacheRequest,
    ClearCacheResponse,
    IdTokenInfoType,
    IdTokenType,
    TransactionEventEnumType,
    TransactionEventRequest,
)
from ocpp21.messages.values import IdTokenTypes

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["Authorization"]

_Status = AuthorizationStatusEnumType


class Authorization(Block["Station"]):
    """Authorization, Part 2, block C: C01 to C16."""

    def __init__(self, role: Station, /) -> None:
        super().__init__(role)
        self._codes: GrowingDelay | None = None  # of codes that were wrong here; None before the first code

    # Verbs

    async def authorize(self, id_token: IdTokenType, evse_id: int | None = None, /) -> IdTokenInfoType:
        """Let whoever decides on IdTokens decide on one.

        Args:
            id_token: that was presented.
            evse_id: where, if that is known.
        """
        info = self.role.csms.settings.authorize(self.role, id_token, evse_id)
        return await info if isawaitable(info) else info

    async def authorize_event(
        self, request: TransactionEventRequest, id_token: IdTokenType, transaction: Transaction | None, /
    ) -> IdTokenInfoType:
        """Decide on the IdToken of an event of a transaction (C09.FR.12, C12.FR.03).

        Args:
            request: the event.
            id_token: that it names.
            transaction: as it is with the event; None when the event contradicts what is known.
        """
        evse_id = None if request.evse is None else request.evse.id
        info = await self.authorize(id_token, evse_id)
        most = self.role.csms.settings.token_policy.concurrent_transactions
        if most is None or transaction is None or not is_accepted(info):
            return info
        if request.event_type == TransactionEventEnumType.ENDED or is_authorization_over([request]):
            return info
        if is_concurrent(transaction, id_token, await self.role.csms.store.ongoing(), most):
            return msgspec.structs.replace(info, status=_Status.CONCURRENT_TX, evse_id=None)
        return info

    async def clear_cache(self) -> ClearCacheResponse:
        """Let the Charging Station empty its Authorization Cache (C11).

        Returns:
            Its answer; Rejected when it has none that is in use, or could not empty it.

        Raises:
            LocalProtocolError: the Charging Station was rejected.
            OcppError: the request has failed, as :meth:`Role.call` says.
        """
        return await self.role.call(ClearCacheRequest())

    # Handlers

    async def on_authorize_request(self, request: AuthorizeRequest) -> AuthorizeResponse:
        """Say whether an IdToken may charge, and to which group it belongs (C01.FR.06, C01.FR.07)."""
        response = await self._answer(request)  # C06.FR.04, C07.FR.04, C09.FR.09, C09.FR.10
        self.role.csms.publish(
            AuthorizationAnswered(station=self.role, at=self.role.now(), request=request, response=response)
        )
        return response

    # Private

    async def _answer(self, request: AuthorizeRequest) -> AuthorizeResponse:
        id_token = request.id_token
        if is_of(id_token, IdTokenTypes.KEY_CODE):  # C04.FR.06
            self._codes = self._codes or GrowingDelay()
            info = await self._codes.attempt(lambda: self.authorize(id_token), is_accepted)
        else:
            info = await self.authorize(id_token)
        if is_accepted(info) and await self._is_shut_out(id_token):  # C01.FR.24
            info = msgspec.structs.replace(info, status=_Status.NOT_AT_THIS_TIME, evse_id=None)
        if request.certificate is None and request.iso15118_certificate_hash_data is None:
            return AuthorizeResponse(id_token_info=info)
        chain = self.role.csms.settings.verify_contract(self.role, request)  # C07.FR.05
        return contract_response(await chain if isawaitable(chain) else chain, info)

    async def _is_shut_out(self, id_token: IdTokenType) -> bool:
        """Whether all EVSEs have a transaction that another token has begun, and whose authorization is over."""
        csms, identity = self.role.csms, self.role.identity
        if not csms.settings.token_policy.keeps_out_second_tokens:
            return False
        shut: set[int] = set()
        for transaction in await csms.store.ongoing(identity):
            if transaction.evse_id is None or is_started_by(transaction, id_token):
                continue
            events = await csms.store.events(identity, transaction.transaction_id)
            if is_authorization_over(received.message for received in events):
                shut.add(transaction.evse_id.value)
        if not shut:
            return False
        return is_shut_out({each.message.evse_id for each in await csms.store.statuses(identity)}, shut)
