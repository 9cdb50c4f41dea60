"""The HTML report: what it shows of a case, of a very long one, and of one that was played by somebody rude."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from ocpp21.conformance import Case, Result, Verdict, load, reports
from ocpp21.conformance.reports.sequence import MOST_ROWS, sequence_diagram
from ocpp21.conformance.verdict import Entry
from tests.conformance.scripted import case

ONE: Case = load(case(title="a <b>", requirements=["X07.FR.02"], use_cases=["X07"]), "").cases["TC_X_01_CS"]

LOG = [
    Entry(0.0, "note", "connection of <CS001> opened"),
    Entry(0.5, "in", '[2,"a","Heartbeat",{}]', "Heartbeat", "1"),
    Entry(0.5, "out", '[3,"a",{"currentTime":"now"}]'),
    Entry(1.0, "out", '[2,"b","ClearCache",{}]', "ClearCache"),
    Entry(1.5, "in", '[4,"b","InternalError","<i>no</i>",{}]'),
    Entry(2.0, "in", '[6,"c","NotifyPeriodicEventStream",{"id":1}]', "NotifyPeriodicEventStream"),
    Entry(2.0, "out", '[5,"c","GenericError","",{}]'),
    Entry(2.5, "in", "garbage</pre>"),
    Entry(2.5, "in", '[3,"unknown",{}]'),
    Entry(2.5, "in", '[9,"z",{}]'),
    Entry(2.5, "in", "[" * 100_000),
]


class Outline(HTMLParser):
    """Sees that tags are closed in their order, and collects the text of the elements with a class."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._open: list[tuple[str, str]] = []
        self.texts: dict[str, list[str]] = {}
        self.tags: set[str] = set()
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in ("meta", "input"):
            kind = dict(attrs).get("class") or ""
            self._open.append((tag, kind))
            self.texts.setdefault(kind, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _, kind in self._open:
            self.texts[kind][-1] += data


def failed(log: list[Entry]) -> Result:
    return Result(
        ONE,
        Verdict.FAIL,
        "step 2",
        "status == <x>",
        "'y'",
        duration_s=3.25,
        log=log,
        unchecked=("look", "look"),
        was_played=True,
        system="127.0.0.1:9000",
        again="ocpp21 conform station own --cases TC_X_01_CS",
    )


def test_what_stands_beside_a_fail() -> None:
    texts = Outline(reports.html_report([failed(LOG)])).texts
    assert texts["finding"] == ["atstep 2expectedstatus == <x>found'y'"]
    assert texts["aside"] == ["3.2 s at 127.0.0.1:9000"]
    (facts,) = texts["facts"]
    assert "X07.FR.02" in facts and facts.count("look") == 2  # the title of the list is one
    assert "againocpp21 conform station own --cases TC_X_01_CS" in facts
    assert texts["decision"] == ["3.250step 2: expected status == <x>, found 'y'"]


def test_who_said_what() -> None:
    texts = Outline(sequence_diagram(failed(LOG))).texts
    assert texts["ends"] == ["test systemCharging Stationstep"]
    assert texts["arrow"] == ["Heartbeat{}", "ClearCache{}", 'NotifyPeriodicEventStream{"id": 1}']
    assert texts["arrow answer"] == [
        'HeartbeatResponse{"currentTime": "now"}',
        'ClearCache CALLERROR"InternalError" "<i>no</i>" {}',
        'NotifyPeriodicEventStream CALLRESULTERROR"GenericError" "" {}',
        "no OCPP-Jgarbage</pre>",
        "Response{}",
        "unknown{}",
        f"no OCPP-J{'[' * 300}...",
    ]
    assert texts["note"] == ["0.000connection of <CS001> opened"]
    assert texts["in"][0].startswith("0.500Heartbeat") and texts["in"][0].endswith("1")


def test_at_a_csms_that_is_the_other_end() -> None:
    one = load(case(id="TC_X_01_CSMS", role="CSMS"), "").cases["TC_X_01_CSMS"]
    assert "<b>CSMS</b>" in sequence_diagram(Result(one, Verdict.PASS, log=LOG))
    assert sequence_diagram(Result(one, Verdict.PASS)) == ""


def test_a_page_is_well_formed_and_needs_nothing_else() -> None:
    page = reports.html_report([failed(LOG), failed([]), Result(ONE, Verdict.NOT_APPLICABLE, reason="<no>")])
    outline = Outline(page)
    assert not outline.tags & {"script", "img", "link", "iframe", "a"}
    assert not re.search(r"https?:|url\(|@import", page)
    assert outline.texts["title"] == ["a <b>step 2: expected status == <x>, found 'y'"] * 2 + ["a <b><no>"]


@pytest.mark.parametrize(
    ("verdicts", "shown"),
    [
        (list(Verdict), {"pass", "fail", "inconclusive"}),
        ([Verdict.NOT_APPLICABLE], {"not-applicable"}),
        ([Verdict.PASS], {"pass"}),
        ([], set()),
    ],
)
def test_a_box_for_each_verdict(verdicts: list[Verdict], shown: set[str]) -> None:
    page = reports.html_report([Result(ONE, verdict) for verdict in verdicts])
    boxes = dict(re.findall(r'<input type="checkbox" class="filter" id="show-([\w-]+)"( checked)?>', page))
    assert {name for name, ticked in boxes.items() if ticked} == shown
    assert list(boxes) == [str(verdict).replace(" ", "-") for verdict in verdicts]
    for name in boxes:  # and the style knows it
        assert f"#show-{name}:not(:checked) ~ main .case.{name}" in page
        assert f'<details class="case {name}"' in page


def test_of_a_very_long_case_the_first_and_the_last_are_shown() -> None:
    log = [Entry(float(n), "in", f'[2,"{n}","Heartbeat",{{}}]', "Heartbeat") for n in range(100_000)]
    page = reports.html_report([failed(log)])
    texts = Outline(page).texts
    assert len(texts["in"]) == MOST_ROWS - 2  # the ends and the decision are rows, too
    assert texts["note"] == [f"{100_002 - MOST_ROWS:,} entries left out"]
    assert texts["in"][-1].startswith("99999.000") and len(texts["decision"]) == 1
    assert f"{100_000 - MOST_ROWS:,} entries left out" in texts["frames"][0]
    assert len(page) < 300_000


def test_a_huge_frame_does_not_make_a_huge_page() -> None:
    assert len(reports.html_report([failed([Entry(0.0, "in", "<" * 1_000_000)] * 3)])) < 100_000
