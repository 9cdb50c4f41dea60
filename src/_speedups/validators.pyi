"""The byte validator: one exact truth about every payload.

It walks the bytes of a payload once against constant tables made from the schemas, without making Python objects, and
decides exactly what JSON Schema draft-06 decides, and what JSON and OCPP-J add: UTF-8, each member once, at most 64
levels, no lone surrogates, no number that a double cannot hold, date-times of RFC 3339 with an offset.

Types are named by their index in ``SCHEMAS``. Modes are added up.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ocpp21.errors import PayloadError

SCHEMAS: Final[Mapping[str, int]]
"""Index of every message and datatype by the name of its schema."""

CONFORM: Final = 1
"""Mode: check the rules of the standard that the schemas do not hold."""

CANONICAL: Final = 2
"""Mode: rewrite date-times as UTC with ``Z`` and at most three digits of a second."""

LENIENT: Final = 4
"""Mode of :func:`tolerate`, which always has it."""

def check(schema: int, data: bytes | bytearray | memoryview | str, mode: int = 0) -> bytes | bytearray | memoryview:
    """Check a payload.

    Args:
        schema: index of its type.
        data: JSON text.
        mode: sum of ``CONFORM`` and ``CANONICAL``.

    Returns:
        ``data`` itself, a str as UTF-8; or, where a valid number or date-time is written in a way that the typed
        decoder would not take, or that we would not send, the same with those rewritten.

    Raises:
        PayloadError: the first violation in document order.
        IndexError: no such type.
    """

def check_json(data: bytes | bytearray | memoryview) -> None:
    """Check that a text is one JSON value of any form, within the same limits.

    Raises:
        PayloadError: it is not.
    """

def check_many(
    schemas: Sequence[int], payloads: Iterable[bytes | bytearray | memoryview | str], mode: int = 0
) -> list[PayloadError | None]:
    """Check a batch of payloads without holding the GIL.

    Args:
        schemas: index of the type of each payload.
        payloads: JSON texts, as many.
        mode: as for :func:`check`.

    Returns:
        For each payload its error, or None.

    Raises:
        IndexError: no such type.
        ValueError: not as many payloads as types.
    """

def tolerate(
    schema: int, data: bytes | bytearray | memoryview | str, mode: int = 0
) -> tuple[bytes | bytearray | memoryview, list[tuple[str, list[str | int], int, bytes, bool]]]:
    """Check a payload leniently.

    Args:
        schema: index of its type.
        data: JSON text.
        mode: as for :func:`check`.

    Returns:
        A text that :func:`check` accepts, with stand-ins for texts too long and unknown enumeration values; and for
        each deviation its name, its path, its offset in ``data``, the bytes found (of an unknown member its name), and
        whether they may be a secret.

    Raises:
        PayloadError: the first violation that is never forgiven.
        IndexError: no such type.
    """

def describe(schema: int) -> list[dict[str, Any]]:
    """Tell what the tables hold of a type, field by field in the order of the schema.

    Returns:
        For each field ``name``, ``required``, ``kind`` (``any``, ``boolean``, ``date-time``, ``enum``, ``integer``,
        ``number``, ``object``, ``string``), ``minimum``, ``maximum``, ``max_length`` (characters), ``is_array``,
        ``min_items``, ``max_items``, ``is_identifier``, ``is_secret``; ``type`` for an enumeration or object,
        ``values`` and ``usual`` (what an absent field stands for, or None) for an enumeration.

    Raises:
        IndexError: no such type.
    """
