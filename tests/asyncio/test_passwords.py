"""Passwords: what is one, how it is kept, and that nothing is learnt from how long a check takes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import statistics
import string
import time

import pytest

from ocpp21.asyncio.passwords import (
    Authenticator,
    PasswordStore,
    check_password,
    generate_password,
    hash_password,
    verify_password,
)
from ocpp21.errors import LocalProtocolError

PASSWORD = "Correct-Horse-Battery-Staple=40_chars|:."
RIGHT = PASSWORD.encode()
COMPUTED = bytes.fromhex("72c3a001a234a3d79a319df1448ecf34e21df0d92a98989f26e572637c6ffae4")


def ask(authenticator: Authenticator, identity: str, password: bytes) -> bool:
    return asyncio.run(authenticator.authenticate(identity, password))


def test_generated_passwords_are_taken_by_every_station() -> None:
    made = {generate_password() for _ in range(200)}
    assert len(made) == 200
    assert {len(password) for password in made} == {40}
    allowed = {*string.ascii_letters, *string.digits, *"*-_=:+|@."}
    assert {*"".join(made)} == allowed  # each of the 71 is missing from 8000 with a probability below 1e-49
    assert all(check_password(password) == password.encode("ascii") for password in made)


@pytest.mark.parametrize("password", ["x" * 16, "x" * 64, "pässwörter sind schwer", "密码" * 8, "a:b" * 6, b"x" * 16])
def test_what_is_a_password(password: str | bytes) -> None:
    assert check_password(password) == (password if isinstance(password, bytes) else password.encode())


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "16 to 64 characters, found 0"),
        ("x" * 15, "16 to 64 characters, found 15"),
        ("x" * 65, "16 to 64 characters, found 65"),
        ("密" * 15, "16 to 64 characters, found 15"),
        ("x" * 15 + "\n", "printable"),
        ("x" * 15 + "\0", "printable"),
        ("\ud800" * 16, "UTF-8"),
        (b"\xff" * 20, "UTF-8"),
    ],
)
def test_what_is_none(password: str | bytes, why: str) -> None:
    with pytest.raises(LocalProtocolError, match=why) as caught:
        check_password(password)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__ == (why == "UTF-8")


def test_hashes_are_salted_and_show_nothing() -> None:
    first, second = hash_password(RIGHT), hash_password(RIGHT)
    assert first != second and PASSWORD not in first
    assert verify_password(RIGHT, first) and verify_password(RIGHT, second)
    for wrong in (b"", RIGHT[:-1], RIGHT + b"x", RIGHT.upper()):
        assert not verify_password(wrong, first)


def test_no_two_byte_strings_are_one_password() -> None:
    """HMAC takes a short key for itself with zeros behind, and a long one for its hash."""
    long = b"x" * 100
    assert not verify_password(RIGHT + b"\0", hash_password(RIGHT, cost=1))
    assert not verify_password(hashlib.sha256(long).digest(), hash_password(long, cost=1))


def test_a_hash_is_what_others_compute() -> None:
    """The SHA-256 of the word password, through ``openssl kdf -keylen 32 ... SCRYPT`` with N = 1024, r = 8, p = 1."""
    salt = base64.b64encode(b"NaCl").decode()
    known = base64.b64encode(COMPUTED).decode()
    assert verify_password(b"password", f"scrypt$10${salt}${known}")


def test_the_cost_is_kept_in_the_hash() -> None:
    cheap, dear = hash_password(RIGHT, cost=1), hash_password(RIGHT, cost=14)
    assert cheap.startswith("scrypt$1$") and dear.startswith("scrypt$14$")
    assert verify_password(RIGHT, cheap) and verify_password(RIGHT, dear)
    for cost in (0, 21):
        with pytest.raises(ValueError, match=f"expected a cost of 1 to 20, found {cost}"):
            hash_password(RIGHT, cost=cost)


@pytest.mark.parametrize(
    "text",
    [
        "",
        PASSWORD,
        "scrypt$12$AAAA",
        "bcrypt$12$AAAA$AAAA",
        "scrypt$x$AAAA$AAAA",
        "scrypt$21$AAAA$AAAA",
        "scrypt$12$A$A",
    ],
)
def test_what_is_no_hash(text: str) -> None:
    with pytest.raises(ValueError, match="expected scrypt") as caught:
        verify_password(RIGHT, text)
    assert PASSWORD not in str(caught.value)
    with pytest.raises(ValueError, match="expected scrypt"):
        PasswordStore({"CS-1": text})


def test_a_store_knows_its_stations() -> None:
    store = PasswordStore({"CS-1": hash_password(RIGHT)})
    assert ask(store, "CS-1", RIGHT) and ask(store, "cs-1", RIGHT)
    assert not ask(store, "CS-1", b"wrong") and not ask(store, "CS-2", RIGHT)
    assert "cs-1" in store and "CS-2" not in store and 1 not in store
    assert asyncio.run(store.knows("CS-1")) and not asyncio.run(store.knows("CS-2"))


def test_an_unknown_identity_has_no_password_even_if_it_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it is compared with, so that it takes as long, is no way in."""
    monkeypatch.setattr("ocpp21.asyncio.passwords.secrets.token_bytes", bytes)
    assert not ask(PasswordStore(cost=1), "nobody", bytes(16))


def test_a_password_is_replaced_and_removed() -> None:
    store = PasswordStore(cost=4)
    stored = store.set("CS-1", PASSWORD)
    assert ask(store, "CS-1", RIGHT) and verify_password(RIGHT, stored)
    store.set("cs-1", "another-password")
    assert not ask(store, "CS-1", RIGHT) and ask(store, "CS-1", b"another-password")
    with pytest.raises(LocalProtocolError):
        store.set("CS-1", "short")
    assert ask(store, "CS-1", b"another-password")
    store.remove("CS-1")
    store.remove("CS-1")
    assert not ask(store, "CS-1", b"another-password")


@pytest.mark.attack("A08")
def test_unknown_identities_cost_as_much_as_wrong_passwords() -> None:
    """Processor time that differs by less than half, where to look nothing up would be a thousand times as fast."""
    store = PasswordStore()
    store.set("CS-1", PASSWORD)
    times: dict[tuple[str, bytes], list[float]] = {
        ("CS-1", RIGHT): [],
        ("CS-1", b"wrong"): [],
        ("nobody", RIGHT): [],
    }
    for _ in range(15):
        for (identity, password), taken in times.items():
            begin = time.process_time()
            assert ask(store, identity, password) == ((identity, password) == ("CS-1", RIGHT))
            taken.append(time.process_time() - begin)
    medians = [statistics.median(taken) for taken in times.values()]
    print(medians)
    assert max(medians) < 1.5 * min(medians)


def test_others_are_served_while_a_hash_is_computed() -> None:
    store = PasswordStore(cost=14)
    store.set("CS-1", PASSWORD)

    async def main() -> int:
        turns = 0
        check = asyncio.create_task(store.authenticate("CS-1", RIGHT))
        while not check.done():
            turns += 1
            await asyncio.sleep(0)
        assert check.result()
        return turns

    assert asyncio.run(main()) > 10


@pytest.mark.attack("A59")
def test_nothing_shows_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = PasswordStore()
    hashed = store.set("CS-1", PASSWORD)
    asyncio.run(store.authenticate("CS-1", RIGHT), debug=True)
    asyncio.run(store.authenticate("CS-1", b"wrong-password"), debug=True)
    for text in (repr(store), str(store), caplog.text):
        assert PASSWORD not in text and "wrong-password" not in text and hashed not in text
    assert repr(store) == "<PasswordStore of 1 identities>"
