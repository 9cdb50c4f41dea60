"""Tariff and Cost (block I) of the Charging Station."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp21.block import Block

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["TariffAndCost"]


class TariffAndCost(Block["ChargingStation"]):
    """Tariff and Cost, Part 2, block I."""
