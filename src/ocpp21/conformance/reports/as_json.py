"""Results as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ocpp21.conformance.verdict import Result

__all__ = ["json_report"]


def json_report(results: Iterable[Result], /) -> str:
    """Write all results, each with its wire log."""
    return json.dumps([_record(result) for result in results], indent=1, ensure_ascii=False) + "\n"


def _record(result: Result) -> dict[str, object]:
    case = result.case
    return {
        "id": case.id,
        "title": case.title,
        "role": case.role,
        "block": case.block,
        "use_cases": list(case.use_cases),
        "requirements": list(case.requirements),
        "verdict": str(result.verdict),
        "place": result.place,
        "expected": result.expected,
        "found": result.found,
        "reason": result.reason,
        "system": result.system,
        "again": result.again,
        "duration_s": round(result.duration_s, 3),
        "unchecked": list(result.unchecked),
        "log": [
            {
                "at": round(entry.at, 3),
                "kind": entry.kind,
                "action": entry.action,
                "step": entry.step,
                "text": entry.text,
            }
            for entry in result.log
        ],
    }
