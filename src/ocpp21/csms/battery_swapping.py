"""Battery Swapping (block S) of the CSMS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp21.block import Block

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["BatterySwapping"]


class BatterySwapping(Block["Station"]):
    """Battery Swapping, Part 2, block S."""
