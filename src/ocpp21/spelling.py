"""What may have been meant by a name that nobody knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["found_name"]

#: Longest name that is compared; what is longer is no slip of a finger.
_MAX_NAME = 100


def found_name(name: str, known: Iterable[str], /) -> str:
    """Write what was found, and the known name that is nearest to it if one is near.

    Args:
        name: as it was found.
        known: names that would have been right.
    """
    close = difflib.get_close_matches(name[:_MAX_NAME], list(known), n=1)
    return f"{name!r}" + (f" (did you mean {close[0]}?)" if close else "")
