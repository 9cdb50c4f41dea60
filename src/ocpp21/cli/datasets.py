"""The messages that speed is measured on: from nearly empty to the largest that the schemas allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from ocpp21 import codec
from ocpp21.messages.registry import ACTIONS
from ocpp21.wire import Action, Request

__all__ = ["MESSAGE_ID", "Dataset", "dataset", "datasets"]

MESSAGE_ID: Final = "2f6b1c1e-5d8e-4a60-8b4f-4a5ad3a1c9d4"


class Dataset(NamedTuple):
    """A CALL in all the forms that it takes on its way.

    Attributes:
        name: how tables call it.
        action: its action.
        value: the payload as plain Python values.
        payload: the payload as JSON without white space.
        frame: the CALL.
        request: the Struct.
    """

    name: str
    action: Action
    value: Mapping[str, Any]
    payload: bytes
    frame: bytes
    request: Request[Any]


def datasets() -> dict[str, Dataset]:
    """Make the data sets, smallest first, by name."""
    return {
        made.name: made
        for made in (
            dataset("Heartbeat", "Heartbeat", {}),
            dataset("Boot", "BootNotification", _boot_notification()),
            dataset("Transaction", "TransactionEvent", _transaction_event()),
            dataset("Report", "NotifyReport", _notify_report(entries=100)),
            dataset("LongReport", "NotifyReport", _notify_report(entries=200)),
            dataset("Profiles", "ReportChargingProfiles", _report_charging_profiles(schedules=3, periods=1024)),
        )
    }


def dataset(name: str, action: str, value: Mapping[str, Any], /) -> Dataset:
    """Make a data set out of the payload of a request.

    Raises:
        PayloadError: it is no valid one.
    """
    payload = orjson.dumps(value)
    return Dataset(
        name=name,
        action=ACTIONS[action],
        value=value,
        payload=payload,
        frame=orjson.dumps([2, MESSAGE_ID, action, value]),
        request=codec.decode(f"{action}Request", payload),
    )


def _boot_notification() -> dict[str, Any]:
    return {
        "reason": "PowerUp",
        "chargingStation": {
            "serialNumber": "CS-000123456",
            "model": "Wallbox 22",
            "vendorName": "Example",
            "firmwareVersion": "1.4.2",
            "modem": {"iccid": "8931080019044550000", "imsi": "204080000000000"},
        },
    }


def _transaction_event() -> dict[str, Any]:
    """Six sampled values; about 1 kB."""
    samples = (
        (12345.6, "Energy.Active.Import.Register", "L1"),
        (16.1, "Current.Import", "L1"),
        (16.0, "Current.Import", "L2"),
        (15.9, "Current.Import", "L3"),
        (11040.5, "Power.Active.Import", "L1"),
        (55, "SoC", "L1"),
    )
    return {
        "eventType": "Updated",
        "timestamp": "2026-01-01T10:20:30Z",
        "triggerReason": "MeterValuePeriodic",
        "seqNo": 12,
        "transactionInfo": {"transactionId": MESSAGE_ID, "chargingState": "Charging"},
        "evse": {"id": 1, "connectorId": 1},
        "meterValue": [
            {
                "timestamp": "2026-01-01T10:20:30Z",
                "sampledValue": [
                    {
                        "value": value,
                        "measurand": measurand,
                        "context": "Sample.Periodic",
                        "location": "Outlet",
                        "phase": phase,
                        "unitOfMeasure": {"unit": "Wh"},
                    }
                    for value, measurand, phase in samples
                ],
            }
        ],
    }


def _notify_report(*, entries: int) -> dict[str, Any]:
    return {
        "requestId": 1,
        "generatedAt": "2026-01-01T10:20:30Z",
        "seqNo": 0,
        "reportData": [
            {
                "component": {"name": "Connector", "evse": {"id": 1 + index // 10, "connectorId": 1}},
                "variable": {"name": "AvailabilityState", "instance": f"{index:03}"},
                "variableAttribute": [{"type": "Actual", "value": "Available", "mutability": "ReadOnly"}],
                "variableCharacteristics": {
                    "dataType": "OptionList",
                    "valuesList": "Available,Occupied,Reserved,Unavailable,Faulted",
                    "supportsMonitoring": True,
                },
            }
            for index in range(entries)
        ],
    }


def _report_charging_profiles(*, schedules: int, periods: int) -> dict[str, Any]:
    """One profile; the schemas allow 3 schedules of 1024 periods each."""
    return {
        "requestId": 1,
        "chargingLimitSource": "CSO",
        "evseId": 1,
        "chargingProfile": [
            {
                "id": 1,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Absolute",
                "chargingSchedule": [
                    {
                        "id": schedule,
                        "startSchedule": "2026-01-01T00:00:00Z",
                        "chargingRateUnit": "A",
                        "chargingSchedulePeriod": [
                            {"startPeriod": 900 * period, "limit": 6.0 + period % 260 / 10, "numberPhases": 3}
                            for period in range(periods)
                        ],
                    }
                    for schedule in range(schedules)
                ],
            }
        ],
    }
