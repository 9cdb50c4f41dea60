"""Which cases are meant."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from ocpp21.conformance.cases.case import Case, Side
from ocpp21.conformance.cases.load import Library, library
from ocpp21.spelling import found_name

__all__ = ["NoSuchCase", "select"]


class NoSuchCase(ValueError):
    """No case is meant by a pattern."""


def select(
    patterns: Sequence[str] = (),
    /,
    *,
    role: Side | None = None,
    profile: str = "",
    use_case: str = "",
    requirement: str = "",
    found: Library | None = None,
) -> list[Case]:
    """Select cases.

    Args:
        patterns: of ids, with ``*`` and ``?``; all by default.
        role: of the system under test.
        profile: beginning of the name of a certification profile.
        use_case: of Part 2, such as ``B01``.
        requirement: of Part 2, such as ``B01.FR.01``.
        found: where to select from; the cases of the package by default.

    Raises:
        NoSuchCase: a pattern means no case of the role.
    """
    every = [case for case in (found or library()).cases.values() if role in (None, case.role)]
    for pattern in patterns:
        if not any(_is_meant(case, pattern) for case in every):
            near = found_name(pattern, [case.id for case in every])
            raise NoSuchCase(f"expected the id of a test case{f' for a {role}' if role else ''}, found {near}")
    return [
        case
        for case in every
        if (not patterns or any(_is_meant(case, pattern) for pattern in patterns))
        and (not profile or any(one.profile.lower().startswith(profile.lower()) for one in case.listings))
        and (not use_case or use_case in case.use_cases)
        and (not requirement or requirement in case.requirements)
    ]


def _is_meant(case: Case, pattern: str) -> bool:
    return fnmatchcase(case.id, pattern) or fnmatchcase(case.id.rpartition("_")[0], pattern)
