"""The page holds what the report says, and needs nothing else."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest

from ocpp21.load import Fault, Plan, Report, Scenario
from ocpp21.load.charts import Axis, Line, bars, lines
from ocpp21.load.page import charts_of, to_html
from ocpp21.load.report import summarize
from ocpp21.load.tally import Tally

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

SVG = "{http://www.w3.org/2000/svg}"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def make_report(count: int = 2000, *, cpu_s: float = 1.0, **options: object) -> Report:
    """A report of made-up times."""
    clock = Clock()
    tally = Tally(clock)
    tally.came()
    for number in range(count):
        clock.now = 10 * number / count
        tally.sent("Heartbeat")
        tally.answered("Heartbeat", due_at=clock.now - number / 1000, left_at=clock.now)
    if count:
        tally.sent("Connect")
        tally.note(Fault.INVALID, "<script>alert(1)</script>")
        tally.lateness.record(0.02)
        tally.owed.record(3.0)
    clock.now = 10.0
    tally.end()
    plan = Plan(url="ws://csms.example/ocpp", stations=1, **options)  # type: ignore[arg-type]
    return summarize(plan, tally, datetime(2026, 1, 1, tzinfo=UTC), cpu_s=cpu_s)


def test_the_page_needs_no_other_file() -> None:
    page = to_html(make_report())
    # The one URL is that of the CSMS; namespaces stand in the charts, which are data.
    assert re.findall(r"\w+://[^\s<\"]+", page) == ["ws://csms.example/ocpp"] * 2
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert page.count("data:image/svg+xml;base64,") == 8


def test_the_page_says_what_is_in_the_report() -> None:
    page = to_html(make_report(cpu_s=9.5, mix={Scenario.BOOT: 2.5, Scenario.METERING: 1000.0}))
    for text in ("2026-01-01 00:00:00 UTC", "boot 2.5, metering 1,000", "each a message every 10 s", "2,000"):
        assert text in page
    assert "the generator took 95% of a core" in page
    assert "the generator was late by 20 ms" in page
    assert "1 messages were due and had not left at the end." in page


@pytest.mark.parametrize(
    ("options", "text"),
    [({"flat_out": True}, "as fast as the answers come"), ({"rate": 250.0}, "250 messages per second wanted")],
)
def test_the_page_says_how_fast_it_was_to_be(options: dict[str, object], text: str) -> None:
    assert text in to_html(make_report(10, **options))


def test_nothing_happened() -> None:
    report = make_report(0)
    assert (report.doubts, report.faults, report.distribution) == ((), {}, ())
    assert len(charts_of(report)) == 2
    assert "Faults</h2>" not in to_html(report)


def test_all_took_the_same_time() -> None:
    clock = Clock()
    tally = Tally(clock)
    for _ in range(5):
        tally.answered("Heartbeat", due_at=-0.5, left_at=0.0)
    report = summarize(Plan(url="ws://csms.example"), tally, datetime(2026, 1, 1, tzinfo=UTC), cpu_s=0.0)
    assert report.distribution == ((0.5, 1.0),)
    assert "Latency by percentile" in charts_of(report)


def test_long_distributions_are_thinned_but_for_their_tail() -> None:
    report = make_report(20_000)
    assert len(report.distribution) < 1200
    shares = [share for _, share in report.distribution]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("name", ["light", "dark"])
def test_charts_are_svg_whose_text_is_text(name: str) -> None:
    chart = lines(
        [Line("ours", [(1, 2), (3, 4)]), Line("theirs", [(1, 3)])], x=Axis("size in bytes", True), y=Axis("s")
    )
    root = ET.fromstring(getattr(chart, name))
    assert root.tag == f"{SVG}svg"
    assert {"ours", "theirs", "size in bytes"} <= {"".join(text.itertext()).strip() for text in root.iter(f"{SVG}text")}


def test_charts_are_the_same_every_time() -> None:
    def draw() -> tuple[str, str]:
        return bars({"a": {"ours": 1, "theirs": 20}, "b": {"ours": 2}}, y=Axis("µs", True))

    assert draw() == draw()
    assert draw()[0] != draw()[1]


def test_bars_of_one_kind_have_no_legend() -> None:
    assert "ours" not in bars({"a": {"ours": 1}}, y=Axis("µs")).light


def test_an_axis_in_words() -> None:
    chart = lines([Line("x", [])], x=Axis("", ticks={1: "one"}), y=Axis(""))
    assert ">one<" in re.sub(r"\s+", "", chart.dark)


def test_pictures_are_data() -> None:
    from ocpp21.load.charts import data_uri

    head, _, data = data_uri("<svg/>").partition(",")
    assert (head, base64.b64decode(data)) == ("data:image/svg+xml;base64", b"<svg/>")
