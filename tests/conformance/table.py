"""The table of ``docs/conformance.md``: how many cases pass, by profile and role. ``python -m tests.conformance.table``

It is computed from the cases that apply and the list of expected failures, since CI fails when these are not true.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ocpp21.conformance import Configuration, select
from ocpp21.conformance.case import Case, Side
from ocpp21.conformance.runner import playable
from ocpp21.conformance.verdict import Inconclusive
from tests.conformance.own import applicable, expected_failures

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "conformance.md"
BEGIN: Final = "<!-- table: python -m tests.conformance.table -->\n"
END: Final = "<!-- end of table -->\n"

ROLES: Final[tuple[Side, ...]] = ("CS", "CSMS")


def is_playable(case: Case) -> bool:
    """Whether the kit can play it."""
    try:
        playable(case, Configuration(evses=(1, 1)))
    except Inconclusive:
        return False
    return True


def rows() -> Iterator[str]:
    """The lines of the table."""
    yield "| profile | role | cases | playable by the kit | run against ours | pass |\n"
    yield "|---|---|---|---|---|---|\n"
    every = select()
    known = expected_failures()
    ours = {case.id for role in ROLES for case in applicable(role)}
    for profile in dict.fromkeys(listing.profile for case in every for listing in case.listings):
        for role in ROLES:
            cases = [one for one in every if one.role == role and any(x.profile == profile for x in one.listings)]
            if cases:
                run = [case for case in cases if case.id in ours]
                passed = sum(case.id not in known for case in run)
                numbers = (len(cases), sum(map(is_playable, cases)), len(run), passed)
                yield f"| {profile} | {role} | {' | '.join(map(str, numbers))} |\n"


def document() -> str:
    """The document with the table as it is now."""
    head, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}{''.join(rows())}{END}{tail}"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
