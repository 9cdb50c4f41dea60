"""Two sessions joined in memory, in virtual time: for tests that want a peer, but no sockets and no waiting.

::

    pair = Pair()
    call = pair.station.call(HeartbeatRequest(), pair.now)
    pair.run()
    (received,) = events(pair.csms)
    pair.csms.reply(received, HeartbeatResponse(current_time=datetime.now(UTC)))
    pair.run()
    (result,) = events(pair.station)
    assert result.call is call

Time stands still in :meth:`Pair.run`, and moves in :meth:`Pair.advance` only, from one moment at which something is due
to the next. Whatever is due at the same moment happens in this order: frames arrive, events are handled, timers run
out; so an answer that comes with the last moment of its call is still in time. The same calls always give the same run.

Each direction is a :class:`Link`. What becomes of a frame on it is its fate, which a test may choose for every frame,
or throw dice for with :class:`Chaos`::

    pair.to_csms.fate = dropped
    call = pair.station.call(HeartbeatRequest(), pair.now)
    pair.advance(30)
    (failed,) = events(pair.station)  # CallFailed, with a CallTimeout
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable
from typing import Final, Literal, NamedTuple

from ocpp21.events import Event
from ocpp21.session import Session, Side

__all__ = [
    "Chaos",
    "Fate",
    "Link",
    "Pair",
    "Passage",
    "delayed",
    "delivered",
    "dropped",
    "duplicated",
    "events",
]

#: Decides what becomes of a frame: after how many seconds it arrives, once for each copy.
Fate = Callable[[bytes], Iterable[float]]

Handler = Callable[[Event], object]

#: Steps at one moment after which two ends are taken to keep one another busy for ever.
_BUSY: Final = 1_000_000


def delivered(frame: bytes, /) -> Iterable[float]:
    """The fate of a frame that arrives at once."""
    return (0.0,)


def dropped(frame: bytes, /) -> Iterable[float]:
    """The fate of a frame that never arrives."""
    return ()


def duplicated(frame: bytes, /) -> Iterable[float]:
    """The fate of a frame that arrives twice."""
    return 0.0, 0.0


def delayed(seconds: float, /) -> Fate:
    """Make the fate of a frame that arrives late; those sent later with a shorter delay overtake it."""
    return lambda frame: (seconds,)


class Chaos:
    """A fate by dice: the same seed and the same frames give the same fates.

    Args:
        seed: of the dice.
        drop: share of the frames that are lost, from 0 to 1.
        duplicate: share of the others that arrive twice, from 0 to 1.
        delay_s: longest delay, in seconds; frames overtake one another unless it is 0.
    """

    def __init__(self, seed: int, /, *, drop: float = 0.1, duplicate: float = 0.1, delay_s: float = 5.0) -> None:
        self._dice = random.Random(seed)
        self._drop = drop
        self._duplicate = duplicate
        self._delay_s = delay_s

    def __call__(self, frame: bytes, /) -> Iterable[float]:
        """Throw the dice for one frame."""
        if self._dice.random() < self._drop:
            return ()
        copies = 2 if self._dice.random() < self._duplicate else 1
        return [self._dice.uniform(0, self._delay_s) for _ in range(copies)]


class Link:
    """One direction between two sessions: the frames on their way.

    Attributes:
        fate: decides what becomes of the frames that are put on the link from now on.
        is_cut: nothing arrives any more, and nobody is told.
    """

    def __init__(self) -> None:
        self.fate: Fate = delivered
        self.is_cut = False
        self._frames: list[tuple[float, int, bytes]] = []  # a heap, by time and then by age
        self._count = 0

    def __len__(self) -> int:
        """The number of frames on their way, each copy counted."""
        return len(self._frames)

    @property
    def due(self) -> float | None:
        """When the next frame arrives, or None."""
        return self._frames[0][0] if self._frames else None

    def put(self, frame: bytes, now: float, /, *, fate: Fate | None = None) -> None:
        """Send a frame on its way.

        Args:
            frame: one text message.
            now: the time.
            fate: what becomes of it; decided by the fate of the link by default.
        """
        if self.is_cut:
            return
        for seconds in (fate or self.fate)(frame):
            heapq.heappush(self._frames, (now + max(seconds, 0.0), self._count, frame))
            self._count += 1

    def take(self, now: float, /) -> bytes | None:
        """The next frame that has arrived by now, or None."""
        return heapq.heappop(self._frames)[2] if self._frames and self._frames[0][0] <= now else None

    def cut(self) -> None:
        """Lose all that is on its way, and all that will be; for good. Neither end hears of it: it is half-open."""
        self.is_cut = True
        self._frames.clear()


class Passage(NamedTuple):
    """A frame that has left or reached a session.

    Attributes:
        at: the time.
        side: whose session.
        direction: ``out`` when it left, ``in`` when it arrived.
        data: the frame.
    """

    at: float
    side: Side
    direction: Literal["in", "out"]
    data: bytes


class _End(NamedTuple):
    """One side: its session, the link that it sends on, the link that it listens to."""

    side: Side
    session: Session
    outgoing: Link
    incoming: Link
    on_event: Handler | None


class Pair:
    """A Charging Station's session and a CSMS's, joined.

    Args:
        station: session of the Charging Station; a new one by default.
        csms: session of the CSMS; a new one by default.
        on_station: handles the events of the station; by default they wait for :func:`events`.
        on_csms: handles the events of the CSMS; by default they wait for :func:`events`.
        now: the time at the beginning.
        watch: told of every frame that leaves or reaches a session.

    Attributes:
        station: session of the Charging Station.
        csms: session of the CSMS.
        to_csms: the link from the station.
        to_station: the link from the CSMS.
        now: the time, in seconds.
    """

    def __init__(
        self,
        station: Session | None = None,
        csms: Session | None = None,
        /,
        *,
        on_station: Handler | None = None,
        on_csms: Handler | None = None,
        now: float = 0.0,
        watch: Callable[[Passage], object] | None = None,
    ) -> None:
        self.station: Final = station or Session("CS")
        self.csms: Final = csms or Session("CSMS")
        self.to_csms: Final = Link()
        self.to_station: Final = Link()
        self.now = now
        self._watch = watch
        self._ends: Final = (
            _End("CS", self.station, self.to_csms, self.to_station, on_station),
            _End("CSMS", self.csms, self.to_station, self.to_csms, on_csms),
        )

    def run(self) -> None:
        """Let everything happen that is due now, until it is quiet.

        Raises:
            RuntimeError: it does not become quiet: the ends keep one another busy.
        """
        for _ in range(_BUSY):
            if not self._step():
                return
        raise RuntimeError(f"expected the pair to become quiet within {_BUSY} steps")

    def advance(self, seconds: float, /) -> None:
        """Let time pass, and everything happen when it is due.

        Raises:
            ValueError: time does not run backwards.
        """
        if seconds < 0:
            raise ValueError(f"expected 0 s or more, found {seconds}")
        until = self.now + seconds
        self.run()
        while (due := self._due()) is not None and due <= until:
            self.now = due
            self.run()
        self.now = until

    def inject(self, side: Side, data: bytes, /) -> None:
        """Let a message arrive that the other side has never sent; it travels with the others, and suffers no fault."""
        for end in self._ends:
            if end.side == side:
                end.incoming.put(data, self.now, fate=delivered)

    def cut(self, reason: str = "the connection was cut", /) -> None:
        """End the connection: what is on its way is lost, and both sessions are closed."""
        for end in self._ends:
            end.outgoing.cut()
            end.session.close(self.now, reason)

    def _step(self) -> bool:
        """Do the first thing that is due; False when there is none."""
        for end in self._ends:
            self._collect(end)
        return any(act(end) for act in (self._deliver, self._handle, self._ring) for end in self._ends)

    def _collect(self, end: _End) -> None:
        """Send what the session wants to say."""
        for frame in end.session.messages_to_send():
            self._tell(end, "out", frame)
            end.outgoing.put(frame, self.now)

    def _deliver(self, end: _End) -> bool:
        """Let one frame arrive."""
        arrived = end.incoming.take(self.now)
        if arrived is None:
            return False
        self._tell(end, "in", arrived)
        end.session.receive(arrived, self.now)
        return True

    def _handle(self, end: _End) -> bool:
        """Hand over one event."""
        if end.on_event is None or (event := end.session.next_event()) is None:
            return False
        end.on_event(event)
        return True

    def _ring(self, end: _End) -> bool:
        """Tell the session that its deadline has come."""
        deadline = end.session.next_timer()
        if deadline is None or deadline > self.now:
            return False
        end.session.handle_timer(self.now)
        return True

    def _due(self) -> float | None:
        """When something happens next, or None."""
        moments = [moment for end in self._ends for moment in (end.incoming.due, end.session.next_timer())]
        return min((moment for moment in moments if moment is not None), default=None)

    def _tell(self, end: _End, direction: Literal["in", "out"], frame: bytes) -> None:
        if self._watch is not None:
            self._watch(Passage(self.now, end.side, direction, frame))


def events(session: Session, /) -> list[Event]:
    """Take all that has happened in a session, oldest first."""
    return list(iter(session.next_event, None))
