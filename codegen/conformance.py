"""Compile the test cases of Part 6, restated as data, into those of the package: ``python -m codegen.conformance DIR``.

``DIR`` holds ``test-cases.jsonl``, ``test-states.jsonl`` and ``certification-profiles.csv``; the rows of the latter
become the listings of each case.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

#: Over features, joined by &, | and !; what else stands in the column is a remark.
EXPRESSION: Final = re.compile(r"(?:[\s&|!()]|[A-Z][A-Z0-9]*(?:-[A-Z0-9.]+)?(?:>\d+)?)*")

TARGET: Final = Path(__file__).parents[1] / "src" / "ocpp21" / "conformance" / "data"


def listings(path: Path) -> dict[str, list[dict[str, str]]]:
    """Read in which profiles a case stands."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            condition, _, remark = row["condition"].partition(" ; ")
            if not EXPRESSION.fullmatch(condition):
                condition, remark = "", row["condition"]
            found[row["test_case"]].append(
                {
                    "profile": row["profile"],
                    "status": row["status"] or "optional",
                    "condition": condition.strip(),
                    "remark": remark.strip(),
                }
            )
    return found


def write(path: Path, records: list[dict[str, Any]]) -> None:
    """Write one object a line."""
    lines = (json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def records(path: Path) -> list[dict[str, Any]]:
    """Read one object a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main(source: Path) -> None:
    """Compile."""
    profiles = listings(source / "certification-profiles.csv")
    cases = [{**record, "listings": profiles.get(record["id"], [])} for record in records(source / "test-cases.jsonl")]
    write(TARGET / "cases.jsonl", cases)
    write(TARGET / "states.jsonl", records(source / "test-states.jsonl"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
