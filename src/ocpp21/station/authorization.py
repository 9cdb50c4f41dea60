"""Authorization (block C) of the Charging Station: may somebody charge?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ocpp21.block import Block
from ocpp21.certificate_chains import ChainStatus
from ocpp21.device_model.catalogue import ISO15118Ctrlr
from ocpp21.errors import CallError, CallTimeout, RemoteProtocolError, SessionClosed, StoreError
from ocpp21.growing_delay import GrowingDelay
from ocpp21.id_tokens import is_accepted, is_of, same_text
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    AuthorizeRequest,
    AuthorizeResponse,
    ClearCacheRequest,
    ClearCacheResponse,
    ClearCacheStatusEnumType,
    IdTokenInfoType,
    IdTokenType,
    StatusInfoType,
    TransactionEventRequest,
    TransactionEventResponse,
)
from ocpp21.messages.values import IdTokenTypes, ReasonCodes
from ocpp21.station.authorization_cache import AuthorizationCache
from ocpp21.station.authorization_order import LocalDecider, decide_offline, decide_online, look_up
from ocpp21.station.contracts import (
    Contract,
    ContractValidator,
    ContractVerdict,
    contract_request,
    lets_charge,
)
from ocpp21.station.languages import choose_language

if TYPE_CHECKING:
    from ocpp21.device_model import Variable
    from ocpp21.station import ChargingStation

__all__ = ["Authorization"]

logger: Final = logging.getLogger("ocpp21.station")

_Status = AuthorizationStatusEnumType
_ACCEPTED: Final = IdTokenInfoType(status=_Status.ACCEPTED)
_INVALID: Final = IdTokenInfoType(status=_Status.INVALID)

#: How long a personal message is shown, in s.
_MESSAGE_S: Final = 10.0


class Authorization(Block["ChargingStation"]):
    """Authorization, Part 2, block C: C01 to C16.

    Attributes:
        cache: the Authorization Cache.
        deciders: asked in this order about a token; the first one that knows it decides (C13.FR.01).
        contract_validator: checks contract certificates; None when nothing can, and the CSMS alone decides.
        languages: RFC 5646 tags of the languages that the station has texts in, beside those of
            DisplayMessageCtrlr.Language.
    """

    def __init__(self, role: ChargingStation, /) -> None:
        super().__init__(role)
        self.cache: Final = AuthorizationCache(role)
        self.deciders: Final[list[LocalDecider]] = [self.cache]
        self.contract_validator: ContractValidator | None = None
        self.languages: Collection[str] = ()
        self._codes: Final = GrowingDelay()
        self._messages: Final[dict[int | None, asyncio.Task[None]]] = {}  # that are shown, by EVSE
        auth = role.device_model.auth_ctrlr
        auth.enabled.honour()
        auth.local_authorize_offline.honour()
        auth.local_pre_authorize.honour()
        auth.offline_tx_for_unknown_id_enabled.honour()
        auth.disable_remote_authorization.honour()
        auth.master_pass_group_id.honour()
        iso15118 = ISO15118Ctrlr(role.device_model)
        for control in (iso15118, *(iso15118.at(evse_id) for evse_id in role.evses)):
            control.pnc_enabled.honour()
            control.central_contract_validation_allowed.honour()
            control.contract_validation_offline.honour()

    async def start(self) -> None:
        """Take up the cache."""
        await self.cache.load()

    # Verbs

    async def authorize(self, id_token: IdTokenType, /, *, evse_id: int | None = None) -> IdTokenInfoType:
        """Decide whether a token may charge; the CSMS is asked where the settings say so (C01).

        Args:
            id_token: the token that was presented.
            evse_id: EVSE that it is for; None when that is not known yet: see ``evse_id`` of the answer then.

        Returns:
            What is known of the token; it may charge when the status is Accepted. A token that nothing is known of, and
            that cannot be asked about, is Unknown; one that the CSMS does not answer about is Invalid. NotAtThisTime
            says that the station may start no transaction before it is accepted (TxBeforeAcceptedEnabled), and
            NotAtThisLocation also that the token is for other EVSEs of this station.
        """
        if not self.role.provisioning.allows_transactions:
            return IdTokenInfoType(status=_Status.NOT_AT_THIS_TIME)  # B02.FR.03, B03.FR.01
        # C01.FR.01, C02.FR.01, C05.FR.01, C06.FR.01
        if not self.is_enabled or is_of(id_token, IdTokenTypes.NO_AUTHORIZATION, IdTokenTypes.CENTRAL):
            return _ACCEPTED
        if is_of(id_token, IdTokenTypes.KEY_CODE):  # C04.FR.06
            info = await self._codes.attempt(lambda: self._decide(id_token), is_accepted)
        else:
            info = await self._decide(id_token)
        return _at(info, evse_id)

    async def authorize_contract(self, contract: Contract, /, *, evse_id: int) -> IdTokenInfoType:
        """Decide whether an EV may charge with its contract (C07).

        Args:
            contract: as the EV has presented it.
            evse_id: EVSE that it is connected to.

        Returns:
            What is known of the token, as :meth:`authorize` says; Invalid also when the certificate is not accepted.
        """
        if not self.role.provisioning.allows_transactions:
            return IdTokenInfoType(status=_Status.NOT_AT_THIS_TIME)
        if not self._iso15118("pnc_enabled", evse_id):
            return _INVALID
        verdict = ContractVerdict(ChainStatus.NO_ROOT)
        if self.contract_validator is not None:
            verdict = await self.contract_validator.validate(contract, self.role.now())
        info = None
        if self.role.provisioning.is_online:  # C07.FR.01
            info = await self._ask_about_contract(contract, verdict, evse_id)
        if info is None:
            info = self._decide_contract_offline(contract, verdict, evse_id)
        return _at(info, evse_id)

    @property
    def is_enabled(self) -> bool:
        """Whether somebody has to be authorized at all (AuthCtrlr.Enabled)."""
        return self.role.device_model.auth_ctrlr.enabled.get(True)

    def known(self, id_token: IdTokenType, /) -> IdTokenInfoType | None:
        """What list or cache know of a token that is valid; None when the CSMS has to be asked, if anybody (C01.FR.03).

        A transaction may be stopped by that, whatever LocalPreAuthorize and LocalAuthorizeOffline say.
        """
        if is_of(id_token, IdTokenTypes.LOCAL) and self.role.provisioning.is_online:  # C06.FR.02
            return None
        entry = look_up(self.deciders, id_token)
        return None if entry is None or not is_accepted(entry.info) else entry.info

    @property
    def has_master_pass(self) -> bool:
        """Whether there are tokens that stop any transaction (C16)."""
        return bool(self.role.device_model.auth_ctrlr.master_pass_group_id.get(""))

    def is_master_pass(self, group_id_token: IdTokenType | None, /) -> bool:
        """Whether a group is that of the master pass: its tokens stop any transaction, and start none (C16.FR.03)."""
        group_id = self.role.device_model.auth_ctrlr.master_pass_group_id.get("")
        return bool(group_id) and group_id_token is not None and same_text(group_id_token.id_token, group_id)

    async def note_answer(self, request: TransactionEventRequest, response: TransactionEventResponse, /) -> None:
        """Keep what the CSMS says of a token in its answer to an event (C10.FR.05)."""
        if request.id_token is not None and response.id_token_info is not None:
            await self.cache.learn(request.id_token, response.id_token_info)

    def language(self, info: IdTokenInfoType, /) -> str:
        """The language in which to address a driver, as an RFC 5646 tag (C01.FR.08, C01.FR.09)."""
        language = self.role.device_model.display_message_ctrlr.language
        declared = language.characteristics.values_list if language.exists else None
        return choose_language(info, [*self.languages, *(declared or ())])

    def tell_driver(self, info: IdTokenInfoType, evse_id: int | None, /) -> None:
        """Show the personal message that comes with a token, if any, for some seconds.

        Args:
            info: what is known of the token.
            evse_id: EVSE on whose display; None, and an EVSE without, show it on that of the station.
        """
        evse = None if evse_id is None else self.role.hardware.evses[evse_id]
        display = self.role.hardware.display if evse is None or evse.display is None else evse.display
        if display is None or info.personal_message is None:
            return
        message = info.personal_message

        async def show() -> None:
            try:
                await display.show(message)
                await asyncio.sleep(_MESSAGE_S)
                await display.show(None)
            except Exception as error:
                logger.warning("personal message not shown: %s", type(error).__name__)

        if (before := self._messages.get(evse_id)) is not None:
            before.cancel()
        self._messages[evse_id] = self.role.accompany(show())

    # Handlers

    async def on_clear_cache_request(self, request: ClearCacheRequest) -> ClearCacheResponse:
        """Empty the Authorization Cache, where it is used (C11)."""
        if not self.cache.is_enabled:
            return _not_cleared(ReasonCodes.NOT_ENABLED)  # C11.FR.04
        try:
            await self.cache.clear()
        except StoreError as error:
            logger.error("authorization cache not cleared: %s", error)
            return _not_cleared(ReasonCodes.INTERNAL_ERROR)  # C11.FR.05
        return ClearCacheResponse(status=ClearCacheStatusEnumType.ACCEPTED)  # C11.FR.02, C11.FR.03

    # Tokens

    async def _decide(self, id_token: IdTokenType) -> IdTokenInfoType:
        auth = self.role.device_model.auth_ctrlr
        info = None
        if self.role.provisioning.is_online:
            may_ask = not auth.disable_remote_authorization.get(False)
            # C06.FR.02: a token of type Local is always asked about.
            pre_authorizes = auth.local_pre_authorize.get(False) and not is_of(id_token, IdTokenTypes.LOCAL)
            entry = look_up(self.deciders, id_token) if pre_authorizes or not may_ask else None
            info = decide_online(entry, pre_authorizes=pre_authorizes, may_ask=may_ask)
            if info is None:
                response = await self._ask(AuthorizeRequest(id_token=id_token))
                info = None if response is None else response.id_token_info
        return self._decide_offline(id_token) if info is None else info

    def _decide_offline(self, id_token: IdTokenType) -> IdTokenInfoType:
        auth = self.role.device_model.auth_ctrlr
        return decide_offline(  # C15.FR.01: what is decided here, the cache does not learn
            look_up(self.deciders, id_token),
            authorizes=auth.local_authorize_offline.get(False),
            takes_unknown=auth.offline_tx_for_unknown_id_enabled.get(False),
        )

    async def _ask(self, request: AuthorizeRequest) -> AuthorizeResponse | None:
        """Ask the CSMS, and keep what it says (C10.FR.04); None when the connection has ended over it."""
        try:  # C01.FR.02; nothing else sends an AuthorizeRequest: C01.FR.04
            response = await self.role.call(request)
        except SessionClosed:
            return None
        except (CallError, CallTimeout, RemoteProtocolError) as error:
            # C04.FR.04: what a peer says of a code may repeat it.
            logger.warning("authorize request not answered: %s", type(error).__name__)
            return AuthorizeResponse(id_token_info=_INVALID)
        await self.cache.learn(request.id_token, response.id_token_info)
        return response

    # Contracts

    async def _ask_about_contract(
        self, contract: Contract, verdict: ContractVerdict, evse_id: int
    ) -> IdTokenInfoType | None:
        if self.role.device_model.auth_ctrlr.disable_remote_authorization.get(False):
            return None
        may_leave = self._iso15118("central_contract_validation_allowed", evse_id)
        request = contract_request(contract, verdict, may_leave_to_csms=may_leave)
        if request is None:
            return _INVALID
        response = await self._ask(request)
        if response is None or lets_charge(verdict, response):
            return None if response is None else response.id_token_info
        return msgspec.structs.replace(
            response.id_token_info,
            status=_Status.INVALID if is_accepted(response.id_token_info) else response.id_token_info.status,
        )

    def _decide_contract_offline(self, contract: Contract, verdict: ContractVerdict, evse_id: int) -> IdTokenInfoType:
        if not self._iso15118("contract_validation_offline", evse_id):  # C07.FR.07
            return _INVALID
        if verdict.status is not ChainStatus.VALID:  # C07.FR.08
            return _INVALID
        if not self.role.device_model.auth_ctrlr.local_authorize_offline.get(False):  # C07.FR.09
            return IdTokenInfoType(status=_Status.UNKNOWN)
        return self._decide_offline(contract.id_token)  # C07.FR.10, C07.FR.11, C07.FR.12

    def _iso15118(self, name: str, evse_id: int) -> bool:
        """A setting of ISO15118Ctrlr: that of the EVSE, or else of the station."""
        control: Any = ISO15118Ctrlr(self.role.device_model)
        own: Variable[bool] = getattr(control.at(evse_id), name)
        whole: Variable[bool] = getattr(control, name)
        return own.get(whole.get(False))


def _at(info: IdTokenInfoType, evse_id: int | None) -> IdTokenInfoType:
    """What is known of a token at an EVSE."""
    if evse_id is not None and is_accepted(info) and evse_id not in (info.evse_id or [evse_id]):  # C01.FR.21
        return msgspec.structs.replace(info, status=_Status.NOT_AT_THIS_LOCATION, evse_id=None)
    return info


def _not_cleared(reason_code: str) -> ClearCacheResponse:
    return ClearCacheResponse(
        status=ClearCacheStatusEnumType.REJECTED, status_info=StatusInfoType(reason_code=reason_code)
    )
