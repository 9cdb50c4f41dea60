from typing import Any, Never, final

@final
class Frame:
    """The head of one OCPP-J frame, read, and the place of its payload (Part 4, 4.1.3 and 4.2).

    A frame keeps the received buffer alive and in place; frames compare by identity. It is not tracked by the garbage
    collector: do not put a frame into its own ``error_details``.
    """

    def __init__(self, /, *args: Never, **kwargs: Never) -> None:
        """Raise TypeError: only `parse` makes frames."""

    @property
    def message_type(self) -> int:
        """2 CALL, 3 CALLRESULT, 4 CALLERROR, 5 CALLRESULTERROR, 6 SEND."""

    @property
    def message_id(self) -> str:
        """1 to 36 characters (Part 4, Table 4)."""

    @property
    def action(self) -> str | None:
        """Action of a CALL or SEND, at most 64 characters, not looked up; None in all other frames."""

    @property
    def payload(self) -> memoryview | None:
        """Read-only view of the payload in the received buffer, unchecked; None in errors.

        Made on each access. ``b"{}"`` where the peer sent ``null`` (Part 4, 4.1.5). A payload is never empty and has
        no whitespace around it. It is whatever stands there: that it is one JSON object is for the validator to say.
        """

    @property
    def error_code(self) -> str | None:
        """Code of an error as the peer spells it, of any length; None in all other frames."""

    @property
    def error_description(self) -> str | None:
        """Description of an error, of any length, empty if there is none; None in all other frames."""

    @property
    def error_details(self) -> dict[str, Any] | None:
        """Details of an error, empty if there are none; None in all other frames. They may be nested 1023 deep."""

def parse(data: bytes | bytearray | memoryview | str, /, *, max_size: int | None = 1048576) -> Frame:
    """Read the head of an OCPP-J frame and find its payload.

    The payload is not read, and the time does not depend on its size (errors are the exception: they are read whole).
    A bytearray cannot be resized, and a memoryview not be released, while the frame lives.

    Args:
        data: one text message. A str stands for its UTF-8 form. A memoryview has bytes, in one contiguous dimension.
        max_size: most bytes that are accepted; None accepts any number.

    Raises:
        RemoteProtocolError: it is no frame. ``code`` is ``MessageTypeNotSupported`` for an integer other than 2 to 6 as
            first element (Part 4, 4.1.3), else ``RpcFrameworkError``. ``message_id`` is the id of the frame where it
            could be read, and ``"-1"`` in all that is seen to be no JSON (Part 4, 4.2.3); an id too long for the
            standard is given back too, up to 255 characters.
        TypeError: ``data`` is of another type.
    """
