"""Results as one HTML page that needs nothing else, no script either: what came of each case, and what was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from typing import Final

from ocpp21.conformance.reports.as_lines import summary
from ocpp21.conformance.reports.sequence import frames, sequence_diagram
from ocpp21.conformance.verdict import Result, Verdict

__all__ = ["html_report"]

#: What is shown at first; what does not apply is of little use to anybody.
_SHOWN: Final = frozenset({Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS})


def html_report(results: Sequence[Result], /, *, title: str = "OCPP 2.1 conformance") -> str:
    """Write all results."""
    style = (resources.files("ocpp21.conformance.reports") / "page.css").read_text("utf-8")
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}: {escape(summary(results))}</title>'
        f"<style>{style}</style></head>"
    )
    cases = "\n".join(map(_case, results))
    begin = f"<body><h1>{escape(title)}</h1>"
    return f"{head}\n{begin}{''.join(_filters(results))}<main>\n{cases}</main></body></html>\n"


def _filters(results: Sequence[Result]) -> Iterator[str]:
    """A box for each verdict: what is not ticked is not shown."""
    counts = Counter(result.verdict for result in results)
    for verdict in Verdict:
        if counts[verdict]:
            name = _name(verdict)
            ticked = " checked" if verdict in _SHOWN or len(counts) == 1 else ""
            label = f'<label for="show-{name}" class="{name}">{counts[verdict]} {verdict}</label>'
            yield f'<input type="checkbox" class="filter" id="show-{name}"{ticked}>{label}'


def _name(verdict: Verdict) -> str:
    return str(verdict).replace(" ", "-")


def _case(result: Result) -> str:
    case = result.case
    is_open = " open" if result.verdict is Verdict.FAIL else ""
    reason = f'<span class="reason">{escape(result.text)}</span>' if result.text else ""
    aside = " at ".join(filter(None, [f"{result.duration_s:.1f} s" if result.was_played else "", result.system]))
    summary_ = (
        f'<summary><span class="verdict">{result.verdict}</span><span class="id">{escape(case.id)}</span>'
        f'<span class="title">{escape(case.title)}{reason}</span><span class="aside">{escape(aside)}</span></summary>'
    )
    said = f"<div>{sequence_diagram(result)}{_frames(result)}</div>"
    body = f'<div class="body">{said}<div class="facts">{"".join(_facts(result))}</div></div>'
    return f'<details class="case {_name(result.verdict)}"{is_open}>{summary_}{body}</details>'


def _frames(result: Result) -> str:
    if not result.log:
        return "<p>Nothing was said.</p>"
    return f'<details class="frames"><summary>frames</summary><pre>{frames(result)}</pre></details>'


def _facts(result: Result) -> Iterator[str]:
    """What stands beside the diagram."""
    case = result.case
    if result.verdict is Verdict.FAIL:
        entries = (("at", result.place), ("expected", result.expected), ("found", result.found))
        yield f'<dl class="finding">{"".join(_entry(*entry) for entry in entries)}</dl>'
    yield "<dl>"
    yield _entry("use cases", ", ".join(case.use_cases))
    yield _entry("requirements", ", ".join(case.requirements))
    if result.unchecked:
        notes = "".join(f"<li>{escape(note)}</li>" for note in dict.fromkeys(result.unchecked))
        yield f"<dt>not checked, for people to look at</dt><dd><ul>{notes}</ul></dd>"
    if result.again:
        yield f"<dt>again</dt><dd><code>{escape(result.again)}</code></dd>"
    yield "</dl>"


def _entry(name: str, text: str) -> str:
    return f"<dt>{name}</dt><dd>{escape(text)}</dd>" if text else ""
