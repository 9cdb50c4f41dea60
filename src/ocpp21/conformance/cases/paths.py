"""Where a value stands in a payload: ``eventData[0].component.name``, and how to read and write it there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

__all__ = ["ABSENT", "Member", "Path", "PathError", "find", "indices", "leaves_open", "parse_path", "put", "text_of"]

#: Stands for a member that is not there.
ABSENT: Final = object()

_MEMBER: Final = re.compile(r"([A-Za-z][A-Za-z0-9_]*)(?:\[(\d+|\*|last|[ij])\])?")


class PathError(ValueError):
    """A path that cannot be read; the text says what was expected and found."""


class Member(NamedTuple):
    """One step of a path.

    Attributes:
        name: of the member.
        entry: which one, when the member is a list: a number, ``*`` for each, ``last``, or a letter for some entry,
            the same one wherever the letter stands; None when none is given: some entry.
    """

    name: str
    entry: int | str | None = None


Path: TypeAlias = tuple[Member, ...]


def parse_path(text: str, /) -> Path:
    """Read a path.

    Raises:
        PathError: it is none.
    """
    members = []
    for part in text.split("."):
        match = _MEMBER.fullmatch(part)
        if match is None:
            raise PathError(f"expected a path such as a.b[0].c, found {text!r}")
        index = match[2]
        members.append(Member(match[1], int(index) if index is not None and index.isdigit() else index))
    return tuple(members)


def text_of(path: Path, /) -> str:
    """Write a path."""
    return ".".join(name if index is None else f"{name}[{index}]" for name, index in path)


def find(document: Any, path: Path, letters: Mapping[str, int], /) -> list[Any]:
    """Read what stands at a path: one value, or, with ``*`` or without an index, one for each entry.

    Args:
        document: payload or part of it.
        path: where to look.
        letters: which entry a letter stands for.

    Returns:
        The values, :data:`ABSENT` for each that is not there; nothing for an empty list.
    """
    if not path:
        return [document]
    (name, index), *rest = path
    if not isinstance(document, Mapping) or name not in document:
        return [ABSENT]
    value = document[name]
    if not isinstance(value, list):
        return find(value, tuple(rest), letters) if index in (None, 0, "*", "last") else [ABSENT]
    if index == "*" or (index is None and rest):
        return [found for entry in value for found in find(entry, tuple(rest), letters)]
    if index is None:
        return [value]
    number = len(value) - 1 if index == "last" else letters.get(index, 0) if isinstance(index, str) else index
    return find(value[number], tuple(rest), letters) if 0 <= number < len(value) else [ABSENT]


def leaves_open(document: Any, path: Path, /) -> bool:
    """Whether a path goes through a list without saying which entry: some entry is meant."""
    return any(
        index is None and isinstance(value, list)
        for number, (_, index) in enumerate(path[:-1], start=1)
        for value in find(document, path[:number], {})
    )


def indices(document: Any, path: Path, letter: str, /) -> Iterator[int]:
    """Say which entries a letter of a path may stand for."""
    for number, (_, index) in enumerate(path):
        if index == letter:
            whole = (*path[:number], Member(path[number].name))
            for value in find(document, whole, {}):
                if isinstance(value, list):
                    yield from range(len(value))
            return


def put(document: dict[str, Any], path: Path, value: Any, /) -> None:
    """Write a value at a path, and make what is missing on the way; ``*`` is the first entry.

    A member without an index is a list exactly when it is one already.
    """
    (name, index), *rest = path
    if index is None:
        if not rest:
            document[name] = value
            return
        inner = document.setdefault(name, {})
        put(inner[0] if isinstance(inner, list) else inner, tuple(rest), value)
        return
    entries = document.setdefault(name, [])
    number = index if isinstance(index, int) else max(len(entries) - 1, 0)
    while len(entries) <= number:
        entries.append({} if rest else None)
    if rest:
        put(entries[number], tuple(rest), value)
    else:
        entries[number] = value
