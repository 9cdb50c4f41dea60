"""What the wire cannot do: plugging in, presenting a token, cutting the power; at a CSMS, "send this request now".

The kit asserts on the wire alone; whatever a driver says of what it did counts for nothing. Built in are
:class:`~ocpp21.conformance.drivers.simulator.SimulatorDriver`, for our own station,
:class:`~ocpp21.conformance.drivers.interactive.InteractiveDriver`, which tells a person what to do,
:class:`~ocpp21.conformance.drivers.http.HttpDriver`, which asks a service of the maker, and
:class:`~ocpp21.conformance.drivers.csms.OwnCsms`, for our own CSMS.
"""

from __future__ import annotations

from typing import Any, Protocol

from ocpp21.conformance.cases.setup_lines import SetVariable
from ocpp21.conformance.planning.acts import Act
from ocpp21.conformance.verdict import Inconclusive

__all__ = ["CannotDo", "CsmsDriver", "StationDriver"]


class CannotDo(Inconclusive):
    """The driver cannot do what the case asks for."""


class StationDriver(Protocol):
    """Acts at a Charging Station under test."""

    async def start(self, url: str, /) -> None:
        """Bring the station to its initial state, and let it connect to this URL.

        Raises:
            CannotDo: that is not possible.
        """
        ...

    async def perform(self, act: Act, /) -> None:
        """Do something at the station; return when it is done.

        Raises:
            CannotDo: that is not possible.
        """
        ...

    async def configure(self, line: SetVariable, value: str, /) -> None:
        """Give a variable a value that the CSMS cannot give it.

        Raises:
            CannotDo: that is not possible.
        """
        ...

    async def stop(self) -> None:
        """The case has ended."""
        ...


class CsmsDriver(Protocol):
    """Acts at a CSMS under test."""

    async def start(self) -> str:
        """Bring the CSMS to its initial state; returns the URL to connect to, without the identity.

        Raises:
            CannotDo: that is not possible.
        """
        ...

    async def trigger(self, identity: str, message: str, payload: dict[str, Any], /) -> None:
        """Let the CSMS send a request to a station; need not wait for the answer.

        Raises:
            CannotDo: that is not possible.
        """
        ...

    async def stop(self) -> None:
        """The case has ended."""
        ...
