"""The table of ``docs/conformance.md``: how many cases pass, by profile and role. ``python -m tests.conformance.table``

It is computed from the list of expected failures, as CI plays every case, and fails when the list is not true.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from ocpp21.conformance import Configuration, select
from ocpp21.conformance.cases.case import Case, Side
from ocpp21.conformance.runner import playable
from ocpp21.conformance.verdict import Inconclusive
from tests.conformance.own import ROLES, applicable, expected_failures

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "conformance.md"
BEGIN: Final = "<!-- table: python -m tests.conformance.table -->\n"
END: Final = "<!-- end of table -->\n"


def is_playable(case: Case) -> bool:
    """Whether the kit can play it."""
    try:
        playable(case, Configuration(evses=(1, 1)))
    except Inconclusive:
        return False
    return True


def rows() -> Iterator[str]:
    """The lines of the table."""
    yield "| profile | role | cases | playable by the kit | claimed by ours | pass | expected to fail |\n"
    yield "|---|---|---|---|---|---|---|\n"
    every = select()
    for profile in dict.fromkeys(listing.profile for case in every for listing in case.listings):
        for role in ROLES:
            cases = [one for one in every if one.role == role and any(x.profile == profile for x in one.listings)]
            if cases:
                yield f"| {profile} | {role} | {' | '.join(map(str, numbers(role, cases)))} |\n"
    for role in ROLES:
        cases = [one for one in every if one.role == role]
        yield f"| all, and in no profile | {role} | {' | '.join(map(str, numbers(role, cases)))} |\n"


def numbers(role: Side, cases: Sequence[Case]) -> Iterator[int]:
    """How many cases there are, can be played, are claimed by our role, pass, and are expected to fail."""
    known = expected_failures()
    claimed = {case.id for case in applicable(role)}
    yield len(cases)
    yield sum(map(is_playable, cases))
    yield sum(case.id in claimed for case in cases)
    yield sum(case.id not in known for case in cases)
    yield sum(case.id in known for case in cases)


def document() -> str:
    """The document with the table as it is now."""
    head, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}{''.join(rows())}{END}{tail}"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
