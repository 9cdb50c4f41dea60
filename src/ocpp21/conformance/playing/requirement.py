"""Brings a variable of the station to the value that a case asks for, over the wire if the station lets it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ocpp21.conformance.cases.setup_lines import SetVariable
from ocpp21.conformance.drivers import CannotDo
from ocpp21.conformance.planning.context import Unknown
from ocpp21.conformance.verdict import Inconclusive

if TYPE_CHECKING:
    from ocpp21.conformance.playing.interpreter import Interpreter

__all__ = ["Variables"]

_MISSING: Final = frozenset({"UnknownComponent", "UnknownVariable", "NotSupportedAttributeType"})
#: A point that is not asked for would begin or end the transaction too early.
_EXACT: Final = frozenset({"TxStartPoint", "TxStopPoint"})
_DONE: Final = frozenset({"Accepted", "RebootRequired"})


class Variables:
    """Variables of the station under test.

    Args:
        interpreter: asks the station.
        driver: is asked when the station refuses.
    """

    def __init__(self, interpreter: Interpreter, driver: Any) -> None:
        self._interpreter: Final = interpreter
        self._driver: Final = driver

    async def require(self, line: SetVariable) -> None:
        """Bring a variable to a value.

        Raises:
            Inconclusive: neither the wire nor the driver can.
        """
        context = self._interpreter.context
        if line.component_instance:
            line = replace(line, component_instance=str(context.resolve(line.component_instance)))
        try:
            values = [str(_written(context.resolve(value, line.variable))) for value in line.values]
        except Unknown as error:
            raise Inconclusive(f"setup {line}: {error}") from error
        status, current = await self._get(line)
        if status in _MISSING and line.unless is not None:
            return
        if status == "Accepted" and _meets(line, values, current):
            return
        if line.variable in _EXACT:
            values = [",".join(values), *values] if line.relation == "contains" else values
        if line.relation in (">", "absent"):
            raise Inconclusive(f"setup: expected {line}, found {current!r}")
        wanted = values[0]
        if line.relation == "contains" and current and line.variable not in _EXACT:
            wanted = ",".join([*current.split(","), *values[:1]])
        for value in [wanted, *values[1:]]:
            if status not in _MISSING and await self._set(line, value) in _DONE:
                return
        try:
            await self._driver.configure(line, wanted)
        except CannotDo as error:
            if line.unless == "read-only":
                return
            raise Inconclusive(f"setup: expected {line}, found {current or status!r}; {error}") from error

    async def value(self, name: str) -> str:
        """The value of a variable, ``Component.Variable``.

        Raises:
            Inconclusive: the station does not tell it.
        """
        component, _, variable = name.partition(".")
        status, value = await self._get(SetVariable(component, None, variable, None, "==", ()))
        if status != "Accepted":
            raise Inconclusive(f"expected the value of {name}, found {status}")
        return value

    async def _get(self, line: SetVariable) -> tuple[str, str]:
        result = await self._ask("GetVariables", "getVariable", line, {})
        return result.get("attributeStatus", ""), result.get("attributeValue", "")

    async def _set(self, line: SetVariable, value: str) -> str:
        result = await self._ask("SetVariables", "setVariable", line, {"attributeValue": value})
        return str(result.get("attributeStatus", ""))

    async def _ask(self, action: str, stem: str, line: SetVariable, more: dict[str, Any]) -> dict[str, Any]:
        component: dict[str, Any] = {"name": line.component}
        variable: dict[str, Any] = {"name": line.variable}
        if line.component_instance:
            component["instance"] = line.component_instance
        if line.variable_instance:
            variable["instance"] = line.variable_instance
        payload = {f"{stem}Data": [{"component": component, "variable": variable, **more}]}
        response = await self._interpreter.exchange(f"{action}Request", payload, f"setup {line}")
        result: dict[str, Any] = response[f"{stem}Result"][0]
        return result


def _written(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _meets(line: SetVariable, values: list[str], current: str) -> bool:
    if line.variable in _EXACT and line.relation != "in":
        return sorted(current.split(",")) == sorted(values)
    members = [part.strip() for part in current.split(",")]
    match line.relation:
        case "==":
            return current == values[0]
        case "in":
            return any(value in members for value in values)
        case "contains":
            return any(value in members for value in values)
        case "absent":
            return not current
    return current.isdigit() and int(current) > int(values[0])
