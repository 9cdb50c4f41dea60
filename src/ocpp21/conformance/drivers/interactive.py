"""The driver that tells a person what to do, and waits until it is done."""

from __future__ import annotations

import json
from typing import Any, Final

from ocpp21.conformance.cases.setup_lines import SetVariable
from ocpp21.conformance.drivers.person import Person
from ocpp21.conformance.planning.acts import Act

__all__ = ["InteractiveCsms", "InteractiveDriver"]


class InteractiveDriver:
    """Acts at a station through a person.

    Args:
        person: who is asked; whoever is at the terminal by default.
        name: of the station, where there are several.
    """

    def __init__(self, person: Person | None = None, /, *, name: str = "") -> None:
        self._person: Final = person or Person()
        self._prefix: Final = f"{name}: " if name else ""

    async def start(self, url: str, /) -> None:
        """Have the station connected, idle."""
        text = f"let the station connect to {url}, without EV, transaction or fault"
        await self._person.do(self._prefix + text)

    async def perform(self, act: Act, /) -> None:
        """Have something done."""
        token = f" ({act.token.id}, {act.token.type})" if act.token is not None else ""
        place = f"at EVSE {act.evse_id}, connector {act.connector_id}"
        await self._person.do(f"{self._prefix}{place}: {act.text}{token}")

    async def configure(self, line: SetVariable, value: str, /) -> None:
        """Have a variable set."""
        await self._person.do(f"{self._prefix}configure the station: {line}, for example {value}")

    async def stop(self) -> None:
        """Nothing is to be done."""


class InteractiveCsms:
    """Acts at a CSMS through a person.

    Args:
        url: of the CSMS, without the identity.
        person: who is asked; whoever is at the terminal by default.
        name: of the CSMS, where there are several.
    """

    def __init__(self, url: str, /, person: Person | None = None, *, name: str = "") -> None:
        self._url: Final = url
        self._person: Final = person or Person()
        self._prefix: Final = f"{name}: " if name else ""

    async def start(self) -> str:
        """The CSMS runs."""
        return self._url

    async def trigger(self, identity: str, message: str, payload: dict[str, Any], /) -> None:
        """Have a request sent."""
        await self._person.do(f"{self._prefix}let the CSMS send {message} to {identity}: {json.dumps(payload)}")

    async def stop(self) -> None:
        """Nothing is to be done."""
