"""Lines of a recording, in bounded memory."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

__all__ = ["STDIN", "Line", "Unreadable", "read_lines"]

#: The name that stands for standard input.
STDIN: Final = "-"

_CHUNK: Final = 65536


class Line(NamedTuple):
    """A line of input.

    Attributes:
        number: from 1.
        data: without its ending; None when it is longer than the limit.
        size: bytes without the ending.
        end: bytes of the file up to and including this line.
    """

    number: int
    data: bytes | None
    size: int
    end: int


class Unreadable(Exception):
    """A file cannot be opened or read; the text says why in a few words."""


def read_lines(name: str, max_size: int) -> Iterator[Line]:
    r"""Cut a file at ``\n`` or ``\r\n``; of a line longer than ``max_size`` bytes only the length is kept.

    Raises:
        Unreadable: the file cannot be opened or read.
    """
    with contextlib.ExitStack() as closing:
        try:
            stream = sys.stdin.buffer if name == STDIN else closing.enter_context(open(name, "rb"))
        except OSError as error:
            raise Unreadable(error.strerror) from error
        yield from _cut(stream, max_size)


def _cut(stream: BinaryIO, max_size: int) -> Iterator[Line]:
    number = end = 0
    while data := _read_line(stream, max_size + 2):
        number += 1
        size = len(data)
        if size > max_size and not data.endswith(b"\n"):
            data, size = _skip(stream, data)
        end += size
        text = data.removesuffix(b"\n").removesuffix(b"\r")
        size -= len(data) - len(text)
        yield Line(number, text if size <= max_size else None, size, end)


def _skip(stream: BinaryIO, data: bytes) -> tuple[bytes, int]:
    """Read on to the end of a line; return its last bytes and the length of all of it."""
    size = len(data)
    while not data.endswith(b"\n") and (more := _read_line(stream, _CHUNK)):
        data = data[-1:] + more
        size += len(more)
    return data, size


def _read_line(stream: BinaryIO, limit: int) -> bytes:
    try:
        return stream.readline(limit)
    except OSError as error:
        raise Unreadable(error.strerror) from error
