"""What tests of applications need: a peer without sockets and without waiting, and certificates of every kind.

* :mod:`ocpp21.testing.pair`: two sessions joined in memory, in virtual time.
* :mod:`ocpp21.testing.pki`: a certificate authority in memory; it needs the extra ``signing``.
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

__all__ = [
    "Chaos",
    "Credential",
    "Fate",
    "Link",
    "Pair",
    "Passage",
    "Pki",
    "delayed",
    "delivered",
    "dropped",
    "duplicated",
    "events",
]
