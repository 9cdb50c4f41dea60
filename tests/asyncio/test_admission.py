"""Where connections come from, and how many there may be."""

from __future__ import annotations

import pytest

from ocpp21.asyncio.admission import Bounds, Census, source_of


@pytest.mark.parametrize(
    "peer_name, source",
    [
        (("192.0.2.1", 1234), "192.0.2.1"),
        (("::ffff:192.0.2.1", 1234, 0, 0), "192.0.2.1"),
        (("2001:db8::1", 1234, 0, 0), "2001:db8::/64"),
        (("2001:db8::ffff:1", 1234, 0, 0), "2001:db8::/64"),
        (("fe80::1%eth0", 1234, 0, 2), "fe80::/64"),
        ("", "local"),
        ("/run/ocpp.sock", "local"),
        (None, "local"),
        ((), "local"),
        ((7,), "local"),
    ],
)
def test_sources(peer_name: object, source: str) -> None:
    assert source_of(peer_name) == source


def test_a_census() -> None:
    census = Census(Bounds(connections=3, per_source=2))
    for source in "aab":
        census.enter(source)
        assert not census.is_crowded(source)
    census.enter("a")
    assert census.is_crowded("a") and census.is_crowded("b") and not census.is_flooded("a")
    for _ in range(16):
        census.enter("a")
    assert census.is_flooded("a") and len(census) == 20
    for _ in range(18):
        census.leave("a")
    assert not census.is_crowded("a") and len(census) == 2


def test_no_bound_per_source() -> None:
    census = Census(Bounds(per_source=None))
    for _ in range(2000):
        census.enter("a")
    assert not census.is_crowded("a")
