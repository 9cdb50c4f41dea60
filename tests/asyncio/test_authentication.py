"""Basic authentication, without sockets: time is an argument."""

from __future__ import annotations

import asyncio
import base64

import pytest
from loopback import PASSWORD, Passwords

from ocpp21.asyncio.admission import Bounds, Refusal
from ocpp21.asyncio.authentication import Authentication, credentials
from ocpp21.asyncio.client import basic

GOOD = basic("CS1", PASSWORD)
WRONG = basic("CS1", "wrong")


def encoded(text: bytes) -> str:
    return base64.b64encode(text).decode()


@pytest.mark.parametrize(
    "headers, found",
    [
        ([GOOD], (b"CS1", PASSWORD.encode())),
        ([basic("CS1", "with:colons:")], (b"CS1", b"with:colons:")),
        ([f"bASIC {encoded(b'u:p')}"], (b"u", b"p")),
        ([f"Basic   {encoded(b'u:')} "], (b"u", b"")),
        ([basic("CS1", "pässwörd")], (b"CS1", "pässwörd".encode())),
        ([], None),
        ([GOOD, GOOD], None),
        (["Basic"], None),
        (["Basic ?"], None),
        (["Basic é"], None),
        (["Basic dTp"], None),
        ([f"Bearer {encoded(b'u:p')}"], None),
        ([f"Basic {encoded(b'no colon')}"], None),
    ],
)
def test_headers(headers: list[str], found: tuple[bytes, bytes] | None) -> None:
    assert credentials(headers) == found


async def outcome(
    authentication: Authentication, *headers: str, identity: str = "CS1", source: str = "a", now: float = 0.0
) -> int:
    """The status, 101 when let in."""
    refusal = await authentication.judge(identity, headers, source, now)
    return 101 if refusal is None else refusal.status


@pytest.mark.attack("A01", "A02", "A03")
async def test_who_is_let_in() -> None:
    passwords = Passwords("CS1", "CS2")
    authentication = Authentication(passwords, Bounds(failures_per_identity=100, failures_per_source=100))
    assert await outcome(authentication, GOOD) == 101
    assert await outcome(authentication, WRONG) == 401  # A02
    assert await outcome(authentication) == 401  # A01
    asked = passwords.asked
    assert await outcome(authentication, basic("CS2", PASSWORD)) == 401  # A03: nobody is asked about CS2 or CS1
    assert await outcome(authentication, basic("cs1", PASSWORD)) == 401
    assert await outcome(authentication, basic("CS1", "x" * 257)) == 401
    assert passwords.asked == asked


async def test_the_challenge() -> None:
    refusal = await Authentication(Passwords("CS1"), Bounds()).judge("CS1", [], "a", 0.0)
    assert refusal == Refusal(401, "no credentials", (("WWW-Authenticate", 'Basic realm="ocpp", charset="UTF-8"'),))


@pytest.mark.attack("A08")
async def test_unknown_identities() -> None:
    passwords = Passwords("CS1")
    telling = Authentication(passwords, Bounds(), knows=passwords.knows)
    assert await outcome(telling, identity="CS2") == 404
    assert await outcome(telling) == 401
    uniform = Authentication(passwords, Bounds(), knows=passwords.knows, uniform_401=True)
    assert await outcome(uniform, identity="CS2") == await outcome(uniform) == 401


@pytest.mark.attack("A05")
async def test_guesses_are_throttled_and_the_station_is_not() -> None:
    """The station connects from where it did before, whoever guesses elsewhere."""
    passwords = Passwords("CS1")
    authentication = Authentication(passwords, Bounds(failures_per_identity=5, failures_per_source=20))
    assert await outcome(authentication, GOOD, source="home") == 101
    asked = passwords.asked
    statuses = [await outcome(authentication, WRONG, source=f"guesser{n % 50}", now=n * 0.06) for n in range(1000)]
    assert statuses.count(429) > 980 and passwords.asked - asked < 20
    assert await outcome(authentication, GOOD, source="home", now=60) == 101
    assert await outcome(authentication, GOOD, source="guesser1", now=60) == 429
    assert await outcome(authentication, GOOD, source="guesser1", now=120) == 101


@pytest.mark.attack("A05")
async def test_guesses_made_at_once_are_throttled() -> None:
    passwords = Passwords("CS1")
    authentication = Authentication(passwords, Bounds(failures_per_identity=5))
    statuses = await asyncio.gather(*(outcome(authentication, WRONG) for _ in range(50)))
    assert statuses.count(401) == 5 and statuses.count(429) == 45


@pytest.mark.attack("A08")
async def test_a_source_is_throttled_over_all_identities() -> None:
    """Who tries out identities is stopped."""
    passwords = Passwords("CS1")
    authentication = Authentication(passwords, Bounds(failures_per_source=10), knows=passwords.knows)
    statuses = [await outcome(authentication, identity=f"X{n}") for n in range(20)]
    assert statuses == [404] * 10 + [429] * 10


async def test_who_asks_without_a_password_has_not_guessed() -> None:
    authentication = Authentication(Passwords("CS1"), Bounds(failures_per_identity=1))
    for _ in range(5):
        assert await outcome(authentication) == 401
        assert await outcome(authentication, GOOD) == 101


async def test_retry_after_says_when() -> None:
    authentication = Authentication(Passwords("CS1"), Bounds(failures_per_identity=1))
    await outcome(authentication, WRONG)
    refusal = await authentication.judge("CS1", [GOOD], "a", 1.0)
    assert refusal is not None and dict(refusal.headers)["Retry-After"] == "9"
    assert await outcome(authentication, GOOD, now=10.0) == 101


async def test_an_authenticator_that_fails_lets_nobody_in(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        async def authenticate(self, identity: str, password: bytes) -> bool:
            raise ConnectionError("the database is away")

    authentication = Authentication(Broken(), Bounds(failures_per_identity=1))
    assert [await outcome(authentication, GOOD) for _ in range(5)] == [500] * 5
    assert "authenticator failed identity=CS1" in caplog.text and PASSWORD not in caplog.text


async def test_the_homes_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocpp21.asyncio.authentication._REMEMBERED", 2)
    names = [f"CS{n}" for n in range(4)]
    authentication = Authentication(Passwords(*names), Bounds())
    for name in names:
        assert await outcome(authentication, basic(name, PASSWORD), identity=name) == 101
    assert authentication._home == {"cs2": "a", "cs3": "a"}
