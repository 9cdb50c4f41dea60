"""Results as one HTML page that needs nothing else: a table, and for each case a sequence diagram of what was said."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from ocpp21.conformance.reports.as_lines import summary
from ocpp21.conformance.verdict import Entry, Result, Verdict

__all__ = ["html_report"]

_STYLE: Final = """
body{font:14px/1.4 system-ui,sans-serif;margin:2em;max-width:70em}
summary{cursor:pointer;padding:.2em 0}
.pass{color:#176b2c}.fail{color:#a11}.inconclusive{color:#8a5a00}.not-applicable{color:#666}
svg{display:block;margin:.5em 0;background:#fafafa;border:1px solid #ddd}
svg text{font:12px system-ui,sans-serif}
svg line{stroke:#444}
pre{white-space:pre-wrap;word-break:break-all;font-size:12px;background:#f4f4f4;padding:.5em}
"""

_LEFT: Final = 140
_RIGHT: Final = 660
_ROW: Final = 26
#: Longest text beside an arrow.
_WIDTH: Final = 78


def html_report(results: Sequence[Result], /, *, title: str = "OCPP 2.1 conformance") -> str:
    """Write all results."""
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1><p>{escape(summary(results))}</p>",
    ]
    parts.extend(_case(result) for result in results)
    parts.append("</body></html>\n")
    return "".join(parts)


def _case(result: Result) -> str:
    case = result.case
    kind = str(result.verdict).replace(" ", "-")
    text = f": {escape(result.text)}" if result.text else ""
    head = f'<b class="{kind}">{result.verdict}</b> {escape(case.id)} {escape(case.title)}{text}'
    notes = "".join(f"<li>{escape(note)}</li>" for note in dict.fromkeys(result.unchecked))
    facts = ", ".join((*case.use_cases, *case.requirements))
    frames = "\n".join(f"{entry.at:9.3f} {entry.kind:4} {entry.step:4} {entry.text}" for entry in result.log)
    is_open = " open" if result.verdict is Verdict.FAIL else ""
    body = f"<p>{escape(facts)}</p>{_diagram(result)}"
    if notes:
        body += f"<p>Not checked, for people to look at:</p><ul>{notes}</ul>"
    if frames:
        body += f"<details><summary>frames</summary><pre>{escape(frames)}</pre></details>"
    return f"<details{is_open}><summary>{head}</summary>{body}</details>"


def _diagram(result: Result) -> str:
    if not result.log:
        return ""
    height = _ROW * (len(result.log) + 2)
    other = "Charging Station" if result.case.role == "CS" else "CSMS"
    lines = [
        f'<svg width="800" height="{height}" role="img" aria-label="sequence of {escape(result.case.id)}">',
        f'<text x="{_LEFT}" y="16" text-anchor="middle">test system</text>',
        f'<text x="{_RIGHT}" y="16" text-anchor="middle">{other}</text>',
        f'<line x1="{_LEFT}" y1="22" x2="{_LEFT}" y2="{height - 4}"/>',
        f'<line x1="{_RIGHT}" y1="22" x2="{_RIGHT}" y2="{height - 4}"/>',
    ]
    for number, entry in enumerate(result.log):
        lines.append(_arrow(entry, _ROW * (number + 2)))
    lines.append("</svg>")
    return "".join(lines)


def _arrow(entry: Entry, y: int) -> str:
    middle = (_LEFT + _RIGHT) // 2
    label = escape(_label(entry))
    when = f'<text x="8" y="{y}">{entry.at:.3f}</text>'
    step = f'<text x="{_RIGHT + 12}" y="{y}">{escape(entry.step)}</text>'
    text = f'<text x="{middle}" y="{y - 4}" text-anchor="middle">{label}</text>'
    if entry.kind == "note":
        return f'{when}<text x="{middle}" y="{y}" text-anchor="middle" font-style="italic">{label}</text>'
    begin, end = (_LEFT, _RIGHT) if entry.kind == "out" else (_RIGHT, _LEFT)
    back = end - 8 if end > begin else end + 8
    head = f'<path d="M{end} {y} L{back} {y - 4} L{back} {y + 4} Z"/>'
    dashes = "" if entry.action else ' stroke-dasharray="4 3"'
    return f'{when}{step}<line x1="{begin}" y1="{y}" x2="{end}" y2="{y}"{dashes}/>{head}{text}'


def _label(entry: Entry) -> str:
    if entry.kind == "note":
        text = entry.text
    else:
        payload = entry.text.partition(f'"{entry.action}",')[2] if entry.action else entry.text.partition('",')[2]
        text = f"{entry.action} {payload.removesuffix(']')}".strip()
    return text if len(text) <= _WIDTH else text[: _WIDTH - 3] + "..."
