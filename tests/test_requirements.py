"""Every MUST of the blocks that are done is named by the code that honours it and by a test, or listed as open.

``python tests/traceability.py`` brings the list and the table up to date.
"""

from __future__ import annotations

import pytest
import traceability as trace

CODE = trace.citations(trace.sources())
SHOWN = trace.citations(trace.tests())
OPEN = trace.open_entries()


@pytest.mark.parametrize("requirement", trace.requirements().values(), ids=lambda requirement: requirement.id)
def test_it_is_honoured_and_shown_or_listed(requirement: trace.Requirement) -> None:
    lacks = trace.missing(requirement, CODE, SHOWN)
    if requirement.id in OPEN:
        assert lacks, f"{requirement.id} is listed as open ({OPEN[requirement.id]}), and is not any more"
    else:
        assert not lacks, f"{requirement.id} is not named by: {', '.join(lacks)}"


def test_only_requirements_are_listed() -> None:
    assert OPEN.keys() <= trace.requirements().keys()
    assert all(reason.strip() for reason in OPEN.values())


def test_only_requirements_are_named() -> None:
    """An id that is misspelt honours nothing."""
    known = trace.known_ids()
    letters = {id_[0] for id_ in known}
    for found in (CODE, SHOWN):
        unknown = {id_: names for id_, names in found.items() if id_[0] in letters and id_ not in known}
        assert not unknown


def test_the_table_is_up_to_date() -> None:
    assert trace.TABLE.read_text(encoding="utf-8") == trace.table_text()


def test_the_requirements_are_read() -> None:
    found = trace.requirements()
    assert "E06.FR.05" not in found and "C17.FR.01" not in found
    assert {"A04.FR.01", "B01.FR.01", "C16.FR.01", "E16.FR.05", "N07.FR.02"} <= found.keys()
    assert found["E02.FR.07"].ids[0] == "E02.FR.07" or "E01.FR.07" in found["E02.FR.07"].ids
