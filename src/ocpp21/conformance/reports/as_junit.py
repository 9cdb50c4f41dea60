"""Results as JUnit XML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree

from ocpp21.conformance.verdict import Result, Verdict

__all__ = ["junit_report"]

#: What XML 1.0 has no room for.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_report(results: Sequence[Result], /) -> str:
    """Write all results; inconclusive and not applicable ones are skipped tests."""
    counts = Counter(result.verdict for result in results)
    skipped = counts[Verdict.INCONCLUSIVE] + counts[Verdict.NOT_APPLICABLE]
    suite = ElementTree.Element(
        "testsuite",
        name="ocpp21 conformance",
        tests=str(len(results)),
        failures=str(counts[Verdict.FAIL]),
        errors="0",
        skipped=str(skipped),
        time=f"{sum(result.duration_s for result in results):.3f}",
    )
    for result in results:
        case = result.case
        test = ElementTree.SubElement(
            suite,
            "testcase",
            name=_clean(f"{case.id} {case.title}"),
            classname=f"ocpp21.{case.role}.{case.block}",
            time=f"{result.duration_s:.3f}",
        )
        if result.verdict is Verdict.FAIL:
            failure = ElementTree.SubElement(test, "failure", message=_clean(result.text))
            failure.text = _clean(result.wire)
        elif result.verdict is not Verdict.PASS:
            ElementTree.SubElement(test, "skipped", message=_clean(f"{result.verdict}: {result.reason}"))
        if result.again:
            said = [f"at {result.system}"] if result.system else []
            ElementTree.SubElement(test, "system-out").text = _clean("\n".join([*said, f"again: {result.again}"]))
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suite, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
