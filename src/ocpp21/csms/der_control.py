"""DER Control (block R) of the CSMS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp21.block import Block

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["DERControl"]


class DERControl(Block["Station"]):
    """DER Control, Part 2, block R."""
