"""What a meter has given at one moment, and the parts of it that a message asks for (Part 2, block J)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from ocpp21.measured import MeasuredValue, measured
from ocpp21.messages import (
    LocationEnumType,
    MeasurandEnumType,
    MeterValueType,
    ReadingContextEnumType,
    SampledValueType,
)

__all__ = ["Reading", "without_keys"]

_REGISTER = MeasurandEnumType.ENERGY_ACTIVE_IMPORT_REGISTER

#: A meter above the station measures other consumers too; its values have variables of their own (2.1).
_UPSTREAM = LocationEnumType.UPSTREAM


class Reading(msgspec.Struct, frozen=True):
    """All that a meter has given at one moment.

    Attributes:
        at: the moment; the timestamp of every value (J02.FR.18).
        values: as the meter gave them.
    """

    at: datetime
    values: Sequence[SampledValueType]

    def select(
        self,
        measurands: Collection[str],
        context: ReadingContextEnumType,
        /,
        *,
        is_signed: bool = False,
        without_phases: bool = False,
    ) -> MeterValueType | None:
        """Take the values of some measurands.

        Args:
            measurands: which, by their names on the wire.
            context: what they are taken for.
            is_signed: keep the signed form of those that have one (J02.FR.21).
            without_phases: give the import register as one total (SampledDataCtrlr.RegisterValuesWithoutPhases).

        Returns:
            None when nothing is left: then there is nothing to report.
        """
        wanted = [
            value
            for value in self.values
            if (value.measurand or _REGISTER) in measurands and value.location != _UPSTREAM
        ]
        if without_phases:
            wanted = _total(wanted)
        sampled = [
            msgspec.structs.replace(  # J01.FR.08, J02.FR.04
                value, context=context, signed_meter_value=value.signed_meter_value if is_signed else None
            )
            for value in wanted
        ]
        # J01.FR.05, J01.FR.06, J02.FR.02
        return MeterValueType(timestamp=self.at, sampled_value=sampled) if sampled else None

    @property
    def register_wh(self) -> Decimal | None:
        """The import register at the outlet, over all phases, in Wh; None when it was not read."""
        found = [value for value in self._measured(_REGISTER) if value.location == LocationEnumType.OUTLET]
        overall = [value.value for value in found if value.phase is None]
        if overall:
            return overall[0]
        return sum((value.value for value in found), Decimal(0)) if found else None

    @property
    def power_w(self) -> Decimal | None:
        """The power that flows to the EV, in W; None when it was not measured as a whole."""
        return self._overall(MeasurandEnumType.POWER_ACTIVE_IMPORT)

    @property
    def soc(self) -> Decimal | None:
        """The state of charge of the EV, in percent; None when it does not tell."""
        return self._overall(MeasurandEnumType.SOC)

    def _overall(self, measurand: MeasurandEnumType) -> Decimal | None:
        return next((value.value for value in self._measured(measurand) if value.phase is None), None)

    def _measured(self, measurand: MeasurandEnumType) -> Iterator[MeasuredValue]:
        values = [value for value in self.values if (value.measurand or _REGISTER) == measurand]
        return measured(MeterValueType(timestamp=self.at, sampled_value=values))


def without_keys(values: Sequence[MeterValueType], /, *, but_first: bool = False) -> tuple[list[MeterValueType], bool]:
    """Leave out the public keys of signed values.

    Args:
        values: of a message.
        but_first: leave the first key where it is.

    Returns:
        The values, and whether there is a key left in them.
    """
    has_key = False
    kept = []
    for moment in values:
        samples = []
        for sample in moment.sampled_value:
            signed = sample.signed_meter_value
            if signed is not None and signed.public_key:
                if but_first and not has_key:
                    has_key = True
                else:
                    signed = msgspec.structs.replace(signed, public_key=None)
            samples.append(msgspec.structs.replace(sample, signed_meter_value=signed))
        kept.append(msgspec.structs.replace(moment, sampled_value=samples))
    return kept, has_key


def _total(values: list[SampledValueType]) -> list[SampledValueType]:
    """Give the import register as one value without phase: that of the meter, or the sum of its phases."""
    registers = [value for value in values if (value.measurand or _REGISTER) == _REGISTER]
    others = [value for value in values if (value.measurand or _REGISTER) != _REGISTER]
    overall = [value for value in registers if value.phase is None]
    if registers and not overall:
        # Decimals, as 0.1 and 0.2 are 0.3 of a Wh; the unit is that of the values, which are of one meter.
        total = float(sum(Decimal(repr(value.value)) for value in registers))
        overall = [msgspec.structs.replace(registers[0], phase=None, value=total, signed_meter_value=None)]
    return [*overall, *others]
