"""What a run has found, as plain values: all times in seconds, all counts whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from ocpp21.load.faults import Fault
from ocpp21.load.histogram import Histogram
from ocpp21.load.plan import Plan
from ocpp21.load.station import CONNECT
from ocpp21.load.tally import Tally

__all__ = ["Kind", "Moment", "Report", "Times", "summarize"]

#: Part of a core beyond which the generator itself may be what is measured.
_BUSY: Final = 0.85

#: Lateness beyond which it was too slow, in seconds: ten ticks of its timers.
_LATE_S: Final = 0.01

_PERCENTS: Final = (50.0, 90.0, 99.0, 99.9)

#: Points of the distribution: enough for a smooth line, however many cells were hit.
_MAX_POINTS: Final = 400


class Times(msgspec.Struct, frozen=True):
    """A distribution of times, in seconds; all 0.0 when there are none.

    Attributes:
        count: how many.
        mean_s: their mean.
        p50_s: the median.
        p90_s: 90th percentile.
        p99_s: 99th percentile.
        p999_s: 99.9th percentile.
        max_s: the longest.
    """

    count: int
    mean_s: float
    p50_s: float
    p90_s: float
    p99_s: float
    p999_s: float
    max_s: float

    @classmethod
    def of(cls, histogram: Histogram, /) -> Times:
        """Read a histogram."""
        found = histogram.percentiles_s(_PERCENTS)
        p50_s, p90_s, p99_s, p999_s = (_micro(found[percent]) for percent in _PERCENTS)
        return cls(histogram.count, _micro(histogram.mean_s), p50_s, p90_s, p99_s, p999_s, _micro(histogram.max_s))


class Kind(msgspec.Struct, frozen=True):
    """One action, or connecting.

    Attributes:
        sent: how often it left.
        answered: how often a valid answer came.
        latency: from when it was due to the answer; what was never answered is in it with the time that it waited.
        service: from when it left to the answer.
    """

    sent: int
    answered: int
    latency: Times
    service: Times


class Moment(msgspec.Struct, frozen=True):
    """A stretch of the run.

    Attributes:
        at_s: where it begins, from the beginning of the run.
        connected: stations at its end.
        sent_per_s: messages that left, per second.
        answered_per_s: answers that came, per second.
        faults: that were noted.
        p50_s: median latency of what was answered or given up then.
        p99_s: 99th percentile of that.
    """

    at_s: float
    connected: int
    sent_per_s: float
    answered_per_s: float
    faults: int
    p50_s: float
    p99_s: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a run has found.

    Attributes:
        began: when.
        elapsed_s: how long it took.
        plan: what it was to be.
        connected: stations that are connected now, or were when the run ended.
        sent: messages that left, connecting not counted.
        answered: those with a valid answer.
        sent_per_s: messages that left, per second.
        latency: of all of them, from when they were due; in it, too, is what was due and never left.
        owed: messages that were due, and had not left at the end.
        kinds: by action; ``Connect`` is connecting.
        faults: by kind and text.
        lateness: from when a message was due to when it left, of stations that were free to send.
        cpu: part of a core that the generator took.
        doubts: why the figures may say more about the generator than about the CSMS; empty when nothing speaks for it.
        moments: how it went on.
        distribution: of the latency of all: a time in seconds, and the share that did not exceed it.
    """

    began: datetime
    elapsed_s: float
    plan: Plan
    connected: int
    sent: int
    answered: int
    sent_per_s: float
    latency: Times
    owed: int
    kinds: Mapping[str, Kind]
    faults: Mapping[Fault, Mapping[str, int]]
    lateness: Times
    cpu: float
    doubts: tuple[str, ...]
    moments: tuple[Moment, ...]
    distribution: tuple[tuple[float, float], ...]

    @property
    def fault_count(self) -> int:
        """How many faults there were."""
        return sum(sum(texts.values()) for texts in self.faults.values())

    def to_json(self) -> bytes:
        """Write it as JSON, with a line for each value."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def summarize(plan: Plan, tally: Tally, began: datetime, /, *, cpu_s: float) -> Report:
    """Make the report.

    Args:
        plan: of the run.
        tally: what was counted.
        began: when, by the wall clock.
        cpu_s: CPU time of the generator, in seconds.
    """
    elapsed_s = max(tally.elapsed_s, 1e-9)
    whole = Histogram()
    messages = [kind for action, kind in tally.kinds.items() if action != CONNECT]
    for part in (*(kind.latency for kind in messages), tally.owed):
        whole.add(part)
    sent = sum(kind.sent for kind in messages)
    lateness, cpu = Times.of(tally.lateness), cpu_s / elapsed_s
    return Report(
        began=began,
        elapsed_s=_micro(elapsed_s),
        plan=plan,
        connected=tally.connected,
        sent=sent,
        answered=sum(kind.answered for kind in messages),
        sent_per_s=round(sent / elapsed_s, 3),
        latency=Times.of(whole),
        owed=tally.owed.count,
        kinds={
            action: Kind(kind.sent, kind.answered, Times.of(kind.latency), Times.of(kind.service))
            for action, kind in sorted(tally.kinds.items())
        },
        faults=tally.faults.texts(),
        lateness=lateness,
        cpu=round(cpu, 3),
        doubts=tuple(_doubts(cpu, lateness)),
        moments=tuple(_moments(tally, elapsed_s)),
        distribution=_thinned(whole),
    )


def _doubts(cpu: float, lateness: Times) -> Iterable[str]:
    if cpu > _BUSY:
        yield f"the generator took {cpu:.0%} of a core: it may have been the bottleneck itself"
    if lateness.p99_s > _LATE_S:
        yield f"the generator was late by {lateness.p99_s * 1000:.0f} ms at the 99th percentile"


def _moments(tally: Tally, elapsed_s: float) -> Iterable[Moment]:
    width_s = tally.timeline.width_s
    for number, slot in enumerate(tally.timeline.slots):
        at_s = number * width_s
        lasted_s = max(min(width_s, elapsed_s - at_s), 1e-3)
        found = slot.latency.percentiles_s((50.0, 99.0))
        yield Moment(
            at_s,
            slot.connected,
            round(slot.sent / lasted_s, 3),
            round(slot.answered / lasted_s, 3),
            slot.faults,
            _micro(found[50.0]),
            _micro(found[99.0]),
        )


def _thinned(histogram: Histogram) -> tuple[tuple[float, float], ...]:
    """The steps of a histogram; of many, those that a line needs: the rare long times all, of the others some."""
    steps = [(_micro(at_most_s), round(share, 9)) for at_most_s, share in histogram.steps()]
    keep = max(len(steps) // _MAX_POINTS, 1)
    return tuple(step for number, step in enumerate(steps) if step[1] > 0.99 or number % keep == 0)


def _micro(seconds: float) -> float:
    return round(seconds, 6)
