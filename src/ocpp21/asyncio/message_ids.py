"""Message ids: 128 random bits, as a UUID has them, at a fifth of its price."""

from __future__ import annotations

import os

__all__ = ["new_id"]


def new_id() -> str:
    """Make an id that no message of any connection has had (Part 4, 4.1.4): 32 hexadecimal digits."""
    return os.urandom(16).hex()
