"""One thing that is due at a time, and can be put off or called off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Deadline"]


class Deadline:
    """A timer of the event loop; not set at first."""

    def __init__(self) -> None:
        self._handle: asyncio.TimerHandle | None = None

    def set(self, wait_s: float, due: Callable[[], object], /) -> None:
        """Call something once, after so many seconds, in place of what was due before."""
        self.cancel()
        self._handle = asyncio.get_running_loop().call_later(wait_s, due)

    def cancel(self) -> None:
        """Call nothing."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
