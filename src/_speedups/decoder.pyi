"""Checked JSON text to Structs."""

from collections.abc import Callable
from typing import Any, Self, final

@final
class StructDecoder:
    """Makes Structs of one class out of JSON text, equal to those that msgspec makes.

    Args:
        number: index of the class in the validator's tables.
        any_form: decodes valid text as msgspec does; for what is rare.
        find: finds classes of objects and of enumerations by their names in the schemas.

    Attributes:
        number: index of the class in the validator's tables.

    Raises:
        IndexError: the tables hold no such class.
        TypeError: a class is not what the tables say, or its objects are more than their slots.
    """

    number: int

    def __new__(cls, number: int, any_form: Callable[[Any], Any], find: Callable[[str], Any], /) -> Self: ...
    def __call__(self, payload: bytes | bytearray | memoryview, /) -> Any:
        """Decode a payload that has been checked, and rewritten where it needed that."""

    def decode(self, data: bytes | bytearray | memoryview | str, mode: int = 0, /) -> Any:
        """Check a payload, and decode it.

        Args:
            data: JSON text.
            mode: of the validator.

        Raises:
            PayloadError: the payload is refused.
        """
