"""Transactions (block E) of the Charging Station: from what happens at the EVSEs to TransactionEvents that arrive.

One :class:`~ocpp21.station.evse_control.EvseControl` for each EVSE says what happens. This block hands it the events of
the hardware, stores what the controls tell in one commit with the message
queue, and delivers that.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from ocpp21.block import Block
from ocpp21.errors import LocalProtocolError, StoreError
from ocpp21.id_tokens import is_accepted, same_text
from ocpp21.messages import (
    BootReasonEnumType,
    GetTransactionStatusRequest,
    GetTransactionStatusResponse,
    IdTokenInfoType,
    IdTokenType,
    ReasonEnumType,
    TransactionEventEnumType,
    TransactionEventRequest,
    TransactionEventResponse,
    TransactionLimitType,
    TriggerReasonEnumType,
)
from ocpp21.station import hardware_events as happened
from ocpp21.station.contracts import Contract
from ocpp21.station.evse_control import EvseControl
from ocpp21.station.evses import STOPPING_FAULTS
from ocpp21.station.life_sign import LifeSign
from ocpp21.station.presentation import ChooseTransactions, Presentation
from ocpp21.station.resumption import is_in_time
from ocpp21.station.store import Change, Table
from ocpp21.station.transaction import AuthorizedToken, Transaction
from ocpp21.station.transaction_limits import decimal, supported
from ocpp21.station.transaction_points import ENDING_POINTS

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["Transactions"]

logger: Final = logging.getLogger("ocpp21.station")

#: After which a store that has failed is tried again, in s.
_PATIENCE_S: Final = 10.0


class Transactions(Block["ChargingStation"]):
    """Transactions, Part 2, block E."""

    def __init__(self, role: ChargingStation, /) -> None:
        super().__init__(role)
        self._controls: Final[Mapping[int, EvseControl]] = {
            evse_id: EvseControl(role, evse) for evse_id, evse in role.evses.items()
        }
        self._presentation: Final = Presentation(role, self._controls)
        self._opening: asyncio.Task[None] | None = None  # waits until it may deliver
        self._unsaved_events: list[TransactionEventRequest] = []
        self._unsaved_changes: list[Change] = []
        self._retry: asyncio.TimerHandle | None = None  # of what could not be saved
        self._saving: Final = asyncio.Lock()
        self._table: Final = Table("transaction", Transaction)
        tx = role.device_model.tx_ctrlr
        tx.tx_start_point.honour()
        tx.tx_stop_point.honour()
        tx.ev_connection_time_out.honour()
        tx.stop_tx_on_ev_side_disconnect.honour()
        tx.stop_tx_on_invalid_id.honour()
        self._life: Final = LifeSign(role, self.is_busy)
        tx.max_energy_on_invalid_id.honour()
        role.device_model.ocpp_comm_ctrlr.unlock_on_ev_side_disconnect.honour()
        role.device_model.sampled_data_ctrlr.tx_updated_interval.honour()
        role.device_model.sampled_data_ctrlr.tx_ended_interval.honour()

    async def start(self) -> None:
        """Take up the transactions that were interrupted or end them, and begin to deliver (E17)."""
        power_was_cut = self.role.hardware.boot_reason == BootReasonEnumType.POWER_UP
        # E17.FR.21, E17.FR.22
        reason = ReasonEnumType.POWER_LOSS if power_was_cut else ReasonEnumType.REBOOT
        for control in self._controls.values():
            await control.step(control.power.secure)
        interrupted_at, now = await self._life.last(), self.role.now()
        timeout_s = self.role.device_model.tx_ctrlr.resumption_timeout.get(0)
        floating = self._presentation.floating
        for transaction in (await self._table.load(self.role.store)).values():
            control = self._controls.get(transaction.evse_id or 0, floating)
            if is_in_time(transaction, interrupted_at, now, timeout_s):
                control.interruption.adopt(transaction)  # E17.FR.10
            else:
                await control.step(partial(control.conclude, transaction, reason))  # E17.FR.20
        await floating.step(floating.interruption.end)  # no EV is anywhere near it
        self.role.accompany(self._begin_when_accepted())

    def attached(self) -> None:
        """Deliver, once the CSMS has accepted the station (B02.FR.03)."""
        self._opening = self.role.accompany(self._go_online())

    def detached(self) -> None:
        """Deliver no more; what waits is marked as offline (E11.FR.07)."""
        if self._opening is not None:
            self._opening.cancel()
        self.role.accompany(self.role.delivery.went_offline())

    async def stop(self) -> None:
        """Set no timers any more; transactions stay as they are stored."""
        for control in self.controls:
            control.halt()
        if self._retry is not None:
            await self._save()
            self._retry.cancel()

    # What others ask

    def is_busy(self, evse_id: int | None = None, /) -> bool:
        """Whether there is a transaction now, at an EVSE or with None anywhere."""
        return any(control.transaction is not None for control in self._at(evse_id))

    def is_in_use(self, evse_id: int | None = None, /) -> bool:
        """Whether somebody charges, may charge, or has a plug that is held, at an EVSE or with None anywhere."""
        return any(control.is_in_use for control in self._at(evse_id))

    async def end_for_reset(self, evse_id: int | None, /) -> None:
        """End the transactions of an EVSE, or with None all, since a reset follows (B12)."""
        for control in self._at(evse_id):
            await control.step(control.end_for_reset)

    async def interrupt(self, evse_id: int | None, /) -> None:
        """Tell that a reset interrupts the transactions of an EVSE, or with None all, and cut the energy (B13)."""
        for control in self._at(evse_id):
            await control.step(partial(control.interruption.begin, frees_plug=evse_id is None))

    def resume(self, evse_id: int | None = None, /) -> None:
        """Go on with the transactions of an EVSE, or with None all, that were interrupted (B13, E17).

        It is done after all that the hardware has told before.
        """
        for control in self._at(evse_id):
            control.soon(control.interruption.end)

    def take(self, event: happened.HardwareEvent, /) -> None:
        """Take an event of the hardware that concerns charging."""
        at = self.role.now()
        match event:
            case happened.ParkingBayOccupied(evse_id) | happened.ParkingBayVacated(evse_id):
                is_occupied = isinstance(event, happened.ParkingBayOccupied)
                self._begin(evse_id, lambda control: control.occupy_bay(is_occupied, at))
            case happened.EVConnected(evse_id, connector_id):
                connector = self.role.evses[evse_id].connectors[connector_id]
                self._begin(evse_id, lambda control: self._presentation.connect_ev(control, connector, at))
            case happened.EVDisconnected(evse_id):
                self._begin(evse_id, lambda control: control.disconnect_ev(at))
            case happened.EnergyTransferStarted(evse_id, phases):
                self._begin(evse_id, lambda control: control.start_energy(phases, at))
            case happened.EnergyTransferSuspended(evse_id, by):
                self._begin(evse_id, lambda control: control.suspend_energy(by, at))
            case happened.TokenPresented(id_token, evse_id):
                self.role.accompany(self._present(id_token, evse_id))
            case happened.ContractPresented(evse_id, contract):
                self.role.accompany(self._present_contract(contract, evse_id))
            case happened.StopButtonPressed(evse_id):
                self._begin(evse_id, lambda control: _stop(control, at, ReasonEnumType.LOCAL))
            case happened.SessionStopped(evse_id):  # E15.FR.04, E15.FR.05
                self._begin(evse_id, lambda control: _stop(control, at, ReasonEnumType.STOPPED_BY_EV))
            case happened.PowerLost():
                self.role.accompany(self._life.give())  # E17.FR.02
            case happened.FaultRaised(fault, evse_id) if fault in STOPPING_FAULTS:
                for place in self._controls if evse_id is None else (evse_id,):
                    self._begin(place, lambda control: control.break_off(fault, at))
            case happened.ConnectorLockFailed(evse_id, connector_id):
                self._begin(evse_id, lambda control: control.lose_lock(connector_id, at))
            case _:
                pass

    @property
    def controls(self) -> list[EvseControl]:
        """The controls of all EVSEs, and that of an authorization that has no EVSE yet."""
        return self._presentation.controls

    def control(self, evse_id: int, /) -> EvseControl:
        """The control of an EVSE.

        Raises:
            KeyError: there is no such EVSE.
        """
        return self._controls[evse_id]

    def at(self, evse_id: int, /) -> Transaction | None:
        """The transaction that is ongoing at an EVSE; None without."""
        return self._controls[evse_id].transaction

    def find(self, transaction_id: str, /) -> EvseControl | None:
        """The control of a transaction that is ongoing; None when there is none with this id, in any case."""
        for control in self.controls:
            if control.transaction is not None and same_text(control.transaction.transaction_id, transaction_id):
                return control
        return None

    def await_ev(self) -> EvseControl | None:
        """A control for an authorization that gets its EVSE by the EV; None when one waits for an EV already."""
        floating = self._presentation.floating
        return None if floating.authorization is not None else floating

    async def reconsider(self) -> None:
        """Begin what may begin now, and drop authorizations where nothing may any more: availability has changed."""
        for control in self.controls:
            await control.step(control.reconsider)
            await control.step(partial(self._presentation.let_in_anybody, control))

    @property
    def choose_transactions(self) -> ChooseTransactions | None:
        """The screen on which the driver with a master pass chooses what to stop; None stops all (C16.FR.01)."""
        return self._presentation.choose_transactions

    @choose_transactions.setter
    def choose_transactions(self, choose: ChooseTransactions | None, /) -> None:
        self._presentation.choose_transactions = choose

    async def present(self, id_token: IdTokenType, evse_id: int | None = None, /) -> IdTokenInfoType:
        """Somebody has presented a token: to start, to stop, or to get their cable back.

        Args:
            id_token: as it was read.
            evse_id: where; None at a reader that serves several EVSEs.

        Returns:
            What is known of the token: Accepted when it is good for something here; NotAtThisTime when it was not even
            asked about, since somebody else's transaction is not over, or nothing can begin here now.

        Raises:
            KeyError: there is no such EVSE.
        """
        return await self._presentation.present(id_token, evse_id)

    async def present_contract(self, contract: Contract, evse_id: int, /) -> IdTokenInfoType:
        """An EV has presented its contract by ISO 15118, to start (C07).

        When it is refused, the driver may still present a token (C08).

        Args:
            contract: as the EV has presented it.
            evse_id: where the EV is connected.

        Returns:
            What is known of the token: Accepted when the EV may charge.

        Raises:
            KeyError: there is no such EVSE.
        """
        return await self._presentation.present_contract(contract, evse_id)

    async def sample_clock(self, evse_id: int, slot: datetime, /) -> bool:
        """Tell the values of a clock-aligned slot with the transaction of an EVSE; False when there is none."""
        control = self._controls[evse_id]
        if control.transaction is None:
            return False
        await control.step(partial(control.telling.sample_clock, slot))
        return True

    async def collect_clock(self, evse_id: int, slot: datetime, /) -> None:
        """Keep the values of a clock-aligned slot for the end of the transaction of an EVSE, if there is one."""
        control = self._controls[evse_id]
        await control.step(partial(control.telling.collect_clock, slot))

    def note_answer(self, request: TransactionEventRequest, response: TransactionEventResponse, /) -> None:
        """Act upon the answer to an event: the CSMS may not accept the token, tell the cost, or set limits."""
        control = self.find(request.transaction_info.transaction_id)
        if control is None:
            return
        at, info, limit = self.role.now(), response.id_token_info, response.transaction_limit
        if info is not None:
            authorization = None if request.id_token is None else AuthorizedToken.of(request.id_token, info)
            evse_id = None if control.evse is None else control.evse.evse_id
            is_here = evse_id is None or not info.evse_id or evse_id in info.evse_id  # C01.FR.21
            if not (is_accepted(info) and is_here):  # E05, E06.FR.04
                control.soon(partial(control.limits.refuse, at))
            elif authorization is not None:
                control.soon(partial(control.confirm, authorization))
        if limit is not None:  # E16.FR.03, F07.FR.03, F07.FR.04
            control.soon(partial(control.limits.set, limit, at, by_csms=True))
        if response.total_cost is not None:  # E16.FR.15
            control.soon(partial(control.limits.note_cost, decimal(response.total_cost)))

    async def limit(self, evse_id: int, limit: TransactionLimitType, /) -> TransactionLimitType:
        """Let the driver limit the transaction of an EVSE (E16.FR.01).

        Args:
            evse_id: from 1.
            limit: the new limits; those that it leaves out stay as they are.

        Returns:
            The limits in force now: never above those that the CSMS has set (E16.FR.04).

        Raises:
            KeyError: there is no such EVSE.
            LocalProtocolError: there is no transaction, or a limit is not among TxCtrlr.SupportedLimits.
        """
        control = self._controls[evse_id]
        names = self.role.device_model.tx_ctrlr.supported_limits.get(())
        if supported(limit, names) != msgspec.structs.replace(limit, custom_data=None):
            raise LocalProtocolError(f"expected limits among {', '.join(names) or 'none'}, found {limit}")
        transaction = control.transaction
        if transaction is None:
            raise LocalProtocolError(f"expected a transaction at EVSE {evse_id} to limit, found none")
        await control.step(partial(control.limits.set, limit, self.role.now(), by_csms=False))
        return transaction.limit

    def note_cost(self, transaction_id: str, cost: Decimal, /) -> None:
        """Take note of what a transaction costs by now, in the currency of the tariff (E16.FR.15).

        For the block that calculates it, or is told by the CSMS; a transaction that is over is none of ours.
        """
        if (control := self.find(transaction_id)) is not None:
            control.soon(partial(control.limits.note_cost, cost))

    async def store(self, transaction: Transaction, *events: TransactionEventRequest) -> None:
        """Keep a transaction and queue its events, all or none.

        What has happened has happened: what cannot be stored now is kept in memory, and stored with what comes next,
        or after a while.
        """
        is_over = any(event.event_type == TransactionEventEnumType.ENDED for event in events)
        key = transaction.transaction_id
        self._unsaved_events.extend(events)
        self._unsaved_changes.append(self._table.delete(key) if is_over else self._table.put(key, transaction))
        await self._save()
        self._life.keep_up()  # E17.FR.01
        self.role.availability.note_transaction()

    # Handlers

    def on_get_transaction_status_request(self, request: GetTransactionStatusRequest) -> GetTransactionStatusResponse:
        """Say whether a transaction goes on, and whether messages wait (E14)."""
        transaction_id = request.transaction_id
        if transaction_id is None:
            has_messages = self.role.queue.has_messages() or bool(self._unsaved_events)
            return GetTransactionStatusResponse(messages_in_queue=has_messages)  # E14.FR.06, E14.FR.07, E14.FR.08
        transaction_id = transaction_id.lower()  # as ours are, and ids know no case
        unsaved = {event.transaction_info.transaction_id for event in self._unsaved_events}
        return GetTransactionStatusResponse(
            ongoing_indicator=self.find(transaction_id) is not None,  # E14.FR.01, E14.FR.02, E14.FR.03
            # E14.FR.04, E14.FR.05
            messages_in_queue=self.role.queue.has_messages(transaction_id) or transaction_id in unsaved,
        )

    async def _save(self) -> None:
        async with self._saving:
            events, changes = list(self._unsaved_events), list(self._unsaved_changes)
            try:  # E04.FR.01, E08.FR.05, E11.FR.01, E12.FR.01
                await self.role.queue.put(*events, also=changes)
            except StoreError as error:
                logger.error("%d events of transactions are not stored: %s", len(events), error)
                if self._retry is None:
                    self._retry = asyncio.get_running_loop().call_later(_PATIENCE_S, self._save_again)
            else:
                del self._unsaved_events[: len(events)], self._unsaved_changes[: len(changes)]

    def _save_again(self) -> None:
        self._retry = None
        self.role.accompany(self._save())

    def _at(self, evse_id: int | None) -> list[EvseControl]:
        """The controls of an EVSE, or with None all."""
        return self.controls if evse_id is None else [self._controls[evse_id]]

    # Delivery

    async def _go_online(self) -> None:
        await self.role.provisioning.accepted()
        self.role.delivery.went_online()  # C15.FR.02, E04.FR.02, E08.FR.06

    async def _present(self, id_token: IdTokenType, evse_id: int | None) -> None:
        await self.present(id_token, evse_id)

    async def _present_contract(self, contract: Contract, evse_id: int) -> None:
        await self.present_contract(contract, evse_id)

    async def _begin_when_accepted(self) -> None:
        await self.role.provisioning.accepted()
        for control in self._controls.values():
            await control.step(control.reconsider)
            await control.step(partial(self._presentation.let_in_anybody, control))

    def _begin(self, evse_id: int, work: Callable[[EvseControl], Awaitable[None]]) -> None:
        control = self._controls[evse_id]
        self.role.accompany(control.step(lambda: work(control)))


async def _stop(control: EvseControl, at: datetime, reason: ReasonEnumType) -> None:
    # E15.FR.04
    must_end = reason == ReasonEnumType.STOPPED_BY_EV and not ENDING_POINTS.isdisjoint(control.stop_points)
    trigger = TriggerReasonEnumType.STOP_AUTHORIZED  # E07.FR.02, E08.FR.04
    await control.end_authorization(trigger, at, reason=reason, must_end=must_end)
