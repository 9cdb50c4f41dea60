"""The device model of a Charging Station."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from ocpp21.device_model import getting, model_file, persistence, reports, setting
from ocpp21.device_model.catalogue import COMPONENTS, EVSE, Components, Connector
from ocpp21.device_model.component import Component
from ocpp21.device_model.entry import Observer
from ocpp21.device_model.minimal import EvseLayout, complete
from ocpp21.device_model.persistence import Ignored
from ocpp21.device_model.place import Key, Place
from ocpp21.device_model.setting import CheckedSet
from ocpp21.device_model.variable import Variable
from ocpp21.messages import (
    ComponentCriterionEnumType,
    ComponentVariableType,
    GetVariableDataType,
    GetVariableResultType,
    ReportBaseEnumType,
    ReportDataType,
    SetVariableDataType,
)

__all__ = ["DeviceModel"]


class DeviceModel(Components):
    """Components and variables of a Charging Station, what they may hold, and what they hold.

    ``device_model.tx_ctrlr.ev_connection_time_out.value`` is an ``int``; ``device_model.evse(1).power`` and
    ``device_model.connector(1, 1).availability_state`` are variables of an EVSE and a Connector. A handle may be of a
    variable that is not there; ``add()`` puts it there.

    A variable that nothing has honoured with ``honour()`` is read-only to the CSMS. Values of write-only variables are
    in no answer, report, representation or error.

    Nothing here waits, knows the time or does I/O (but for the file of :meth:`from_toml`); it belongs to one thread.
    """

    @classmethod
    def minimal(
        cls,
        evses: Sequence[EvseLayout] = (EvseLayout(),),
        *,
        security_profile: int = 1,
        configuration_slots: Iterable[int] = (1, 2),
    ) -> Self:
        """Make a device model of all variables that every Charging Station must have (Part 2, chapter on controllers).

        Args:
            evses: the EVSEs, numbered from 1 in this order.
            security_profile: profile in use, 1 to 3; some variables are required with some profiles only.
            configuration_slots: slots of network connection profiles, two or more (B09.FR.06); the first one is in use.

        Raises:
            LocalProtocolError: there is no EVSE, or an EVSE without Connector, or no such security profile.
        """
        model = cls()
        complete(model, evses, security_profile=security_profile, configuration_slots=configuration_slots)
        return model

    @classmethod
    def from_toml(cls, source: Path | str, /) -> Self:
        """Make a device model as a file describes it; :mod:`~ocpp21.device_model.model_file` has the form.

        Args:
            source: path of the file, or its text.

        Raises:
            LocalProtocolError: the file cannot be read or describes no device model; one line that names the place.
        """
        model = cls()
        model_file.fill(model, source)
        return model

    def evse(self, evse_id: int, /) -> EVSE:
        """The EVSE of that number, from 1."""
        return EVSE(self).at(evse_id)

    def connector(self, evse_id: int, connector_id: int, /) -> Connector:
        """The Connector of that number within its EVSE, both from 1."""
        return Connector(self).at(evse_id, connector_id)

    def component(self, name: str, instance: str = "", /, *, evse_id: int = 0, connector_id: int = 0) -> Component:
        """A component by name, of the standard or not."""
        return COMPONENTS.get(name.lower(), Component)(self, Place(name, instance, evse_id, connector_id))

    def __iter__(self) -> Iterator[Variable[Any]]:
        """All variables, in the order in which their components were added."""
        for found in self.components.values():
            place = found.place
            yield from COMPONENTS.get(place.component.lower(), Component)(self, place).variables

    def __len__(self) -> int:
        """How many variables there are."""
        return sum(len(component.variables) for component in self.components.values())

    def __repr__(self) -> str:
        return f"<DeviceModel of {len(self.components)} components, {len(self)} variables>"

    def on_change(self, observer: Observer, /) -> None:
        """Call ``observer`` with every change of any value in force."""
        self.observers.append(observer)

    def unhonoured(self) -> list[Place]:
        """Variables that are declared to be set by the CSMS, but that nothing honours."""
        return [
            entry.place
            for entry in self.entries()
            if not entry.claim.is_honoured and any(item.is_writable for item in entry.attributes.values())
        ]

    def check_set(self, data: Iterable[SetVariableDataType], /) -> CheckedSet:
        """Check the elements of a SetVariablesRequest, each on its own and in their order; change nothing (B05).

        Store the changes that come back, then :meth:`apply` them, then answer: so a failing store leaves nothing half
        done.

        Returns:
            The results to answer, and the changes that they promise.
        """
        return setting.check_set(self, data)

    def set_variables(self, data: Iterable[SetVariableDataType], /) -> CheckedSet:
        """Check the elements of a SetVariablesRequest and apply what is allowed, for a station without a store (B05).

        Raises:
            ExceptionGroup: observers failed; all changes are made.
        """
        checked = setting.check_set(self, data)
        self.apply(checked.changes)
        return checked

    def get_variables(self, data: Iterable[GetVariableDataType], /) -> list[GetVariableResultType]:
        """Answer the elements of a GetVariablesRequest, in their order (B06)."""
        return getting.get_variables(self, data)

    def base_report(self, base: ReportBaseEnumType, /) -> list[ReportDataType]:
        """Collect a base report (B07); :func:`ocpp21.device_model.pages` cuts it into messages."""
        return reports.base_report(self, base)

    def report(
        self,
        criteria: Collection[ComponentCriterionEnumType] | None = None,
        component_variables: Iterable[ComponentVariableType] | None = None,
        /,
    ) -> list[ReportDataType]:
        """Collect a custom report; nothing is EmptyResultSet (B08)."""
        return reports.report(self, criteria, component_variables)

    def persistent_values(self) -> dict[Key, str]:
        """Collect the values to store: persistent and not the declared ones; those of write-only variables too."""
        return persistence.persistent_values(self)

    def load(self, values: Mapping[Key, str], /) -> list[Ignored]:
        """Put stored values in force, before the station starts; nobody is told.

        Returns:
            What was not taken, and why.
        """
        return persistence.load(self, values)
