"""Remote Control (block F) of the Charging Station: what the CSMS starts, stops, unlocks and asks for.

A remote start is the same as a token that is presented, but for how its EVSE is found, and for its number: the next
event of the transaction carries it (F01, F02). What an answer promises is done once the answer has left.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from ocpp21.block import Block
from ocpp21.errors import LocalProtocolError, OcppError
from ocpp21.id_tokens import is_accepted
from ocpp21.messages import (
    ChargingProfilePurposeEnumType,
    ChargingProfileType,
    ConnectorStatusEnumType,
    MessageTriggerEnumType,
    ReasonEnumType,
    RequestStartStopStatusEnumType,
    RequestStartTransactionRequest,
    RequestStartTransactionResponse,
    RequestStopTransactionRequest,
    RequestStopTransactionResponse,
    StatusInfoType,
    TriggerMessageRequest,
    TriggerMessageResponse,
    TriggerMessageStatusEnumType,
    TriggerReasonEnumType,
    UnlockConnectorRequest,
    UnlockConnectorResponse,
    UnlockStatusEnumType,
)
from ocpp21.messages.values import ReasonCodes
from ocpp21.station.afterwards import afterwards
from ocpp21.station.evse_control import EvseControl
from ocpp21.station.registration import asked_for
from ocpp21.station.transaction import AuthorizedToken
from ocpp21.station.triggered import TRIGGERS, Sending, Trigger

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["RemoteControl"]

logger: Final = logging.getLogger("ocpp21.station")

_Status: Final = RequestStartStopStatusEnumType

#: At a connector like this nothing is started (F01.FR.23, F02.FR.25).
_NOT_TO_BE_USED: Final = {ConnectorStatusEnumType.FAULTED, ConnectorStatusEnumType.UNAVAILABLE}


class RemoteControl(Block["ChargingStation"]):
    """Remote Control, Part 2, block F.

    Attributes:
        ev_patience_s: how long an EV may take to end the energy transfer when it is asked to by ISO 15118, in s; then
            the contactor opens. The standard names no limit (F04).
        reports_all_connectors: a StatusNotification that is asked for without a connector is sent of all that may be
            meant (F06.FR.11), where the station may as well reject (F06.FR.12). A subclass says so.
    """

    ev_patience_s: ClassVar[float] = 60.0
    reports_all_connectors: ClassVar[bool] = False

    def __init__(self, role: ChargingStation, /) -> None:
        super().__init__(role)
        self._starting: Final[set[EvseControl]] = set()  # a remote start was accepted, and is not authorized yet
        self._triggers: Final = dict(TRIGGERS)
        self._custom_triggers: dict[str, Trigger] = {}
        role.device_model.auth_ctrlr.authorize_remote_start.honour()

    # Verbs

    def offer_trigger(self, message: MessageTriggerEnumType, trigger: Trigger, /) -> None:
        """Let the CSMS ask for a message, in place of what was offered of it before; for blocks, when they start.

        Args:
            message: that is sent.
            trigger: prepares it, or says why it will not be sent.

        Raises:
            LocalProtocolError: the message is ``CustomTrigger``: those have names.
        """
        if message is MessageTriggerEnumType.CUSTOM_TRIGGER:
            raise LocalProtocolError("expected a message of the standard, found CustomTrigger")
        self._triggers[message] = trigger

    def offer_custom_triggers(self, triggers: Mapping[str, Trigger], /) -> None:
        """Let the CSMS ask for something by name, in place of what was offered by name before.

        CustomizationCtrlr.CustomTriggers tells the names. When the device model has it already, they must be among the
        elements that it may have; so it can list more than is offered now.

        Args:
            triggers: what prepares each, or says why it will not be sent; by name, of at most 50 characters.

        Raises:
            LocalProtocolError: a name is too long, or cannot be an element of the variable. Nothing has changed.
        """
        longest = max(triggers, key=len, default="")
        if len(longest) > _NAME_SIZE:
            raise LocalProtocolError(f"expected names of at most {_NAME_SIZE} characters, found {longest!a}")
        names = self.role.device_model.customization_ctrlr.custom_triggers
        if names.exists:
            names.set(tuple(triggers))
        else:
            names.add(tuple(triggers), values_list=tuple(triggers))
        self._custom_triggers = dict(triggers)

    # Handlers

    async def on_request_start_transaction_request(
        self, request: RequestStartTransactionRequest
    ) -> RequestStartTransactionResponse:
        """Let somebody charge, as if they had presented their token here (F01, F02)."""
        found = self._find(request)
        if isinstance(found, StatusInfoType):
            return RequestStartTransactionResponse(status=_Status.REJECTED, status_info=found)
        self._starting.add(found)
        afterwards(self.role, partial(self._start, found, request))  # F01.FR.01, F01.FR.02, F02.FR.09, F02.FR.10
        transaction = found.transaction
        return RequestStartTransactionResponse(
            status=_Status.ACCEPTED,
            transaction_id=None if transaction is None else transaction.transaction_id,  # F01.FR.13
        )

    async def on_request_stop_transaction_request(
        self, request: RequestStopTransactionRequest
    ) -> RequestStopTransactionResponse:
        """Answer, and stop a transaction afterwards (F03)."""
        control = self.role.transactions.find(request.transaction_id)
        reason = ReasonCodes.TX_NOT_FOUND if self.role.provisioning.is_accepted else ReasonCodes.CS_NOT_ACCEPTED
        if control is None or not self.role.provisioning.is_accepted:  # F03.FR.08, B02.FR.05
            info = StatusInfoType(reason_code=reason)
            return RequestStopTransactionResponse(status=_Status.REJECTED, status_info=info)
        afterwards(self.role, partial(control.step, partial(self._stop, control, request.transaction_id)))
        return RequestStopTransactionResponse(status=_Status.ACCEPTED)  # F03.FR.07

    async def on_trigger_message_request(self, request: TriggerMessageRequest) -> TriggerMessageResponse:
        """Answer, and send a message afterwards (F06)."""
        kind = request.requested_message
        if kind is MessageTriggerEnumType.CUSTOM_TRIGGER:  # F06.FR.18
            trigger = self._custom_triggers.get(request.custom_trigger or "")
        else:
            trigger = self._triggers.get(kind)
        if trigger is None:  # F06.FR.08, F06.FR.19
            return TriggerMessageResponse(status=TriggerMessageStatusEnumType.NOT_IMPLEMENTED)
        prepared = await trigger(self.role, request.evse)
        if isinstance(prepared, StatusInfoType):  # F06.FR.05
            return TriggerMessageResponse(status=TriggerMessageStatusEnumType.REJECTED, status_info=prepared)
        afterwards(self.role, partial(self._send, prepared))  # F06.FR.04, F06.FR.10
        return TriggerMessageResponse(status=TriggerMessageStatusEnumType.ACCEPTED)

    async def on_unlock_connector_request(self, request: UnlockConnectorRequest) -> UnlockConnectorResponse:
        """Open the lock of a connector that no authorized transaction needs (F05)."""
        evse = self.role.evses.get(request.evse_id)
        if evse is None:
            return _not_unlocked(UnlockStatusEnumType.UNKNOWN_CONNECTOR, ReasonCodes.UNKNOWN_EVSE)  # F05.FR.03
        if request.connector_id not in evse.connectors:
            return _not_unlocked(UnlockStatusEnumType.UNKNOWN_CONNECTOR, ReasonCodes.UNKNOWN_CONNECTOR_ID)
        control = self.role.transactions.control(request.evse_id)
        answers: list[UnlockConnectorResponse] = []

        async def unlock() -> None:
            answers.append(await self._unlock(control, request.connector_id))

        await control.step(unlock)
        return answers[0]  # F05.FR.01

    # Starting

    def _find(self, request: RequestStartTransactionRequest) -> EvseControl | StatusInfoType:
        """Find the EVSE of a remote start, or say why it is refused."""
        transactions = self.role.transactions
        if not self.role.provisioning.is_accepted:
            return StatusInfoType(reason_code=ReasonCodes.CS_NOT_ACCEPTED)  # B02.FR.05
        if self.role.authorization.is_master_pass(request.group_id_token):  # C16.FR.03
            return StatusInfoType(reason_code=ReasonCodes.INVALID_ID_TOKEN)
        if (problem := self._objection_to_profile(request.charging_profile)) is not None:
            return problem
        if request.evse_id is not None:
            if request.evse_id not in self.role.evses:
                return StatusInfoType(reason_code=ReasonCodes.UNKNOWN_EVSE)
            control = transactions.control(request.evse_id)
            return self._objection(control, request) or control
        controls = [transactions.control(evse_id) for evse_id in self.role.evses]
        objections = {control: self._objection(control, request) for control in controls}
        free = [control for control, objection in objections.items() if objection is None]
        waiting = [control for control in free if control.evse is not None and control.evse.connected is not None]
        # F01.FR.20, F02.FR.22
        if len(waiting) == 1:
            return waiting[0]
        if waiting:  # F01.FR.07, F02.FR.15: nobody knows whose EV it would be
            return StatusInfoType(reason_code=ReasonCodes.MISSING_PARAM, additional_info="several EVs wait")
        if len(free) == 1:
            return free[0]
        if free and (floating := transactions.await_ev()) is not None:
            return floating
        return next(filter(None, objections.values()), StatusInfoType(reason_code=ReasonCodes.TX_IN_PROGRESS))

    def _objection(self, control: EvseControl, request: RequestStartTransactionRequest) -> StatusInfoType | None:
        """Say why nothing is started at an EVSE, or None."""
        assert control.evse is not None
        presented = AuthorizedToken(request.id_token, request.group_id_token)
        if control.authorization is not None or control in self._starting:  # F01.FR.24, F02.FR.26
            return StatusInfoType(reason_code=ReasonCodes.TX_IN_PROGRESS)
        before = None if control.transaction is None else control.transaction.authorization
        if before is not None and not before.is_same(request.id_token):  # C01.FR.23
            return StatusInfoType(reason_code=ReasonCodes.TX_IN_PROGRESS)
        if not control.power.is_free_for(presented):
            return StatusInfoType(reason_code=ReasonCodes.TX_IN_PROGRESS, additional_info="the cable is another's")
        status = self.role.availability.evse_status(control.evse.evse_id)
        if status in _NOT_TO_BE_USED or not control.can_begin:  # F01.FR.23, F02.FR.25
            return StatusInfoType(reason_code=ReasonCodes.NOT_ENABLED, additional_info=f"the EVSE is {status}")
        return None

    def _objection_to_profile(self, profile: ChargingProfileType | None) -> StatusInfoType | None:
        """Say why a charging profile is refused, or None: without smart charging it is ignored."""
        if profile is None or not self.role.device_model.smart_charging_ctrlr.enabled.get(False):
            return None  # F01.FR.12, F02.FR.20
        if profile.charging_profile_purpose != ChargingProfilePurposeEnumType.TX_PROFILE:
            return StatusInfoType(reason_code=ReasonCodes.INVALID_PROFILE)  # F01.FR.26, F02.FR.27
        if profile.transaction_id is not None:
            return StatusInfoType(reason_code=ReasonCodes.INVALID_PROFILE)
        return StatusInfoType(reason_code=ReasonCodes.UNSUPPORTED_REQUEST)  # nothing here applies one yet

    async def _start(self, control: EvseControl, request: RequestStartTransactionRequest) -> None:
        """Authorize, as if the token had been presented (F01.FR.05, F02.FR.13)."""
        id_token = request.id_token  # F01.FR.03, F01.FR.04, F02.FR.11, F02.FR.12
        authorization = AuthorizedToken(id_token, request.group_id_token)
        try:
            if self.role.device_model.auth_ctrlr.authorize_remote_start.get(False):
                evse_id = None if control.evse is None else control.evse.evse_id
                info = await self.role.authorization.authorize(id_token, evse_id=evse_id)
                if not is_accepted(info) or self.role.authorization.is_master_pass(info.group_id_token):
                    return  # C16.FR.03
                found = AuthorizedToken.of(id_token, info)
                group = found.group_id_token or request.group_id_token  # C09.FR.03
                authorization = msgspec.structs.replace(found, group_id_token=group)
            authorization = msgspec.structs.replace(authorization, remote_start_id=request.remote_start_id)
            await control.step(lambda: control.authorize(authorization, self.role.now()))
        finally:
            self._starting.discard(control)

    async def _stop(self, control: EvseControl, transaction_id: str) -> None:
        """Stop a transaction, as if the driver had stopped it."""
        now = self.role.now()
        if self.role.transactions.find(transaction_id) is not control or control.transaction is None:
            return  # it has ended meanwhile
        if control.authorization is not None:
            trigger = TriggerReasonEnumType.REMOTE_STOP
            await control.end_authorization(trigger, now, reason=ReasonEnumType.REMOTE)  # F03.FR.02, F03.FR.03
        else:
            control.transaction.stopped_reason = ReasonEnumType.REMOTE
            await control.telling.update(TriggerReasonEnumType.REMOTE_STOP, now)

    async def _unlock(self, control: EvseControl, connector_id: int) -> UnlockConnectorResponse:
        assert control.evse is not None
        connector = control.evse.connectors[connector_id]
        if control.authorization is not None and control.evse.connected is connector:  # F05.FR.02
            return UnlockConnectorResponse(status=UnlockStatusEnumType.ONGOING_AUTHORIZED_TRANSACTION)
        is_free = await control.power.free(connector_id)  # F05.FR.06
        if is_free is None:
            return _not_unlocked(UnlockStatusEnumType.UNLOCK_FAILED, ReasonCodes.FIXED_CABLE)
        # F05.FR.04, F05.FR.05
        return UnlockConnectorResponse(
            status=UnlockStatusEnumType.UNLOCKED if is_free else UnlockStatusEnumType.UNLOCK_FAILED
        )

    async def _send(self, prepared: Sending) -> None:
        with asked_for():  # B02.FR.02
            try:
                await prepared()
            except OcppError as error:
                logger.info("triggered message not delivered: %s", error)


#: Longest customTrigger, in characters (Part 3, TriggerMessageRequest).
_NAME_SIZE: Final = 50


def _not_unlocked(status: UnlockStatusEnumType, reason_code: str) -> UnlockConnectorResponse:
    return UnlockConnectorResponse(status=status, status_info=StatusInfoType(reason_code=reason_code))
