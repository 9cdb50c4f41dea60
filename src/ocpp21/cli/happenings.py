"""What happens at a CSMS, in words for people and in facts for programs. No IdToken is in either."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ocpp21.csms import (
    ConnectorStatusChanged,
    MeterValuesReceived,
    ReportReceived,
    SecurityEventReceived,
    StationBooted,
    StationConnected,
    StationDisconnected,
    StationEvent,
    Transaction,
    TransactionEventIgnored,
    TransactionEventReceived,
)
from ocpp21.messages import TransactionEventRequest

__all__ = ["energy", "facts_of", "ledger_facts", "short_id", "shown_wh", "words_of"]


def words_of(event: StationEvent, /) -> str:
    """Say what has happened, without where and when."""
    match event:
        case StationConnected():
            return "connected"
        case StationDisconnected():
            return "disconnected"
        case StationBooted():
            known = event.boot.charging_station
            return f"booted ({event.boot.reason}): {known.vendor_name} {known.model}, {event.status}"
        case ConnectorStatusChanged():
            report = event.report
            return f"EVSE {report.evse_id} connector {report.connector_id}: {report.connector_status}"
        case TransactionEventReceived():
            return f"transaction {_event(event.request)}, {energy(event.transaction)}"
        case TransactionEventIgnored():
            return f"transaction {_event(event.request)} ignored: {event.reason}"
        case MeterValuesReceived():
            return f"EVSE {event.request.evse_id}: meter values outside of a transaction"
        case ReportReceived():
            report_state = "complete" if event.report.is_complete else "not complete"
            return f"report of {len(event.report.rows)} variables, {report_state}"
        case SecurityEventReceived():
            return f"security event {event.request.type}{' (critical)' if event.is_critical else ''}"
        case _:
            return type(event).__name__


def facts_of(event: StationEvent, /) -> dict[str, Any]:
    """The same for programs, with the identity; energy in Wh."""
    facts: dict[str, Any] = {"identity": event.station.identity, "event": type(event).__name__}
    match event:
        case StationBooted():
            known = event.boot.charging_station
            facts |= {"vendor_name": known.vendor_name, "model": known.model, "reason": event.boot.reason}
            facts |= {"status": event.status, "is_new": event.is_new}
        case ConnectorStatusChanged():
            report = event.report
            facts |= {"evse_id": report.evse_id, "connector_id": report.connector_id, "status": report.connector_status}
        case TransactionEventReceived():
            facts |= _event_facts(event.request) | ledger_facts(event.transaction)
        case TransactionEventIgnored():
            facts |= _event_facts(event.request) | {"why": event.reason}
        case MeterValuesReceived():
            facts |= {"evse_id": event.request.evse_id}
        case ReportReceived():
            facts |= {"rows": len(event.report.rows), "is_complete": event.report.is_complete}
        case SecurityEventReceived():
            facts |= {"type": event.request.type, "is_critical": event.is_critical}
    return facts


def ledger_facts(transaction: Transaction, /) -> dict[str, Any]:
    """What the ledger says of a transaction, for programs."""
    wh = transaction.energy_wh
    return {
        "transaction_id": transaction.transaction_id,
        "events": transaction.event_count,
        "energy_wh": None if wh is None else float(wh),
        "is_ended": transaction.is_ended,
        "is_complete": transaction.is_complete,
        "was_offline": transaction.was_offline,
    }


def energy(transaction: Transaction, /) -> str:
    """The energy of a transaction, in Wh."""
    return shown_wh(transaction.energy_wh)


def shown_wh(wh: Decimal | None, /) -> str:
    """An energy, in Wh with three decimals."""
    return "energy not known" if wh is None else f"{wh:,.3f} Wh"


def short_id(transaction_id: str, /) -> str:
    """As much of an id as tells transactions apart for a while."""
    return transaction_id[:8]


def _event(request: TransactionEventRequest) -> str:
    info = request.transaction_info
    state = f", {info.charging_state}" if info.charging_state is not None else ""
    reason = f", {info.stopped_reason}" if info.stopped_reason is not None else ""
    offline = ", from offline" if request.offline else ""
    kind = f"{request.event_type} #{request.seq_no} ({request.trigger_reason})"
    return f"{short_id(info.transaction_id)} {kind}{state}{reason}{offline}"


def _event_facts(request: TransactionEventRequest) -> dict[str, Any]:
    info = request.transaction_info
    return {
        "transaction_id": info.transaction_id,
        "seq_no": request.seq_no,
        "event_type": request.event_type,
        "trigger_reason": request.trigger_reason,
        "charging_state": info.charging_state,
        "offline": bool(request.offline),
    }
