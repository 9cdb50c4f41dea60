"""What a token does that somebody presents: start, stop, free a cable, stop all (Part 2, block C).

A token that is presented at no EVSE in particular, while no EV is connected anywhere, floats: it waits on a control
without an EVSE for the EVSE at which an EV is connected first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from ocpp21.id_tokens import ANYBODY, is_accepted
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    IdTokenInfoType,
    IdTokenType,
    ReasonEnumType,
    TriggerReasonEnumType,
)
from ocpp21.station.contracts import Contract
from ocpp21.station.evse_control import EvseControl
from ocpp21.station.evses import ConnectorState
from ocpp21.station.transaction import AuthorizedToken

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["ChooseTransactions", "Presentation", "RunningTransaction"]

logger: Final = logging.getLogger("ocpp21.station")

_ACCEPTED: Final = IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED)
_NOT_NOW: Final = IdTokenInfoType(status=AuthorizationStatusEnumType.NOT_AT_THIS_TIME)

#: How long the driver with a master pass may think, in s.
_PATIENCE_S: Final = 30.0


class RunningTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction that a master pass can stop.

    Attributes:
        transaction_id: of the transaction.
        evse_id: its EVSE; None when it has none yet.
        started_at: when it began.
    """

    transaction_id: str
    evse_id: int | None
    started_at: datetime


#: Lets the driver with a master pass choose which transactions to stop; returns their ids.
ChooseTransactions: TypeAlias = Callable[[Sequence[RunningTransaction]], Awaitable[Collection[str]]]


