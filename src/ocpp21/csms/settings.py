"""What a CSMS is told once: intervals, bounds, and who decides on boots and IdTokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from ocpp21.csms.contracts import VerifyContract, cannot_verify
from ocpp21.csms.ledger import Transaction
from ocpp21.csms.registration import Registration
from ocpp21.csms.token_policy import TokenPolicy
from ocpp21.csms.tokens import authorize_stored
from ocpp21.messages import (
    BootNotificationRequest,
    IdTokenInfoType,
    IdTokenType,
    RegistrationStatusEnumType,
    ReportBaseEnumType,
    TransactionEventRequest,
    TransactionLimitType,
)

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["Authorize", "Cost", "LimitTransaction", "Register", "Settings"]

#: Decides on the registration of a Charging Station that has booted, now or later.
Register: TypeAlias = "Callable[[Station, BootNotificationRequest], Registration | Awaitable[Registration]]"

#: Decides on an IdToken presented at a Charging Station, at an EVSE if that is known, now or later.
Authorize: TypeAlias = "Callable[[Station, IdTokenType, int | None], IdTokenInfoType | Awaitable[IdTokenInfoType]]"

#: Says what a transaction costs with tax, in the currency of its tariff, after an event of it: by now, or in all once
#: it has ended. None when the CSMS does not say: that does not mean free, 0 does.
Cost: TypeAlias = "Callable[[Station, TransactionEventRequest, Transaction], float | Awaitable[float | None] | None]"

#: Limits a transaction, after an event of it; None leaves the limits as they are.
LimitTransaction: TypeAlias = (
    "Callable[[Station, TransactionEventRequest, Transaction],"
    " TransactionLimitType | Awaitable[TransactionLimitType | None] | None]"
)


def accept(station: Station, boot: BootNotificationRequest, /) -> Registration:
    """Accept every Charging Station: the server has let in none that is unknown."""
    return Registration()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of a CSMS.

    Attributes:
        heartbeat_interval_s: time without messages after which an accepted Charging Station sends a heartbeat, in
            seconds (G02.FR.01).
        retry_interval_s: time until the next boot notification of one that was not accepted, in seconds; 0 leaves it
            to the Charging Station.
        register: decides on boots; accepts all by default.
        authorize: decides on IdTokens; what is stored of them does by default.
        token_policy: what else decides on IdTokens that would be accepted.
        verify_contract: verifies contract certificates of EVs (C07); by default nothing does, and none is accepted. See
            :class:`~ocpp21.csms.ContractVerifier`.
        unregistered: status of a Charging Station of which nothing is stored, until it boots. ``Accepted`` suits a CSMS
            that takes over Charging Stations from another one: they need not boot then.
        inventory: report that is asked for when an accepted Charging Station is new or its description has changed
            (B07.FR.14); None asks for none.
        report_rows: most rows of a report that are taken.
        report_patience_s: how long the next part of a report may take, in seconds.
        remote_patience_s: how long a remote start or stop waits for the event that tells of it, in seconds.
        connectors: most connectors of a Charging Station whose status is kept.
        compares_serial_number: refuse a boot when the CN of the client certificate is neither the serialNumber nor, as
            some operators have it, the identity (B01.FR.11).
        cost: says what transactions cost, for the answers to their events (E16.FR.11, I02); None says nothing of it.
        limit_transaction: limits transactions in the answers to their events (E16.FR.02); None limits none. There is
            also a verb, :meth:`~ocpp21.csms.transactions.Transactions.limit`.
    """

    heartbeat_interval_s: int = 300
    retry_interval_s: int = 60
    register: Register = accept
    authorize: Authorize = authorize_stored
    token_policy: TokenPolicy = TokenPolicy()
    verify_contract: VerifyContract = cannot_verify
    unregistered: RegistrationStatusEnumType = RegistrationStatusEnumType.PENDING
    inventory: ReportBaseEnumType | None = ReportBaseEnumType.FULL_INVENTORY
    report_rows: int = 10_000
    report_patience_s: float = 60.0
    remote_patience_s: float = 120.0
    connectors: int = 1024
    compares_serial_number: bool = True
    cost: Cost | None = None
    limit_transaction: LimitTransaction | None = None
