"""Messages of vendors: who handles which DataTransfer (Part 2, block P), the same on both sides."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from ocpp21.errors import LocalProtocolError
from ocpp21.messages import (
    DataTransferRequest,
    DataTransferResponse,
    DataTransferStatusEnumType,
    StatusInfoType,
)
from ocpp21.messages.values import ReasonCodes
from ocpp21.refusal import quote

__all__ = ["VendorHandler", "Vendors"]

logger: Final = logging.getLogger("ocpp21.role")

#: Takes the role that a message came to, and the message; returns the answer, now or later.
VendorHandler: TypeAlias = Callable[[Any, DataTransferRequest], DataTransferResponse | Awaitable[DataTransferResponse]]


class Vendors:
    """Handlers of vendors' messages, by vendor and message, which are compared exactly.

    ::

        vendors = Vendors()

        @vendors.on("com.example", "bayBlocked")
        def bay_blocked(station, request): ...
    """

    __slots__ = ("_handlers",)

    def __init__(self) -> None:
        self._handlers: Final[dict[str, dict[str | None, VendorHandler]]] = {}

    def on(self, vendor_id: str, message_id: str | None = None, /) -> Callable[[VendorHandler], VendorHandler]:
        """Register the handler of a message, in place of an earlier one: a decorator.

        Args:
            vendor_id: of the vendor, at most 255 characters, a reversed DNS name (Part 2, P02.FR.03).
            message_id: of the message, at most 50 characters; None is a message without an id.

        Raises:
            LocalProtocolError: no request could carry such ids.
        """
        if not 0 < len(vendor_id) <= 255:
            raise LocalProtocolError(f"expected a vendorId of 1 to 255 characters, found {quote(vendor_id)}")
        if message_id is not None and len(message_id) > 50:
            raise LocalProtocolError(f"expected a messageId of at most 50 characters, found {quote(message_id)}")

        def register(handler: VendorHandler) -> VendorHandler:
            self._handlers.setdefault(vendor_id, {})[message_id] = handler
            return handler

        return register

    async def answer(self, role: object, request: DataTransferRequest, /) -> DataTransferResponse:
        """Let the handler of a message answer it. One that fails is logged, and the message is ``Rejected``.

        Args:
            role: that the message came to.
            request: the message.
        """
        messages = self._handlers.get(request.vendor_id)
        if messages is None:
            return _UNKNOWN_VENDOR_ID  # P01.FR.05, P02.FR.06
        handler = messages.get(request.message_id)
        if handler is None:
            return _UNKNOWN_MESSAGE_ID  # P01.FR.06, P02.FR.07
        try:
            answer = handler(role, request)
            return await answer if inspect.isawaitable(answer) else answer
        except Exception as error:
            logger.error("vendor handler failed vendor=%s", quote(request.vendor_id), exc_info=error)
            return _FAILED


_UNKNOWN_VENDOR_ID: Final = DataTransferResponse(status=DataTransferStatusEnumType.UNKNOWN_VENDOR_ID)
_UNKNOWN_MESSAGE_ID: Final = DataTransferResponse(status=DataTransferStatusEnumType.UNKNOWN_MESSAGE_ID)
_FAILED: Final = DataTransferResponse(
    status=DataTransferStatusEnumType.REJECTED,
    status_info=StatusInfoType(reason_code=ReasonCodes.INTERNAL_ERROR),
)
