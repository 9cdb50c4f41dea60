"""OCPP 2.1 for Charging Stations and CSMS.

* :mod:`ocpp21.messages`: the messages as typed, immutable values.
* :mod:`ocpp21.codec`: payloads to messages and back, checked exactly.
* :mod:`ocpp21.framing`: frames of OCPP-J to their parts and back.
* :mod:`ocpp21.shapes`: what fields a message has, with limits and units.
* :mod:`ocpp21.errors`: everything that can be raised.
"""

from ocpp21 import codec, errors, framing, messages, shapes
from ocpp21.errors import ErrorCode, LocalProtocolError, OcppError, PayloadError, RemoteProtocolError
from ocpp21.framing import Frame

__all__ = [
    "ErrorCode",
    "Frame",
    "LocalProtocolError",
    "OcppError",
    "PayloadError",
    "RemoteProtocolError",
    "codec",
    "errors",
    "framing",
    "messages",
    "shapes",
]

__version__ = "0.1.0"
