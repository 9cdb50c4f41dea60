"""Values that cases make out of others: slots of NetworkConfigurationPriority, credentials, verdicts on values."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ocpp21.device_model.data_types import BOOLEAN, DATE_TIME, DECIMAL, INTEGER, DataType

__all__ = ["basic_credentials", "priority", "status_of"]

_TYPES: Final[Mapping[str, DataType[Any]]] = {
    "boolean": BOOLEAN,
    "datetime": DATE_TIME,
    "decimal": DECIMAL,
    "integer": INTEGER,
}
_STATUS: Final = re.compile(r"status of (?P<name>\w+) as (?P<type>\w+)")
_CREDENTIALS: Final = re.compile(r"base64\((?P<user>[^:]*):(?P<password>.*)\)")
_PRIORITY: Final = "NetworkConfigurationPriority"


def status_of(text: str, resolve: Callable[[str], Any], /) -> str | None:
    """Say how a station answers a value for a variable of a data type: ``status of value as integer``."""
    match = _STATUS.fullmatch(text)
    if match is None or match["type"].lower() not in _TYPES:
        return None
    value = resolve(match["name"])
    try:
        _TYPES[match["type"].lower()].read(str(value).lower() if isinstance(value, bool) else str(value))
    except ValueError:
        return "Rejected"
    return "Accepted"


def basic_credentials(text: str, resolve: Callable[[str], Any], /) -> str | None:
    """Write user and password as Basic authentication does: ``base64(ChargingStationId:basicAuthPassword)``."""
    match = _CREDENTIALS.fullmatch(text)
    if match is None:
        return None
    user, password = (str(resolve(match[part])) for part in ("user", "password"))
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def priority(normal: str, said: Mapping[str, Any], slot: int, /) -> str | None:
    """Compute with the slots that the station has told last.

    Args:
        normal: what of them: ``list without inactive slot``, ``list with inactive slot appended``,
            ``list ... less its last slot``.
        said: payloads by step.
        slot: the inactive one.

    Returns:
        The list; None when the words are others, or nothing was told.
    """
    told = None
    for payload in said.values():
        for result in payload.get("getVariableResult", ()) if isinstance(payload, Mapping) else ():
            if result["variable"]["name"] == _PRIORITY and result.get("attributeValue"):
                told = [one.strip() for one in result["attributeValue"].split(",")]
    if told is None:
        return None
    without = [one for one in told if one != str(slot)]
    if normal == "list without inactive slot":
        return ",".join(without)
    if normal == "list with inactive slot appended":
        return ",".join([*without, str(slot)])
    return ",".join(told[:-1]) if normal.startswith("list ") and normal.endswith(" less its last slot") else None
