"""What went wrong, counted by its text."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Final

from ocpp21.errors import printable, shorten

__all__ = ["Fault", "Faults"]

#: Different texts that are kept of one fault; a CSMS that never says the same twice must not fill the memory.
_MAX_TEXTS: Final = 32

_OTHERS: Final = "other texts"

#: Longest text, in characters.
_MAX_TEXT: Final = 160


class Fault(StrEnum):
    """What a CSMS can do wrong.

    Attributes:
        UNREACHABLE: no connection: refused in TCP, TLS or HTTP.
        DROPPED: a connection ended that we have not closed.
        REFUSED: a request was answered with CALLERROR, or with a status that is none of consent.
        UNANSWERED: no answer came in time, or before the end of the run.
        INVALID: an answer was no valid message, or what came was no OCPP-J.
        UNCALLED: an answer to nothing: a wrong id, or a second answer, or one that came too late.
    """

    UNREACHABLE = "unreachable"
    DROPPED = "dropped"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    INVALID = "invalid"
    UNCALLED = "uncalled"


class Faults:
    """Counts faults, and what they look like."""

    def __init__(self) -> None:
        self._texts: Final[dict[Fault, Counter[str]]] = {fault: Counter() for fault in Fault}

    def note(self, fault: Fault, text: str, /) -> None:
        """Count one.

        Args:
            fault: what it is.
            text: for people; that of the peer is escaped and shortened here.
        """
        texts = self._texts[fault]
        text = shorten(printable(text), _MAX_TEXT)
        texts[text if text in texts or len(texts) < _MAX_TEXTS else _OTHERS] += 1

    def count(self, fault: Fault, /) -> int:
        """How many there were of one kind."""
        return self._texts[fault].total()

    @property
    def total(self) -> int:
        """How many there were of all kinds."""
        return sum(texts.total() for texts in self._texts.values())

    def texts(self) -> dict[Fault, dict[str, int]]:
        """What they look like, and how often: the most frequent first, without kinds of which there was none."""
        return {fault: dict(texts.most_common()) for fault, texts in self._texts.items() if texts}
