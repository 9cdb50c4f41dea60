"""Bidirectional Power Transfer (block Q) of the Charging Station."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp21.block import Block

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["BidirectionalPowerTransfer"]


class BidirectionalPowerTransfer(Block["ChargingStation"]):
    """Bidirectional Power Transfer, Part 2, block Q."""
