"""``schemas/``: the published Part 3 files, their structure and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import published
import pytest

from codegen.__main__ import main

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "schemas"

PROSE = {"description", "comment", "$comment", "title", "examples"}

#: Keywords whose members are names, not keywords.
NAMED = ("properties", "definitions")


def stripped(schema: Any) -> Any:
    """A schema without its prose, as pairs, so that the order of members counts."""
    if isinstance(schema, list):
        return [stripped(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return [
        (keyword, [(name, stripped(sub)) for name, sub in value.items()] if keyword in NAMED else stripped(value))
        for keyword, value in schema.items()
        if keyword not in PROSE
    ]


def keywords(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from keywords(item)
    elif isinstance(schema, dict):
        yield from schema
        for keyword, value in schema.items():
            for sub in value.values() if keyword in NAMED else [value]:
                yield from keywords(sub)


def ours() -> dict[str, Any]:
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def test_there_are_the_181_published_files() -> None:
    assert len(published.SCHEMAS) == 181
    assert list(ours()) == list(published.SCHEMAS)


def test_they_are_the_published_ones_but_for_prose() -> None:
    for name, schema in ours().items():
        assert stripped(schema) == stripped(published.SCHEMAS[name]), name


def test_they_hold_no_prose() -> None:
    for name, schema in ours().items():
        assert not PROSE & set(keywords(schema)), name


def test_the_published_ones_do() -> None:
    found = {keyword for schema in published.SCHEMAS.values() for keyword in keywords(schema)}
    assert found & PROSE == {"description", "comment"}


def test_they_are_what_import_writes(tmp_path: Path) -> None:
    assert main(["import", str(published.DIRECTORY)], tmp_path) == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "schemas").iterdir()}
    assert written == {path.name: path.read_bytes() for path in FOLDER.glob("*.json")}


def test_the_same_name_means_the_same_in_all_published_files() -> None:
    for name, schema in published.SCHEMAS.items():
        for definition, content in schema["definitions"].items():
            assert stripped(content) == stripped(published.DEFINITIONS[definition]), (name, definition)


@pytest.mark.parametrize(("kind", "count"), [("object", 122), ("string", 110)])
def test_the_definitions_are_all_there(kind: str, count: int) -> None:
    assert sum(definition["type"] == kind for definition in published.DEFINITIONS.values()) == count
