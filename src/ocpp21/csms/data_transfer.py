"""Data Transfer (block P) of the CSMS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocpp21.block import Block
from ocpp21.messages import DataTransferRequest, DataTransferResponse

if TYPE_CHECKING:
    from ocpp21.csms.station import Station

__all__ = ["DataTransfer"]


class DataTransfer(Block["Station"]):
    """Data Transfer, Part 2, block P. To a Charging Station it goes by ``call``, there is no rule to keep."""

    async def on_data_transfer_request(self, request: DataTransferRequest) -> DataTransferResponse:
        """Let the vendor's handler answer (P02)."""
        return await self.role.csms.vendors.answer(self.role, request)
