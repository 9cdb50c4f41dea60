"""What the standard says of a variable: one row of its catalogue."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from ocpp21.device_model.place import Place
from ocpp21.messages import MutabilityEnumType

__all__ = ["RO", "RO_RW", "RW", "RW_RO", "WO", "Row", "row_of"]

#: What a variable may be declared as, the usual one first. One that is made to be written may be read-only all the
#: same: a station that does not honour it must not claim to (B05.FR.09).
RO: Final = (MutabilityEnumType.READ_ONLY,)
RW: Final = (MutabilityEnumType.READ_WRITE, MutabilityEnumType.READ_ONLY)
WO: Final = (MutabilityEnumType.WRITE_ONLY,)
RO_RW: Final = (MutabilityEnumType.READ_ONLY, MutabilityEnumType.READ_WRITE)
RW_RO: Final = RW


class Row(NamedTuple):
    """A variable of the catalogue (Part 2, chapter on controllers, and appendices).

    Attributes:
        name: its name.
        instance: its instance; one like ``<language>`` or ``1..9`` stands for many.
        allowed: what it may be declared as, the usual one first.
        required: ``yes``, ``no``, or the condition under which a station must have it.
        unit: its unit.
        default: its value unless another is given.
        min_limit: lowest number, or least length of a text.
        max_limit: highest number, or greatest length of a text.
        values_list: elements that a value may have.
    """

    name: str
    instance: str = ""
    allowed: tuple[MutabilityEnumType, ...] = RO
    required: str = "no"
    unit: str | None = None
    default: str | None = None
    min_limit: Decimal | None = None
    max_limit: Decimal | None = None
    values_list: tuple[str, ...] | None = None

    @property
    def mutability(self) -> MutabilityEnumType:
        """What it is declared as unless told otherwise."""
        return self.allowed[0]


#: What holds of a variable that the standard does not know: everything is for the maker to say.
_UNKNOWN: Final = Row("", allowed=(RO[0], RW[0], WO[0]))


def row_of(rows: tuple[Row, ...], place: Place) -> Row:
    """The row that a place falls under: that of its instance, or else the first, of which it is one instance more."""
    instance = place.instance.lower()
    exact = (row for row in rows if row.instance.lower() == instance)
    return next(exact, rows[0] if rows else _UNKNOWN)
