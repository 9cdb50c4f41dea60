"""DER Control (block R) of the Charging Station."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp21.block import Block

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["DERControl"]


class DERControl(Block["ChargingStation"]):
    """DER Control, Part 2, block R."""
