"""The driver that tells a person what to do, and waits until it is done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

from ocpp21.conformance.acts import Act
from ocpp21.conformance.drivers import CannotDo
from ocpp21.conformance.setup_lines import SetVariable

__all__ = ["InteractiveCsms", "InteractiveDriver", "ask_person"]

#: Shows a text and waits for the answer.
Ask = Callable[[str], str]


async def ask_person(text: str, ask: Ask = input, /) -> None:
    """Ask for something to be done.

    Raises:
        CannotDo: the answer is no, or there is nobody to answer.
    """
    try:
        answer = await asyncio.to_thread(ask, f"{text} [Enter when done, n when it cannot be done] ")
    except EOFError:
        raise CannotDo(f"nobody is there to {text}") from None
    if answer.strip().lower().startswith("n"):
        raise CannotDo(f"the person cannot {text}")


class InteractiveDriver:
    """Acts at a station through a person.

    Args:
        ask: shows a text and waits for the answer; on the terminal by default.
    """

    def __init__(self, ask: Ask = input, /) -> None:
        self._ask: Final = ask

    async def start(self, url: str, /) -> None:
        """Have the station connected, idle."""
        await ask_person(f"let the station connect to {url}, without EV, transaction or fault", self._ask)

    async def perform(self, act: Act, /) -> None:
        """Have something done."""
        token = f" ({act.token.id}, {act.token.type})" if act.token is not None else ""
        await ask_person(f"at EVSE {act.evse_id}, connector {act.connector_id}: {act.text}{token}", self._ask)

    async def configure(self, line: SetVariable, value: str, /) -> None:
        """Have a variable set."""
        await ask_person(f"configure the station: {line}, for example {value}", self._ask)

    async def stop(self) -> None:
        """Nothing is to be done."""


class InteractiveCsms:
    """Acts at a CSMS through a person.

    Args:
        url: of the CSMS, without the identity.
        ask: shows a text and waits for the answer; on the terminal by default.
    """

    def __init__(self, url: str, ask: Ask = input, /) -> None:
        self._url: Final = url
        self._ask: Final = ask

    async def start(self) -> str:
        """The CSMS runs."""
        return self._url

    async def trigger(self, identity: str, message: str, payload: dict[str, Any], /) -> None:
        """Have a request sent."""
        await ask_person(f"let the CSMS send {message} to {identity}: {json.dumps(payload)}", self._ask)

    async def stop(self) -> None:
        """Nothing is to be done."""
