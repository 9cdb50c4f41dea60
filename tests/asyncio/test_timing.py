"""How long a wrong password takes tells nothing of the right one (A06).

Shown twice: by what is done, which is counted and must be the same to the last instruction; and by the clock. Both ways
are shown to find what they look for, with a comparison that ends at the first byte that differs.
"""

from __future__ import annotations

import asyncio
import math
import random
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from ocpp21.asyncio import passwords
from ocpp21.asyncio.passwords import PasswordStore, hash_password, verify_password

RIGHT = b"Correct-Horse-Battery-Staple=40_chars|:."
HASHED = hash_password(RIGHT, cost=1)
SEED = 20260117

#: Wrong ones, of the length of the right one: equal up to the last byte, and different from the first on.
NEAR = RIGHT[:-1] + b"!"
FAR = b"!" + RIGHT[1:]

Comparison = Callable[[bytes], bool]


def ours(password: bytes) -> bool:
    return verify_password(password, HASHED)


def naive(password: bytes) -> bool:
    """What must not be done."""
    if len(password) != len(RIGHT):
        return False
    return all(ours == theirs for ours, theirs in zip(password, RIGHT, strict=True))


# By what is done


def work(comparison: Comparison, password: bytes) -> int:
    """Count the instructions of Python that a comparison takes."""
    instructions = 0

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal instructions
        frame.f_trace_opcodes = True
        instructions += event == "opcode"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        assert not comparison(password)
    finally:
        sys.settrace(before)
    return instructions


WRONG = {
    "far": FAR,
    "empty": b"",
    "one byte": b"!",
    "one byte less": RIGHT[:-1],
    "one byte more": RIGHT + b"!",
    "zeros": bytes(64),
    "long": b"\xff" * 256,
}


@pytest.mark.attack("A06")
@pytest.mark.parametrize("password", WRONG.values(), ids=WRONG)
def test_every_wrong_password_takes_the_same_instructions(password: bytes) -> None:
    assert work(ours, password) == work(ours, NEAR) > 50


@pytest.mark.attack("A06")
def test_the_count_would_find_a_comparison_that_stops_early() -> None:
    assert work(naive, NEAR) > work(naive, FAR) > work(naive, b"")


@pytest.mark.attack("A06", "A08")
def test_whoever_is_asked_for_costs_one_hash_and_one_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also who is not known at all; and both get as many bytes, whatever the password."""
    done: list[tuple[str, int, int]] = []
    scrypt, compare = passwords.hashlib.scrypt, passwords.hmac.compare_digest

    def counted_scrypt(password: bytes, **options: Any) -> bytes:
        done.append(("scrypt", len(password), options["n"]))
        return scrypt(password, **options)

    def counted_compare(one: bytes, other: bytes) -> bool:
        done.append(("compare", len(one), len(other)))
        return compare(one, other)

    store = PasswordStore({"CS1": HASHED}, cost=1)
    monkeypatch.setattr(passwords.hashlib, "scrypt", counted_scrypt)
    monkeypatch.setattr(passwords.hmac, "compare_digest", counted_compare)
    for identity in ("CS1", "cs1", "nobody"):
        for password in (NEAR, FAR, b"", RIGHT * 6):
            assert not asyncio.run(store.authenticate(identity, password))
            assert done == [("scrypt", 32, 2), ("compare", 32, 32)]
            done.clear()


# By the clock


def difference(comparison: Comparison, *, rounds: int) -> float:
    """Compare the times of near and far passwords: Wilcoxon's rank sum, in standard deviations of what chance gives.

    Ranks do not care for outliers, and the order of the measurements is thrown, so that nothing that goes on in the
    machine meanwhile favours one of the two.
    """
    dice = random.Random(SEED)
    order = [NEAR, FAR] * rounds
    dice.shuffle(order)
    times: list[tuple[int, float, bool]] = []
    for password in order:
        begin = time.perf_counter_ns()
        comparison(password)
        times.append((time.perf_counter_ns() - begin, dice.random(), password is NEAR))  # ties are broken by the dice
    rank_sum = sum(rank for rank, (_, _, is_near) in enumerate(sorted(times), 1) if is_near)
    expected = rounds * (2 * rounds + 1) / 2
    deviation = math.sqrt(rounds * rounds * (2 * rounds + 1) / 12)
    return (rank_sum - expected) / deviation


#: Chance goes beyond this in one of a million runs.
SIGNIFICANT = 4.9


@pytest.mark.attack("A06")
def test_the_clock_tells_nothing_of_ten_thousand_wrong_passwords() -> None:
    found = difference(ours, rounds=5000)
    print(f"seed {SEED}: {found:.2f} standard deviations")
    assert abs(found) < SIGNIFICANT


@pytest.mark.attack("A06")
def test_the_clock_would_find_a_comparison_that_stops_early() -> None:
    found = difference(naive, rounds=500)
    print(f"seed {SEED}: {found:.2f} standard deviations")
    assert found > 2 * SIGNIFICANT
