"""Tariff and Cost (block I) of the CSMS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp21.block import Block

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["TariffAndCost"]


class TariffAndCost(Block["Station"]):
    """Tariff and Cost, Part 2, block I."""
