"""A transaction of the station: what is remembered of it, and the events that tell of it (Part 2, block E)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from ocpp21.id_tokens import same_text, same_token
from ocpp21.messages import (
    ChargingStateEnumType,
    EVSEType,
    IdTokenInfoType,
    IdTokenType,
    MeterValueType,
    ReasonEnumType,
    TransactionEventEnumType,
    TransactionEventRequest,
    TransactionLimitType,
    TransactionType,
    TriggerReasonEnumType,
)
from ocpp21.station.fitting import halved

__all__ = ["AuthorizedToken", "Transaction", "make_event"]

#: Most samples that are collected for the Ended event; beyond, inner ones are thinned (E06.FR.13, J02.FR.20).
MAX_ENDED_VALUES: Final = 100


class AuthorizedToken(msgspec.Struct, frozen=True):
    """Who may charge, or has stopped.

    Attributes:
        id_token: as it was presented.
        group_id_token: of the group that it belongs to; None without.
        remote_start_id: of the remote start that it came by; None when it was presented.
        evse_ids: EVSEs where it may charge; None is all.
    """

    id_token: IdTokenType
    group_id_token: IdTokenType | None = None
    remote_start_id: int | None = None
    evse_ids: tuple[int, ...] | None = None

    @classmethod
    def of(cls, id_token: IdTokenType, info: IdTokenInfoType | None, /) -> AuthorizedToken:
        """Take the group, and where it may charge, from what is known of a token."""
        if info is None:
            return cls(id_token)
        return cls(id_token, info.group_id_token, evse_ids=None if info.evse_id is None else tuple(info.evse_id))

    def is_same(self, id_token: IdTokenType, /) -> bool:
        """Whether a token is the one: by idToken, without regard to case, and type (C01.FR.25)."""
        return same_token(self.id_token, id_token)

    def is_same_group(self, group_id_token: IdTokenType | None, /) -> bool:
        """Whether a token of this group stands for the same people."""
        return (
            self.group_id_token is not None
            and group_id_token is not None
            and same_text(self.group_id_token.id_token, group_id_token.id_token)
        )

    def may_charge_at(self, evse_id: int, /) -> bool:
        """Whether it may charge at an EVSE (C01.FR.21)."""
        return self.evse_ids is None or evse_id in self.evse_ids


class Transaction(msgspec.Struct, kw_only=True):
    """What survives a power cut of a transaction that is ongoing.

    Attributes:
        transaction_id: never used before by this station.
        started_at: when it began.
        seq_no: of the next event.
        evse_id: EVSE; None while it is not known.
        connector_id: connector; None while no EV is connected.
        authorization: that it was begun or last authorized with; None before.
        is_authorized: whether that still holds.
        charging_state: as last reported.
        stopped_reason: who has stopped it, when it goes on until another condition ends it; None before.
        remote_start_id: that led to it, until it is reported.
        phases: in use, as last reported; None before.
        is_evse_reported: an event has named the EVSE with its connector.
        is_begun: the values of its beginning have been read.
        is_bay_occupied: something stood in the parking bay when an event was made last.
        is_reset: it is interrupted by a reset after which it goes on, however long that takes (B13).
        ended_values: collected for the Ended event.
        is_key_sent: a signed value has come with the public key (OCPPCommCtrlr.PublicKeyWithSignedMeterValue).
        start_wh: register when it began, in Wh; None while the meter has not been read.
        cost: so far, in the currency of the tariff; None while nobody has told.
        limit: in force (E16).
        csms_limit: most that the driver may set, as the CSMS has set it.
        is_refused: the CSMS does not accept the token, and it goes on all the same (E05.FR.02).
    """

    transaction_id: str
    started_at: datetime
    seq_no: int = 0
    evse_id: int | None = None
    connector_id: int | None = None
    authorization: AuthorizedToken | None = None
    is_authorized: bool = False
    charging_state: ChargingStateEnumType = ChargingStateEnumType.IDLE
    stopped_reason: ReasonEnumType | None = None
    remote_start_id: int | None = None
    phases: int | None = None
    is_evse_reported: bool = False
    is_begun: bool = False
    is_bay_occupied: bool = False
    is_reset: bool = False
    ended_values: list[MeterValueType] = msgspec.field(default_factory=list)
    is_key_sent: bool = False
    start_wh: Decimal | None = None
    cost: Decimal | None = None
    limit: TransactionLimitType = TransactionLimitType()
    csms_limit: TransactionLimitType = TransactionLimitType()
    is_refused: bool = False

    def collect(self, value: MeterValueType | None, /) -> None:
        """Keep a sample for the Ended event; when there are too many, every second inner one goes."""
        if value is None:
            return
        self.ended_values.append(value)
        if len(self.ended_values) > MAX_ENDED_VALUES:
            self.ended_values = halved(self.ended_values)


def make_event(
    transaction: Transaction,
    event_type: TransactionEventEnumType,
    trigger: TriggerReasonEnumType,
    at: datetime,
    /,
    *,
    is_offline: bool,
    id_token: IdTokenType | None = None,
    meter_values: Sequence[MeterValueType] = (),
    phases: int | None = None,
    cable_max_current_a: float | None = None,
    stopped_reason: ReasonEnumType | None = None,
    transaction_limit: TransactionLimitType | None = None,
    names_evse: bool = False,
) -> TransactionEventRequest:
    """Make the next event of a transaction, and count it.

    Args:
        transaction: whose charging_state is up to date.
        event_type: Started, Updated or Ended.
        trigger: the cause (E01.FR.15).
        at: when it happened.
        is_offline: there is no connection.
        id_token: that has been authorized, or has stopped it, with this event.
        meter_values: of the event.
        phases: in use, when they are to be reported.
        cable_max_current_a: of the cable, in A, when it is to be reported.
        stopped_reason: of an Ended event; None leaves it out, which means Local (E06.FR.09).
        transaction_limit: in force, when it has changed.
        names_evse: name the EVSE, if it is known, although an event has done so already.
    """
    seq_no, transaction.seq_no = transaction.seq_no, transaction.seq_no + 1  # E01.FR.07
    remote_start_id, transaction.remote_start_id = transaction.remote_start_id, None
    return TransactionEventRequest(
        event_type=event_type,
        trigger_reason=trigger,  # E01.FR.15, E02.FR.17, E03.FR.12
        timestamp=at,
        seq_no=seq_no,
        offline=True if is_offline else None,  # E04.FR.03, E08.FR.07, E11.FR.02, E12.FR.02
        transaction_info=TransactionType(
            transaction_id=transaction.transaction_id,
            charging_state=transaction.charging_state,  # E01.FR.18, E02.FR.13
            stopped_reason=stopped_reason,
            remote_start_id=remote_start_id,
            transaction_limit=transaction_limit,
        ),
        evse=_evse(transaction, names_evse),
        id_token=id_token,
        meter_value=list(meter_values) or None,
        number_of_phases_used=phases,
        cable_max_current=None if cable_max_current_a is None else int(cable_max_current_a),
    )


def _evse(transaction: Transaction, is_asked_for: bool) -> EVSEType | None:
    """Name the EVSE in the first event, if it is known, and in that in which the EV got connected (E01.FR.16)."""
    if transaction.evse_id is None:
        return None
    is_new = not transaction.is_evse_reported and (transaction.connector_id is not None or transaction.seq_no == 1)
    if not (is_new or is_asked_for):
        return None
    transaction.is_evse_reported = transaction.connector_id is not None
    return EVSEType(id=transaction.evse_id, connector_id=transaction.connector_id)
