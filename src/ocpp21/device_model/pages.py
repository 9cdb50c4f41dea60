"""A report cut into NotifyReportRequests that are small enough (B07.FR.10, B08.FR.14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from ocpp21 import codec
from ocpp21.messages import NotifyReportRequest, ReportDataType

__all__ = ["BYTES_PER_MESSAGE", "FRAME_SIZE", "pages"]

#: Largest NotifyReportRequest unless told otherwise, in bytes; the standard names no limit.
BYTES_PER_MESSAGE: Final = 16_384

#: What the frame adds to the payload at most, in bytes, with a message id of 36 characters (Part 4, 4.1.4).
FRAME_SIZE: Final = len('[2,"","NotifyReport",]') + 36


def pages(
    data: Sequence[ReportDataType],
    /,
    *,
    request_id: int,
    generated_at: datetime,
    items_per_message: int | None = None,
    bytes_per_message: int = BYTES_PER_MESSAGE,
) -> Iterator[NotifyReportRequest]:
    """Cut a report into messages, as few as the limits allow, in their order.

    Args:
        data: the report; when it is empty there is one message without ``reportData``.
        request_id: from the request (B07.FR.04, B08.FR.04).
        generated_at: time of the report, with an offset.
        items_per_message: most variables in one message, 1 or more.
        bytes_per_message: largest frame, in bytes. A variable that is larger alone gets a message of its own.

    Raises:
        LocalProtocolError: something of the report is no valid message.
    """
    most = items_per_message or len(data)
    sizes = [len(codec.encode(item)) + 1 for item in data]
    start = seq_no = 0
    while start < len(data) or not seq_no:
        room = bytes_per_message - FRAME_SIZE - _envelope(request_id, generated_at, seq_no)
        end = start + 1
        # One comma fewer than there are items.
        size = sum(sizes[start:end]) - 1
        while end < len(data) and end - start < most and size + sizes[end] <= room:
            size += sizes[end]
            end += 1
        # B07.FR.10, B08.FR.14
        yield NotifyReportRequest(
            request_id=request_id,
            generated_at=generated_at,
            report_data=list(data[start:end]) or None,
            tbc=end < len(data),
            seq_no=seq_no,
        )
        start = end
        seq_no += 1


def _envelope(request_id: int, generated_at: datetime, seq_no: int) -> int:
    """Size of a NotifyReportRequest around its items, in bytes; ``false`` is longer than ``true``."""
    empty = NotifyReportRequest(request_id=request_id, generated_at=generated_at, tbc=False, seq_no=seq_no)
    return len(codec.encode(empty)) + len('"reportData":[],')
