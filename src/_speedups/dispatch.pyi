"""The dispatch core: what every message pays for, in as few calls as can be."""

from collections.abc import Callable
from typing import Any

from ocpp21._speedups.encoder import Encoder
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

def encode(schema: int, encoder: Encoder, message: Any, mode: int, on_null: Callable[[Any], object]) -> bytes:
    """Encode a message, check the result, and bring its date-times into canonical form.

    Args:
        schema: index of its type in the validator's tables.
        encoder: writes the message as JSON text.
        message: the Struct.
        mode: of the validator.
        on_null: called with the message when a null was written where any value may stand.

    Raises:
        PayloadError: the message is not valid.
    """

def pack(
    head: bytes,
    message_id: str,
    middle: bytes,
    schema: int,
    encoder: Encoder,
    message: Any,
    mode: int,
    on_null: Callable[[Any], object],
) -> bytes:
    """Encode a message as :func:`encode` does, and put the frame around it.

    Args:
        head: what stands before the id.
        message_id: any text.
        middle: what stands between the id and the payload.
        schema: index of the message's type in the validator's tables.
        encoder: writes the message as JSON text.
        message: the Struct.
        mode: of the validator.
        on_null: called with the message when a null was written where any value may stand.

    Raises:
        PayloadError: the message is not valid.
        UnicodeEncodeError: the id holds a lone surrogate.
    """

def unpack(
    data: bytes | bytearray | memoryview | str,
    calls: dict[str, Any],
    schema_of: Callable[[Frame], tuple[int, Callable[[Any], Any]] | None],
    mode: int,
    max_size: int,
) -> tuple[Frame, Any]:
    """Read the head of a frame, check its payload and decode it.

    Args:
        data: one text message as it came.
        calls: type and decoder of the payload of a CALL by its action, as far as they are known.
        schema_of: gives type and decoder for all other frames, or None when the payload is not to be decoded.
        mode: of the validator.
        max_size: largest frame taken, in bytes.

    Raises:
        RemoteProtocolError: it is no frame of OCPP-J.
        PayloadError: the payload is refused; with the id to answer to.
    """
