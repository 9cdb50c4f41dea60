"""Display Message (block O) of the CSMS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp21.block import Block

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["DisplayMessage"]


class DisplayMessage(Block["Station"]):
    """Display Message, Part 2, block O."""
