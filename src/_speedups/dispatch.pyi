"""The dispatch core: what every message pays for, in as few calls as can be."""

from collections.abc import Callable
from typing import Any, Self, final

from ocpp21._speedups.decoder import StructDecoder
from ocpp21._speedups.encoder import Encoder
from ocpp21._speedups.framing import Frame

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

@final
class Packer:
    """Writes frames of one message type.

    Args:
        head: what stands before the id.
        kinds: what stands between the id and the payload, and the index of its type in the validator's tables, by
            class of the payload.
        encoder: writes the payload as JSON text.
        mode: of the validator.
        on_null: called with the message when a null was written where any value may stand.
    """

    kinds: dict[type[Any], tuple[bytes, int]]

    def __new__(
        cls,
        head: bytes,
        kinds: dict[type[Any], tuple[bytes, int]],
        encoder: Encoder,
        mode: int,
        on_null: Callable[[Any], object],
        /,
    ) -> Self: ...
    def pack(self, message_id: object, message: object, /) -> bytes | None:
        """Encode a message as :func:`encode` does, and put the frame around it.

        Args:
            message_id: 1 to 36 characters, not ``-1``.
            message: the Struct.

        Returns:
            The frame; None when the id is not valid, or the message none of the kinds.

        Raises:
            PayloadError: the message is not valid.
            UnicodeEncodeError: the id holds a lone surrogate.
        """

def unpack(
    data: bytes | bytearray | memoryview | str,
    calls: dict[str, StructDecoder],
    schema_of: Callable[[Frame], StructDecoder | None],
    mode: int,
    max_size: int,
) -> tuple[Frame, Any]:
    """Read the head of a frame, check its payload and decode it.

    Args:
        data: one text message as it came.
        calls: decoder of the payload of a CALL by its action, as far as they are known.
        schema_of: gives the decoder for all other frames, or None when the payload is not to be decoded.
        mode: of the validator.
        max_size: largest frame taken, in bytes.

    Raises:
        RemoteProtocolError: it is no frame of OCPP-J.
        PayloadError: the payload is refused; with the id to answer to.
    """
