"""What a Charging Station may say, and must refuse, until the CSMS has registered it. No messages, no clock.

Theory of operation. After each start the station is in no state: it has nothing to say but a BootNotificationRequest.
The answer puts it into one of three:

========== ============================================== ============================== ==============================
state      the station may send                           it takes from the CSMS         the next BootNotification
========== ============================================== ============================== ==============================
none       BootNotification                               everything                     at once; after a wait of its
                                                                                         own when nothing was answered
Pending    BootNotification, and what the CSMS asks for   everything                     after the interval
Rejected   BootNotification                               nothing: SecurityError         after the interval
Accepted   everything                                     everything                     none, until it starts again
========== ============================================== ============================== ==============================

A connection that breaks changes nothing of this (Part 4, 5.4).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from ocpp21.errors import LocalProtocolError
from ocpp21.messages import (
    BootNotificationRequest,
    BootNotificationResponse,
    NotifyReportRequest,
    RegistrationStatusEnumType,
)
from ocpp21.wire import Message, Response

if TYPE_CHECKING:
    from ocpp21.block import Proceed
    from ocpp21.station import ChargingStation

__all__ = ["Registration", "asked_for", "speak_when_registered"]

_ACCEPTED: Final = RegistrationStatusEnumType.ACCEPTED
_PENDING: Final = RegistrationStatusEnumType.PENDING
_REJECTED: Final = RegistrationStatusEnumType.REJECTED

#: The wait of our own choice: this and up to so much more, so that stations of one site do not return together, in s.
_WAIT_S: Final = 30.0
_SPREAD_S: Final = 10.0

_asked_for: ContextVar[bool] = ContextVar("asked_for", default=False)


@contextmanager
def asked_for() -> Iterator[None]:
    """Mark the messages that are sent in a ``with`` block, and by tasks begun there, as ones that the CSMS asked for.

    A station that is Pending may send those (B02.FR.02).
    """
    token = _asked_for.set(True)
    try:
        yield
    finally:
        _asked_for.reset(token)


class Registration:
    """The state of the registration at the CSMS. Times are seconds of any monotonic clock.

    Args:
        spread: draws a number from 0 to 1.

    Attributes:
        status: as the CSMS has answered last; None when it has not, since the station has started.
        retry_at: no BootNotificationRequest may leave before this time, unless the CSMS asks for it.
    """

    def __init__(self, *, spread: Callable[[], float] = random.random) -> None:
        self.status: RegistrationStatusEnumType | None = None
        self.retry_at = 0.0
        self._interval_s = 0.0
        self._spread: Final = spread

    @property
    def is_accepted(self) -> bool:
        """Whether the CSMS has accepted the station."""
        return self.status is _ACCEPTED

    def begin(self) -> None:
        """Forget the registration: the station has started, or comes to another CSMS."""
        self.status = None
        self.retry_at = 0.0
        self._interval_s = 0.0

    def answered(self, response: BootNotificationResponse, now: float, /) -> None:
        """Take the answer of the CSMS."""
        self.status = response.status
        self._interval_s = max(float(response.interval), 0.0)
        self._wait(now)

    def unanswered(self, now: float, /) -> None:
        """Take note that the CSMS has not answered, or not with an answer that can be used."""
        self._wait(now)

    def may_send(self, kind: type[Message], /) -> bool:
        """Whether a message of this class may be sent now."""
        if self.status is _ACCEPTED or kind is BootNotificationRequest:
            return True
        # B01.FR.08, B02.FR.02, B03.FR.02
        return self.status is _PENDING and (kind is NotifyReportRequest or _asked_for.get())

    def refusal(self) -> str | None:
        """Why the CSMS may not ask anything now, or None."""
        # B02.FR.01, B03.FR.08: it may while the registration is Pending.
        return "the Charging Station is rejected" if self.status is _REJECTED else None

    def _wait(self, now: float) -> None:
        # B02.FR.04, B02.FR.07, B02.FR.08, B03.FR.05, B03.FR.06
        self.retry_at = now + (self._interval_s or _WAIT_S + _SPREAD_S * self._spread())


async def speak_when_registered(station: ChargingStation, message: Message, proceed: Proceed) -> Response | None:
    """Let out what the registration allows, the innermost middleware of a Charging Station.

    Raises:
        LocalProtocolError: the station may not send this before it is accepted.
    """
    if not station.provisioning.may_send(type(message)):
        status = station.provisioning.status or "not registered"
        raise LocalProtocolError(f"expected an accepted station to send {type(message).__name__}, found it {status}")
    station.availability.note_sent()
    return await proceed(message)
