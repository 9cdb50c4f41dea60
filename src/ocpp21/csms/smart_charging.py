"""Smart Charging (block K) of the CSMS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp21.block import Block

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["SmartCharging"]


class SmartCharging(Block["Station"]):
    """Smart Charging, Part 2, block K."""
