"""Smart Charging (block K) of the Charging Station."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp21.block import Block

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["SmartCharging"]


class SmartCharging(Block["ChargingStation"]):
    """Smart Charging, Part 2, block K."""
