"""What was said in a case, as a sequence diagram of HTML: a row for each frame, between the lifelines of both ends.

Rows, rather than a drawing: the names of the ends stay in sight however long the case is, and text can be searched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Final

from ocpp21.conformance.verdict import Entry, Result, Verdict

__all__ = ["MOST_ROWS", "frames", "sequence_diagram"]

#: Most entries of a case that are shown; of more, the first and the last. JSON has all that the log has kept.
MOST_ROWS: Final = 400
#: Longest frame that is shown, in characters.
_MAX_FRAME: Final = 4000
#: Longest payload beside an arrow; the eye has lost it by then.
_MAX_PAYLOAD: Final = 300

_ANSWERS: Final = {3: "Response", 4: "CALLERROR", 5: "CALLRESULTERROR"}


def sequence_diagram(result: Result, /) -> str:
    """Draw a case, and what was decided at its end; nothing when nothing was said."""
    if not result.log:
        return ""
    other = "Charging Station" if result.case.role == "CS" else "CSMS"
    rows = [f'<li class="ends"><time></time><span><b>test system</b><b>{other}</b></span><i>step</i></li>']
    rows.extend(_row(*named) for named in _named(result.log))
    if result.verdict is Verdict.FAIL:
        rows.append(f'<li class="decision"><time>{result.duration_s:.3f}</time><span>{escape(result.text)}</span></li>')
    label = escape(f"sequence of {result.case.id}")
    return f'<ol class="sequence" aria-label="{label}">{"".join(_shown(rows))}</ol>'


def frames(result: Result, /) -> str:
    """All frames of a case as text, escaped; of many, the first and the last."""
    lines = result.wire.split("\n") if result.log else []
    short = [line if len(line) <= _MAX_FRAME else f"{line[:_MAX_FRAME]}..." for line in lines]
    return escape("\n".join(_shown(short, "{} left out")))


def _shown(rows: Sequence[str], gap: str = '<li class="note"><time></time><span>{} left out</span></li>') -> list[str]:
    if len(rows) <= MOST_ROWS:
        return list(rows)
    half = MOST_ROWS // 2
    return [*rows[:half], gap.format(f"{len(rows) - 2 * half:,} entries"), *rows[-half:]]


def _row(entry: Entry, name: str, payload: str) -> str:
    head = f'<li class="{entry.kind}"><time>{entry.at:.3f}</time>'
    if entry.kind == "note":
        return f"{head}<span>{escape(name)}</span></li>"
    kind = "arrow" if entry.action else "arrow answer"
    text = payload if len(payload) <= _MAX_PAYLOAD else f"{payload[:_MAX_PAYLOAD]}..."
    body = f'<b>{escape(name)}</b><span class="payload" title="{escape(text)}">{escape(text)}</span>'
    return f'{head}<span class="{kind}">{body}</span><i>{escape(entry.step)}</i></li>'


def _named(log: Sequence[Entry]) -> Iterator[tuple[Entry, str, str]]:
    """Each entry with the name of its message and its payload: an answer has the name of what it answers."""
    asked: dict[str, str] = {}
    for entry in log:
        frame = None if entry.kind == "note" else _parse(entry.text)
        if frame is None:
            yield entry, entry.text if entry.kind == "note" else "no OCPP-J", "" if entry.kind == "note" else entry.text
            continue
        kind, message_id, *rest = frame
        if entry.action:
            asked[str(message_id)] = entry.action
            yield entry, entry.action, _compact(rest[1:])
            continue
        action = asked.get(str(message_id), "")
        what = _ANSWERS.get(kind, "unknown")
        yield entry, f"{action}{what}" if kind == 3 else f"{action} {what}".strip(), _compact(rest)


def _parse(text: str) -> list[Any] | None:
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_frame = isinstance(frame, list) and len(frame) > 2 and isinstance(frame[0], int)
    return frame if is_frame else None


def _compact(parts: Sequence[Any]) -> str:
    return " ".join(json.dumps(part, ensure_ascii=False) for part in parts)
