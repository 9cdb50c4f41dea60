"""The report as one page of HTML that needs no other file, no script and no network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any, Final

from ocpp21.load.charts import Axis, Chart, Line, data_uri, lines
from ocpp21.load.report import Report

__all__ = ["charts_of", "to_html"]

#: Shares of a distribution that are marked on its axis, as one over the rest.
_NINES: Final = {1: "0 %", 2: "50 %", 10: "90 %", 100: "99 %", 1_000: "99.9 %", 10_000: "99.99 %", 100_000: "99.999 %"}


def to_html(report: Report, /) -> str:
    """Write the page.

    Raises:
        ModuleNotFoundError: the extra ``load`` is not installed.
    """
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"ms": _ms, "many": _many}
    environment.globals["uri"] = data_uri
    text = (resources.files("ocpp21.load") / "page.html").read_text(encoding="utf-8")
    return environment.from_string(text).render(report=report, plan=report.plan, charts=charts_of(report))


def charts_of(report: Report, /) -> Mapping[str, Chart]:
    """Draw what can be drawn, by title."""
    moments, seconds = report.moments, Axis("time since the beginning in s")
    found = {
        "Messages per second": lines(
            [
                Line("sent", [(moment.at_s, moment.sent_per_s) for moment in moments]),
                Line("answered", [(moment.at_s, moment.answered_per_s) for moment in moments], dashed=True),
            ],
            x=seconds,
            y=Axis("messages per s"),
        ),
        "Stations connected, and faults": lines(
            [
                Line("connected", [(moment.at_s, moment.connected) for moment in moments]),
                Line("faults", [(moment.at_s, moment.faults) for moment in moments]),
            ],
            x=seconds,
            y=Axis("stations, faults"),
        ),
    }
    if report.distribution:
        answered = [moment for moment in moments if moment.p99_s]
        found["Latency over time"] = lines(
            [
                Line("median", [(moment.at_s, moment.p50_s * 1000) for moment in answered]),
                Line("99 %", [(moment.at_s, moment.p99_s * 1000) for moment in answered]),
            ],
            x=seconds,
            y=Axis("ms from when it was due", is_log=True),
        )
        points = [(1 / (1 - share), at_most_s * 1000) for at_most_s, share in report.distribution if share < 1]
        end = max([point[0] for point in points], default=1.0) * 1.2
        found["Latency by percentile"] = lines(
            [Line("", [*points, (end, report.latency.max_s * 1000)])],
            x=Axis("messages that took at most so long", is_log=True, ticks=dict(_up_to(end))),
            y=Axis("ms from when it was due", is_log=True),
        )
    return found


def _up_to(end: float) -> Iterable[tuple[float, str]]:
    return ((place, text) for place, text in _NINES.items() if place <= end)


def _ms(seconds: float) -> str:
    """Three digits that count, in ms."""
    ms = seconds * 1000
    return f"{ms:,.0f}" if ms >= 100 else f"{ms:.3g}"


def _many(count: Any) -> str:
    return f"{count:,.0f}" if count >= 100 else f"{count:.3g}"
