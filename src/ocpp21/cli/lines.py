"""Lines of a byte stream, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

__all__ = ["Line", "read_lines"]

_CHUNK = 65536


class Line(NamedTuple):
    """A line of input.

    Attributes:
        number: from 1.
        data: without its ending; None when it is longer than the limit.
        size: bytes without the ending.
        end: bytes of the stream up to and including this line.
    """

    number: int
    data: bytes | None
    size: int
    end: int


def read_lines(stream: BinaryIO, max_size: int) -> Iterator[Line]:
    r"""Cut a stream at ``\n`` or ``\r\n``; of a line longer than ``max_size`` bytes only the length is kept."""
    number = end = 0
    while data := stream.readline(max_size + 2):
        number += 1
        size = len(data)
        if not data.endswith(b"\n") and size > max_size:
            data, size = _skip(stream, data, size)
        end += size
        text = data.removesuffix(b"\n").removesuffix(b"\r")
        size -= len(data) - len(text)
        yield Line(number, text if size <= max_size else None, size, end)


def _skip(stream: BinaryIO, data: bytes, size: int) -> tuple[bytes, int]:
    """Read on to the end of the line; return its last bytes and the length of all of it."""
    while not data.endswith(b"\n") and (more := stream.readline(_CHUNK)):
        data = data[-1:] + more
        size += len(more)
    return data, size
