"""What expectations can be of beside the payloads of messages, and what checks can ask of it."""

from __future__ import annotations

from typing import Final

__all__ = ["ARRIVAL", "CALL_ERROR", "CONNECTIONS", "FACTS"]

#: In place of a message: an error where an answer is due.
CALL_ERROR: Final = "CALLERROR"

#: In place of a message: when it comes, and how often.
ARRIVAL: Final = "arrival"

#: In place of messages: what is seen of a connection.
CONNECTIONS: Final = frozenset({"HTTP upgrade", "reconnect"})

#: What can be known of an attempt of a station to connect, and of the TLS of a CSMS.
_CONNECTION: Final = frozenset(
    {
        "Authorization",
        "cipher",
        "commonName",
        "endpoint",
        "identity",
        "keySize",
        "keyType",
        "passwordLength",
        "securityProfile",
        "serialNumber",
        "serverName",
        "subprotocols",
        "user",
        "version",
        "wait",
    }
)

#: What checks can ask of each of them.
FACTS: Final = {
    ARRIVAL: frozenset({"count", "earlier", "gap"}),
    CALL_ERROR: frozenset({"errorCode"}),
    **dict.fromkeys(CONNECTIONS, _CONNECTION),
}
