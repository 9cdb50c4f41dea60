"""Data Transfer (block P) of the Charging Station: messages of vendors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET

from ocpp21.block import Block
from ocpp21.messages import DataTransferRequest, DataTransferResponse, DataTransferStatusEnumType
from ocpp21.vendors import VendorHandler, Vendors

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["DataTransfer"]


class DataTransfer(Block["ChargingStation"]):
    """Data Transfer, Part 2, block P.

    ::

        @station.data_transfer.on("com.example", "setLogo")
        def set_logo(station, request):
            return DataTransferResponse(status=DataTransferStatusEnumType.ACCEPTED)

    For functions that the standard does not have (P01.FR.01, P02.FR.02). What ``data`` holds and how large it may be,
    both sides have to agree upon (P01.FR.04, P01.FR.07, P02.FR.05, P02.FR.08).
    """

    def __init__(self, role: ChargingStation, /) -> None:
        super().__init__(role)
        self._vendors: Final = Vendors()

    # Verbs

    def on(self, vendor_id: str, message_id: str | None = None, /) -> Callable[[VendorHandler], VendorHandler]:
        """Register the handler of a message of the CSMS, in place of an earlier one: a decorator.

        It takes the station and the request, and returns the answer, or is a coroutine function that does. While the
        variable CustomizationCtrlr.CustomImplementationEnabled[<vendorId>] is there and false, it is not asked.

        Args:
            vendor_id: of the vendor, at most 255 characters, a reversed DNS name.
            message_id: of the message, at most 50 characters; None is a message without an id.

        Raises:
            LocalProtocolError: no request could carry such ids.
        """
        self.role.device_model.customization_ctrlr.custom_implementation_enabled[vendor_id].honour()
        return self._vendors.on(vendor_id, message_id)

    async def transfer(
        self, vendor_id: str, message_id: str | None = None, /, *, data: Any = UNSET
    ) -> DataTransferResponse:
        """Send a message to the CSMS; nothing is kept for later when it cannot be sent (P02).

        Args:
            vendor_id: of the vendor, at most 255 characters; a reversed DNS name that is known to the CSMS (P02.FR.01,
                P02.FR.03).
            message_id: of the message, at most 50 characters, where the vendor has several (P02.FR.04).
            data: any JSON value, None being ``null``.

        Raises:
            LocalProtocolError: the station is not accepted, or the message is not valid.
            SessionClosed: there is no connection, or it has ended.
            CallError, CallTimeout, RemoteProtocolError: there was no answer that can be used.
        """
        return await self.role.call(DataTransferRequest(vendor_id=vendor_id, message_id=message_id, data=data))

    # Handlers

    async def on_data_transfer_request(self, request: DataTransferRequest) -> DataTransferResponse:
        """Let the vendor's handler answer (P01)."""
        switch = self.role.device_model.customization_ctrlr.custom_implementation_enabled[request.vendor_id]
        if switch.get(True):
            return await self._vendors.answer(self.role, request)
        return DataTransferResponse(status=DataTransferStatusEnumType.UNKNOWN_VENDOR_ID)  # P01.FR.05
