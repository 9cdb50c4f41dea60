"""Where each requirement of Part 2 is honoured, and which tests show it.

The requirements are in ``tests/requirements/*.csv``, in our own words. A requirement is honoured where a source of
``ocpp21`` names its id, and shown where a test does. What the standard demands in several use cases with the same words
is one requirement with several ids: naming one of them names all.

What is not honoured or not shown stands in ``tests/requirements/open.toml`` with the reason. After a change::

    python tests/traceability.py        write docs/requirements.md and open.toml anew; known reasons are kept
"""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
HERE = ROOT / "tests" / "requirements"
OPEN = HERE / "open.toml"
TABLE = ROOT / "docs" / "requirements.md"

#: The use cases that are looked at.
SCOPE = re.compile(r"[BDEFGJP]\d\d|C(0[1-9]|1[0-6])|A04|N07")

_ID = re.compile(r"\b[A-S]\d\d\.FR\.\d{2,3}\b")

#: Reason of what nobody has given another one for.
NOT_YET = "not yet"

_TABLE_HEAD = """# Requirements

What Part 2 demands (MUST) of the blocks that are done, in our own words: where it is honoured, and which tests show it.
A requirement that the standard repeats word by word stands with its first id. What is open says why. Written by
`python tests/traceability.py`.

| id | side | requirement | code | tests |
|---|---|---|---|---|
"""

_OPEN_HEAD = """# Requirements that no source or no test names, and why. `python tests/traceability.py` writes the list
# anew, and keeps the reasons. An entry that is not true any more fails.

"""


class Requirement(NamedTuple):
    """A requirement that is a MUST.

    Attributes:
        id: as in Part 2.
        side: ``CS``, ``CSMS`` or ``both``.
        when: the condition; empty for always.
        text: what must be, in our own words.
        ids: of all its occurrences, its own among them.
    """

    id: str
    side: str
    when: str
    text: str
    ids: tuple[str, ...]


@cache
def requirements() -> Mapping[str, Requirement]:
    """Every MUST of the scope by its id, in order."""
    rows = [row for row in _rows() if SCOPE.fullmatch(row["use_case"])]
    musts = [row for row in rows if "MUST" in row["requirement"]]
    twins: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in musts:
        twins[_words(row)].append(row["id"])
    return {
        row["id"]: Requirement(row["id"], row["side"], row["when"], row["requirement"], tuple(twins[_words(row)]))
        for row in musts
    }


@cache
def known_ids() -> frozenset[str]:
    """The ids of all requirements of the letters that there are, whatever they demand."""
    return frozenset(row["id"] for row in _rows())


def citations(paths: Iterable[Path]) -> Mapping[str, list[str]]:
    """The files that name a requirement, by its id; files by their path in the repository."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(paths):
        name = path.relative_to(ROOT).as_posix()
        for id_ in sorted(set(_ID.findall(path.read_text(encoding="utf-8")))):
            found[id_].append(name)
    return found


def sources() -> Iterator[Path]:
    """The sources that may honour a requirement; what is generated holds none."""
    return (path for path in (ROOT / "src" / "ocpp21").rglob("*.py") if "messages" not in path.parts)


def tests() -> Iterator[Path]:
    """The tests."""
    return (
        path for path in (ROOT / "tests").rglob("*.py") if path.name not in ("traceability.py", "test_requirements.py")
    )


def places(requirement: Requirement, found: Mapping[str, list[str]]) -> list[str]:
    """The files that name a requirement, by whichever of its ids."""
    return sorted({name for id_ in requirement.ids for name in found.get(id_, ())})


def missing(requirement: Requirement, code: Mapping[str, list[str]], shown: Mapping[str, list[str]]) -> list[str]:
    """What a requirement lacks: ``code``, ``test``."""
    return [kind for kind, found in (("code", code), ("test", shown)) if not places(requirement, found)]


def open_entries() -> Mapping[str, str]:
    """The list of what is open, with the reasons."""
    return tomllib.loads(OPEN.read_text(encoding="utf-8")) if OPEN.exists() else {}


def open_text() -> str:
    """The list of what is open as it should be: known reasons are kept."""
    code, shown, reasons = citations(sources()), citations(tests()), open_entries()
    lines = []
    for requirement in requirements().values():
        if lacks := missing(requirement, code, shown):
            reason = reasons.get(requirement.id, NOT_YET)
            reason = f"{NOT_YET}: {', '.join(lacks)}" if reason.startswith(NOT_YET) else reason
            lines.append(f'"{requirement.id}" = {json.dumps(reason)}\n')
    return _OPEN_HEAD + "".join(lines)


def table_text() -> str:
    """The table as it should be."""
    code, shown, reasons = citations(sources()), citations(tests()), open_entries()
    lines = []
    for requirement in requirements().values():
        if requirement.id != requirement.ids[0]:
            continue
        text = f"{requirement.when}: {requirement.text}" if requirement.when else requirement.text
        if len(requirement.ids) > 1:
            text += f" (also {', '.join(requirement.ids[1:])})"
        cells = [requirement.id, requirement.side, text]
        cells += [_listed(places(requirement, found)) for found in (code, shown)]
        if requirement.id in reasons:
            cells[-1] = f"{cells[-1]} **open**: {reasons[requirement.id]}".strip()
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return _TABLE_HEAD + "".join(lines)


@cache
def _rows() -> list[dict[str, str]]:
    rows = []
    for path in sorted(HERE.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows += list(csv.DictReader(file))
    return rows


def _words(row: Mapping[str, str]) -> tuple[str, ...]:
    return row["side"], row["when"], row["requirement"]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(name.removeprefix("src/ocpp21/").removeprefix("tests/").removesuffix(".py") for name in names)


if __name__ == "__main__":
    OPEN.write_text(open_text(), encoding="utf-8")
    TABLE.write_text(table_text(), encoding="utf-8")
    print(f"{len(open_entries())} of {len(requirements())} open")
