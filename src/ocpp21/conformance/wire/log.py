"""The log of what was said and done in one case: in memory, with a bound on the number of entries and on their size.

A system under test may say thousands of things in a second, until the case's time is over. What matters is how it began
and how it ended, so the first entries and the last ones are kept, and a note says how many are left out between them.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterator
from sys import getsizeof
from typing import Final

from ocpp21.conformance.verdict import Entry

__all__ = ["WireLog"]

#: Thirty times what the longest of our cases has. Logs are kept until the run ends, for the reports.
_MOST_ENTRIES: Final = 2_000
#: Texts of all entries of a log, in bytes of memory.
_MOST_BYTES: Final = 2 * 1024 * 1024
#: Behind the entry of a message, how many may have come before it is taken.
_BACK: Final = 12


class WireLog:
    """The log of one case.

    Args:
        most_entries: that are kept, half of them the first ones.
        most_bytes: that their texts may have, likewise. The last entry is kept in any case.
    """

    def __init__(self, *, most_entries: int = _MOST_ENTRIES, most_bytes: int = _MOST_BYTES) -> None:
        self._entries: Final = most_entries // 2
        self._bytes: Final = most_bytes // 2
        self._first: Final[list[Entry]] = []
        self._last: Final[deque[Entry]] = deque()
        self._first_bytes = self._last_bytes = 0
        self._left_out = self._left_out_bytes = 0

    def add(self, entry: Entry, /) -> None:
        """Add an entry."""
        size = getsizeof(entry.text)
        has_room = len(self._first) < self._entries and self._first_bytes + size <= self._bytes
        if has_room and not self._last:
            self._first.append(entry)
            self._first_bytes += size
            return
        self._last.append(entry)
        self._last_bytes += size
        while len(self._last) > 1 and (len(self._last) > self._entries or self._last_bytes > self._bytes):
            size = getsizeof(self._last.popleft().text)
            self._last_bytes -= size
            self._left_out += 1
            self._left_out_bytes += size

    def mark(self, action: str, step: str, /) -> None:
        """Say of the latest message of the system under test that it belongs to a step, if it does to none.

        Args:
            action: of the message; empty for an answer.
            step: that it belongs to.
        """
        for entries in (self._last, self._first):
            for number in range(len(entries) - 1, max(len(entries) - 1 - _BACK, -1), -1):
                entry = entries[number]
                if entry.kind == "in" and not entry.step and entry.action == action:
                    entries[number] = dataclasses.replace(entry, step=step)
                    return

    @property
    def entries(self) -> list[Entry]:
        """All that is kept, in order, with a note where some are left out."""
        return [*self._first, *self._gap(), *self._last]

    def _gap(self) -> Iterator[Entry]:
        if self._left_out:
            text = f"{self._left_out:,} entries of {self._left_out_bytes:,} bytes left out"
            yield Entry(self._last[0].at, "note", text)
