"""Network profiles, and which is tried next (Part 2, B10)."""

from __future__ import annotations

import ssl

import pytest

from ocpp21.asyncio.profiles import Itinerary, NetworkProfile
from ocpp21.errors import LocalProtocolError

A, B = (NetworkProfile(f"ws://{host}", "CS1", "a-password-of-the-station") for host in "ab")


def trace(itinerary: Itinerary, outcomes: str) -> str:
    """Which profiles are tried, when attempts fail (``-``) and succeed (``+``)."""
    tried = ""
    for outcome in outcomes:
        tried += itinerary.current.url[-1]
        itinerary.succeed() if outcome == "+" else itinerary.fail()
    return tried


@pytest.mark.use_case("B10")
@pytest.mark.parametrize(
    "when_exhausted, outcomes, tried",
    [
        ("start_over", "-------", "aabbaab"),
        ("start_over", "-+-+--+---", "aaaaaabbba"),
        ("start_over", "--+---", "aabbba"),
        ("last_successful", "-------", "aabbaab"),
        ("last_successful", "--+---------", "aabbbaabbbbb"),
        ("last_successful", "+-----------", "aaabbaaaaaaa"),
    ],
)
def test_the_order_of_attempts(when_exhausted: str, outcomes: str, tried: str) -> None:
    itinerary = Itinerary([A, B], attempts=2, when_exhausted=when_exhausted)  # type: ignore[arg-type]
    assert trace(itinerary, outcomes) == tried


@pytest.mark.use_case("B10")
def test_another_profile_wants_another_boot() -> None:
    itinerary = Itinerary([A, B], attempts=1)
    assert not itinerary.succeed()
    assert not itinerary.succeed()
    itinerary.fail()
    assert itinerary.succeed()
    assert not itinerary.succeed()


def test_what_is_no_itinerary() -> None:
    with pytest.raises(LocalProtocolError):
        Itinerary([])
    with pytest.raises(LocalProtocolError):
        Itinerary([A], attempts=0)


@pytest.mark.attack("A19")
def test_what_is_no_profile() -> None:
    for url, context in [
        ("wss://a", None),
        ("ws://a", ssl.create_default_context()),
        ("http://a", None),
        ("file:///etc/passwd", ssl.create_default_context()),
        ("wss://user:secret@a", ssl.create_default_context()),
        ("ws://" + "a" * 1996, None),
    ]:
        with pytest.raises(LocalProtocolError):
            NetworkProfile(url, "CS1", ssl=context)


def test_a_profile_does_not_tell_its_password() -> None:
    assert "password" not in repr(A) and "password" not in str(A)
