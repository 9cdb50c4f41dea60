"""Certificate Management (block M) of the Charging Station."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp21.block import Block

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["CertificateManagement"]


class CertificateManagement(Block["ChargingStation"]):
    """Certificate Management, Part 2, block M."""
