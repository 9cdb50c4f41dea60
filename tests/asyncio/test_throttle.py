"""Token buckets."""

from __future__ import annotations

from ocpp21.asyncio.throttle import Throttle


def test_a_burst_and_then_a_rate() -> None:
    throttle = Throttle(burst=3, per_s=0.5)
    assert [throttle.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert throttle.wait_s("a", 0.0) == 2
    assert not throttle.take("a", 1.9)
    assert throttle.take("a", 2.0)
    assert not throttle.take("a", 2.0)
    assert throttle.take("b", 0.0)


def test_what_is_given_back_does_not_count() -> None:
    throttle = Throttle(burst=1, per_s=0.1)
    for _ in range(5):
        assert throttle.take("a", 0.0)
        throttle.give_back("a", 0.0)
    assert len(throttle) == 0
    assert throttle.wait_s("a", 0.0) == 0


def test_the_table_is_bounded() -> None:
    throttle = Throttle(burst=2, per_s=0.001, size=3)
    for key in "abcabc":
        assert throttle.take(key, 0.0)
    assert throttle.take("d", 0.0)
    assert len(throttle) == 3
    assert throttle.take("a", 0.0)  # touched longest ago, so it starts afresh
    assert not throttle.take("c", 0.0)