class Presentation:
    """Decides what tokens do that are presented.

    Args:
        station: the station.
        controls: of its EVSEs, by evse_id.

    Attributes:
        floating: the control of an authorization that no EVSE has yet.
        choose_transactions: the screen of a station with a user interface, where the driver with a master pass chooses
            (C16.FR.01); None stops all transactions.
    """

    def __init__(self, station: ChargingStation, controls: Mapping[int, EvseControl], /) -> None:
        self._station: Final = station
        self._controls: Final = controls
        self.floating: Final = EvseControl(station, None)
        self.choose_transactions: ChooseTransactions | None = None

    @property
    def controls(self) -> list[EvseControl]:
        """All controls, the floating one last."""
        return [*self._controls.values(), self.floating]

    # Tokens

    async def present(self, id_token: IdTokenType, evse_id: int | None, /) -> IdTokenInfoType:
        """Take a token that was read, and do what it is good for; see :meth:`Transactions.present`."""
        # C08.FR.02: at any time after the EV was connected, so whoever was late or refused presents one anew
        info = await self._take(id_token, evse_id)
        self._station.authorization.tell_driver(info, evse_id)
        return info

    async def present_contract(self, contract: Contract, evse_id: int, /) -> IdTokenInfoType:
        """Take the contract of an EV; see :meth:`Transactions.present_contract`."""
        control, at = self._controls[evse_id], self._station.now()
        if control.authorization is not None:
            return _ACCEPTED if control.authorization.is_same(contract.id_token) else _NOT_NOW
        if not _may_start(control, contract.id_token):
            return _NOT_NOW
        info = await self._station.authorization.authorize_contract(contract, evse_id=evse_id)
        if is_accepted(info) and not self._station.authorization.is_master_pass(info.group_id_token):
            await self._start(control, AuthorizedToken.of(contract.id_token, info), at)
        return info

    async def _take(self, id_token: IdTokenType, evse_id: int | None) -> IdTokenInfoType:
        authorization, at = self._station.authorization, self._station.now()
        control = self._control_for(id_token, evse_id)
        running = control.authorization
        if running is not None:
            if running.is_same(id_token):  # C01.FR.03, E07.FR.01, E08.FR.01: the same token needs no check
                await self._stop(control, running, id_token, at)
                return _ACCEPTED
            known = authorization.known(id_token)
            if known is not None and running.is_same_group(known.group_id_token):  # C01.FR.03, C09.FR.07, E08.FR.02
                await self._stop(control, running, id_token, at)
                return known
        elif await control.power.release(AuthorizedToken(id_token)):
            return _ACCEPTED
        elif not (_may_start(control, id_token) or (authorization.has_master_pass and self._running)):
            return _NOT_NOW  # C01.FR.23
        here = None if running is not None or control.evse is None else control.evse.evse_id
        info = await authorization.authorize(id_token, evse_id=here)  # C08.FR.01, C09.FR.05
        if not is_accepted(info):  # C09.FR.11, E02.FR.20: a refused token causes no event
            return info
        if authorization.is_master_pass(info.group_id_token):  # C12.FR.09, C16.FR.03
            await self._stop_by_master_pass(id_token)
        elif running is None:
            if not _may_start(control, id_token):
                return _NOT_NOW
            await self._start(control, AuthorizedToken.of(id_token, info), at)
        elif running.is_same_group(info.group_id_token):  # C09.FR.03
            await self._stop(control, running, id_token, at)
        return info

    def _control_for(self, id_token: IdTokenType, evse_id: int | None) -> EvseControl:
        """The EVSE that a token was meant for."""
        if evse_id is not None:
            return self._controls[evse_id]
        for control in self.controls:  # who stops
            if control.authorization is not None and control.authorization.is_same(id_token):
                return control
        free = [control for control in self._controls.values() if control.authorization is None and control.can_begin]
        waiting = [control for control in free if control.evse is not None and control.evse.connected is not None]
        if len(waiting) == 1:
            return waiting[0]
        if len(self._controls) == 1:
            return next(iter(self._controls.values()))
        return self.floating

    async def _start(self, control: EvseControl, authorization: AuthorizedToken, at: datetime) -> None:
        if not (await control.power.release(authorization) or control.power.is_held):
            await control.step(lambda: control.authorize(authorization, at))  # C12.FR.04

    async def _stop(
        self,
        control: EvseControl,
        running: AuthorizedToken,
        id_token: IdTokenType,
        at: datetime,
        reason: ReasonEnumType = ReasonEnumType.LOCAL,
    ) -> None:
        """End an authorization, if it still is the one that was to be ended."""

        async def stop() -> None:
            if control.authorization is not None and control.authorization.is_same(running.id_token):
                trigger = TriggerReasonEnumType.STOP_AUTHORIZED  # E07.FR.02, E08.FR.04
                await control.end_authorization(trigger, at, reason=reason, id_token=id_token)

        await control.step(stop)

    # Master pass

    @property
    def _running(self) -> list[EvseControl]:
        """Where there is a transaction to be stopped."""
        return [control for control in self.controls if control.transaction and control.authorization]

    async def _stop_by_master_pass(self, id_token: IdTokenType) -> None:
        chosen = await self._choose()
        at = self._station.now()
        for control in self._running:
            running, transaction = control.authorization, control.transaction
            if running is not None and transaction is not None and transaction.transaction_id in chosen:
                # C16.FR.02, C16.FR.07, C16.FR.08
                await self._stop(control, running, id_token, at, ReasonEnumType.MASTER_PASS)

    async def _choose(self) -> Collection[str]:
        """The transactions that are to be stopped: those that the driver chooses, or all."""
        running = [
            RunningTransaction(
                transaction_id=control.transaction.transaction_id,
                evse_id=control.transaction.evse_id,
                started_at=control.transaction.started_at,
            )
            for control in self._running
            if control.transaction is not None
        ]
        if self.choose_transactions is None:
            return {each.transaction_id for each in running}
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self.choose_transactions(running)  # C16.FR.01
        except TimeoutError:
            return ()
        except Exception:
            logger.exception("no choice of transactions to stop")
            return ()

    # EVs

    async def connect_ev(self, control: EvseControl, connector: ConnectorState, at: datetime, /) -> None:
        """An EV is connected; whoever waits for one may charge, and anybody where nobody is asked. Within a step."""
        waiting = self.floating.authorization
        is_for_here = waiting is None or waiting.may_charge_at(connector.evse_id)  # C01.FR.21
        await control.connect_ev(connector, at, self.floating if is_for_here else None)
        await self.let_in_anybody(control)

    async def let_in_anybody(self, control: EvseControl, /) -> None:
        """Let an EV that is connected charge, where nobody has to be authorized (AuthCtrlr.Enabled). Within a step."""
        if control.evse is not None and control.evse.connected and not self._station.authorization.is_enabled:
            await control.authorize(AuthorizedToken(ANYBODY), self._station.now())


def _may_start(control: EvseControl, id_token: IdTokenType) -> bool:
    """Whether a token may start here: nobody else has charged in this transaction before (C01.FR.23)."""
    before = None if control.transaction is None else control.transaction.authorization
    return control.can_begin and (before is None or before.is_same(id_token))
