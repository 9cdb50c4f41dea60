"""How many files a process may have open: each connection is one."""

from __future__ import annotations

import sys

__all__ = ["allow_files"]


def allow_files(count: int, /) -> int:
    """Have so many open files allowed to this process, as far as the system lets us.

    Returns:
        How many may be open now: fewer than that where the hard limit is lower.
    """
    try:
        import resource
    except ModuleNotFoundError:  # Windows, which has no such limit
        return sys.maxsize
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= count:
        return sys.maxsize if soft == resource.RLIM_INFINITY else soft
    allowed = count if hard == resource.RLIM_INFINITY else min(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed
