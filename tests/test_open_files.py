"""How many files may be open."""

from __future__ import annotations

import sys

import pytest

from ocpp21.open_files import allow_files

resource = pytest.importorskip("resource")


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What the limits are, and were."""
    found = [(100, 1000)]
    monkeypatch.setattr(resource, "getrlimit", lambda kind: found[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limit: found.append(limit))
    return found


def test_more_are_allowed_up_to_the_hard_limit(limits: list[tuple[int, int]]) -> None:
    assert [allow_files(count) for count in (10, 500, 2000)] == [100, 500, 1000]
    assert limits == [(100, 1000), (500, 1000), (1000, 1000)]


def test_where_there_is_no_limit(limits: list[tuple[int, int]]) -> None:
    limits[:] = [(100, resource.RLIM_INFINITY)]
    assert allow_files(5000) == 5000
    limits[:] = [(resource.RLIM_INFINITY, resource.RLIM_INFINITY)]
    assert allow_files(5000) == sys.maxsize
    assert len(limits) == 1


def test_a_system_that_has_no_such_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    assert allow_files(5000) == sys.maxsize
