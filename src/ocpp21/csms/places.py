"""The EVSEs and connectors that requests name."""

from __future__ import annotations

from ocpp21.errors import LocalProtocolError
from ocpp21.messages import EVSEType

__all__ = ["place"]


def place(evse_id: int | None, connector_id: int | None, /) -> EVSEType | None:
    """Name an EVSE or a connector of it; None, when neither is given, stands for the Charging Station.

    Raises:
        LocalProtocolError: a number is below 1, where numbering begins (Part 1, numbering), or there is a connector
            without its EVSE.
    """
    if evse_id is None:
        if connector_id is not None:
            raise LocalProtocolError(f"expected evse_id with connector_id {connector_id}, found none")
        return None
    if evse_id < 1:
        raise LocalProtocolError(f"expected an evse_id from 1, found {evse_id}")
    if connector_id is not None and connector_id < 1:
        raise LocalProtocolError(f"expected a connector_id from 1, found {connector_id}")
    return EVSEType(id=evse_id, connector_id=connector_id)
