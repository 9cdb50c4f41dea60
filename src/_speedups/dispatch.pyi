"""The dispatch core: what every message pays for, in as few calls as can be."""

from collections.abc import Callable
from typing import Any

from ocpp21._speedups.framing import Frame

def decode(schema: int, decoder: Callable[[Any], Any], data: bytes | bytearray | memoryview | str, mode: int) -> Any:
    """Check a payload, then decode what is left of it.

    Args:
        schema: index of its type in the validator's tables.
        decoder: takes JSON text and returns the Struct.
        data: JSON text.
        mode: of the validator.

    Raises:
        PayloadError: the payload is refused.
    """

def encode(
    schema: int, encoder: Callable[[Any], bytes], message: Any, mode: int, on_null: Callable[[Any], object]
) -> bytes:
    """Encode a message, check the result, and bring its date-times into canonical form.

    Args:
        schema: index of its type in the validator's tables.
        encoder: takes the message and returns JSON text.
        message: the Struct.
        mode: of the validator.
        on_null: called with the message when a null was written where any value may stand.

    Raises:
        PayloadError: the message is not valid.
    """

def unpack(
    data: bytes | bytearray | memoryview | str,
    schema_of: Callable[[Frame], tuple[int, Callable[[Any], Any]] | None],
    mode: int,
    max_size: int,
) -> tuple[Frame, Any]:
    """Read the head of a frame, check its payload and decode it.

    Args:
        data: one text message as it came.
        schema_of: gives type and decoder of a frame's payload, or None when it is not to be decoded.
        mode: of the validator.
        max_size: largest frame taken, in bytes.

    Raises:
        RemoteProtocolError: it is no frame of OCPP-J.
        PayloadError: the payload is refused; with the id to answer to.
    """
