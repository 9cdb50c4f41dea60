"""What tests of applications need: a peer without sockets, certificates of every kind, and time that need not pass.

* :mod:`ocpp21.testing.pair`: two sessions joined in memory, in virtual time.
* :mod:`ocpp21.testing.pki`: a certificate authority in memory; it needs the extra ``signing``.
* :mod:`ocpp21.testing.store_contract`: what every store must do, as tests to inherit.
* :mod:`ocpp21.testing.transactions`: transactions made up by dice, whose energy is known.
* :mod:`ocpp21.testing.virtual_time`: an event loop that jumps from timer to timer.
"""

from ocpp21.testing.pair import (
    Chaos,
    Fate,
    Link,
    Pair,
    Passage,
    delayed,
    delivered,
    dropped,
    duplicated,
    events,
)
from ocpp21.testing.pki import Credential, Pki
from ocpp21.testing.virtual_time import Deadlock, VirtualTimeLoop

__all__ = [
    "Chaos",
    "Credential",
    "Deadlock",
    "Fate",
    "Link",
    "Pair",
    "Passage",
    "Pki",
    "VirtualTimeLoop",
    "delayed",
    "delivered",
    "dropped",
    "duplicated",
    "events",
]
