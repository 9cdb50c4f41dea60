"""A report that comes in parts, put together again.

Parts carry the number of the request, their own number from 0, and whether more will follow. They may come twice and in
any order. What was not asked for, what comes after the end, and what is too much is left out, so memory is bounded.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from ocpp21.messages import GenericDeviceModelStatusEnumType, NotifyReportRequest, ReportDataType

__all__ = ["Assembly", "Report"]


class Report(msgspec.Struct, frozen=True):
    """What has become of the request for a report.

    Attributes:
        status: what the Charging Station has answered; rows follow upon ``Accepted`` only.
        rows: of the report, in order; those before the gap too when a part is missing.
        is_complete: whether all parts have come: False when they did not come in time, or were too many.
    """

    status: GenericDeviceModelStatusEnumType
    rows: tuple[ReportDataType, ...] = ()
    is_complete: bool = True


class Assembly:
    """The parts of one report, as they come.

    Args:
        limit: most rows; a part without rows counts as one.
        patience_s: how long the next part may take, in seconds.
    """

    __slots__ = ("_deadline", "_ended", "_last", "_limit", "_parts", "_patience_s", "_size", "is_complete")

    def __init__(self, limit: int, patience_s: float, /) -> None:
        self.is_complete = False
        self._limit: Final = limit
        self._patience_s: Final = patience_s
        self._parts: Final[dict[int, list[ReportDataType]]] = {}
        self._size = 0
        self._last: int | None = None
        self._ended: Final = asyncio.Event()
        self._deadline: asyncio.Timeout | None = None

    def add(self, part: NotifyReportRequest, /) -> None:
        """Take a part; one that came before, or that lies behind the last, is left out."""
        if self._ended.is_set() or part.seq_no in self._parts:
            return
        if self._last is not None and part.seq_no > self._last:
            return
        rows = part.report_data or []
        self._size += max(len(rows), 1)
        if self._size > self._limit:
            self._ended.set()
            return
        self._parts[part.seq_no] = rows
        if not part.tbc and self._last is None:
            self._last = part.seq_no
            for behind in [seq_no for seq_no in self._parts if seq_no > part.seq_no]:
                del self._parts[behind]
        if self._last is not None and len(self._parts) == self._last + 1:
            self.is_complete = True
            self._ended.set()
        elif self._deadline is not None:
            self._deadline.reschedule(asyncio.get_running_loop().time() + self._patience_s)

    async def wait(self) -> None:
        """Wait until the report is complete, or is given up."""
        try:
            async with asyncio.timeout(self._patience_s) as self._deadline:
                await self._ended.wait()
        except TimeoutError:
            pass
        finally:
            self._ended.set()

    def rows(self) -> tuple[ReportDataType, ...]:
        """All rows that have come, in the order of the parts."""
        return tuple(row for _, rows in sorted(self._parts.items()) for row in rows)
