"""Keys of the records of a CSMS: paths such as ``identity/evse/connector``.

A station's records are next to one another, and no part can reach into another, since a slash within a part is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator

from ocpp21.database import Rows

__all__ = ["below", "key_of", "number_of"]


def key_of(*parts: str) -> str:
    """A path of parts; none can be empty, and none holds a slash."""
    return "/".join(part.replace("%", "%25").replace("/", "%2F") or "%" for part in parts)


def number_of(number: int, /) -> str:
    """A number as text that sorts like it, up to the greatest integer on the wire."""
    return f"{number:010}"


def below(
    rows: Rows, table: str, path: str, /, *, after: str | None = None, limit: int | None = None
) -> Iterator[tuple[str, bytes]]:
    """The records whose keys begin with a path; ``0`` is the character after the slash."""
    return rows.scan(table, after=after or f"{path}/", before=f"{path}0", limit=limit)
