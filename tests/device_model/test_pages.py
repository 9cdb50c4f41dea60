"""Reports cut into messages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocpp21 import codec, framing
from ocpp21.device_model import BYTES_PER_MESSAGE, DeviceModel, pages
from ocpp21.messages import NotifyReportRequest, ReportBaseEnumType

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
REPORT = DeviceModel.minimal().base_report(ReportBaseEnumType.FULL_INVENTORY)


def size(page: NotifyReportRequest) -> int:
    return len(framing.call("x" * 36, page))


def test_a_small_report_is_one_message() -> None:
    page, *others = pages(REPORT[:3], request_id=7, generated_at=NOW)
    assert page == NotifyReportRequest(request_id=7, generated_at=NOW, report_data=REPORT[:3], tbc=False, seq_no=0)
    assert others == []


def test_an_empty_report_is_one_message_without_data() -> None:
    assert list(pages([], request_id=7, generated_at=NOW)) == [
        NotifyReportRequest(request_id=7, generated_at=NOW, tbc=False, seq_no=0)
    ]


@settings(deadline=None)
@given(
    st.integers(0, len(REPORT)),
    st.integers(1, 5000),
    st.one_of(st.none(), st.integers(1, 70)),
    st.integers(-(2**31), 2**31 - 1),
)
def test_parts_are_complete_in_order_and_as_few_as_can_be(
    count: int, most_bytes: int, most_items: int | None, request_id: int
) -> None:
    report = REPORT[:count]
    found = list(
        pages(
            report,
            request_id=request_id,
            generated_at=NOW,
            items_per_message=most_items,
            bytes_per_message=most_bytes,
        )
    )
    assert [row for page in found for row in page.report_data or ()] == report
    assert [page.seq_no for page in found] == list(range(len(found)))
    assert [page.tbc for page in found] == [True] * (len(found) - 1) + [False]
    assert {page.request_id for page in found} == {request_id}
    for page, following in zip(found, [*found[1:], None], strict=True):
        codec.encode(page)
        rows = page.report_data or []
        assert len(rows) <= 1 or size(page) <= most_bytes
        assert most_items is None or len(rows) <= most_items
        if following is not None and len(rows) != most_items:
            # One more would have been too much, counting the byte by which ``false`` is longer than ``true``.
            fuller = NotifyReportRequest(
                request_id=request_id,
                generated_at=NOW,
                report_data=[*rows, *(following.report_data or [])[:1]],
                tbc=False,
                seq_no=page.seq_no,
            )
            assert size(fuller) > most_bytes


def test_the_limit_is_reached_to_the_byte() -> None:
    page = next(pages(REPORT[:2], request_id=7, generated_at=NOW))
    exact = size(page)
    assert len(list(pages(REPORT[:2], request_id=7, generated_at=NOW, bytes_per_message=exact))) == 1
    assert len(list(pages(REPORT[:2], request_id=7, generated_at=NOW, bytes_per_message=exact - 1))) == 2


@pytest.mark.parametrize("count", [1, len(REPORT)])
def test_the_usual_limit_holds(count: int) -> None:
    assert all(size(page) <= BYTES_PER_MESSAGE for page in pages(REPORT[:count], request_id=1, generated_at=NOW))
