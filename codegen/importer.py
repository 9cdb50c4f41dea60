"""Fill ``schemas/`` from the published Part 3 files: their structure, without the prose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from codegen.load import load_schemas


def import_schemas(source: Path, target: Path) -> None:
    """Write the structure of every schema of ``source`` into ``target``, and remove files that ``source`` has not.

    Raises:
        SchemaError: a file is unreadable or uses an unknown keyword; ``target`` is untouched then.
    """
    schemas = load_schemas(source)
    target.mkdir(exist_ok=True)
    for path in target.glob("*.json"):
        if path.stem not in schemas:
            path.unlink()
    for name, schema in schemas.items():
        (target / f"{name}.json").write_text(canonical(schema) + "\n", encoding="utf-8")


def canonical(document: dict[str, Any]) -> str:
    """Write JSON in one fixed layout, members in their own order."""
    return json.dumps(document, indent=2, ensure_ascii=False)
