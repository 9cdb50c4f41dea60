"""Completes a message: members that a case does not speak of, but the schema asks for."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from ocpp21.conformance.cases.members import member, shape_of
from ocpp21.conformance.cases.paths import ABSENT, parse_path, put
from ocpp21.conformance.planning.context import PRESENT, Context, Unknown
from ocpp21.shapes import FieldShape

__all__ = ["complete", "compose", "for_each_asked"]

_LIST: Final = "list of "

#: Members that have one best value, by message and path; ``$`` names a value of the context.
_KNOWN: Final[dict[str, dict[str, Any]]] = {
    "BootNotificationRequest": {
        "reason": "PowerUp",
        "chargingStation.model": "Model",
        "chargingStation.vendorName": "Vendor",
    },
    "StatusNotificationRequest": {"evseId": "$evse", "connectorId": "$connector", "connectorStatus": "Available"},
    "NotifyEventRequest": {"seqNo": 0},
    "NotifyReportRequest": {"seqNo": 0, "requestId": "$request"},
    "TransactionEventRequest": {"seqNo": "$sequence"},
    "MeterValuesRequest": {"evseId": "$evse"},
    "RequestStartTransactionRequest": {
        "remoteStartId": "$remote_start",
        "idToken.idToken": "$valid",
        "idToken.type": "$valid_type",
    },
    "GetVariablesRequest": {
        "getVariableData[0].component.name": "OCPPCommCtrlr",
        "getVariableData[0].variable.name": "OfflineThreshold",
    },
    "ResetRequest": {"type": "Immediate"},
    "UnlockConnectorRequest": {"evseId": "$evse", "connectorId": "$connector"},
    "SendLocalListRequest": {"versionNumber": "$list_version", "updateType": "Full"},
    "AuthorizeRequest": {"idToken.idToken": "$valid", "idToken.type": "$valid_type"},
    "RequestStopTransactionRequest": {"transactionId": "$transaction"},
    "DataTransferRequest": {"vendorId": "org.example"},
}


def compose(message: str, content: Mapping[str, Any], context: Context, /) -> dict[str, Any]:
    """Make a payload out of the members that a case names, and complete it.

    Args:
        message: name.
        content: by path; placeholders are resolved here.
        context: what is known.

    Raises:
        Unknown: a placeholder has no meaning.
    """
    payload: dict[str, Any] = {}
    for text, raw in content.items():
        path = parse_path(text)
        value = context.resolve(raw, path[-1].name)
        if value is ABSENT:
            continue
        field = member(message, path)
        if value is PRESENT:
            value = {} if field is None else _default(field, context)
        elif field is not None:
            value = _fit(field, value, has_index=path[-1].entry is not None)
        put(payload, _indexed(message, path), value)
    return complete(message, payload, context)


def for_each_asked(asked: Mapping[str, Any], response: str, payload: dict[str, Any], /) -> dict[str, Any]:
    """Give an answer one result for each element of the request: the last one, where a case has fewer (B05, B06).

    Args:
        asked: payload of the request.
        response: name of the answer.
        payload: of the answer.
    """
    stem = {"GetVariablesResponse": "getVariable", "SetVariablesResponse": "setVariable"}.get(response)
    if stem is None:
        return payload
    results = payload[f"{stem}Result"]
    each = [
        {**results[min(number, len(results) - 1)], "component": one["component"], "variable": one["variable"]}
        for number, one in enumerate(asked[f"{stem}Data"])
    ]
    return {**payload, f"{stem}Result": each}


def complete(message: str, payload: dict[str, Any], context: Context, /) -> dict[str, Any]:
    """Put in all members that the schema asks for."""
    payload = copy.deepcopy(payload)
    if message == "TransactionEventRequest":
        info = payload.setdefault("transactionInfo", {})
        payload.setdefault("eventType", "Updated" if context.is_running else "Started")
        if payload["eventType"] == "Started" and "transactionId" not in info:
            context.begin()
        info.setdefault("transactionId", context.transaction or context.begin())
    for text, value in _KNOWN.get(message, {}).items():
        path = parse_path(text)
        if path[0].name not in payload:
            put(payload, path, _known(value, context))
    if message == "RequestStartTransactionRequest":
        token = payload["idToken"]
        if "type" not in token:
            token["type"] = context.configuration.valid.type
    _fill(message, payload, context)
    return payload


def _known(value: Any, context: Context) -> Any:
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    configuration = context.configuration
    match value[1:]:
        case "evse":
            return configuration.evse_id
        case "connector":
            return configuration.connector_id
        case "request":
            return context.request
        case "sequence":
            context.said["sequence"] = context.said.get("sequence", -1) + 1
            return context.said["sequence"]
        case "remote_start":
            context.remote_start += 1
            return context.remote_start
        case "valid":
            return configuration.valid.id
        case "valid_type":
            return configuration.valid.type
        case "transaction":
            return context.transaction or "conformance-1"
    return configuration.list_version


def _fill(kind: str, payload: dict[str, Any], context: Context) -> None:
    shape = shape_of(kind)
    for field in shape.fields if shape is not None else ():
        if field.wire in payload:
            inner = field.type.removeprefix(_LIST)
            value = payload[field.wire]
            for entry in value if isinstance(value, list) else [value]:
                if isinstance(entry, dict):
                    _fill(inner, entry, context)
        elif field.required:
            payload[field.wire] = _default(field, context)


def _default(field: FieldShape, context: Context) -> Any:
    inner = field.type.removeprefix(_LIST)
    value: Any
    if field.wire == "requestId":
        context.request += 1
        value = context.request
    elif field.wire in ("evseId", "id") and inner == "integer":
        value = context.configuration.evse_id
    elif field.wire == "ocppTransport":
        value = "JSON"  # the other one is not OCPP-J
    elif inner == "idTokenInfo" or field.values is not None:
        value = "Accepted" if "Accepted" in (field.values or ()) else (field.values or ("",))[0]
    elif inner == "date-time":
        value = context.timestamp()
    elif inner == "integer":
        value = field.minimum or 0
    elif inner == "number":
        value = float(field.minimum or 0)
    elif inner == "boolean":
        value = False
    elif inner in ("string", "identifierString"):
        value = (
            "Central" if field.wire == "type" and field.max_length == 20 else "conformance"[: field.max_length or 11]
        )
    elif inner == "any":
        value = {}
    else:
        value = {}
        if inner == "IdTokenType":
            value = {"idToken": context.configuration.valid.id, "type": context.configuration.valid.type}
        elif inner == "EVSEType":
            value = {"id": context.configuration.evse_id}
        _fill(inner, value, context)
    return [value] * (field.min_items or 1) if field.type.startswith(_LIST) else value


def _fit(field: FieldShape, value: Any, *, has_index: bool) -> Any:
    """Give a value the type that the schema asks for."""
    inner = field.type.removeprefix(_LIST)
    if field.type.startswith(_LIST) and not has_index and not isinstance(value, list):
        value = [value]
    if isinstance(value, list):
        return [_fit_one(inner, entry) for entry in value]
    return _fit_one(inner, value)


def _fit_one(inner: str, value: Any) -> Any:
    try:
        if inner == "integer" and isinstance(value, str | float):
            return int(float(value))
        if inner == "number" and isinstance(value, str):
            return float(value)
    except ValueError:
        raise Unknown(f"{value!r} has no meaning where a number is due") from None
    if inner == "boolean" and isinstance(value, str):
        return value.lower() == "true"
    if inner in ("string", "identifierString") and not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value


def _indexed(message: str, path: Any) -> Any:
    """Give an index to every list on the way that has none."""
    whole = []
    for number, one in enumerate(path):
        field = member(message, path[: number + 1])
        is_list = field is not None and field.type.startswith(_LIST)
        last = number == len(path) - 1
        whole.append(one._replace(entry=0) if is_list and one.entry is None and not last else one)
    return tuple(whole)
