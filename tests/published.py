"""The Part 3 schemas as they are published: the files that the distribution ``ocpp`` carries."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

_PACKAGE = importlib.util.find_spec("ocpp")
assert _PACKAGE is not None and _PACKAGE.origin is not None

DIRECTORY = Path(_PACKAGE.origin).parent / "v21" / "schemas"

SCHEMAS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(DIRECTORY.glob("*.json"))
}

#: Every definition once; the same name means the same in all files (proved in test_schemas.py).
DEFINITIONS: dict[str, dict[str, Any]] = {
    name: definition for schema in SCHEMAS.values() for name, definition in schema["definitions"].items()
}
