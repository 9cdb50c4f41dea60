"""The CSMS role: a :class:`CSMS`, with a :class:`Station` for each of its Charging Stations."""

from ocpp21.csms.contracts import ContractVerifier, OcspResult
from ocpp21.csms.csms import CSMS
from ocpp21.csms.events import (
    AuthorizationAnswered,
    ConnectorStatusChanged,
    EventNotified,
    FirmwareStatusReceived,
    LocalListUpdated,
    LogStatusReceived,
    MeterValuesReceived,
    ReportReceived,
    SecurityEventReceived,
    StationBooted,
    StationConnected,
    StationDisconnected,
    StationEvent,
    StationReset,
    TransactionEnded,
    TransactionEventIgnored,
    TransactionEventReceived,
    TransactionResumed,
    TransactionStarted,
    TransactionUpdated,
)
from ocpp21.csms.ledger import Transaction
from ocpp21.csms.local_authorization_list import ListUpdate
from ocpp21.csms.memory import MemoryStore
from ocpp21.csms.registration import Registration
from ocpp21.csms.remote_control import RemoteStart, RemoteStop
from ocpp21.csms.reports import Report
from ocpp21.csms.resets import Reset
from ocpp21.csms.settings import Settings
from ocpp21.csms.sqlite import SqliteStore
from ocpp21.csms.station import Station
from ocpp21.csms.store import LocalListRecord, Store
from ocpp21.csms.subscribers import Watch
from ocpp21.csms.token_policy import TokenPolicy
from ocpp21.csms.tokens import Tokens
from ocpp21.csms.transactions import TransactionStatus

__all__ = [
    "CSMS",
    "AuthorizationAnswered",
    "ConnectorStatusChanged",
    "ContractVerifier",
    "EventNotified",
    "FirmwareStatusReceived",
    "ListUpdate",
    "LocalListRecord",
    "LocalListUpdated",
    "LogStatusReceived",
    "MemoryStore",
    "MeterValuesReceived",
    "OcspResult",
    "Registration",
    "RemoteStart",
    "RemoteStop",
    "Report",
    "ReportReceived",
    "Reset",
    "SecurityEventReceived",
    "Settings",
    "SqliteStore",
    "Station",
    "StationBooted",
    "StationConnected",
    "StationDisconnected",
    "StationEvent",
    "StationReset",
    "Store",
    "TokenPolicy",
    "Tokens",
    "Transaction",
    "TransactionEnded",
    "TransactionEventIgnored",
    "TransactionEventReceived",
    "TransactionResumed",
    "TransactionStarted",
    "TransactionStatus",
    "TransactionUpdated",
    "Watch",
]
