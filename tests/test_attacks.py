"""Every family of attacks is replayed by a test, and what a test says it replays is in the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest
from attacks import FAMILIES, replayed

#: Families and tests, of all tests that there are.
REPLAYED = list(replayed(Path(__file__).parent))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_replayed(family: str) -> None:
    tests = [test for known, test in REPLAYED if known == family]
    print(family, FAMILIES[family], *tests, sep="\n  ")
    assert tests


def test_no_test_replays_what_nobody_knows() -> None:
    assert {family for family, _ in REPLAYED} <= set(FAMILIES)


def test_only_marks_on_tests_count(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(
        '@pytest.mark.attack("A01", "A02")\nasync def test_it(): ...\n'
        '@pytest.mark.attack("A03")\ndef helper(): ...\n'
        '@pytest.mark.use_case("A00")\ndef test_that(): ...\n'
    )
    assert list(replayed(tmp_path)) == [("A01", "test_some.py::test_it"), ("A02", "test_some.py::test_it")]
