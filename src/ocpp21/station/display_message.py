"""Display Message (block O) of the Charging Station."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp21.block import Block

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["DisplayMessage"]


class DisplayMessage(Block["ChargingStation"]):
    """Display Message, Part 2, block O."""
