"""``import``: published files in, their structure out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny

from codegen.importer import canonical, import_schemas
from codegen.load import SchemaError


def write(folder: Path) -> Path:
    folder.mkdir()
    for name, schema in tiny.schemas().items():
        text = json.dumps({"comment": "prose", **schema}, indent=4)
        (folder / f"{name}.json").write_text(text, encoding="utf-8", newline="\r\n")
    return folder


def test_writes_the_structure_and_removes_what_is_left_over(tmp_path: Path) -> None:
    target = tmp_path / "schemas"
    source = write(tmp_path / "published")
    import_schemas(source, target)
    (target / "Gone.json").write_text("{}", encoding="utf-8")
    (target / "README.md").write_text("stays", encoding="utf-8")
    import_schemas(source, target)
    written = {path.name: path.read_text(encoding="utf-8") for path in target.iterdir()}
    expected = {f"{name}.json": canonical(schema) + "\n" for name, schema in tiny.SCHEMAS.items()}
    assert written == {**expected, "README.md": "stays"}


def test_leaves_the_target_alone_when_it_refuses(tmp_path: Path) -> None:
    source = write(tmp_path / "published")
    target = tmp_path / "schemas"
    import_schemas(source, target)
    before = {path: path.read_bytes() for path in target.iterdir()}
    (source / "Shout.json").write_text("{", encoding="utf-8")
    with pytest.raises(SchemaError, match=r"^Shout\.json: /: cannot be read as JSON"):
        import_schemas(source, target)
    assert {path: path.read_bytes() for path in target.iterdir()} == before


def test_the_layout_keeps_the_order_of_members_and_all_characters() -> None:
    assert canonical({"b": ["é"], "a": {}}) == '{\n  "b": [\n    "é"\n  ],\n  "a": {}\n}'
