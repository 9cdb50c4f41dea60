"""The registry of vendors' messages."""

from __future__ import annotations

import asyncio

import pytest

from ocpp21.errors import LocalProtocolError
from ocpp21.messages import DataTransferRequest, DataTransferResponse, DataTransferStatusEnumType
from ocpp21.vendors import Vendors


@pytest.mark.parametrize(
    ("vendor_id", "message_id"),
    [("", None), ("v" * 256, None), ("vendor", "m" * 51)],
    ids=["none", "vendor", "message"],
)
def test_ids_that_no_message_can_carry_are_refused(vendor_id: str, message_id: str | None) -> None:
    with pytest.raises(LocalProtocolError, match=r"expected a (vendor|message)Id"):
        Vendors().on(vendor_id, message_id)


def test_a_later_handler_replaces_an_earlier_one() -> None:
    vendors = Vendors()
    for status in (DataTransferStatusEnumType.REJECTED, DataTransferStatusEnumType.ACCEPTED):
        vendors.on("vendor")(lambda role, request, status=status: DataTransferResponse(status=status))
    answer = asyncio.run(vendors.answer(None, DataTransferRequest(vendor_id="vendor")))
    assert answer.status is DataTransferStatusEnumType.ACCEPTED
