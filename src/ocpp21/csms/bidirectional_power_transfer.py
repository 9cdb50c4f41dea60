"""Bidirectional Power Transfer (block Q) of the CSMS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp21.block import Block

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["BidirectionalPowerTransfer"]


class BidirectionalPowerTransfer(Block["Station"]):
    """Bidirectional Power Transfer, Part 2, block Q."""
